// SPDX-License-Identifier: MIT
#include "server/handlers/analyze.h"

#include <string.h>

#include "server/reply.h"
#include "server/server.h"
#include "server/thread.h"

static void fail(struct job *job, const struct aha_error *err)
{
    enum problem problem = problem_from_status(err->status);

    if (problem == PROBLEM_IMAGE_TOO_MANY_PIXELS) {
        job->limit = job->options.max_pixels;
    }
    if (problem == PROBLEM_INTERNAL) {
        log_event(&job->server->log, "error", "request %s: %s: %s", job->id,
                  aha_status_name(err->status), err->text);
        job_fail(job, problem, "The photo could not be analysed.");
        return;
    }
    job_fail(job, problem, "%s", err->text);
}

void analyze_run(struct job *job, struct aha_session *session)
{
    struct server *server = job->server;
    struct aha_error err = {AHA_OK, ""};
    struct aha_analysis analysis;
    enum aha_status status;

    status = aha_analyze(session, job->bytes, job->n_bytes, &job->options,
                         &analysis, &err);
    job_drop_upload(job);
    if (status != AHA_OK) {
        fail(job, &err);
        return;
    }
    metrics_analysis(server->metrics, &analysis);
    job->timing = analysis.timing;
    job->n_faces = analysis.n_faces;
    job->answered_ms = thread_now_ms();
    job->reply =
        reply_analysis(&analysis, server->model,
                       &(struct reply_context){
                           .request_id = job->id,
                           .queue_ms = job->taken_ms - job->queued_ms,
                           .total_ms = job->answered_ms - job->arrived_ms,
                       });
    aha_analysis_fini(&analysis);
    if (job->reply == NULL) {
        job_fail(job, PROBLEM_INTERNAL, "The answer could not be written.");
        return;
    }
    job->n_reply = strlen(job->reply);
    job->content_type = "application/json";
}
