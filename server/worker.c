// SPDX-License-Identifier: MIT
/*
 * DESIGN. A worker takes a job, works without any lock, hands it back. It ends
 * when the queue is closed and empty. A job whose client left, or whose
 * deadline passed while it waited, is not worked on.
 */
#include "server/worker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "aha/aha.h"

#include "server/handlers/analyze.h"
#include "server/http.h"
#include "server/server.h"
#include "server/thread.h"

enum { MEAN_SHIFT = 3 }; /* a new job counts 1/8 in the running mean */

struct worker {
    struct server *server;
    struct aha_session *session;
    pthread_t thread;
};

struct workers {
    int n;
    struct worker *all;
};

static void note_pace(struct server *server, double ms)
{
    unsigned long mean = atomic_load(&server->job_us);
    unsigned long now_us = (unsigned long)(ms * 1e3);

    /* Two workers may overwrite each other: it is a mean all the same. */
    atomic_store(&server->job_us,
                 mean - (mean >> MEAN_SHIFT) + (now_us >> MEAN_SHIFT));
}

static void work(struct worker *worker, struct job *job)
{
    struct server *server = worker->server;

    job->taken_ms = thread_now_ms();
    metrics_stage(server->metrics, STAGE_QUEUE, job->taken_ms - job->queued_ms);
    if (atomic_load(&server->is_hurried)) {
        job_fail(job, PROBLEM_DRAINING,
                 "This instance was stopped; try another.");
    } else if (http_is_client_gone(job)) {
        job_fail(job, PROBLEM_DEADLINE_EXCEEDED, "The client went away.");
    } else if (job->taken_ms > job->deadline_ms) {
        job_fail(job, PROBLEM_DEADLINE_EXCEEDED,
                 "The photo waited longer than %lld ms for a worker.",
                 (long long)server->config.request_timeout_ms);
    } else {
        analyze_run(job, worker->session);
        note_pace(server, thread_now_ms() - job->taken_ms);
    }
    http_resume(job);
}

static void *run(void *data)
{
    struct worker *worker = data;
    struct job *job;

    while ((job = queue_take(worker->server->queue)) != NULL) {
        work(worker, job);
    }
    aha_thread_fini();
    return NULL;
}

static void release(struct workers *workers)
{
    for (int i = 0; i < workers->n; i++) {
        aha_session_destroy(workers->all[i].session);
    }
    free(workers->all);
    free(workers);
}

static struct workers *allocate(int n)
{
    struct workers *workers = calloc(1, sizeof *workers);

    if (workers == NULL) {
        return NULL;
    }
    workers->all = calloc((size_t)n, sizeof *workers->all);
    if (workers->all == NULL) {
        free(workers);
        return NULL;
    }
    return workers;
}

enum aha_status workers_start(struct workers **out, struct server *server,
                              struct aha_error *err)
{
    struct workers *workers = allocate(server->n_workers);

    if (workers == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    for (int i = 0; i < server->n_workers; i++) {
        struct worker *worker = &workers->all[i];
        enum aha_status status =
            aha_session_create(&worker->session, server->pipeline, err);

        if (status != AHA_OK) {
            release(workers);
            return status;
        }
        worker->server = server;
        workers->n++;
    }
    for (int i = 0; i < workers->n; i++) {
        char name[16];

        THREAD_CHECK(pthread_create(&workers->all[i].thread, NULL, run,
                                    &workers->all[i]));
        (void)snprintf(name, sizeof name, "aha-worker-%d", i % 1000);
        THREAD_CHECK(pthread_setname_np(workers->all[i].thread, name));
    }
    *out = workers;
    return AHA_OK;
}

void workers_join(struct workers *workers)
{
    if (workers == NULL) {
        return;
    }
    for (int i = 0; i < workers->n; i++) {
        THREAD_CHECK(pthread_join(workers->all[i].thread, NULL));
    }
    release(workers);
}
