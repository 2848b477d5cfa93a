// SPDX-License-Identifier: MIT
#include <check.h>

#include "server/router.h"
#include "tests/unit/suites.h"

START_TEST(paths_match_exactly)
{
    ck_assert_int_eq(router_find("/v1/analyze"), ROUTE_ANALYZE);
    ck_assert_int_eq(router_find("/livez"), ROUTE_LIVEZ);
    ck_assert_int_eq(router_find("/v1/analyze/"), ROUTE_NONE);
    ck_assert_int_eq(router_find("/V1/analyze"), ROUTE_NONE);
    ck_assert_int_eq(router_find("//livez"), ROUTE_NONE);
    ck_assert_int_eq(router_find(""), ROUTE_NONE);
}
END_TEST

START_TEST(methods)
{
    ck_assert(router_allows(ROUTE_ANALYZE, "POST"));
    ck_assert(!router_allows(ROUTE_ANALYZE, "HEAD"));
    ck_assert(!router_allows(ROUTE_ANALYZE, "post"));
    ck_assert(router_allows(ROUTE_METRICS, "GET"));
    ck_assert(router_allows(ROUTE_METRICS, "HEAD"));
    ck_assert(!router_allows(ROUTE_METRICS, "POST"));
    ck_assert_str_eq(router_allow(ROUTE_ANALYZE), "POST");
    ck_assert_str_eq(router_allow(ROUTE_READYZ), "GET, HEAD");
}
END_TEST

Suite *router_suite(void)
{
    Suite *suite = suite_create("router");
    TCase *tests = tcase_create("router");

    tcase_add_test(tests, paths_match_exactly);
    tcase_add_test(tests, methods);
    suite_add_tcase(suite, tests);
    return suite;
}
