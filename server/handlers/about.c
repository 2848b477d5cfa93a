// SPDX-License-Identifier: MIT
#include "server/handlers/about.h"

#include <string.h>

#include "server/reply_about.h"
#include "server/server.h"

static char *info(const struct server *server,
                  const struct aha_model_info *model)
{
    return reply_info(&(struct reply_about){
        .model = model,
        .config = &server->config,
        .formats = server->limits.formats,
        .n_workers = server->n_workers,
        .has_keys = server->access != NULL,
        .seals = atomic_load(&server->seals),
    });
}

static bool is_ready(struct job *job)
{
    if (atomic_load(&job->server->state) == SERVER_READY) {
        return true;
    }
    failure_set(&job->failure, PROBLEM_DRAINING,
                "This instance is shutting down; try another.");
    return false;
}

static char *text_for(struct job *job, const struct aha_model_info *model)
{
    switch (job->route) {
    case ROUTE_INFO:
        return info(job->server, model);
    case ROUTE_MODELS:
        return reply_models(model);
    case ROUTE_MODEL:
        return reply_model(model);
    case ROUTE_OIP_SERVER:
        return reply_oip_server();
    case ROUTE_OIP_LIVE:
        return reply_flag("live", true);
    case ROUTE_OIP_READY:
        return is_ready(job) ? reply_flag("ready", true) : NULL;
    case ROUTE_OIP_MODEL_READY:
        return is_ready(job) ? reply_oip_model_ready(model) : NULL;
    case ROUTE_OIP_MODEL:
        return reply_oip_model(model);
    default:
        return NULL;
    }
}

void about_answer(struct job *job)
{
    struct model *model = models_acquire(job->server->models);
    char *text = text_for(job, model_info(model));

    if (job->failure.problem == PROBLEM_NONE) {
        job_reply(job, text, media_name(MEDIA_JSON));
    }
    model_release(model);
}
