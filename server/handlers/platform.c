// SPDX-License-Identifier: MIT
#include "server/handlers/platform.h"

#include <string.h>

#include "server/server.h"

static void answer_text(struct job *job, const char *text)
{
    job->reply = strdup(text);
    if (job->reply == NULL) {
        job_fail(job, PROBLEM_INTERNAL, "Out of memory.");
        return;
    }
    job->n_reply = strlen(job->reply);
    job->content_type = "text/plain; charset=utf-8";
}

static void answer_ready(struct job *job)
{
    int state = atomic_load(&job->server->state);

    if (state == SERVER_READY) {
        answer_text(job, "ready\n");
    } else {
        job_fail(job, PROBLEM_DRAINING, "The service is %s.",
                 state == SERVER_STARTING ? "starting" : "shutting down");
    }
}

static void answer_metrics(struct job *job)
{
    struct server *server = job->server;

    job->reply = metrics_text(server->metrics, server->model,
                              queue_depth(server->queue), &job->n_reply);
    if (job->reply == NULL) {
        job_fail(job, PROBLEM_INTERNAL, "Out of memory.");
    }
    job->content_type = "text/plain; version=0.0.4; charset=utf-8";
}

void platform_answer(struct job *job)
{
    switch (job->route) {
    case ROUTE_LIVEZ:
        answer_text(job, "live\n");
        break;
    case ROUTE_READYZ:
        answer_ready(job);
        break;
    case ROUTE_METRICS:
        answer_metrics(job);
        break;
    case ROUTE_ANALYZE:
    case ROUTE_NONE:
    case N_ROUTES:
        break;
    }
}
