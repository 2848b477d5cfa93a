// SPDX-License-Identifier: MIT
#include "server/job.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "server/thread.h"

enum { FIRST_CAPACITY = 64 * 1024, ID_BYTES = 16 };

struct job *job_create(struct server *server)
{
    struct job *job = calloc(1, sizeof *job);

    if (job != NULL) {
        job->server = server;
        job->socket = -1;
        job->route = ROUTE_NONE;
        job->limit = -1;
        job->actual = -1;
        job->arrived_ms = thread_now_ms();
        job->options = aha_options_default();
    }
    return job;
}

void job_drop_upload(struct job *job)
{
    if (job->bytes != NULL) {
        explicit_bzero(job->bytes, job->capacity);
    }
    free(job->bytes);
    job->bytes = NULL;
    job->n_bytes = 0;
    job->capacity = 0;
}

void job_destroy(struct job *job)
{
    if (job != NULL) {
        job_drop_upload(job);
        free(job->reply);
        free(job);
    }
}

void job_fail(struct job *job, enum problem problem, const char *fmt, ...)
{
    va_list args;

    if (job->problem != PROBLEM_NONE) {
        return;
    }
    job->problem = problem;
    va_start(args, fmt);
    if (vsnprintf(job->detail, sizeof job->detail, fmt, args) < 0) {
        job->detail[0] = '\0';
    }
    va_end(args);
    job_drop_upload(job);
}

/* A new home for the bytes; the old one is wiped, which realloc would not. */
static bool grow(struct job *job, size_t capacity)
{
    unsigned char *bytes = malloc(capacity);
    size_t n = job->n_bytes;

    if (bytes == NULL) {
        job_fail(job, PROBLEM_OVERLOADED,
                 "There is no memory for this upload now.");
        return false;
    }
    if (n > 0) {
        memcpy(bytes, job->bytes, n);
    }
    job_drop_upload(job);
    job->bytes = bytes;
    job->n_bytes = n;
    job->capacity = capacity;
    return true;
}

void job_reserve(struct job *job, size_t n)
{
    if (n > job->max_bytes) {
        n = job->max_bytes;
    }
    if (n > job->capacity) {
        (void)grow(job, n);
    }
}

void job_append(struct job *job, const void *bytes, size_t n)
{
    if (job->problem != PROBLEM_NONE) {
        return;
    }
    if (n > job->max_bytes - job->n_bytes) {
        job->limit = (long long)job->max_bytes;
        job_fail(job, PROBLEM_PAYLOAD_TOO_LARGE,
                 "The image is larger than the %zu bytes that are accepted.",
                 job->max_bytes);
        return;
    }
    if (n > job->capacity - job->n_bytes) {
        size_t wanted = job->n_bytes + n;
        size_t capacity =
            job->capacity == 0 ? FIRST_CAPACITY : 2 * job->capacity;

        capacity = capacity < wanted ? wanted : capacity;
        capacity = capacity < job->max_bytes ? capacity : job->max_bytes;
        if (!grow(job, capacity)) {
            return;
        }
    }
    memcpy(job->bytes + job->n_bytes, bytes, n);
    job->n_bytes += n;
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
