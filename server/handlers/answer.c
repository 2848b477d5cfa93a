// SPDX-License-Identifier: MIT
#include "server/handlers/answer.h"

#include <stdlib.h>
#include <string.h>

#include "server/handlers/picture.h"
#include "server/http.h"
#include "server/http_stream.h"
#include "server/reply.h"
#include "server/reply_tensor.h"
#include "server/server.h"
#include "server/thread.h"

void answer_blame(const struct job *job, struct failure *failure,
                  const struct aha_error *err)
{
    enum problem problem = problem_from_status(err->status);

    if (err->status == AHA_ERR_MEMORY || err->status == AHA_ERR_CRASH) {
        log_event(&job->server->log, "warn", "request %s: %s", job->id,
                  err->text);
    }
    if (problem == PROBLEM_IMAGE_TOO_MANY_PIXELS) {
        failure_limit(failure, problem, job->options.photo.max_pixels, -1, "%s",
                      err->text);
    } else if (problem == PROBLEM_INTERNAL) {
        log_event(&job->server->log, "error", "request %s: %s: %s", job->id,
                  aha_status_name(err->status), err->text);
        failure_set(failure, problem, "The photo could not be analysed.");
    } else {
        failure_set(failure, problem, "%s", err->text);
    }
}

/* Of the time that is left, what the wait for a worker may take at most. */
static const double ADMITTED_SHARE = 0.8;

static void refuse(struct job *job, size_t ahead)
{
    const struct server *server = job->server;

    job->retry_after_s = pace_retry_s(&server->pace, ahead, server->n_workers);
    if (thread_now_ms() > job->deadline_ms) {
        failure_set(&job->failure, PROBLEM_DEADLINE_EXCEEDED,
                    "Reading the body took longer than the %.0f ms that the "
                    "request may take.",
                    job->patience_ms);
        return;
    }
    if (atomic_load(&server->state) == SERVER_STOPPING) {
        failure_set(&job->failure, PROBLEM_DRAINING,
                    "This instance is shutting down; try another.");
        return;
    }
    failure_set(&job->failure, PROBLEM_OVERLOADED,
                "%zu photo(s) wait already, more than can be answered in "
                "time; try again in %d s.",
                ahead, job->retry_after_s);
}

bool answer_submit(struct job *job, struct task *tasks, int n, int n_own)
{
    struct server *server = job->server;
    double now_ms = thread_now_ms();
    size_t ahead = pool_depth(server->pool) +
                   (size_t)(atomic_load(&server->n_busy) - n_own);
    double wait_ms = pace_wait_ms(&server->pace, ahead, server->n_workers);

    if (wait_ms > ADMITTED_SHARE * (job->deadline_ms - now_ms)) {
        refuse(job, ahead);
        return false;
    }
    for (int i = 0; i < n; i++) {
        tasks[i].queued_ms = now_ms;
        job_hold(job);
    }
    atomic_fetch_add(&job->n_left, n);
    if (!pool_push(server->pool, tasks, n)) {
        atomic_fetch_sub(&job->n_left, n);
        for (int i = 0; i < n; i++) {
            job_release(job);
        }
        refuse(job, ahead + (size_t)n);
        return false;
    }
    return true;
}

bool answer_submit_batch(struct job *job, int n_own)
{
    if (job->media == MEDIA_NDJSON) {
        job->stream = stream_create(job->connection);
        if (job->stream == NULL) {
            failure_set(&job->failure, PROBLEM_OVERLOADED,
                        "There is no memory for this request now.");
            return false;
        }
    }
    if (answer_submit(job, job->tasks, job->n_tasks, n_own)) {
        return true;
    }
    stream_destroy(job->stream);
    job->stream = NULL;
    return false;
}

static struct reply_context context_of(const struct task *task)
{
    const struct job *job = task->job;

    return (struct reply_context){
        .request_id = job->id,
        .model = model_info(job->model),
        .options = &job->options.reply,
        .is_detection = job->options.is_detection,
        .queue_ms = task->taken_ms - task->queued_ms,
        .total_ms = thread_now_ms() - job->arrived_ms,
        .batch_size = task->batch_size,
    };
}

static struct reply_item item_of(const struct task *task)
{
    return (struct reply_item){
        .index = task->index,
        .analysis =
            task->failure.problem == PROBLEM_NONE ? &task->analysis : NULL,
        .failure = &task->failure,
        .context = context_of(task),
    };
}

void answer_stream(struct task *task)
{
    struct reply_item item = item_of(task);

    stream_put(task->job->stream, reply_item(&item));
}

static void answer_batch(struct job *job)
{
    struct reply_item items[JOB_MAX_IMAGES];

    for (int i = 0; i < job->n_tasks; i++) {
        items[i] = item_of(&job->tasks[i]);
    }
    job_reply(job,
              reply_batch(job->id, model_info(job->model), items, job->n_tasks),
              media_name(MEDIA_JSON));
}

static void answer_tensor(struct job *job, const struct task *task)
{
    job->reply = reply_tensors(&task->analysis, model_info(job->model),
                               &job->tensor, &job->n_reply_json, &job->n_reply);
    job->content_type =
        media_name(job->n_reply_json > 0 ? MEDIA_OCTETS : MEDIA_JSON);
    if (job->reply == NULL) {
        failure_set(&job->failure, PROBLEM_INTERNAL,
                    "The answer could not be written.");
    }
}

static void answer_one(struct job *job)
{
    struct task *task = &job->entry;
    struct reply_context context = context_of(task);

    if (task->failure.problem != PROBLEM_NONE) {
        job->failure = task->failure;
    } else if (task->kind == TASK_TENSOR) {
        answer_tensor(job, task);
    } else if (job->media == MEDIA_JSON) {
        job_reply(job, reply_analysis(&task->analysis, &context),
                  media_name(MEDIA_JSON));
    } else {
        picture_answer(job, task);
    }
}

void answer_job(struct job *job)
{
    for (int i = 0; i < job->n_tasks; i++) {
        const struct task *task = &job->tasks[i];

        job->n_faces += task->has_analysis ? task->analysis.n_faces : 0;
    }
    job->answered_ms = thread_now_ms();
    if (job->stream != NULL) {
        stream_end(job->stream);
        return;
    }
    if (job->failure.problem == PROBLEM_NONE) {
        if (job->tasks == &job->entry) {
            answer_one(job);
        } else {
            answer_batch(job);
        }
    }
    http_resume(job, JOB_ANSWERED);
}
