// SPDX-License-Identifier: MIT
#include "server/http_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/http_stream.h"
#include "server/reply.h"
#include "server/server.h"

enum { MAX_HEADER = 256 };

static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' "
    "blob: data:; media-src blob:; connect-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'";
static const char closed_policy[] =
    "default-src 'none'; frame-ancestors 'none'";

static void add_header(struct MHD_Response *response, const char *name,
                       const char *value)
{
    /* Fails only without memory; the answer then goes without the header. */
    (void)MHD_add_response_header(response, name, value);
}

/* Of several photos, the sums: what the request cost. */
static void add_timing(struct MHD_Response *response, const struct job *job)
{
    double queue_ms;
    struct aha_timing sum = job_timing(job, &queue_ms);
    char text[MAX_HEADER];

    (void)snprintf(text, sizeof text,
                   "queue;dur=%.2f, decode;dur=%.2f, detect;dur=%.2f, "
                   "align;dur=%.2f, infer;dur=%.2f, total;dur=%.2f",
                   queue_ms, sum.decode_ms, sum.detect_ms, sum.align_ms,
                   sum.infer_ms, job->answered_ms - job->arrived_ms);
    add_header(response, "Server-Timing", text);
}

static void add_number(struct MHD_Response *response, const char *name,
                       long long value)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%lld", value);
    add_header(response, name, text);
}

static void add_problem_headers(struct MHD_Response *response,
                                const struct job *job)
{
    switch (job->failure.problem) {
    case PROBLEM_UNAUTHORIZED:
        add_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                   "Bearer realm=\"aha\"");
        break;
    case PROBLEM_METHOD_NOT_ALLOWED:
        add_header(response, MHD_HTTP_HEADER_ALLOW,
                   router_info(job->route)->allow);
        break;
    case PROBLEM_OVERLOADED:
    case PROBLEM_DRAINING:
    case PROBLEM_RATE_LIMITED:
        add_number(response, MHD_HTTP_HEADER_RETRY_AFTER,
                   job->retry_after_s > 0 ? job->retry_after_s : 1);
        break;
    default:
        break;
    }
}

static void add_cors(struct MHD_Response *response, const struct job *job)
{
    const char *origin = job->server->config.allow_origin;

    if (origin[0] == '\0' || job->listener != LISTENER_PUBLIC) {
        return;
    }
    add_header(response, "Access-Control-Allow-Origin", origin);
    if (strcmp(origin, "*") != 0) {
        add_header(response, MHD_HTTP_HEADER_VARY, "Origin");
    }
    add_header(response, "Access-Control-Expose-Headers",
               "X-Request-ID, traceparent, Server-Timing, Retry-After, "
               "Inference-Header-Content-Length");
    if (job->is_preflight) {
        add_header(response, "Access-Control-Allow-Methods",
                   router_info(job->route)->allow);
        add_header(response, "Access-Control-Allow-Headers",
                   "Content-Type, Accept, Authorization, X-API-Key, "
                   "X-Request-ID, X-Timeout-Ms, traceparent, "
                   "Inference-Header-Content-Length");
        add_header(response, "Access-Control-Max-Age", "600");
    }
}

static void add_security(struct MHD_Response *response, const struct job *job)
{
    add_header(response, "X-Content-Type-Options", "nosniff");
    add_header(response, "Referrer-Policy", "no-referrer");
    add_header(response, "X-Frame-Options", "DENY");
    add_header(response, "Content-Security-Policy",
               job->is_page ? page_policy : closed_policy);
}

static void add_headers(struct MHD_Response *response, const struct job *job)
{
    char trace[TRACE_TEXT];

    if (job->content_type != NULL) {
        add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, job->content_type);
    }
    if (job->n_reply_json > 0) {
        add_number(response, "Inference-Header-Content-Length",
                   (long long)job->n_reply_json);
    }
    trace_text(&job->trace, trace);
    add_header(response, "traceparent", trace);
    add_header(response, "X-Request-ID", job->id);
    add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
               job->etag != NULL ? "no-cache" : "no-store");
    if (job->etag != NULL) {
        add_header(response, MHD_HTTP_HEADER_ETAG, job->etag);
    }
    if (router_info(job->route)->body == BODY_PHOTO ||
        router_info(job->route)->body == BODY_PHOTOS) {
        add_header(response, MHD_HTTP_HEADER_VARY, "Accept");
    }
    /* Of a stream the workers are still at it. */
    if (job->stream == NULL && job->answered_ms > 0) {
        add_timing(response, job);
    }
    add_security(response, job);
    add_cors(response, job);
    add_problem_headers(response, job);
    if (problem_ends_connection(job->failure.problem) ||
        (job->listener == LISTENER_PUBLIC &&
         atomic_load(&job->server->state) == SERVER_STOPPING)) {
        add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    }
}

static int status_of(const struct job *job)
{
    if (job->failure.problem == PROBLEM_OVERLOADED) {
        return (int)job->server->config.overload_status;
    }
    return job->failure.problem == PROBLEM_NONE
               ? job->success
               : problem_info(job->failure.problem)->status;
}

static void put_problem(struct job *job)
{
    const char *path = router_info(job->route)->path;

    free(job->reply);
    job->reply_static = NULL;
    job->etag = NULL;
    job->n_reply_json = 0;
    job->reply = reply_problem(&(struct reply_problem){
        .failure = &job->failure,
        .status = status_of(job),
        .instance = path[0] == '\0' ? NULL : job->path,
        .request_id = job->id,
        .has_error = strncmp(path, "/v2", 3) == 0,
    });
    job->n_reply = job->reply == NULL ? 0 : strlen(job->reply);
    job->content_type = "application/problem+json";
    metrics_problem(job->server->metrics, job->failure.problem);
}

static struct MHD_Response *make_response(struct job *job)
{
    static char nothing[] = "";
    char *bytes;

    if (job->failure.problem == PROBLEM_NONE && job->stream != NULL) {
        job->content_type = media_name(MEDIA_NDJSON);
        return stream_response(job);
    }
    if (job->failure.problem != PROBLEM_NONE) {
        put_problem(job);
    } else if (job->is_preflight) {
        return MHD_create_response_from_buffer(0, nothing,
                                               MHD_RESPMEM_PERSISTENT);
    }
    bytes = job->reply;
    if (job->reply_static != NULL) {
        /* The library takes no const; it only reads what is persistent. */
        memcpy(&bytes, &job->reply_static, sizeof bytes);
    }
    if (bytes == NULL) {
        return NULL; /* no memory even for a problem */
    }
    /* The job outlives the response: it goes with NOTIFY_COMPLETED. */
    return MHD_create_response_from_buffer(job->n_reply, bytes,
                                           MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result http_respond(struct job *job, struct MHD_Connection *connection)
{
    struct MHD_Response *response = make_response(job);
    enum MHD_Result result;

    if (response == NULL) {
        return MHD_NO;
    }
    add_headers(response, job);
    job->status = status_of(job);
    result = MHD_queue_response(connection, (unsigned)job->status, response);
    MHD_destroy_response(response);
    return result;
}
