// SPDX-License-Identifier: MIT
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "server/rate.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { N_THREADS = 4, PER_THREAD = 2000 };

static const double start_ms = 123456789.5;

static struct keys *load(const char *const *lines)
{
    char path[64] = "/tmp/aha-rate-XXXXXX";
    struct keys *keys = NULL;
    struct aha_error err = {AHA_OK, ""};
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    for (int i = 0; lines[i] != NULL; i++) {
        /* NAME and :RATE around a hash that differs in its last digit */
        const char *rate = strchr(lines[i], ':');
        int n_name =
            rate == NULL ? (int)strlen(lines[i]) : (int)(rate - lines[i]);

        (void)dprintf(fd, "%.*s:%063d%d%s\n", n_name, lines[i], 0, i,
                      rate == NULL ? "" : rate);
    }
    (void)close(fd);
    ck_assert_msg(keys_load(path, &keys, &err) == AHA_OK, "%s", err.text);
    (void)unlink(path);
    return keys;
}

static struct rate *create(const char *const *lines, int usual,
                           const struct rate *earlier)
{
    struct keys *keys = load(lines);
    struct rate *rate = rate_create(keys, usual, earlier);

    ck_assert_ptr_nonnull(rate);
    keys_destroy(keys);
    return rate;
}

/* How many of n requests at one moment go on. */
static int take(struct rate *rate, int key, double now_ms, int n)
{
    int taken = 0;

    for (int i = 0; i < n; i++) {
        int retry_s = -1;

        if (rate_take(rate, key, now_ms, &retry_s)) {
            ck_assert_int_eq(retry_s, -1);
            taken++;
        } else {
            ck_assert_int_eq(retry_s, 1);
        }
    }
    return taken;
}

START_TEST(burst_then_pace)
{
    struct rate *rate = create((const char *[]){"a", NULL}, 10, NULL);

    ck_assert_int_eq(take(rate, 0, start_ms, 50), 10);
    ck_assert_int_eq(take(rate, 0, start_ms + 99, 1), 0);
    ck_assert_int_eq(take(rate, 0, start_ms + 101, 5), 1);
    ck_assert_int_eq(take(rate, 0, start_ms + 401, 9), 3);
    /* rest does not add up beyond one second's */
    ck_assert_int_eq(take(rate, 0, start_ms + 1e7, 50), 10);
    rate_destroy(rate);
}
END_TEST

START_TEST(long_run_is_exact)
{
    static const int rates[] = {1, 3, 7, 1000};

    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct rate *rate = create((const char *[]){"a", NULL}, rates[i], NULL);
        int taken = 0;
        int retry_s;

        /* 20 seconds, asked four times as often as allowed */
        for (int k = 0; k < 80 * rates[i]; k++) {
            taken +=
                rate_take(rate, 0, start_ms + 250.0 * k / rates[i], &retry_s);
        }
        ck_assert_int_ge(taken, 20 * rates[i]);
        ck_assert_int_le(taken, 21 * rates[i]);
        rate_destroy(rate);
    }
}
END_TEST

START_TEST(own_rates)
{
    struct rate *rate =
        create((const char *[]){"usual", "slow:2", "free:0", NULL}, 5, NULL);

    ck_assert_int_eq(take(rate, 0, start_ms, 100), 5);
    ck_assert_int_eq(take(rate, 1, start_ms, 100), 2);
    ck_assert_int_eq(take(rate, 2, start_ms, 10000), 10000);
    rate_destroy(rate);
    rate = create((const char *[]){"usual", "slow:2", NULL}, 0, NULL);
    ck_assert_int_eq(take(rate, 0, start_ms, 10000), 10000);
    ck_assert_int_eq(take(rate, 1, start_ms, 100), 2);
    rate_destroy(rate);
}
END_TEST

START_TEST(clock_that_steps_back)
{
    struct rate *rate = create((const char *[]){"a", NULL}, 10, NULL);
    int retry_s = 0;

    ck_assert_int_eq(take(rate, 0, start_ms, 10), 10);
    ck_assert(!rate_take(rate, 0, start_ms - 2500, &retry_s));
    ck_assert_int_eq(retry_s, 3);
    rate_destroy(rate);
}
END_TEST

START_TEST(reload_keeps_what_was_taken)
{
    struct rate *old = create((const char *[]){"a", "b", NULL}, 10, NULL);
    struct rate *new;

    ck_assert_int_eq(take(old, 0, start_ms, 10), 10);
    new = create((const char *[]){"b", "c", "a:4", NULL}, 10, old);
    rate_destroy(old);
    ck_assert_int_eq(take(new, 0, start_ms, 20), 10);
    ck_assert_int_eq(take(new, 1, start_ms, 20), 10);
    ck_assert_int_eq(take(new, 2, start_ms, 20), 0);
    ck_assert_int_eq(take(new, 2, start_ms + 251, 20), 1);
    rate_destroy(new);
}
END_TEST

struct contest {
    struct rate *rate;
    atomic_int taken;
};

static void *contend(void *data)
{
    struct contest *contest = data;
    int retry_s;

    for (int i = 0; i < PER_THREAD; i++) {
        if (rate_take(contest->rate, 0, start_ms, &retry_s)) {
            atomic_fetch_add(&contest->taken, 1);
        }
    }
    return NULL;
}

START_TEST(threads_share)
{
    struct contest contest = {
        .rate = create((const char *[]){"a", NULL}, 1000, NULL)};
    pthread_t threads[N_THREADS];

    for (int i = 0; i < N_THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, contend, &contest),
                         0);
    }
    for (int i = 0; i < N_THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert_int_eq(atomic_load(&contest.taken), 1000);
    rate_destroy(contest.rate);
}
END_TEST

START_TEST(no_memory)
{
    struct keys *keys = load((const char *[]){"a", NULL});

    support_fail_allocation(1);
    ck_assert_ptr_null(rate_create(keys, 1, NULL));
    ck_assert(support_fail_allocation(0));
    keys_destroy(keys);
}
END_TEST

Suite *rate_suite(void)
{
    Suite *suite = suite_create("rate");
    TCase *tests = tcase_create("rate");

    tcase_add_test(tests, burst_then_pace);
    tcase_add_test(tests, long_run_is_exact);
    tcase_add_test(tests, own_rates);
    tcase_add_test(tests, clock_that_steps_back);
    tcase_add_test(tests, reload_keeps_what_was_taken);
    tcase_add_test(tests, threads_share);
    tcase_add_test(tests, no_memory);
    suite_add_tcase(suite, tests);
    return suite;
}
