// SPDX-License-Identifier: MIT
#include <check.h>

#include "cli/coverage.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

static void expect(struct coverage_point at, double threshold, double coverage,
                   double accuracy)
{
    ck_assert_double_eq_tol(at.threshold, threshold, 1e-6);
    ck_assert_double_eq_tol(at.coverage, coverage, 1e-6);
    ck_assert_double_eq_tol(at.accuracy, accuracy, 1e-6);
}

START_TEST(surest_first)
{
    struct coverage coverage;

    ck_assert_int_eq(coverage_init(&coverage, 4), AHA_OK);
    coverage_add(&coverage, 0.6F, false);
    coverage_add(&coverage, 0.95F, true);
    coverage_add(&coverage, 0.4F, false);
    coverage_add(&coverage, 0.8F, true);
    coverage_rank(&coverage, 4);
    expect(coverage_at(&coverage, 0.25), 0.95, 0.25, 1);
    expect(coverage_at(&coverage, 0.26), 0.8, 0.5, 1);
    expect(coverage_at(&coverage, 0.75), 0.6, 0.75, 2.0 / 3);
    expect(coverage_at(&coverage, 1), 0.4, 1, 0.5);
    expect(coverage_above(&coverage, 0.8F), 0.8, 0.5, 1);
    expect(coverage_above(&coverage, 0.81F), 0.81, 0.25, 1);
    expect(coverage_above(&coverage, 0), 0, 1, 0.5);
    expect(coverage_above(&coverage, 1), 1, 0, 0);
    coverage_fini(&coverage);
}
END_TEST

/* A threshold cannot part them, so the order they came in must not matter. */
START_TEST(equally_sure_answers_stay_together)
{
    for (int first = 0; first < 2; first++) {
        struct coverage coverage;

        ck_assert_int_eq(coverage_init(&coverage, 3), AHA_OK);
        coverage_add(&coverage, 0.7F, first == 0);
        coverage_add(&coverage, 0.7F, first == 1);
        coverage_add(&coverage, 0.5F, true);
        coverage_rank(&coverage, 3);
        expect(coverage_at(&coverage, 0.1), 0.7, 2.0 / 3, 0.5);
        coverage_fini(&coverage);
    }
}
END_TEST

START_TEST(images_without_a_face_are_never_covered)
{
    struct coverage coverage;

    ck_assert_int_eq(coverage_init(&coverage, 4), AHA_OK);
    coverage_add(&coverage, 0.9F, true);
    coverage_add(&coverage, 0.3F, false);
    coverage_rank(&coverage, 4);
    expect(coverage_at(&coverage, 0.25), 0.9, 0.25, 1);
    expect(coverage_at(&coverage, 1), 0.3, 0.5, 0.5);
    coverage_fini(&coverage);
}
END_TEST

START_TEST(nothing_is_no_division)
{
    struct coverage coverage = {0};

    coverage_fini(&coverage);
    coverage_fini(NULL);
    ck_assert_int_eq(coverage_init(&coverage, 0), AHA_OK);
    coverage_rank(&coverage, 0);
    expect(coverage_at(&coverage, 0.5), 1, 0, 0);
    expect(coverage_above(&coverage, 0.5F), 0.5, 0, 0);
    coverage_fini(&coverage);
}
END_TEST

START_TEST(no_memory_is_told)
{
    struct coverage coverage;

    (void)support_fail_allocation(1);
    ck_assert_int_eq(coverage_init(&coverage, 5), AHA_ERR_MEMORY);
    ck_assert(support_fail_allocation(0));
}
END_TEST

Suite *coverage_suite(void)
{
    Suite *suite = suite_create("coverage");
    TCase *tests = tcase_create("coverage");

    tcase_add_test(tests, surest_first);
    tcase_add_test(tests, equally_sure_answers_stay_together);
    tcase_add_test(tests, images_without_a_face_are_never_covered);
    tcase_add_test(tests, nothing_is_no_division);
    tcase_add_test(tests, no_memory_is_told);
    suite_add_tcase(suite, tests);
    return suite;
}
