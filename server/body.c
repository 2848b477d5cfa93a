// SPDX-License-Identifier: MIT
#include "server/body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <microhttpd.h>

#include "server/multipart.h"
#include "server/server.h"
#include "server/thread.h"

/* Read of a request that is refused already. */
enum { DISCARD_BYTES = 16 << 20 };

/* A multipart body being read. */
struct form {
    struct multipart *multipart;
    struct task *task; /* that the part is for, or NULL: it is a parameter */
    char name[OPTION_MAX_TEXT];
    char value[OPTION_MAX_TEXT];
    size_t n_value;
};

static int max_images(const struct job *job)
{
    return router_info(job->route)->body == BODY_PHOTOS
               ? (int)job->server->config.max_batch_images
               : 1;
}

static bool begin_part(void *data, const char *name)
{
    struct job *job = data;
    struct form *form = job->form;

    form->task = NULL;
    if (strcmp(name, "file") == 0) {
        form->task = job_add_task(job, max_images(job));
        return form->task != NULL;
    }
    if (strlen(name) >= sizeof form->name) {
        failure_set(&job->failure, PROBLEM_INVALID_PARAMETER,
                    "There is no parameter %.40s.", name);
        return false;
    }
    memcpy(form->name, name, strlen(name) + 1);
    form->n_value = 0;
    return true;
}

static bool take_part(void *data, const char *bytes, size_t n)
{
    struct job *job = data;
    struct form *form = job->form;

    if (form->task != NULL) {
        job_append(job, form->task, bytes, n);
    } else if (n >= sizeof form->value - form->n_value) {
        failure_set(&job->failure, PROBLEM_INVALID_PARAMETER,
                    "The value of %.40s is too long; a photo goes into the "
                    "part named file.",
                    form->name);
    } else {
        memcpy(form->value + form->n_value, bytes, n);
        form->n_value += n;
    }
    return job->failure.problem == PROBLEM_NONE;
}

static void end_field(struct job *job, struct form *form)
{
    char detail[FAILURE_DETAIL];

    form->value[form->n_value] = '\0';
    if (strlen(form->value) < form->n_value) {
        failure_set(&job->failure, PROBLEM_INVALID_PARAMETER,
                    "The value of %.40s is no text.", form->name);
    } else if (!options_set(&job->options, form->name, form->value,
                            sizeof detail, detail)) {
        failure_set(&job->failure, PROBLEM_INVALID_PARAMETER, "%s", detail);
    }
}

static bool end_part(void *data)
{
    struct job *job = data;
    struct form *form = job->form;
    struct task *task = form->task;

    if (task == NULL) {
        end_field(job, form);
    } else if (task->upload.n_bytes == 0) {
        /* Of several photos, one that is empty fails alone. */
        failure_set(task == &job->entry ? &job->failure : &task->failure,
                    PROBLEM_EMPTY_BODY, "The form's part named file is empty.");
    }
    return job->failure.problem == PROBLEM_NONE;
}

static void begin_form(struct job *job, const char *content_type)
{
    static const struct multipart_callbacks callbacks = {begin_part, take_part,
                                                         end_part};
    struct form *form = calloc(1, sizeof *form);
    enum multipart_result result = MULTIPART_NO_MEMORY;

    if (form != NULL) {
        result =
            multipart_create(&form->multipart, content_type, &callbacks, job);
    }
    if (result == MULTIPART_OK) {
        job->form = form;
        return;
    }
    free(form);
    if (result == MULTIPART_NO_MEMORY) {
        failure_set(&job->failure, PROBLEM_OVERLOADED,
                    "There is no memory for a form now.");
    } else {
        failure_set(&job->failure, PROBLEM_MALFORMED_MULTIPART,
                    "The Content-Type of a multipart body must name its "
                    "boundary.");
    }
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Whether a media type, without its parameters, is this one. */
static bool is_type(const char *content_type, const char *wanted)
{
    size_t n = strlen(wanted);

    return content_type != NULL && strncasecmp(content_type, wanted, n) == 0 &&
           strchr("; \t", content_type[n]) != NULL; /* or its end */
}

/* The most that a whole body may be, by what it is. */
static void choose_kind(struct job *job, const char *content_type)
{
    const struct config *config = &job->server->config;
    enum route_body body = router_info(job->route)->body;
    size_t bytes = body == BODY_PHOTO ? (size_t)config->max_source_bytes
                                      : (size_t)config->max_request_bytes;

    if (body == BODY_TENSOR) {
        job->entry.kind = TASK_TENSOR;
        job->n_tasks = 1;
    } else if (is_type(content_type, "application/json")) {
        job->entry.kind = TASK_JSON;
        job->n_tasks = body == BODY_PHOTO ? 1 : 0;
        bytes = bytes / 3 * 4 + BODY_OVERHEAD;
    } else if (is_type(content_type, "multipart/form-data")) {
        bytes += BODY_OVERHEAD;
    } else if (body == BODY_PHOTOS) {
        failure_set(&job->failure, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                    "Send the photos as parts named file of a "
                    "multipart/form-data body, or as application/json.");
    } else {
        (void)job_add_task(job, 1);
    }
    job->max_body_bytes = bytes;
    if (job->entry.kind != TASK_PHOTO) {
        job->entry.upload.max_bytes = bytes;
    }
}

/* Bytes of JSON before binary tensors; 0 when all is JSON. */
static void read_json_length(struct job *job, const char *text)
{
    char *end = NULL;
    unsigned long long n;

    if (text == NULL || job->entry.kind != TASK_TENSOR) {
        return;
    }
    errno = 0;
    n = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
        n == 0 || n > job->max_body_bytes) {
        failure_set(&job->failure, PROBLEM_INVALID_TENSOR,
                    "Inference-Header-Content-Length must be the bytes of the "
                    "JSON part.");
        return;
    }
    job->n_header = (size_t)n;
}

void body_begin(struct job *job, struct MHD_Connection *connection)
{
    const char *length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *content_type = header(connection, MHD_HTTP_HEADER_CONTENT_TYPE);

    choose_kind(job, content_type);
    read_json_length(job,
                     header(connection, "Inference-Header-Content-Length"));
    if (job->failure.problem != PROBLEM_NONE) {
        return;
    }
    if (length != NULL) {
        /* libmicrohttpd has refused what is no number. */
        unsigned long long declared = strtoull(length, NULL, 10);

        if (declared > job->max_body_bytes) {
            failure_limit(&job->failure, PROBLEM_PAYLOAD_TOO_LARGE,
                          (long long)job->max_body_bytes, (long long)declared,
                          "The body is %llu bytes; at most %zu are accepted "
                          "(%s).",
                          declared, job->max_body_bytes,
                          router_info(job->route)->body == BODY_PHOTO
                              ? "max_source_bytes"
                              : "max_request_bytes");
            return;
        }
    }
    if (is_type(content_type, "multipart/form-data") &&
        job->entry.kind == TASK_PHOTO) {
        begin_form(job, content_type);
    }
}

/* What arrives too slowly, or goes on too long after a failure, is cut off. */
static bool is_worth_reading(struct job *job)
{
    double patience_ms = (double)job->server->config.body_timeout_s * 1e3;
    double waited_ms = thread_now_ms() - job->arrived_ms;
    size_t most = job->max_body_bytes > 0
                      ? 2 * job->max_body_bytes + BODY_OVERHEAD
                      : (size_t)DISCARD_BYTES;

    if (waited_ms > patience_ms) {
        failure_set(&job->failure, PROBLEM_BODY_TIMEOUT,
                    "The body took longer than %lld seconds to arrive.",
                    (long long)job->server->config.body_timeout_s);
        job_drop_uploads(job);
    }
    return waited_ms <= 2 * patience_ms && job->n_received <= most;
}

bool body_is_discarded(struct MHD_Connection *connection)
{
    const char *length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);

    if (header(connection, MHD_HTTP_HEADER_EXPECT) != NULL) {
        return false;
    }
    return length == NULL || strtoull(length, NULL, 10) <= DISCARD_BYTES;
}

static void take_form(struct job *job, const char *bytes, size_t n)
{
    struct form *form = job->form;

    if (job->n_received > job->max_body_bytes) {
        failure_limit(&job->failure, PROBLEM_PAYLOAD_TOO_LARGE,
                      (long long)job->max_body_bytes, -1,
                      "The body is larger than the %zu bytes that are "
                      "accepted (max_request_bytes).",
                      job->max_body_bytes);
    } else if (multipart_feed(form->multipart, bytes, n) != MULTIPART_OK) {
        /* Unless a part was refused, which has said why. */
        failure_set(&job->failure, PROBLEM_MALFORMED_MULTIPART,
                    "The multipart body does not follow its boundary.");
    }
    if (job->failure.problem != PROBLEM_NONE) {
        job_drop_uploads(job);
    }
}

bool body_take(struct job *job, const char *bytes, size_t n)
{
    job->n_received += n;
    if (!is_worth_reading(job)) {
        return false;
    }
    if (job->failure.problem != PROBLEM_NONE ||
        router_info(job->route)->body == BODY_NONE || job->is_preflight) {
        return true;
    }
    if (job->form != NULL) {
        take_form(job, bytes, n);
    } else {
        job_append(job, &job->entry, bytes, n);
    }
    return true;
}

void body_abandon(struct job *job)
{
    struct form *form = job->form;

    if (form != NULL) {
        multipart_destroy(form->multipart);
        explicit_bzero(form, sizeof *form); /* a photo may be misnamed */
        free(form);
        job->form = NULL;
    }
}

static void end_form(struct job *job)
{
    const struct form *form = job->form;

    if (!multipart_is_whole(form->multipart)) {
        failure_set(&job->failure, PROBLEM_MALFORMED_MULTIPART,
                    "The multipart body ends before its last boundary.");
    } else if (job->n_tasks == 0) {
        failure_set(&job->failure, PROBLEM_MISSING_FILE,
                    "Send the photo as the form's part named file.");
    }
    body_abandon(job);
}

void body_end(struct job *job)
{
    if (job->form != NULL) {
        end_form(job);
    }
    /* Of several photos, one that is none fails alone, later. */
    if (job->tasks == &job->entry && job->entry.upload.n_bytes == 0) {
        failure_set(&job->failure, PROBLEM_EMPTY_BODY,
                    job->entry.kind == TASK_PHOTO
                        ? "Send a photo as the body."
                        : "Send a JSON object as the body.");
    }
}
