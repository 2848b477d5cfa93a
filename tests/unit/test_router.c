// SPDX-License-Identifier: MIT
#include <check.h>
#include <string.h>

#include "server/router.h"
#include "tests/unit/suites.h"

static char name[ROUTE_MAX_NAME];

static enum route find(const char *path)
{
    memset(name, '?', sizeof name);
    return router_find(LISTENER_PUBLIC, path, name);
}

START_TEST(every_route_is_found_where_it_is)
{
    for (int i = 0; i < ROUTE_NONE; i++) {
        const struct route_info *info = router_info((enum route)i);
        enum route_listener other = info->listener == LISTENER_PUBLIC
                                        ? LISTENER_ADMIN
                                        : LISTENER_PUBLIC;

        ck_assert_msg(router_find(info->listener, info->path, name) ==
                          (enum route)i,
                      "%s", info->path);
        ck_assert_int_eq(router_find(other, info->path, name), ROUTE_NONE);
        ck_assert_str_eq(name, "");
        ck_assert(router_allows((enum route)i, info->method));
        ck_assert(info->body == BODY_NONE || strcmp(info->method, "POST") == 0);
    }
}
END_TEST

START_TEST(paths_match_exactly)
{
    static const char *const paths[] = {
        "",           "/v1",          "/v1/analyze/", "/V1/analyze",
        "//v1/info",  "v1/info",      "/v1/info?",    "/v1/analyze/x",
        "/v2/",       "/v2/models",   "/livez",       "/v1/models/",
        "/web/",      "/web",         "/v1/models//", "/v2/models//infer",
        "/docs/",     "/index.html",  "/web/a/b",     "/v2/models/a/infer/",
        "/v1/info\n", "/openapi.yam", "/web/../x"};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        ck_assert_msg(find(paths[i]) == ROUTE_NONE, "%s", paths[i]);
        ck_assert_str_eq(name, "");
    }
    ck_assert_int_eq(find("/"), ROUTE_PAGE);
    ck_assert_str_eq(name, "");
}
END_TEST

START_TEST(a_name_is_one_segment)
{
    char path[ROUTE_MAX_NAME + 20] = "/v2/models/";
    size_t n = strlen(path);

    ck_assert_int_eq(find("/v1/models/AHA"), ROUTE_MODEL);
    ck_assert_str_eq(name, "AHA");
    ck_assert_int_eq(find("/v2/models/a.b-c/ready"), ROUTE_OIP_MODEL_READY);
    ck_assert_str_eq(name, "a.b-c");
    ck_assert_int_eq(find("/v2/models/x/infer"), ROUTE_OIP_INFER);
    ck_assert_str_eq(name, "x");
    ck_assert_int_eq(find("/web/app.js"), ROUTE_ASSET);
    ck_assert_str_eq(name, "app.js");
    memset(path + n, 'n', ROUTE_MAX_NAME);
    path[n + ROUTE_MAX_NAME - 1] = '\0';
    ck_assert_int_eq(find(path), ROUTE_OIP_MODEL);
    ck_assert_uint_eq(strlen(name), ROUTE_MAX_NAME - 1);
    path[n + ROUTE_MAX_NAME - 1] = 'n';
    path[n + ROUTE_MAX_NAME] = '\0';
    ck_assert_int_eq(find(path), ROUTE_NONE);
}
END_TEST

START_TEST(methods)
{
    ck_assert(router_allows(ROUTE_ANALYZE, "POST"));
    ck_assert(!router_allows(ROUTE_ANALYZE, "HEAD"));
    ck_assert(!router_allows(ROUTE_ANALYZE, "GET"));
    ck_assert(!router_allows(ROUTE_ANALYZE, "post"));
    ck_assert(router_allows(ROUTE_METRICS, "GET"));
    ck_assert(router_allows(ROUTE_METRICS, "HEAD"));
    ck_assert(!router_allows(ROUTE_METRICS, "POST"));
    ck_assert(!router_allows(ROUTE_METRICS, ""));
    ck_assert_str_eq(router_info(ROUTE_ANALYZE)->allow, "POST");
    ck_assert_str_eq(router_info(ROUTE_READYZ)->allow, "GET, HEAD");
    ck_assert_str_eq(router_info(ROUTE_NONE)->path, "");
    ck_assert(!router_allows(ROUTE_NONE, "GET"));
}
END_TEST

START_TEST(what_works_or_tells_of_the_model_wants_a_key)
{
    for (int i = 0; i < ROUTE_NONE; i++) {
        const struct route_info *info = router_info((enum route)i);
        bool is_open = info->listener == LISTENER_ADMIN ||
                       strncmp(info->path, "/v2/health/", 11) == 0 ||
                       (strncmp(info->path, "/v1", 3) != 0 &&
                        strncmp(info->path, "/v2", 3) != 0);

        ck_assert_msg((info->access == ROUTE_OPEN) == is_open, "%s",
                      info->path);
    }
}
END_TEST

Suite *router_suite(void)
{
    Suite *suite = suite_create("router");
    TCase *tests = tcase_create("router");

    tcase_add_test(tests, every_route_is_found_where_it_is);
    tcase_add_test(tests, paths_match_exactly);
    tcase_add_test(tests, a_name_is_one_segment);
    tcase_add_test(tests, methods);
    tcase_add_test(tests, what_works_or_tells_of_the_model_wants_a_key);
    suite_add_tcase(suite, tests);
    return suite;
}
