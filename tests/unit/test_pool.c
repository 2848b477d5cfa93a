// SPDX-License-Identifier: MIT
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "server/pool.h"
#include "server/thread.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum {
    N_TASKS = 100,
    N_THREADS = 4,
    PER_THREAD = 500,
    MAX_BATCH_FACES = 8,
    LONG_MS = 3600 * 1000,
};

static struct pool *pool;
static struct task tasks[N_TASKS];
static struct pool_work work;

/* Two requests, each with a model of its own: any two places will do, since
 * the pool only compares them. */
static char places[2];
static struct job jobs[2];

static void open_pool(size_t max_waiting, double max_delay_ms)
{
    pool_destroy(pool);
    pool = pool_create(&(struct pool_limits){
        .max_waiting = max_waiting,
        .max_batch_faces = MAX_BATCH_FACES,
        .max_delay_ms = max_delay_ms,
    });
    ck_assert_ptr_nonnull(pool);
}

static void set_up(void)
{
    for (int i = 0; i < 2; i++) {
        jobs[i].model = (struct model *)(void *)&places[i];
    }
    memset(tasks, 0, sizeof tasks);
    for (int i = 0; i < N_TASKS; i++) {
        tasks[i].index = i;
        tasks[i].job = &jobs[0];
        tasks[i].analysis.n_faces = 1;
    }
    pool = NULL;
    open_pool(N_TASKS, 0);
}

static void tear_down(void)
{
    pool_destroy(pool);
    pool = NULL;
}

/* The next thing to do is to prepare this task. */
static void expect_prepare(int index)
{
    ck_assert(pool_take(pool, &work));
    ck_assert_ptr_eq(work.prepare, &tasks[index]);
}

/* The next thing to do is to infer n tasks from this one on, in order. */
static void expect_infer(int first, int n)
{
    ck_assert(pool_take(pool, &work));
    ck_assert_ptr_null(work.prepare);
    ck_assert_int_eq(work.n, n);
    for (int i = 0; i < n; i++) {
        ck_assert_ptr_eq(work.infer[i], &tasks[first + i]);
    }
}

START_TEST(first_come_first_taken)
{
    ck_assert(pool_push(pool, &tasks[0], 1));
    ck_assert(pool_push(pool, &tasks[1], 3));
    ck_assert_uint_eq(pool_depth(pool), 4);
    expect_prepare(0);
    expect_prepare(1);
    ck_assert_uint_eq(pool_depth(pool), 2);
    ck_assert(pool_push(pool, &tasks[4], 1));
    expect_prepare(2);
    expect_prepare(3);
    expect_prepare(4);
    ck_assert_uint_eq(pool_depth(pool), 0);
    ck_assert(pool_push(pool, &tasks[5], 1));
    expect_prepare(5);
}
END_TEST

START_TEST(all_of_them_or_none)
{
    open_pool(4, 0);
    ck_assert(!pool_push(pool, &tasks[0], 5));
    ck_assert_uint_eq(pool_depth(pool), 0);
    ck_assert(pool_push(pool, &tasks[0], 3));
    ck_assert(!pool_push(pool, &tasks[3], 2));
    ck_assert_uint_eq(pool_depth(pool), 3);
    ck_assert(pool_push(pool, &tasks[3], 1));
    ck_assert(!pool_push(pool, &tasks[4], 1));
    for (int i = 0; i < 4; i++) {
        expect_prepare(i);
    }
    ck_assert(pool_push(pool, &tasks[4], 4));
    ck_assert_uint_eq(pool_depth(pool), 4);
}
END_TEST

START_TEST(prepared_ones_always_fit_and_go_first)
{
    open_pool(1, 0);
    ck_assert(pool_push(pool, &tasks[0], 1));
    for (int i = 1; i < 10; i++) {
        pool_push_prepared(pool, &tasks[i]);
    }
    ck_assert_uint_eq(pool_depth(pool), 1);
    expect_infer(1, MAX_BATCH_FACES);
    expect_infer(9, 1);
    expect_prepare(0);
}
END_TEST

START_TEST(a_batch_has_one_model)
{
    tasks[2].job = &jobs[1];
    for (int i = 0; i < 4; i++) {
        pool_push_prepared(pool, &tasks[i]);
    }
    expect_infer(0, 2);
    expect_infer(2, 1);
    expect_infer(3, 1);
}
END_TEST

START_TEST(a_batch_has_so_many_faces)
{
    for (int i = 0; i < 4; i++) {
        tasks[i].analysis.n_faces = 3;
    }
    tasks[4].analysis.n_faces = 5;
    tasks[5].analysis.n_faces = 1;
    for (int i = 0; i < 6; i++) {
        pool_push_prepared(pool, &tasks[i]);
    }
    expect_infer(0, 2); /* 9 would be too many */
    expect_infer(2, 2);
    expect_infer(4, 2);
}
END_TEST

START_TEST(a_crowd_goes_alone)
{
    tasks[1].analysis.n_faces = AHA_MAX_FACES;
    for (int i = 0; i < 3; i++) {
        pool_push_prepared(pool, &tasks[i]);
    }
    expect_infer(0, 1);
    expect_infer(1, 1);
    expect_infer(2, 1);
}
END_TEST

START_TEST(a_batch_has_so_many_tasks)
{
    pool_destroy(pool);
    pool = pool_create(
        &(struct pool_limits){.max_waiting = 1, .max_batch_faces = 1000});
    ck_assert_ptr_nonnull(pool);
    for (int i = 0; i < POOL_MAX_BATCH + 6; i++) {
        pool_push_prepared(pool, &tasks[i]);
    }
    expect_infer(0, POOL_MAX_BATCH);
    expect_infer(POOL_MAX_BATCH, 6);
}
END_TEST

START_TEST(a_batch_waits_until_it_is_full)
{
    open_pool(N_TASKS, LONG_MS);
    pool_push_prepared(pool, &tasks[0]);
    ck_assert(pool_push(pool, &tasks[50], 2));
    expect_prepare(50);
    for (int i = 1; i < MAX_BATCH_FACES; i++) {
        pool_push_prepared(pool, &tasks[i]);
    }
    expect_infer(0, MAX_BATCH_FACES);
    expect_prepare(51);
}
END_TEST

START_TEST(a_batch_waits_no_longer_than_its_delay)
{
    double begin_ms = thread_now_ms();

    open_pool(N_TASKS, 50);
    pool_push_prepared(pool, &tasks[0]);
    pool_push_prepared(pool, &tasks[1]);
    ck_assert_double_ge(tasks[0].ready_ms, begin_ms);
    expect_infer(0, 2);
    ck_assert_double_ge(thread_now_ms(), tasks[0].ready_ms + 50);
}
END_TEST

START_TEST(closed_it_gives_out_all_at_once)
{
    open_pool(N_TASKS, LONG_MS);
    ck_assert(pool_push(pool, &tasks[50], 2));
    pool_push_prepared(pool, &tasks[0]);
    pool_push_prepared(pool, &tasks[1]);
    pool_close(pool);
    ck_assert(!pool_push(pool, &tasks[60], 1));
    expect_infer(0, 2);
    expect_prepare(50);
    pool_push_prepared(pool, &tasks[50]);
    expect_infer(50, 1);
    expect_prepare(51);
    ck_assert(!pool_take(pool, &work));
    ck_assert(!pool_take(pool, &work));
    pool_close(pool);
}
END_TEST

START_TEST(late_ones_are_taken_out)
{
    for (int i = 0; i < 6; i++) {
        tasks[i].job = &jobs[i % 2];
        ck_assert(pool_push(pool, &tasks[i], 1));
    }
    for (int i = 6; i < 9; i++) {
        tasks[i].job = &jobs[i % 2];
        tasks[i].analysis.n_faces = i;
        pool_push_prepared(pool, &tasks[i]);
    }
    jobs[0].deadline_ms = 1000;
    jobs[1].deadline_ms = 2000;
    ck_assert_ptr_null(pool_take_late(pool, 1000));
    for (int i = 0; i < 9; i += 2) {
        ck_assert_ptr_eq(pool_take_late(pool, 1001), &tasks[i]);
    }
    ck_assert_ptr_null(pool_take_late(pool, 2000));
    ck_assert_uint_eq(pool_depth(pool), 3);
    expect_infer(7, 1);
    expect_prepare(1);
    /* at the end of the list others are put behind what is left */
    ck_assert_ptr_eq(pool_take_late(pool, 2001), &tasks[3]);
    ck_assert_ptr_eq(pool_take_late(pool, 2001), &tasks[5]);
    ck_assert_ptr_null(pool_take_late(pool, 2001));
    ck_assert(pool_push(pool, &tasks[10], 1));
    jobs[0].deadline_ms = 3000;
    ck_assert(pool_push(pool, &tasks[11], 1));
    tasks[11].job = &jobs[1];
    ck_assert_ptr_eq(pool_take_late(pool, 2001), &tasks[11]);
    ck_assert(pool_push(pool, &tasks[12], 1));
    expect_prepare(10);
    expect_prepare(12);
    ck_assert_uint_eq(pool_depth(pool), 0);
}
END_TEST

START_TEST(no_memory_is_told)
{
    struct pool *none;

    (void)support_fail_allocation(1);
    none = pool_create(&(struct pool_limits){.max_waiting = 1});
    ck_assert(support_fail_allocation(0));
    ck_assert_ptr_null(none);
    pool_destroy(NULL);
}
END_TEST

/* @return how much work there was until the pool was empty and closed */
static void *take_all(void *data)
{
    atomic_int *n_taken = data;
    struct pool_work mine;

    while (pool_take(pool, &mine)) {
        atomic_fetch_add(n_taken, mine.prepare != NULL ? 1 : mine.n);
    }
    return NULL;
}

static void sleep_ms(long ms)
{
    struct timespec time = {.tv_sec = ms / 1000,
                            .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&time, NULL);
}

static void start(pthread_t *threads, int n, void *(*run)(void *), void *data)
{
    for (int i = 0; i < n; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run, data), 0);
    }
}

static void join(const pthread_t *threads, int n)
{
    for (int i = 0; i < n; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
}

START_TEST(close_wakes_who_waits)
{
    pthread_t threads[N_THREADS];
    atomic_int n_taken = 0;

    start(threads, N_THREADS, take_all, &n_taken);
    sleep_ms(20); /* most wait by then */
    pool_close(pool);
    join(threads, N_THREADS);
    ck_assert_int_eq(atomic_load(&n_taken), 0);
}
END_TEST

/* Work on what was taken until two have something, or far too long. */
static void *take_and_hold(void *data)
{
    atomic_int *n_taken = data;
    struct pool_work mine;

    while (pool_take(pool, &mine)) {
        atomic_fetch_add(n_taken, 1);
        for (int i = 0; i < 10000 && atomic_load(n_taken) < 2; i++) {
            sleep_ms(1);
        }
    }
    return NULL;
}

/*
 * What a full batch leaves behind is full again: another worker takes it, while
 * the first one works, whichever of them watches the clock.
 */
START_TEST(what_a_batch_leaves_is_taken)
{
    pthread_t threads[3];
    atomic_int n_taken = 0;

    open_pool(N_TASKS, LONG_MS);
    tasks[1].analysis.n_faces = MAX_BATCH_FACES;
    start(threads, 3, take_and_hold, &n_taken);
    sleep_ms(50); /* most wait by then */
    pool_push_prepared(pool, &tasks[0]);
    sleep_ms(50);
    pool_push_prepared(pool, &tasks[1]); /* does not go with the first */
    for (int i = 0; i < 5000 && atomic_load(&n_taken) < 2; i++) {
        sleep_ms(1);
    }
    ck_assert_int_eq(atomic_load(&n_taken), 2);
    pool_close(pool);
    join(threads, 3);
}
END_TEST

/* Under contention: who did what how often. */
static struct task crowd[N_THREADS][PER_THREAD];
static atomic_int n_prepared[N_THREADS][PER_THREAD];
static atomic_int n_inferred[N_THREADS][PER_THREAD];
static atomic_int n_wrong;

static void *push_many(void *data)
{
    struct task *mine = data;
    int n;

    for (int i = 0; i < PER_THREAD; i += n) {
        n = i % 7 + 1;
        n = n < PER_THREAD - i ? n : PER_THREAD - i;
        while (!pool_push(pool, &mine[i], n)) {
            (void)sched_yield();
        }
    }
    return NULL;
}

static void check_batch(const struct pool_work *batch)
{
    int faces = 0;

    for (int i = 0; i < batch->n; i++) {
        const struct task *task = batch->infer[i];

        faces += task->analysis.n_faces;
        if (task->job->model != batch->infer[0]->job->model) {
            atomic_fetch_add(&n_wrong, 1);
        }
        atomic_fetch_add(
            &n_inferred[task->index / PER_THREAD][task->index % PER_THREAD], 1);
    }
    if (batch->n < 1 || (batch->n > 1 && faces > MAX_BATCH_FACES)) {
        atomic_fetch_add(&n_wrong, 1);
    }
}

static void *work_many(void *data)
{
    struct pool_work mine;

    (void)data;
    while (pool_take(pool, &mine)) {
        if (mine.prepare == NULL) {
            check_batch(&mine);
            continue;
        }
        atomic_fetch_add(&n_prepared[mine.prepare->index / PER_THREAD]
                                    [mine.prepare->index % PER_THREAD],
                         1);
        mine.prepare->analysis.n_faces = mine.prepare->index % 11 + 1;
        mine.prepare->job = &jobs[mine.prepare->index / 40 % 2];
        pool_push_prepared(pool, mine.prepare);
    }
    return NULL;
}

static void contend(double max_delay_ms)
{
    pthread_t pushers[N_THREADS];
    pthread_t workers[N_THREADS];

    open_pool(16, max_delay_ms);
    memset(crowd, 0, sizeof crowd);
    memset(n_prepared, 0, sizeof n_prepared);
    memset(n_inferred, 0, sizeof n_inferred);
    atomic_store(&n_wrong, 0);
    for (int t = 0; t < N_THREADS; t++) {
        for (int i = 0; i < PER_THREAD; i++) {
            crowd[t][i].index = t * PER_THREAD + i;
        }
        start(&pushers[t], 1, push_many, crowd[t]);
    }
    start(workers, N_THREADS, work_many, NULL);
    join(pushers, N_THREADS);
    pool_close(pool);
    join(workers, N_THREADS);
    ck_assert_int_eq(atomic_load(&n_wrong), 0);
    for (int t = 0; t < N_THREADS; t++) {
        for (int i = 0; i < PER_THREAD; i++) {
            ck_assert_int_eq(atomic_load(&n_prepared[t][i]), 1);
            ck_assert_int_eq(atomic_load(&n_inferred[t][i]), 1);
        }
    }
}

START_TEST(each_task_is_taken_once)
{
    contend(0);
    contend(0.3);
    contend(LONG_MS);
}
END_TEST

Suite *pool_suite(void)
{
    Suite *suite = suite_create("pool");
    TCase *tests = tcase_create("pool");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, first_come_first_taken);
    tcase_add_test(tests, all_of_them_or_none);
    tcase_add_test(tests, prepared_ones_always_fit_and_go_first);
    tcase_add_test(tests, a_batch_has_one_model);
    tcase_add_test(tests, a_batch_has_so_many_faces);
    tcase_add_test(tests, a_crowd_goes_alone);
    tcase_add_test(tests, a_batch_has_so_many_tasks);
    tcase_add_test(tests, a_batch_waits_until_it_is_full);
    tcase_add_test(tests, a_batch_waits_no_longer_than_its_delay);
    tcase_add_test(tests, closed_it_gives_out_all_at_once);
    tcase_add_test(tests, late_ones_are_taken_out);
    tcase_add_test(tests, no_memory_is_told);
    tcase_add_test(tests, close_wakes_who_waits);
    tcase_add_test(tests, what_a_batch_leaves_is_taken);
    tcase_add_test(tests, each_task_is_taken_once);
    suite_add_tcase(suite, tests);
    return suite;
}
