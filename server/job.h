// SPDX-License-Identifier: MIT
/*
 * job.h - one request from its first header to its last byte.
 *
 * A job has exactly one owner at a time: the connection's thread while the
 * request is read and answered, the queue and then one worker in between. The
 * hand-over is the only synchronisation, so no field needs a lock.
 */
#ifndef AHA_SERVER_JOB_H
#define AHA_SERVER_JOB_H

#include <stdbool.h>
#include <stddef.h>

#include "aha/pipeline.h"

#include "server/options.h"
#include "server/problem.h"
#include "server/router.h"

struct server;

enum {
    JOB_MAX_ID = 65,
    JOB_MAX_PATH = 128,
    JOB_MAX_DETAIL = 256,
};

enum job_state {
    JOB_NEW,      /* headers are being read */
    JOB_READING,  /* the body is arriving */
    JOB_QUEUED,   /* with the queue or a worker; the connection is suspended */
    JOB_ANSWERED, /* reply or problem is there */
};

struct job {
    struct server *server;
    void *connection; /* libmicrohttpd's; NULL in tests */
    int socket;       /* to see whether the client is still there; or -1 */
    enum job_state state;
    enum route route;
    char method[16];
    char path[JOB_MAX_PATH];
    char id[JOB_MAX_ID];

    /* the upload */
    void *form; /* body.c's multipart reader, or NULL */
    unsigned char *bytes;
    size_t n_bytes;
    size_t capacity;
    size_t n_received; /* bytes that came in, kept or not */
    size_t max_bytes;
    struct aha_options options;
    struct options_seen seen;

    /* the outcome */
    enum problem problem;
    char detail[JOB_MAX_DETAIL];
    long long limit;  /* of a limit that was exceeded, else -1 */
    long long actual; /* what exceeded it, where known, else -1 */
    char *reply;      /* body of a 200, owned */
    size_t n_reply;
    const char *content_type;
    int retry_after_s; /* with 503 */
    int status;        /* sent; 0 while none is */
    int n_faces;
    struct aha_timing timing;

    /* milliseconds of the monotonic clock */
    double arrived_ms;
    double queued_ms;
    double taken_ms;
    double answered_ms;
    double deadline_ms;
};

/** @return NULL when memory ran out */
struct job *job_create(struct server *server);

/** Wipes the upload; NULL is fine. */
void job_destroy(struct job *job);

/** Wipe and free the upload as soon as it is no longer needed. */
void job_drop_upload(struct job *job);

/** Set the first problem of a job; later ones are ignored. */
void job_fail(struct job *job, enum problem problem, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * Keep more bytes of the upload, up to max_bytes.
 *
 * Beyond the limit or without memory the job fails and the upload is dropped.
 */
void job_append(struct job *job, const void *bytes, size_t n);

/** Room for an upload whose size is known beforehand, up to max_bytes. */
void job_reserve(struct job *job, size_t n);

/** An identifier for this request: the client's when it is fit, else random. */
void job_set_id(struct job *job, const char *wanted);

#endif
