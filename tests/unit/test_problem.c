// SPDX-License-Identifier: MIT
#include <check.h>
#include <string.h>

#include "server/problem.h"
#include "tests/unit/suites.h"

START_TEST(codes_are_distinct_and_complete)
{
    for (int i = 0; i < N_PROBLEMS; i++) {
        const struct problem_info *info = problem_info((enum problem)i);

        ck_assert_ptr_nonnull(info->code);
        ck_assert_ptr_nonnull(info->title);
        ck_assert_uint_eq(strspn(info->code, "abcdefghijklmnopqrstuvwxyz_"),
                          strlen(info->code));
        ck_assert(i == PROBLEM_NONE
                      ? info->status == 200
                      : info->status >= 400 && info->status < 600);
        for (int k = 0; k < i; k++) {
            ck_assert_str_ne(info->code, problem_info((enum problem)k)->code);
        }
    }
}
END_TEST

START_TEST(statuses_map_to_the_clients_fault_or_ours)
{
    ck_assert_int_eq(problem_from_status(AHA_OK), PROBLEM_NONE);
    ck_assert_int_eq(problem_from_status(AHA_ERR_UNSUPPORTED),
                     PROBLEM_UNSUPPORTED_MEDIA_TYPE);
    ck_assert_int_eq(problem_from_status(AHA_ERR_DECODE),
                     PROBLEM_IMAGE_DECODE_FAILED);
    ck_assert_int_eq(problem_from_status(AHA_ERR_TOO_LARGE),
                     PROBLEM_IMAGE_TOO_MANY_PIXELS);
    ck_assert_int_eq(problem_from_status(AHA_ERR_TOO_SMALL),
                     PROBLEM_IMAGE_TOO_SMALL);
    ck_assert_int_eq(problem_from_status(AHA_ERR_CRASH),
                     PROBLEM_IMAGE_DECODE_FAILED);
    ck_assert_int_eq(problem_from_status(AHA_ERR_TIMEOUT),
                     PROBLEM_DEADLINE_EXCEEDED);
    ck_assert_int_eq(problem_from_status(AHA_ERR_MEMORY), PROBLEM_OVERLOADED);
    ck_assert_int_eq(problem_from_status(AHA_ERR_ARG), PROBLEM_INTERNAL);
}
END_TEST

START_TEST(the_first_failure_stands)
{
    struct failure failure = {.problem = PROBLEM_NONE};

    failure_set(&failure, PROBLEM_EMPTY_BODY, "first %d", 1);
    failure_set(&failure, PROBLEM_INTERNAL, "second");
    failure_limit(&failure, PROBLEM_TOO_MANY_IMAGES, 3, 4, "third");
    ck_assert_int_eq(failure.problem, PROBLEM_EMPTY_BODY);
    ck_assert_str_eq(failure.detail, "first 1");
    ck_assert_int_eq(failure.limit, -1);
    ck_assert_int_eq(failure.actual, -1);
}
END_TEST

START_TEST(a_limit_goes_with_its_failure)
{
    struct failure failure = {.problem = PROBLEM_NONE};
    char text[2 * FAILURE_DETAIL];

    memset(text, 't', sizeof text);
    text[sizeof text - 1] = '\0';
    failure_limit(&failure, PROBLEM_TOO_MANY_IMAGES, 3, 4, "%s", text);
    ck_assert_int_eq(failure.limit, 3);
    ck_assert_int_eq(failure.actual, 4);
    ck_assert_uint_eq(strlen(failure.detail), FAILURE_DETAIL - 1);
}
END_TEST

Suite *problem_suite(void)
{
    Suite *suite = suite_create("problem");
    TCase *tests = tcase_create("problem");

    tcase_add_test(tests, codes_are_distinct_and_complete);
    tcase_add_test(tests, statuses_map_to_the_clients_fault_or_ours);
    tcase_add_test(tests, the_first_failure_stands);
    tcase_add_test(tests, a_limit_goes_with_its_failure);
    suite_add_tcase(suite, tests);
    return suite;
}
