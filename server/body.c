// SPDX-License-Identifier: MIT
#include "server/body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <microhttpd.h>

#include "server/options.h"
#include "server/server.h"
#include "server/thread.h"

enum {
    FORM_BUFFER = 32 * 1024,
    FORM_OVERHEAD = 64 * 1024, /* boundaries and fields around the file */
};

/* A multipart body being read. */
struct form {
    struct MHD_PostProcessor *processor;
    bool has_file;
    char name[OPTION_MAX_TEXT];
    char value[OPTION_MAX_TEXT];
    size_t n_value;
};

/* A field may come in pieces, so it is read when the next one begins. */
static void flush_field(struct job *job, struct form *form)
{
    char detail[JOB_MAX_DETAIL];

    if (form->name[0] == '\0') {
        return;
    }
    form->value[form->n_value] = '\0';
    if (!options_set(&job->options, &job->seen, form->name, form->value,
                     sizeof detail, detail)) {
        job_fail(job, PROBLEM_INVALID_PARAMETER, "%s", detail);
    }
    form->name[0] = '\0';
}

static void take_field(struct job *job, struct form *form, const char *name,
                       const char *bytes, uint64_t offset, size_t n)
{
    if (offset == 0) {
        flush_field(job, form);
        if (strlen(name) >= sizeof form->name) {
            job_fail(job, PROBLEM_INVALID_PARAMETER,
                     "There is no parameter %.40s.", name);
            return;
        }
        memcpy(form->name, name, strlen(name) + 1);
        form->n_value = 0;
    }
    if (n >= sizeof form->value - form->n_value) {
        job_fail(job, PROBLEM_INVALID_PARAMETER,
                 "The value of %.40s is too long.", name);
        return;
    }
    memcpy(form->value + form->n_value, bytes, n);
    form->n_value += n;
}

static enum MHD_Result take_part(void *data, enum MHD_ValueKind kind,
                                 const char *name, const char *filename,
                                 const char *content_type,
                                 const char *transfer_encoding,
                                 const char *bytes, uint64_t offset, size_t n)
{
    struct job *job = data;
    struct form *form = job->form;

    (void)kind;
    (void)filename;
    (void)content_type;
    (void)transfer_encoding;
    if (job->problem != PROBLEM_NONE || name == NULL) {
        return MHD_NO;
    }
    if (strcmp(name, "file") != 0) {
        take_field(job, form, name, bytes, offset, n);
    } else {
        if (offset == 0) {
            flush_field(job, form);
            if (form->has_file) {
                job_fail(job, PROBLEM_INVALID_PARAMETER,
                         "file is given twice; one photo a request.");
            }
            form->has_file = true;
        }
        job_append(job, bytes, n);
    }
    return job->problem == PROBLEM_NONE ? MHD_YES : MHD_NO;
}

static bool is_multipart(const char *content_type)
{
    static const char multipart[] = "multipart/form-data";

    return content_type != NULL &&
           strncasecmp(content_type, multipart, sizeof multipart - 1) == 0;
}

static void begin_form(struct job *job, struct MHD_Connection *connection)
{
    struct form *form = calloc(1, sizeof *form);

    if (form == NULL) {
        job_fail(job, PROBLEM_OVERLOADED, "There is no memory for a form now.");
        return;
    }
    form->processor =
        MHD_create_post_processor(connection, FORM_BUFFER, take_part, job);
    if (form->processor == NULL) {
        free(form);
        job_fail(job, PROBLEM_MALFORMED_MULTIPART,
                 "The Content-Type of a multipart body must name its "
                 "boundary.");
        return;
    }
    job->form = form;
}

void body_begin(struct job *job, struct MHD_Connection *connection)
{
    const char *length = MHD_lookup_connection_value(
        connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    bool has_form = is_multipart(MHD_lookup_connection_value(
        connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE));
    size_t limit = job->max_bytes + (has_form ? FORM_OVERHEAD : 0);

    if (length != NULL) {
        /* libmicrohttpd has refused what is no number. */
        unsigned long long declared = strtoull(length, NULL, 10);

        if (declared > limit) {
            job->limit = (long long)job->max_bytes;
            job->actual = (long long)declared;
            job_fail(job, PROBLEM_PAYLOAD_TOO_LARGE,
                     "The upload is %llu bytes; at most %zu are accepted.",
                     declared, job->max_bytes);
            return;
        }
        job_reserve(job, (size_t)declared);
    }
    if (has_form) {
        begin_form(job, connection);
    }
}

/* What arrives too slowly, or goes on too long after a failure, is cut off. */
static bool is_worth_reading(struct job *job)
{
    double patience_ms = (double)job->server->config.body_timeout_s * 1e3;
    double waited_ms = thread_now_ms() - job->arrived_ms;

    if (waited_ms > patience_ms) {
        job_fail(job, PROBLEM_BODY_TIMEOUT,
                 "The body took longer than %lld seconds to arrive.",
                 (long long)job->server->config.body_timeout_s);
    }
    return waited_ms <= 2 * patience_ms &&
           job->n_received <= 2 * job->max_bytes + 2 * (size_t)FORM_OVERHEAD;
}

bool body_take(struct job *job, const char *bytes, size_t n)
{
    struct form *form = job->form;

    job->n_received += n;
    if (!is_worth_reading(job)) {
        return false;
    }
    if (job->problem != PROBLEM_NONE) {
        return true;
    }
    if (form == NULL) {
        job_append(job, bytes, n);
    } else if (MHD_post_process(form->processor, bytes, n) != MHD_YES) {
        job_fail(job, PROBLEM_MALFORMED_MULTIPART,
                 "The multipart body does not follow its boundary.");
    }
    return true;
}

void body_abandon(struct job *job)
{
    struct form *form = job->form;

    if (form != NULL) {
        (void)MHD_destroy_post_processor(form->processor);
        free(form);
        job->form = NULL;
    }
}

static void end_form(struct job *job)
{
    struct form *form = job->form;
    bool has_file;

    flush_field(job, form);
    if (MHD_destroy_post_processor(form->processor) != MHD_YES) {
        job_fail(job, PROBLEM_MALFORMED_MULTIPART,
                 "The multipart body ends before its last boundary.");
    }
    has_file = form->has_file;
    free(form);
    job->form = NULL;
    if (!has_file) {
        job_fail(job, PROBLEM_MISSING_FILE,
                 "Send the photo as the form's part named file.");
    }
}

void body_end(struct job *job)
{
    if (job->form != NULL) {
        end_form(job);
    }
    if (job->problem == PROBLEM_NONE && job->n_bytes == 0) {
        job_fail(job, PROBLEM_EMPTY_BODY,
                 "Send a JPEG, PNG or WebP image as the body.");
    }
    if (job->problem == PROBLEM_NONE &&
        aha_image_sniff(job->bytes, job->n_bytes) == AHA_IMAGE_UNKNOWN) {
        job_fail(job, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                 "This is not a JPEG, PNG or WebP image.");
    }
}
