// SPDX-License-Identifier: MIT
#include <check.h>
#include <sched.h>

#include "server/cpus.h"
#include "tests/unit/suites.h"

START_TEST(affinity_counts)
{
    cpu_set_t all;
    cpu_set_t one;
    int first = 0;

    ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
    ck_assert_int_ge(cpus_available(), 1);
    ck_assert_int_le(cpus_available(), CPU_COUNT(&all));
    while (!CPU_ISSET(first, &all)) {
        first++;
    }
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    ck_assert_int_eq(cpus_available(), 1);
    ck_assert_int_eq(sched_setaffinity(0, sizeof all, &all), 0);
}
END_TEST

Suite *cpus_suite(void)
{
    Suite *suite = suite_create("cpus");
    TCase *tests = tcase_create("cpus");

    tcase_add_test(tests, affinity_counts);
    suite_add_tcase(suite, tests);
    return suite;
}
