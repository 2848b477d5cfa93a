// SPDX-License-Identifier: MIT
/*
 * body.c - the bodies of requests: multipart/form-data, JSON with base64,
 * Open Inference Protocol tensors.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/multipart.h"
#include "server/parse.h"
#include "server/server.h"
#include "tests/fuzz/targets.h"

enum { MAX_PHOTO = 1000, MAX_BODY = 1 << 20, MAX_IMAGES = 4 };

/* All that was told of a form, so that two readings can be compared. */
struct heard {
    uint64_t hash; /* FNV-1a */
    int parts;
    bool is_open;
};

static void hear(struct heard *heard, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        heard->hash = (heard->hash ^ (unsigned char)bytes[i]) * 1099511628211U;
    }
}

static bool begin(void *data, const char *name)
{
    struct heard *heard = data;

    FUZZ_EXPECT(!heard->is_open);
    heard->is_open = true;
    heard->parts++;
    hear(heard, name, strlen(name) + 1);
    return true;
}

static bool bytes_of(void *data, const char *bytes, size_t n)
{
    struct heard *heard = data;

    FUZZ_EXPECT(heard->is_open && n > 0);
    hear(heard, bytes, n);
    return true;
}

static bool end(void *data)
{
    struct heard *heard = data;

    FUZZ_EXPECT(heard->is_open);
    heard->is_open = false;
    hear(heard, "|", 1);
    return true;
}

/* The form in pieces of so many bytes; whether it was read to its end. */
static bool read_form(const char *type, const char *body, size_t n,
                      size_t piece, struct heard *heard)
{
    static const struct multipart_callbacks callbacks = {begin, bytes_of, end};
    struct multipart *form = NULL;
    enum multipart_result result;
    bool is_whole;

    *heard = (struct heard){0};
    result = multipart_create(&form, type, &callbacks, heard);
    if (result != MULTIPART_OK) {
        FUZZ_EXPECT(result == MULTIPART_MALFORMED && form == NULL);
        return false;
    }
    for (size_t at = 0; at < n && result == MULTIPART_OK; at += piece) {
        size_t left = n - at < piece ? n - at : piece;
        char *copy = fuzz_copy(body + at, left);

        result = multipart_feed(form, copy, left);
        free(copy);
    }
    is_whole = result == MULTIPART_OK && multipart_is_whole(form);
    FUZZ_EXPECT(!is_whole || !heard->is_open);
    multipart_destroy(form);
    return is_whole;
}

/* A byte: the size of the pieces. A line: Content-Type. The rest: the body. */
void fuzz_multipart(const uint8_t *bytes, size_t n)
{
    size_t piece = n == 0 ? 1 : 1 + bytes[0];
    char *type = fuzz_text(bytes + (n > 0), n - (n > 0));
    char *body = strchr(type, '\n');
    struct heard whole;
    struct heard pieces;

    if (body != NULL) {
        size_t rest;

        *body++ = '\0';
        rest = n - 1 - (size_t)(body - type);
        if (read_form(type, body, rest, rest + 1, &whole)) {
            FUZZ_EXPECT(read_form(type, body, rest, piece, &pieces));
            FUZZ_EXPECT(whole.hash == pieces.hash &&
                        whole.parts == pieces.parts);
        } else {
            FUZZ_EXPECT(!read_form(type, body, rest, piece, &pieces));
        }
    }
    free(type);
}

static struct job *open_job(struct server *server, enum route route,
                            const uint8_t *bytes, size_t n)
{
    struct aha_options limits = aha_options_default();
    struct job *job;

    memset(server, 0, sizeof *server);
    server->uploads.max_bytes = 4 * MAX_BODY;
    job = job_create(server);
    FUZZ_EXPECT(job != NULL);
    job->route = route;
    job->max_photo_bytes = MAX_PHOTO;
    job->max_body_bytes = MAX_BODY;
    job->options = options_default(&limits, route == ROUTE_DETECT);
    job->entry.kind = route == ROUTE_OIP_INFER ? TASK_TENSOR : TASK_JSON;
    job->n_tasks = route == ROUTE_BATCH ? 0 : 1;
    job->entry.upload.max_bytes = MAX_BODY;
    if (upload_append(&job->entry.upload, bytes, n) != UPLOAD_OK) {
        job_release(job);
        return NULL;
    }
    return job;
}

static void close_job(struct server *server, struct job *job, bool is_good)
{
    FUZZ_EXPECT(is_good == (job->failure.problem == PROBLEM_NONE));
    FUZZ_EXPECT(is_good || job->failure.detail[0] != '\0');
    job_release(job);
    FUZZ_EXPECT(atomic_load(&server->uploads.used_bytes) == 0);
}

/* A byte: which request it is of. The rest: the body. */
void fuzz_json(const uint8_t *bytes, size_t n)
{
    static const enum route routes[] = {ROUTE_ANALYZE, ROUTE_DETECT,
                                        ROUTE_BATCH};
    enum route route = routes[n == 0 ? 0 : bytes[0] % 3];
    struct server server;
    struct job *job = open_job(&server, route, bytes + (n > 0), n - (n > 0));
    bool is_good;

    if (job == NULL) {
        return;
    }
    is_good =
        route == ROUTE_BATCH ? parse_photos(job, MAX_IMAGES) : parse_photo(job);
    if (is_good) {
        FUZZ_EXPECT(job->n_tasks >= 1 && job->n_tasks <= MAX_IMAGES);
    }
    for (int i = 0; is_good && i < job->n_tasks; i++) {
        const struct task *task = &job->tasks[i];

        FUZZ_EXPECT(task->upload.n_bytes <= MAX_PHOTO);
        FUZZ_EXPECT(task->upload.n_bytes > 0 ||
                    task->failure.problem != PROBLEM_NONE);
    }
    close_job(&server, job, is_good);
}

/* Two bytes: where binary tensors begin, 0 for none. The rest: the body. */
void fuzz_tensor(const uint8_t *bytes, size_t n)
{
    struct parse_planes planes;
    struct server server;
    struct job *job;
    size_t n_header;
    bool is_good;

    if (n < 2) {
        return;
    }
    n_header = (size_t)bytes[0] | (size_t)bytes[1] << 8;
    job = open_job(&server, ROUTE_OIP_INFER, bytes + 2, n - 2);
    if (job == NULL) {
        return;
    }
    job->n_header = n_header <= n - 2 ? n_header : n - 2;
    is_good = parse_tensors(job, &planes);
    if (is_good) {
        size_t values =
            (size_t)planes.n * (size_t)planes.height * (size_t)planes.width;

        FUZZ_EXPECT(planes.n >= 1 && planes.height >= 1 && planes.width >= 1);
        FUZZ_EXPECT(planes.n_bytes == values * sizeof *planes.luma);
        for (size_t i = 0; i < values; i++) {
            FUZZ_EXPECT(isfinite(planes.luma[i]));
        }
        free(planes.luma);
    }
    close_job(&server, job, is_good);
}
