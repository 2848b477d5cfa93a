// SPDX-License-Identifier: MIT
/*
 * DESIGN. One mutex guards everything; `changed` is signalled for each task
 * that comes and broadcast on close. Nothing else is locked while the mutex is
 * held. A batch takes the oldest prepared tasks of one model, in order, until
 * it is full; a single photo with more faces than that goes alone. With no
 * delay a prepared task is due at once: batches form only while all workers
 * are busy. Who leaves with work while prepared tasks wait wakes another: with
 * a delay, somebody must watch the clock.
 */
#include "server/pool.h"

#include <math.h>
#include <stdlib.h>

#include "server/thread.h"

struct list {
    struct task *first;
    struct task *last;
    size_t n;
};

struct pool {
    struct pool_limits limits;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct list waiting;
    struct list prepared;
    int n_faces; /* of all prepared tasks */
    bool is_closed;
};

struct pool *pool_create(const struct pool_limits *limits)
{
    struct pool *pool = calloc(1, sizeof *pool);

    if (pool != NULL) {
        pool->limits = *limits;
        THREAD_CHECK(pthread_mutex_init(&pool->mutex, NULL));
        thread_cond_init(&pool->changed);
    }
    return pool;
}

void pool_destroy(struct pool *pool)
{
    if (pool != NULL) {
        THREAD_CHECK(pthread_cond_destroy(&pool->changed));
        THREAD_CHECK(pthread_mutex_destroy(&pool->mutex));
        free(pool);
    }
}

static void append(struct list *list, struct task *task)
{
    task->next = NULL;
    if (list->last == NULL) {
        list->first = task;
    } else {
        list->last->next = task;
    }
    list->last = task;
    list->n++;
}

static struct task *take_first(struct list *list)
{
    struct task *task = list->first;

    if (task != NULL) {
        list->first = task->next;
        list->last = task->next == NULL ? NULL : list->last;
        list->n--;
    }
    return task;
}

static struct task *take_late(struct list *list, double now_ms)
{
    struct task *before = NULL;
    struct task *task = list->first;

    while (task != NULL && task->job->deadline_ms >= now_ms) {
        before = task;
        task = task->next;
    }
    if (task == NULL || before == NULL) {
        return task == NULL ? NULL : take_first(list);
    }
    before->next = task->next;
    list->last = task->next == NULL ? before : list->last;
    list->n--;
    return task;
}

bool pool_push(struct pool *pool, struct task *tasks, int n)
{
    bool is_taken;

    THREAD_CHECK(pthread_mutex_lock(&pool->mutex));
    is_taken = !pool->is_closed &&
               (size_t)n <= pool->limits.max_waiting - pool->waiting.n;
    for (int i = 0; is_taken && i < n; i++) {
        append(&pool->waiting, &tasks[i]);
        THREAD_CHECK(pthread_cond_signal(&pool->changed));
    }
    THREAD_CHECK(pthread_mutex_unlock(&pool->mutex));
    return is_taken;
}

void pool_push_prepared(struct pool *pool, struct task *task)
{
    task->ready_ms = thread_now_ms();
    THREAD_CHECK(pthread_mutex_lock(&pool->mutex));
    append(&pool->prepared, task);
    pool->n_faces += task->analysis.n_faces;
    THREAD_CHECK(pthread_cond_signal(&pool->changed));
    THREAD_CHECK(pthread_mutex_unlock(&pool->mutex));
}

/* When the oldest prepared task is to be inferred, full batch or not. */
static double due_ms(const struct pool *pool)
{
    if (pool->prepared.first == NULL) {
        return INFINITY;
    }
    return pool->n_faces >= pool->limits.max_batch_faces || pool->is_closed
               ? 0
               : pool->prepared.first->ready_ms + pool->limits.max_delay_ms;
}

static void take_batch(struct pool *pool, struct pool_work *out)
{
    const struct model *model = pool->prepared.first->job->model;
    int faces = 0;

    out->prepare = NULL;
    out->n = 0;
    while (out->n < POOL_MAX_BATCH && pool->prepared.first != NULL &&
           pool->prepared.first->job->model == model &&
           (out->n == 0 || faces + pool->prepared.first->analysis.n_faces <=
                               pool->limits.max_batch_faces)) {
        struct task *task = take_first(&pool->prepared);

        faces += task->analysis.n_faces;
        out->infer[out->n++] = task;
    }
    pool->n_faces -= faces;
}

/* @return whether there was anything to do by now */
static bool take_now(struct pool *pool, struct pool_work *out)
{
    if (due_ms(pool) <= thread_now_ms()) {
        take_batch(pool, out);
        return true;
    }
    out->n = 0;
    out->prepare = take_first(&pool->waiting);
    return out->prepare != NULL;
}

bool pool_take(struct pool *pool, struct pool_work *out)
{
    bool is_there;

    THREAD_CHECK(pthread_mutex_lock(&pool->mutex));
    while (!(is_there = take_now(pool, out)) && !pool->is_closed) {
        (void)thread_cond_wait(&pool->changed, &pool->mutex, due_ms(pool));
    }
    if (is_there && pool->prepared.first != NULL) {
        THREAD_CHECK(pthread_cond_signal(&pool->changed));
    }
    THREAD_CHECK(pthread_mutex_unlock(&pool->mutex));
    return is_there;
}

struct task *pool_take_late(struct pool *pool, double now_ms)
{
    struct task *task;

    THREAD_CHECK(pthread_mutex_lock(&pool->mutex));
    task = take_late(&pool->waiting, now_ms);
    if (task == NULL) {
        task = take_late(&pool->prepared, now_ms);
        pool->n_faces -= task == NULL ? 0 : task->analysis.n_faces;
    }
    THREAD_CHECK(pthread_mutex_unlock(&pool->mutex));
    return task;
}

void pool_close(struct pool *pool)
{
    THREAD_CHECK(pthread_mutex_lock(&pool->mutex));
    pool->is_closed = true;
    THREAD_CHECK(pthread_cond_broadcast(&pool->changed));
    THREAD_CHECK(pthread_mutex_unlock(&pool->mutex));
}

size_t pool_depth(struct pool *pool)
{
    size_t n;

    THREAD_CHECK(pthread_mutex_lock(&pool->mutex));
    n = pool->waiting.n;
    THREAD_CHECK(pthread_mutex_unlock(&pool->mutex));
    return n;
}
