// SPDX-License-Identifier: MIT
#include "server/job.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "server/http_stream.h"
#include "server/models.h"
#include "server/server.h"
#include "server/thread.h"

enum { ID_BYTES = 16 };

static void task_init(struct task *task, struct job *job, int index)
{
    task->job = job;
    task->index = index;
    task->upload.budget = job->entry.upload.budget;
    task->upload.max_bytes = job->max_photo_bytes;
    task->failure.limit = task->failure.actual = -1;
}

struct job *job_create(struct server *server)
{
    struct job *job = calloc(1, sizeof *job);

    if (job != NULL) {
        job->server = server;
        job->socket = -1;
        job->route = ROUTE_NONE;
        job->success = 200;
        job->failure.limit = job->failure.actual = -1;
        job->arrived_ms = thread_now_ms();
        job->tasks = &job->entry;
        job->entry.upload.budget = server == NULL ? NULL : &server->uploads;
        task_init(&job->entry, job, 0);
        atomic_store(&job->n_references, 1);
    }
    return job;
}

void job_hold(struct job *job)
{
    atomic_fetch_add(&job->n_references, 1);
}

void job_drop_uploads(struct job *job)
{
    upload_drop(&job->entry.upload);
    for (int i = 0; job->tasks != &job->entry && i < job->n_tasks; i++) {
        upload_drop(&job->tasks[i].upload);
    }
}

static void task_fini(struct task *task)
{
    if (task->has_analysis) {
        aha_analysis_fini(&task->analysis);
    }
}

void job_release(struct job *job)
{
    if (job == NULL || atomic_fetch_sub(&job->n_references, 1) != 1) {
        return;
    }
    job_drop_uploads(job);
    for (int i = 0; i < job->n_tasks; i++) {
        task_fini(&job->tasks[i]);
    }
    if (job->tasks != &job->entry) {
        task_fini(&job->entry);
        free(job->tasks);
    }
    if (job->reply != NULL) {
        explicit_bzero(job->reply, job->n_reply); /* perhaps a picture */
    }
    free(job->reply);
    model_release(job->model);
    stream_destroy(job->stream);
    free(job);
}

void task_too_large(const struct task *task, size_t max_bytes,
                    struct failure *out)
{
    bool is_photo = task->kind == TASK_PHOTO ||
                    router_info(task->job->route)->body == BODY_PHOTO;

    failure_limit(out, PROBLEM_PAYLOAD_TOO_LARGE, (long long)max_bytes, -1,
                  "The upload is larger than the %zu bytes that are accepted "
                  "(%s).",
                  max_bytes,
                  is_photo ? "max_source_bytes" : "max_request_bytes");
}

/* From the one task that is part of the job to an array. */
static bool make_array(struct job *job)
{
    struct task *tasks = calloc(JOB_MAX_IMAGES, sizeof *tasks);

    if (tasks == NULL) {
        failure_set(&job->failure, PROBLEM_OVERLOADED,
                    "There is no memory for this request now.");
        return false;
    }
    job->tasks = tasks;
    return true;
}

struct task *job_add_task(struct job *job, int max)
{
    struct task *task;

    if (job->n_tasks >= max) {
        failure_limit(&job->failure, PROBLEM_TOO_MANY_IMAGES, max, -1,
                      "At most %d photo%s may be sent in one request.", max,
                      max == 1 ? "" : "s");
        return NULL;
    }
    if (router_info(job->route)->body == BODY_PHOTOS &&
        job->tasks == &job->entry && !make_array(job)) {
        return NULL;
    }
    task = &job->tasks[job->n_tasks];
    task_init(task, job, job->n_tasks++);
    return task;
}

void job_append(struct job *job, struct task *task, const void *bytes, size_t n)
{
    bool is_alone = job->tasks == &job->entry;

    if (job->failure.problem != PROBLEM_NONE ||
        task->failure.problem != PROBLEM_NONE) {
        return;
    }
    switch (upload_append(&task->upload, bytes, n)) {
    case UPLOAD_OK:
        return;
    case UPLOAD_TOO_LARGE:
        /* Of several photos, one that is too large fails alone. */
        task_too_large(task, task->upload.max_bytes,
                       is_alone ? &job->failure : &task->failure);
        upload_drop(&task->upload);
        return;
    case UPLOAD_NO_MEMORY:
        failure_set(&job->failure, PROBLEM_OVERLOADED,
                    "There is no memory for this upload now.");
        job_drop_uploads(job);
        return;
    }
}

void job_set_id(struct job *job, const char *wanted)
{
    static const char fit[] = "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    static const char hex[] = "0123456789abcdef";
    uint8_t random[ID_BYTES] = {0};
    size_t n = wanted == NULL ? 0 : strlen(wanted);

    if (n > 0 && n < JOB_MAX_ID && strspn(wanted, fit) == n) {
        memcpy(job->id, wanted, n + 1);
        return;
    }
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        /* Never on Linux once booted; an id only has to differ in practice. */
        memcpy(random, &job->arrived_ms, sizeof job->arrived_ms);
    }
    for (int i = 0; i < ID_BYTES; i++) {
        job->id[2 * i] = hex[random[i] >> 4];
        job->id[2 * i + 1] = hex[random[i] & 15];
    }
    job->id[2 * ID_BYTES] = '\0';
}

struct aha_timing job_timing(const struct job *job, double *queue_ms)
{
    struct aha_timing sum = {0};

    *queue_ms = 0;
    for (int i = 0; i < job->n_tasks; i++) {
        const struct task *task = &job->tasks[i];

        /* One that was refused never came to a worker. */
        *queue_ms += task->taken_ms > 0 ? task->taken_ms - task->queued_ms : 0;
        sum.decode_ms += task->analysis.timing.decode_ms;
        sum.detect_ms += task->analysis.timing.detect_ms;
        sum.align_ms += task->analysis.timing.align_ms;
        sum.infer_ms += task->analysis.timing.infer_ms;
    }
    return sum;
}

void job_reply(struct job *job, char *text, const char *content_type)
{
    if (text == NULL) {
        failure_set(&job->failure, PROBLEM_INTERNAL,
                    "The answer could not be written.");
        return;
    }
    job->reply = text;
    job->n_reply = strlen(text);
    job->content_type = content_type;
}
