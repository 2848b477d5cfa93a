// SPDX-License-Identifier: MIT
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "server/control.h"
#include "server/job.h"
#include "tests/unit/suites.h"

enum { N_THREADS = 3, PER_THREAD = 300, MAX_WAIT_S = 20 };

static struct control control;
static struct job jobs[N_THREADS];
static sem_t hang_ups;
static sem_t drains;
static struct sigaction old_hang_up;
static struct sigaction old_drain;

static void count(int signal)
{
    (void)sem_post(signal == SIGHUP ? &hang_ups : &drains);
}

static void set_up(void)
{
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};

    ck_assert_int_eq(sem_init(&hang_ups, 0, 0), 0);
    ck_assert_int_eq(sem_init(&drains, 0, 0), 0);
    ck_assert_int_eq(sigaction(SIGHUP, &action, &old_hang_up), 0);
    ck_assert_int_eq(sigaction(CONTROL_DRAIN, &action, &old_drain), 0);
    control_init(&control);
}

static void tear_down(void)
{
    control_fini(&control);
    (void)sigaction(SIGHUP, &old_hang_up, NULL);
    (void)sigaction(CONTROL_DRAIN, &old_drain, NULL);
}

static bool arrives(sem_t *signal)
{
    struct timespec until;
    int result;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += MAX_WAIT_S;
    do {
        result = sem_timedwait(signal, &until);
    } while (result != 0 && errno == EINTR);
    return result == 0;
}

START_TEST(one_reload_at_a_time)
{
    ck_assert_ptr_null(control_take(&control));
    ck_assert(control_reload(&control, &jobs[0]));
    ck_assert(arrives(&hang_ups));
    ck_assert(!control_reload(&control, &jobs[1]));
    ck_assert_ptr_eq(control_take(&control), &jobs[0]);
    ck_assert_ptr_null(control_take(&control));
    ck_assert(control_reload(&control, &jobs[1]));
    ck_assert(arrives(&hang_ups));
    ck_assert_ptr_eq(control_take(&control), &jobs[1]);
    ck_assert_int_ne(sem_trywait(&hang_ups), 0);
}
END_TEST

START_TEST(closed_takes_none)
{
    ck_assert(control_reload(&control, &jobs[0]));
    ck_assert(arrives(&hang_ups));
    ck_assert_ptr_eq(control_close(&control), &jobs[0]);
    ck_assert(!control_reload(&control, &jobs[1]));
    ck_assert_ptr_null(control_take(&control));
    ck_assert(!control_reload(&control, &jobs[1]));
    ck_assert_ptr_null(control_close(&control));
    ck_assert(!control_reload(&control, &jobs[1]));
}
END_TEST

START_TEST(drain_is_a_signal)
{
    control_drain();
    ck_assert(arrives(&drains));
    ck_assert_int_ne(sem_trywait(&hang_ups), 0);
}
END_TEST

static atomic_int n_accepted;

static void *ask(void *data)
{
    struct job *job = data;

    for (int i = 0; i < PER_THREAD; i++) {
        if (control_reload(&control, job)) {
            atomic_fetch_add(&n_accepted, 1);
        }
        (void)sched_yield();
    }
    return NULL;
}

START_TEST(every_accepted_one_is_taken_once)
{
    pthread_t threads[N_THREADS];
    int n_taken = 0;

    atomic_store(&n_accepted, 0);
    for (int i = 0; i < N_THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, &jobs[i]), 0);
    }
    for (int i = 0; i < N_THREADS * PER_THREAD; i++) {
        n_taken += control_take(&control) != NULL ? 1 : 0;
        (void)sched_yield();
    }
    for (int i = 0; i < N_THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    n_taken += control_close(&control) != NULL ? 1 : 0;
    ck_assert_int_gt(n_taken, 0);
    ck_assert_int_eq(n_taken, atomic_load(&n_accepted));
}
END_TEST

Suite *control_suite(void)
{
    Suite *suite = suite_create("control");
    TCase *tests = tcase_create("control");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, one_reload_at_a_time);
    tcase_add_test(tests, closed_takes_none);
    tcase_add_test(tests, drain_is_a_signal);
    tcase_add_test(tests, every_accepted_one_is_taken_once);
    suite_add_tcase(suite, tests);
    return suite;
}
