// SPDX-License-Identifier: MIT
#include <check.h>

#include "cli/latency.h"
#include "tests/unit/suites.h"

enum { N = 1000 };

/* 1 to N ms in no order, every tenth a 503. */
static void fill(struct sample samples[N])
{
    for (int i = 0; i < N; i++) {
        int ms = i * 7 % N + 1;

        samples[i] = (struct sample){ms, ms % 10 == 0 ? 503 : 200};
    }
}

START_TEST(percentiles)
{
    struct sample samples[N];
    double scratch[N];
    struct latency all;

    fill(samples);
    all = latency_of(samples, N, 0, N_OUTCOMES, scratch);
    ck_assert_int_eq(all.n, N);
    ck_assert_double_eq(all.mean_ms, 500.5);
    ck_assert_double_eq(all.p50_ms, 500);
    ck_assert_double_eq(all.p90_ms, 900);
    ck_assert_double_eq(all.p99_ms, 990);
    ck_assert_double_eq(all.p999_ms, 999);
    ck_assert_double_eq(all.max_ms, 1000);
}
END_TEST

START_TEST(by_outcome)
{
    struct sample samples[N];
    double scratch[N];
    struct latency refused;

    fill(samples);
    refused = latency_of(samples, N, 503, 503, scratch);
    ck_assert_int_eq(refused.n, N / 10);
    ck_assert_double_eq(refused.p50_ms, 500);
    ck_assert_double_eq(refused.max_ms, 1000);
    ck_assert_int_eq(latency_of(samples, N, 200, 299, scratch).n, N - N / 10);
}
END_TEST

START_TEST(one_and_none)
{
    const struct sample sample = {42, FAILURE_TIMEOUT};
    double scratch[1];
    struct latency latency = latency_of(&sample, 1, 1, 1, scratch);

    ck_assert_int_eq(latency.n, 1);
    ck_assert_double_eq(latency.p50_ms, 42);
    ck_assert_double_eq(latency.p999_ms, 42);
    latency = latency_of(&sample, 1, 200, 299, scratch);
    ck_assert_int_eq(latency.n, 0);
    ck_assert_double_eq(latency.max_ms, 0);
}
END_TEST

START_TEST(names)
{
    ck_assert_str_eq(failure_name(FAILURE_TIMEOUT), "timeout");
    ck_assert_str_eq(failure_name(FAILURE_CONNECT), "connect");
    ck_assert_str_eq(failure_name(FAILURE_BROKEN), "broken");
    ck_assert_str_eq(failure_name(200), "");
}
END_TEST

Suite *latency_suite(void)
{
    Suite *suite = suite_create("latency");
    TCase *tests = tcase_create("latency");

    tcase_add_test(tests, percentiles);
    tcase_add_test(tests, by_outcome);
    tcase_add_test(tests, one_and_none);
    tcase_add_test(tests, names);
    suite_add_tcase(suite, tests);
    return suite;
}
