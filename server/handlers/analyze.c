// SPDX-License-Identifier: MIT
#include "server/handlers/analyze.h"

#include <stdlib.h>
#include <string.h>

#include "server/handlers/answer.h"
#include "server/http.h"
#include "server/parse.h"
#include "server/server.h"
#include "server/thread.h"

/* A picture is drawn on the photo, which is therefore kept until then. */
static bool is_upload_needed(const struct job *job)
{
    return job->media == MEDIA_PNG || job->media == MEDIA_WEBP;
}

static bool prepare_photo(struct task *task, int worker)
{
    struct job *job = task->job;
    struct aha_error err = {AHA_OK, ""};
    enum aha_status status;

    status = aha_prepare(model_session(job->model, worker), task->upload.bytes,
                         task->upload.n_bytes, &job->options.photo,
                         &task->analysis, &err);
    if (status != AHA_OK || !is_upload_needed(job)) {
        upload_drop(&task->upload);
    }
    if (status != AHA_OK) {
        answer_blame(job, &task->failure, &err);
        return false;
    }
    task->has_analysis = true;
    if (task->analysis.n_faces == 0 && job->options.is_no_face_error) {
        failure_set(&task->failure, PROBLEM_NO_FACE,
                    "No face was found in the photo.");
        return false;
    }
    return task->analysis.n_faces > 0 && !job->options.is_detection;
}

static bool prepare_tensor(struct task *task, int worker)
{
    struct job *job = task->job;
    struct aha_error err = {AHA_OK, ""};
    struct parse_planes planes;
    enum aha_status status;

    if (!parse_tensors(job, &planes)) {
        return false;
    }
    status = aha_prepare_crops(model_session(job->model, worker), planes.luma,
                               planes.n, planes.height, planes.width,
                               &task->analysis, &err);
    explicit_bzero(planes.luma, planes.n_bytes);
    free(planes.luma);
    if (status != AHA_OK) {
        answer_blame(job, &task->failure, &err);
        return false;
    }
    task->has_analysis = true;
    return true;
}

/* From one JSON body to a task a photo; the entry itself is done then. */
static void spread(struct job *job)
{
    const struct config *config = &job->server->config;

    if (parse_photos(job, (int)config->max_batch_images) &&
        answer_submit_batch(job, 1) && job->stream != NULL) {
        http_resume(job, JOB_STREAMING);
    }
}

bool analyze_prepare(struct task *task, int worker)
{
    struct job *job = task->job;

    switch (task->kind) {
    case TASK_JSON:
        if (router_info(job->route)->body == BODY_PHOTOS) {
            spread(job);
            return false;
        }
        if (!parse_photo(job)) {
            return false;
        }
        return prepare_photo(task, worker);
    case TASK_TENSOR:
        return prepare_tensor(task, worker);
    case TASK_PHOTO:
        break;
    }
    return prepare_photo(task, worker);
}

void analyze_infer(struct task *const tasks[], int n, int worker)
{
    struct aha_analysis *analyses[POOL_MAX_BATCH];
    int faces = 0;

    for (int i = 0; i < n; i++) {
        analyses[i] = &tasks[i]->analysis;
        faces += tasks[i]->analysis.n_faces;
    }
    aha_infer(model_session(tasks[0]->job->model, worker), analyses, n);
    for (int i = 0; i < n; i++) {
        tasks[i]->batch_size = faces;
    }
    metrics_batch(tasks[0]->job->server->metrics, faces);
}

void analyze_finish(struct task *task)
{
    struct job *job = task->job;
    bool is_photo = task != &job->entry || job->tasks == &job->entry;

    if (task->has_analysis && task->failure.problem == PROBLEM_NONE) {
        metrics_analysis(job->server->metrics, &task->analysis,
                         job->options.is_detection);
    }
    if (!is_photo && task->failure.problem != PROBLEM_NONE) {
        job->failure = task->failure;
    }
    if (task != &job->entry && task->failure.problem != PROBLEM_NONE) {
        metrics_problem(job->server->metrics, task->failure.problem);
    }
    if (is_photo && job->stream != NULL) {
        answer_stream(task);
    }
    if (atomic_fetch_sub(&job->n_left, 1) == 1) {
        answer_job(job);
    }
    job_release(job);
}
