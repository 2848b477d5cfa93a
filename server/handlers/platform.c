// SPDX-License-Identifier: MIT
#include "server/handlers/platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/http.h"
#include "server/reply_about.h"
#include "server/server.h"

static const char text_plain[] = "text/plain; charset=utf-8";

static const char *state_name(int state)
{
    return state == SERVER_STARTING   ? "starting"
           : state == SERVER_READY    ? "ready"
           : state == SERVER_DRAINING ? "draining"
                                      : "stopping";
}

/* A line a check, as a person at a terminal wants it. */
static char *verbose_text(struct server *server)
{
    struct model *model = models_acquire(server->models);
    const struct aha_model_info *info = model_info(model);
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    if (out != NULL) {
        (void)fprintf(
            out,
            "[+] model %s %s\n[+] workers %d of %d busy\n[+] queue %zu of "
            "%lld waiting\nready\n",
            info->name, info->version, atomic_load(&server->n_busy),
            server->n_workers, pool_depth(server->pool),
            (long long)server->config.max_queue_size);
        if (fclose(out) != 0) {
            free(text);
            text = NULL;
        }
    }
    model_release(model);
    return text;
}

static void answer_ready(struct job *job)
{
    int state = atomic_load(&job->server->state);

    if (state != SERVER_READY) {
        failure_set(&job->failure, PROBLEM_DRAINING, "The service is %s.",
                    state_name(state));
        return;
    }
    job_reply(job,
              job->is_verbose ? verbose_text(job->server) : strdup("ready\n"),
              text_plain);
}

static void answer_metrics(struct job *job)
{
    struct server *server = job->server;
    struct model *model = models_acquire(server->models);

    job_reply(job,
              metrics_text(
                  server->metrics,
                  &(struct metrics_now){
                      .model = model_info(model),
                      .queue_depth = pool_depth(server->pool),
                      .queue_capacity = (size_t)server->config.max_queue_size,
                      .n_workers = server->n_workers,
                      .n_busy = atomic_load(&server->n_busy),
                      .upload_bytes = atomic_load(&server->uploads.used_bytes),
                  }),
              "text/plain; version=0.0.4; charset=utf-8");
    model_release(model);
}

/* Asked for again, a drain goes on as it was: only a signal hurries it. */
static void begin_drain(struct job *job)
{
    int state = SERVER_READY;

    job->is_drain = atomic_compare_exchange_strong(&job->server->state, &state,
                                                   SERVER_DRAINING) ||
                    state == SERVER_STARTING;
    job->success = 202;
    job_reply(job, reply_flag("draining", true), media_name(MEDIA_JSON));
}

void platform_answer(struct job *job)
{
    switch (job->route) {
    case ROUTE_LIVEZ:
        job_reply(job, strdup("live\n"), text_plain);
        break;
    case ROUTE_READYZ:
        answer_ready(job);
        break;
    case ROUTE_METRICS:
        answer_metrics(job);
        break;
    case ROUTE_DRAIN:
        begin_drain(job);
        break;
    default:
        break;
    }
}

void platform_reloaded(struct job *job, const struct aha_error *err)
{
    struct server *server = job->server;

    if (err->status == AHA_OK) {
        struct model *model = models_acquire(server->models);

        job_reply(job, reply_reload(model_info(model)), media_name(MEDIA_JSON));
        model_release(model);
    } else {
        failure_set(&job->failure, PROBLEM_RELOAD_FAILED,
                    "%s. The old stay in service.", err->text);
    }
    http_resume(job, JOB_ANSWERED);
}
