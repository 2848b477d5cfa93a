// SPDX-License-Identifier: MIT
#include <check.h>
#include <pthread.h>
#include <stdint.h>

#include "server/pace.h"
#include "tests/unit/suites.h"

static struct pace pace;

static void reset(void)
{
    pace_init(&pace);
}

static void note(double prepare_ms, double infer_ms, int times)
{
    for (int i = 0; i < times; i++) {
        pace_note(&pace, PACE_PREPARE, prepare_ms);
        pace_note(&pace, PACE_INFER, infer_ms);
    }
}

START_TEST(a_guess_stands_first)
{
    double one_ms = pace_wait_ms(&pace, 1, 1);

    ck_assert_double_eq(pace_wait_ms(&pace, 0, 1), 0);
    ck_assert_double_gt(one_ms, 1);
    ck_assert_double_lt(one_ms, 1000);
    ck_assert_double_eq_tol(pace_wait_ms(&pace, 10, 1), 10 * one_ms, 1e-6);
    ck_assert_double_eq_tol(pace_wait_ms(&pace, 10, 4), 2.5 * one_ms, 1e-6);
}
END_TEST

START_TEST(means_follow_what_is_noted)
{
    note(40, 10, 100);
    ck_assert_double_eq_tol(pace_wait_ms(&pace, 1, 1), 50, 0.5);
    note(400, 100, 1); /* one that is late moves it by an eighth */
    ck_assert_double_eq_tol(pace_wait_ms(&pace, 1, 1), 50 + 450.0 / 8, 0.5);
    note(2, 0.5, 200);
    ck_assert_double_eq_tol(pace_wait_ms(&pace, 1, 1), 2.5, 0.1);
    note(0, 0, 200);
    ck_assert_double_lt(pace_wait_ms(&pace, 1, 1), 0.1);
}
END_TEST

START_TEST(retry_is_whole_seconds_within_bounds)
{
    note(80, 20, 200);
    ck_assert_int_eq(pace_retry_s(&pace, 0, 1), 1);
    ck_assert_int_eq(pace_retry_s(&pace, 5, 1), 1);
    ck_assert_int_eq(pace_retry_s(&pace, 15, 1), 2);
    ck_assert_int_eq(pace_retry_s(&pace, 15, 2), 1);
    ck_assert_int_eq(pace_retry_s(&pace, 555, 1), 56);
    ck_assert_int_eq(pace_retry_s(&pace, 605, 1), 60);
    ck_assert_int_eq(pace_retry_s(&pace, SIZE_MAX, 1), 60);
    note(3.6e6, 3.6e6, 200);
    ck_assert_int_eq(pace_retry_s(&pace, 1, 256), 29);
    ck_assert_int_eq(pace_retry_s(&pace, 1, 1), 60);
}
END_TEST

static void *note_many(void *data)
{
    (void)data;
    note(40, 10, 20000);
    return NULL;
}

START_TEST(threads_leave_a_mean)
{
    pthread_t threads[3];

    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, note_many, NULL), 0);
    }
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert_double_eq_tol(pace_wait_ms(&pace, 1, 1), 50, 0.5);
}
END_TEST

Suite *pace_suite(void)
{
    Suite *suite = suite_create("pace");
    TCase *tests = tcase_create("pace");

    tcase_add_checked_fixture(tests, reset, NULL);
    tcase_add_test(tests, a_guess_stands_first);
    tcase_add_test(tests, means_follow_what_is_noted);
    tcase_add_test(tests, retry_is_whole_seconds_within_bounds);
    tcase_add_test(tests, threads_leave_a_mean);
    suite_add_tcase(suite, tests);
    return suite;
}
