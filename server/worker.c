// SPDX-License-Identifier: MIT
/*
 * DESIGN. A worker takes what the pool says, works without any lock, hands on.
 * It ends when the pool is closed and empty. A task whose client left, or whose
 * deadline passed while it waited, is not worked on; when all workers are busy,
 * main looks for those.
 */
#include "server/worker.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "aha/aha.h"

#include "server/handlers/analyze.h"
#include "server/http.h"
#include "server/server.h"
#include "server/thread.h"

struct worker {
    struct server *server;
    struct workers *workers;
    int index;
    pthread_t thread;
};

struct workers {
    int n;
    struct worker *all;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t ended;
    int n_ended;
};

static void fail_late(struct task *task)
{
    const struct job *job = task->job;

    if (thread_now_ms() > job->deadline_ms) {
        failure_set(&task->failure, PROBLEM_DEADLINE_EXCEEDED,
                    task->has_analysis
                        ? "The photo took longer than the %.0f ms that the "
                          "request may take."
                        : "The photo waited longer for a worker than the %.0f "
                          "ms that the request may take.",
                    job->patience_ms);
    }
}

/* @return whether the task is not worth its work */
static bool is_dropped(struct server *server, struct task *task)
{
    struct job *job = task->job;

    if (atomic_load(&server->is_hurried)) {
        failure_set(&task->failure, PROBLEM_DRAINING,
                    "This instance was stopped; try another.");
    } else if (http_is_client_gone(job)) {
        metrics_abandoned(server->metrics);
        failure_set(&task->failure, PROBLEM_DEADLINE_EXCEEDED,
                    "The client went away.");
    } else {
        fail_late(task);
    }
    return task->failure.problem != PROBLEM_NONE;
}

static void note_taken(struct server *server, struct task *task)
{
    task->taken_ms = thread_now_ms();
    metrics_stage(server->metrics, STAGE_QUEUE,
                  task->taken_ms - task->queued_ms);
}

static void prepare(struct worker *worker, struct task *task)
{
    struct server *server = worker->server;
    bool is_prepared;

    note_taken(server, task);
    if (is_dropped(server, task)) {
        analyze_finish(task);
        return;
    }
    is_prepared = analyze_prepare(task, worker->index);
    if (task->has_analysis) {
        pace_note(&server->pace, PACE_PREPARE,
                  thread_now_ms() - task->taken_ms);
    }
    if (is_prepared) {
        pool_push_prepared(server->pool, task);
        return;
    }
    if (task->has_analysis) {
        fail_late(task);
    }
    analyze_finish(task);
}

void workers_refuse(struct server *server)
{
    bool is_hurried = atomic_load(&server->is_hurried);
    double until_ms = is_hurried ? (double)INFINITY : thread_now_ms();
    struct task *task;

    while ((task = pool_take_late(server->pool, until_ms)) != NULL) {
        if (task->taken_ms <= 0) {
            note_taken(server, task);
        }
        (void)is_dropped(server, task);
        analyze_finish(task);
    }
}

static void infer(struct worker *worker, struct task *const tasks[], int n)
{
    struct server *server = worker->server;
    struct task *kept[POOL_MAX_BATCH];
    double start = thread_now_ms();
    int n_kept = 0;

    for (int i = 0; i < n; i++) {
        if (is_dropped(server, tasks[i])) {
            analyze_finish(tasks[i]);
        } else {
            kept[n_kept++] = tasks[i];
        }
    }
    if (n_kept == 0) {
        return;
    }
    analyze_infer(kept, n_kept, worker->index);
    pace_note(&server->pace, PACE_INFER, (thread_now_ms() - start) / n_kept);
    for (int i = 0; i < n_kept; i++) {
        analyze_finish(kept[i]);
    }
}

static void *run(void *data)
{
    struct worker *worker = data;
    struct server *server = worker->server;
    struct pool_work work;
    char name[16];

    /* A thread's own name, unlike another's, is no file to be written. */
    (void)snprintf(name, sizeof name, "aha-worker-%d", worker->index % 1000);
    THREAD_CHECK(pthread_setname_np(pthread_self(), name));
    while (pool_take(server->pool, &work)) {
        atomic_fetch_add(&server->n_busy, 1);
        if (work.prepare != NULL) {
            prepare(worker, work.prepare);
        } else {
            infer(worker, work.infer, work.n);
        }
        atomic_fetch_sub(&server->n_busy, 1);
    }
    aha_thread_fini();
    THREAD_CHECK(pthread_mutex_lock(&worker->workers->mutex));
    worker->workers->n_ended++;
    THREAD_CHECK(pthread_cond_signal(&worker->workers->ended));
    THREAD_CHECK(pthread_mutex_unlock(&worker->workers->mutex));
    return NULL;
}

static void join(struct workers *workers)
{
    for (int i = 0; i < workers->n; i++) {
        THREAD_CHECK(pthread_join(workers->all[i].thread, NULL));
    }
    THREAD_CHECK(pthread_cond_destroy(&workers->ended));
    THREAD_CHECK(pthread_mutex_destroy(&workers->mutex));
    free(workers->all);
    free(workers);
}

bool workers_join(struct workers *workers, double patience_ms)
{
    double until_ms = thread_now_ms() + patience_ms;
    bool has_ended;

    THREAD_CHECK(pthread_mutex_lock(&workers->mutex));
    while (workers->n_ended < workers->n &&
           thread_cond_wait(&workers->ended, &workers->mutex, until_ms)) {
    }
    has_ended = workers->n_ended == workers->n;
    THREAD_CHECK(pthread_mutex_unlock(&workers->mutex));
    if (has_ended) {
        join(workers);
    }
    return has_ended;
}

enum aha_status workers_start(struct workers **out, struct server *server,
                              struct aha_error *err)
{
    struct workers *workers = calloc(1, sizeof *workers);

    if (workers == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    workers->all = calloc((size_t)server->n_workers, sizeof *workers->all);
    if (workers->all == NULL) {
        free(workers);
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    THREAD_CHECK(pthread_mutex_init(&workers->mutex, NULL));
    thread_cond_init(&workers->ended);
    for (int i = 0; i < server->n_workers; i++) {
        struct worker *worker = &workers->all[i];

        worker->server = server;
        worker->workers = workers;
        worker->index = i;
        if (pthread_create(&worker->thread, NULL, run, worker) != 0) {
            pool_close(server->pool);
            join(workers); /* they have nothing to do */
            return aha_error_set(err, AHA_ERR_ENVIRONMENT,
                                 "thread %d of %d cannot be started; is there "
                                 "a limit on processes?",
                                 i + 1, server->n_workers);
        }
        workers->n++;
    }
    *out = workers;
    return AHA_OK;
}
