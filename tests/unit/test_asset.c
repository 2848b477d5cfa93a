// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "server/handlers/asset.h"
#include "server/server.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

static const struct {
    const char *file;
    const char *type;
} assets[] = {
#define ASSET(id, file, type) {file, type},
#include "server/handlers/assets.def"
#undef ASSET
};

enum { N = sizeof assets / sizeof *assets };

static struct server server;
static struct job *job;

static void set_up(void)
{
    memset(&server, 0, sizeof server);
    server.assets = assets_create();
    ck_assert_ptr_nonnull(server.assets);
    job = NULL;
}

static void tear_down(void)
{
    job_release(job);
    assets_destroy(server.assets);
}

/* Ask for what a path of the public listener is; with these tags, or NULL. */
static void ask(const char *path, const char *tags)
{
    job_release(job);
    job = job_create(&server);
    ck_assert_ptr_nonnull(job);
    job->route = router_find(LISTENER_PUBLIC, path, job->name);
    ck_assert_int_ne(job->route, ROUTE_NONE);
    job->if_none_match = tags;
    ck_assert(asset_answer(job));
}

/* Where the daemon has a file. */
static const char *path_of(int i, char out[80])
{
    if (strcmp(assets[i].file, "web/index.html") == 0) {
        return "/";
    }
    if (strcmp(assets[i].file, "web/docs.html") == 0) {
        return "/docs";
    }
    (void)snprintf(out, 80, "/%s", assets[i].file);
    return out;
}

START_TEST(every_file_is_there_whole)
{
    for (int i = 0; i < N; i++) {
        char path[80];
        size_t n = 0;
        unsigned char *bytes = support_read(assets[i].file, &n);

        ask(path_of(i, path), NULL);
        ck_assert_int_eq(job->failure.problem, PROBLEM_NONE);
        ck_assert_int_eq(job->success, 200);
        ck_assert_str_eq(job->content_type, assets[i].type);
        ck_assert_uint_eq(job->n_reply, n);
        ck_assert_mem_eq(job->reply_static, bytes, n);
        ck_assert(job->is_page ==
                  (strncmp(assets[i].type, "text/html", 9) == 0));
        free(bytes);
    }
}
END_TEST

START_TEST(tags_are_distinct)
{
    const char *tags[N];

    for (int i = 0; i < N; i++) {
        char path[80];

        ask(path_of(i, path), NULL);
        tags[i] = job->etag; /* lives as long as the assets */
        ck_assert_uint_eq(strlen(tags[i]), 18);
        ck_assert_int_eq(tags[i][0], '"');
        ck_assert_int_eq(tags[i][17], '"');
        for (int k = 0; k < i; k++) {
            ck_assert_str_ne(tags[i], tags[k]);
        }
    }
}
END_TEST

START_TEST(what_is_known_is_not_sent_again)
{
    static const char *const known[] = {"%s", "W/%s", "\"a\", %s", "%s,\"a\"",
                                        "*"};
    static const char *const unknown[] = {"", "\"a\"", "W/\"a\"", "**",
                                          "\"0123456789abcdef\""};
    const char *tag;

    ask("/docs", NULL);
    tag = job->etag;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char tags[64];
        const char *place = strstr(known[i], "%s");
        int n = place == NULL ? (int)strlen(known[i]) : (int)(place - known[i]);

        (void)snprintf(tags, sizeof tags, "%.*s%s%s", n, known[i],
                       place == NULL ? "" : tag,
                       place == NULL ? "" : place + 2);
        ask("/docs", tags);
        ck_assert_msg(job->success == 304, "%s", tags);
        ck_assert_str_eq(job->etag, tag);
    }
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        ask("/docs", unknown[i]);
        ck_assert_msg(job->success == 200, "%s", unknown[i]);
        ck_assert_ptr_nonnull(job->reply_static);
    }
}
END_TEST

START_TEST(other_names_are_not_found)
{
    static const char *const paths[] = {"/web/index.html",   "/web/docs.html",
                                        "/web/openapi.yaml", "/web/style",
                                        "/web/style.cssx",   "/web/.."};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        ask(paths[i], "*");
        ck_assert_msg(job->failure.problem == PROBLEM_NOT_FOUND, "%s",
                      paths[i]);
        ck_assert_ptr_null(job->reply_static);
        ck_assert_ptr_null(job->etag);
    }
}
END_TEST

START_TEST(other_routes_are_not_ours)
{
    job = job_create(&server);
    for (int i = 0; i < N_ROUTES; i++) {
        const char *path = router_info((enum route)i)->path;
        bool is_ours = strcmp(path, "/") == 0 || strcmp(path, "/docs") == 0 ||
                       strncmp(path, "/openapi", 8) == 0 ||
                       strncmp(path, "/web/", 5) == 0;

        job->route = (enum route)i;
        ck_assert_msg(asset_answer(job) == is_ours, "%s", path);
    }
}
END_TEST

START_TEST(no_memory_is_told)
{
    struct assets *none;

    (void)support_fail_allocation(1);
    none = assets_create();
    ck_assert(support_fail_allocation(0));
    ck_assert_ptr_null(none);
    assets_destroy(NULL);
}
END_TEST

Suite *asset_suite(void)
{
    Suite *suite = suite_create("asset");
    TCase *tests = tcase_create("asset");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, every_file_is_there_whole);
    tcase_add_test(tests, tags_are_distinct);
    tcase_add_test(tests, what_is_known_is_not_sent_again);
    tcase_add_test(tests, other_names_are_not_found);
    tcase_add_test(tests, other_routes_are_not_ours);
    tcase_add_test(tests, no_memory_is_told);
    suite_add_tcase(suite, tests);
    return suite;
}
