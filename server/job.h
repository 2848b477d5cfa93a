// SPDX-License-Identifier: MIT
/*
 * job.h - one request from its first header to its last byte, and the tasks
 * (one a photo) that answer it.
 *
 * A job belongs to its connection's thread while the request is read and
 * answered. In between, each of its tasks belongs to the pool or to one worker;
 * whoever finishes the last of them answers the job and hands it back. The
 * hand-over is the only synchronisation: no field needs a lock. The job is
 * freed with the last reference: the connection holds one, each task with the
 * pool another.
 */
#ifndef AHA_SERVER_JOB_H
#define AHA_SERVER_JOB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "aha/pipeline.h"

#include "server/accept.h"
#include "server/options.h"
#include "server/problem.h"
#include "server/router.h"
#include "server/tensor.h"
#include "server/trace.h"
#include "server/upload.h"

struct server;
struct job;
struct model;
struct stream;

enum {
    JOB_MAX_ID = 65,
    JOB_MAX_PATH = 128,
    JOB_MAX_IMAGES = 64,
    JOB_MAX_KEY = 33,
};

enum job_state {
    JOB_READING,   /* headers and body are arriving */
    JOB_QUEUED,    /* with pool and workers; the connection is suspended */
    JOB_STREAMING, /* the answer is sent while tasks are being worked on */
    JOB_ANSWERED,  /* reply or problem is there */
};

enum task_kind {
    TASK_PHOTO,  /* the upload is an image */
    TASK_JSON,   /* a JSON body that holds images */
    TASK_TENSOR, /* an Open Inference Protocol body */
};

/** One photo (or tensor) of a job on its way through the pool. */
struct task {
    struct job *job;
    struct task *next; /* the pool's */
    int index;
    enum task_kind kind;
    struct upload upload;
    struct failure failure;
    struct aha_analysis analysis;
    bool has_analysis;
    int batch_size; /* faces inferred together */
    /* milliseconds of the monotonic clock; 0: not yet */
    double queued_ms;
    double taken_ms;
    double ready_ms; /* prepared, waiting to be inferred */
};

struct job {
    struct server *server;
    void *connection; /* libmicrohttpd's; NULL in tests */
    int socket;       /* to see whether the client is still there; or -1 */
    enum job_state state;
    enum route_listener listener;
    enum route route;
    char method[16];
    char path[JOB_MAX_PATH];
    char name[ROUTE_MAX_NAME]; /* what stands for {id} in the path */
    char id[JOB_MAX_ID];
    char key[JOB_MAX_KEY]; /* name of the API key, "" without */
    struct trace trace;
    enum media media;   /* of the answer */
    bool is_verbose;    /* of /readyz */
    bool is_preflight;  /* CORS asks what it may */
    double patience_ms; /* how long the request may take */

    /* the upload */
    void *form; /* body.c's multipart reader, or NULL */
    size_t n_received;
    size_t n_header; /* JSON bytes before the tensors, Open Inference Protocol;
                        0: all is JSON */
    size_t max_photo_bytes;
    size_t max_body_bytes;
    struct request_options options;
    struct tensor_request tensor;

    /* the work */
    struct model *model; /* that answers all of it; a reference, or NULL */
    struct task entry;   /* the only task, or the body that holds several */
    struct task *tasks;  /* &entry, or an array that is owned */
    int n_tasks;
    atomic_int n_left;        /* tasks that are not finished */
    atomic_int n_references;  /* see above */
    atomic_bool is_abandoned; /* the client went away in the middle */
    struct stream *stream;    /* NDJSON on its way, or NULL */

    /* the outcome */
    struct failure failure;
    char *reply;              /* body of the answer, owned */
    const char *reply_static; /* or one that is not */
    size_t n_reply;
    const char *content_type;
    const char *etag;          /* of a static file, else NULL */
    const char *if_none_match; /* the client's, borrowed; or NULL */
    bool is_page;              /* HTML that may run our scripts */
    bool is_drain;             /* main stops once the answer is out */
    int success;               /* status when nothing failed */
    size_t n_reply_json;       /* bytes before binary tensors; 0: none follow */
    int status;                /* sent; 0 while none is */
    int retry_after_s;
    int n_faces;

    /* milliseconds of the monotonic clock */
    double arrived_ms;
    double answered_ms;
    double deadline_ms;
};

/** @return NULL when memory ran out; one reference is the caller's */
struct job *job_create(struct server *server);

void job_hold(struct job *job);

/** Give a reference back; the last one wipes and frees. NULL is fine. */
void job_release(struct job *job);

/**
 * One more photo to be uploaded into; the first is the entry itself.
 *
 * @return NULL when there are `max` already or memory ran out: the job has
 *         failed
 */
struct task *job_add_task(struct job *job, int max);

/** What is said of a task whose upload would exceed its limit of max_bytes. */
void task_too_large(const struct task *task, size_t max_bytes,
                    struct failure *out);

/**
 * Keep more bytes of a photo. One that is too large fails alone where there
 * may be several, else the job fails; either way its bytes are dropped.
 */
void job_append(struct job *job, struct task *task, const void *bytes,
                size_t n);

/** Wipe and release all that was uploaded. */
void job_drop_uploads(struct job *job);

/** An identifier for this request: the client's when it is fit, else random. */
void job_set_id(struct job *job, const char *wanted);

/** What the job's photos took, together; the wait for a worker apart. */
struct aha_timing job_timing(const struct job *job, double *queue_ms);

/** Take over a heap text as the answer; NULL fails the job. */
void job_reply(struct job *job, char *text, const char *content_type);

#endif
