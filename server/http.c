// SPDX-License-Identifier: MIT
/*
 * DESIGN. One thread of libmicrohttpd reads and writes all connections. The
 * handler runs on it: it never waits. A job that needs a worker is suspended
 * first and pushed then, since a worker may resume it at once. Suspended
 * connections have no timeout and do not see the client leave, so the job
 * carries its own deadline and the socket is looked at when it is taken.
 */
#include "server/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "server/body.h"
#include "server/handlers/platform.h"
#include "server/reply.h"
#include "server/server.h"
#include "server/thread.h"

enum {
    CONNECTION_MEMORY = 32 * 1024, /* headers and one piece of a body */
    MAX_HEADER = 256,
    MAX_RETRY_S = 60,
};

struct http {
    struct server *server;
    struct MHD_Daemon *daemon;
    int port;
};

static enum MHD_Result take_parameter(void *data, enum MHD_ValueKind kind,
                                      const char *name, const char *value)
{
    struct job *job = data;
    char detail[JOB_MAX_DETAIL];

    (void)kind;
    if (!options_set(&job->options, &job->seen, name, value, sizeof detail,
                     detail)) {
        job_fail(job, PROBLEM_INVALID_PARAMETER, "%s", detail);
        return MHD_NO;
    }
    return MHD_YES;
}

static void copy_text(char *out, size_t capacity, const char *text)
{
    (void)snprintf(out, capacity, "%s", text);
}

/* Everything that can be decided before the body. */
static void read_head(struct job *job, struct MHD_Connection *connection,
                      const char *path, const char *method)
{
    const struct config *config = &job->server->config;

    job_set_id(job, MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                "X-Request-ID"));
    copy_text(job->path, sizeof job->path, path);
    copy_text(job->method, sizeof job->method, method);
    job->max_bytes = (size_t)config->max_source_bytes;
    job->options.max_pixels = config->max_source_pixels;
    job->options.max_faces = (int)config->max_faces;
    job->route = router_find(path);
    if (job->route == ROUTE_NONE) {
        job_fail(job, PROBLEM_NOT_FOUND,
                 "There is nothing here; photos go to POST /v1/analyze.");
    } else if (!router_allows(job->route, method)) {
        job_fail(job, PROBLEM_METHOD_NOT_ALLOWED, "%s takes %s.",
                 router_path(job->route), router_allow(job->route));
    } else if (job->route == ROUTE_ANALYZE) {
        if (atomic_load(&job->server->state) == SERVER_STOPPING) {
            job_fail(job, PROBLEM_DRAINING,
                     "This instance is shutting down; try another.");
            return;
        }
        (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND,
                                        take_parameter, job);
        if (job->problem == PROBLEM_NONE) {
            body_begin(job, connection);
        }
    }
}

/* Seconds until the queue will have drained, by the measured pace. */
static int retry_after(const struct server *server)
{
    double waiting = (double)queue_depth(server->queue) + 1;
    double seconds = waiting * (double)atomic_load(&server->job_us) * 1e-6 /
                     server->n_workers;

    return seconds >= MAX_RETRY_S ? MAX_RETRY_S : (int)seconds + 1;
}

static void submit(struct job *job, struct MHD_Connection *connection)
{
    struct server *server = job->server;

    job->state = JOB_QUEUED;
    job->queued_ms = thread_now_ms();
    job->deadline_ms =
        job->queued_ms + (double)server->config.request_timeout_ms;
    MHD_suspend_connection(connection);
    if (!queue_push(server->queue, job)) {
        job->retry_after_s = retry_after(server);
        job_fail(job, PROBLEM_OVERLOADED,
                 "All workers are busy and the queue is full; try again in %d "
                 "seconds.",
                 job->retry_after_s);
        http_resume(job);
    }
}

static char *problem_text(const struct job *job)
{
    const struct problem_info *info = problem_info(job->problem);

    return reply_problem(&(struct reply_problem){
        .code = info->code,
        .title = info->title,
        .status = info->status,
        .detail = job->detail,
        .instance = job->route == ROUTE_NONE ? NULL : router_path(job->route),
        .request_id = job->id,
        .limit = job->limit,
        .actual = job->actual,
    });
}

static void add_header(struct MHD_Response *response, const char *name,
                       const char *value)
{
    /* Fails only without memory; the answer then goes without the header. */
    (void)MHD_add_response_header(response, name, value);
}

static void add_timing(struct MHD_Response *response, const struct job *job)
{
    char text[MAX_HEADER];

    (void)snprintf(text, sizeof text,
                   "queue;dur=%.2f, decode;dur=%.2f, detect;dur=%.2f, "
                   "align;dur=%.2f, infer;dur=%.2f, total;dur=%.2f",
                   job->taken_ms - job->queued_ms, job->timing.decode_ms,
                   job->timing.detect_ms, job->timing.align_ms,
                   job->timing.infer_ms, job->answered_ms - job->arrived_ms);
    add_header(response, "Server-Timing", text);
}

static void add_headers(struct MHD_Response *response, const struct job *job)
{
    char number[16];

    add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, job->content_type);
    add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    add_header(response, "X-Content-Type-Options", "nosniff");
    add_header(response, "X-Request-ID", job->id);
    if (job->answered_ms > 0) {
        add_timing(response, job);
    }
    if (job->problem == PROBLEM_METHOD_NOT_ALLOWED) {
        add_header(response, MHD_HTTP_HEADER_ALLOW, router_allow(job->route));
    }
    if (job->problem == PROBLEM_OVERLOADED ||
        job->problem == PROBLEM_DRAINING) {
        (void)snprintf(number, sizeof number, "%d",
                       job->retry_after_s > 0 ? job->retry_after_s : 1);
        add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, number);
    }
    if (job->problem == PROBLEM_BODY_TIMEOUT ||
        atomic_load(&job->server->state) == SERVER_STOPPING) {
        add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    }
}

static enum MHD_Result respond(struct job *job,
                               struct MHD_Connection *connection)
{
    struct MHD_Response *response;
    enum MHD_Result result;

    if (job->problem != PROBLEM_NONE) {
        free(job->reply);
        job->reply = problem_text(job);
        job->n_reply = job->reply == NULL ? 0 : strlen(job->reply);
        job->content_type = "application/problem+json";
        metrics_problem(job->server->metrics, job->problem);
    }
    if (job->reply == NULL) {
        return MHD_NO; /* no memory even for a problem */
    }
    /* The job outlives the response: it goes with NOTIFY_COMPLETED. */
    response = MHD_create_response_from_buffer(job->n_reply, job->reply,
                                               MHD_RESPMEM_PERSISTENT);
    if (response == NULL) {
        return MHD_NO;
    }
    add_headers(response, job);
    job->status = problem_info(job->problem)->status;
    result = MHD_queue_response(connection, (unsigned)job->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result begin(struct http *http,
                             struct MHD_Connection *connection,
                             const char *path, const char *method, void **slot)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct job *job = job_create(http->server);

    if (job == NULL) {
        return MHD_NO;
    }
    *slot = job;
    metrics_request_begin(http->server->metrics);
    job->connection = connection;
    job->socket = info == NULL ? -1 : info->connect_fd;
    read_head(job, connection, path, method);
    if (job->problem != PROBLEM_NONE) {
        job->state = JOB_ANSWERED;
        return respond(job, connection);
    }
    job->state = JOB_READING;
    return MHD_YES;
}

static enum MHD_Result handle(void *data, struct MHD_Connection *connection,
                              const char *path, const char *method,
                              const char *version, const char *bytes,
                              size_t *n_bytes, void **slot)
{
    struct job *job = *slot;

    (void)version;
    if (job == NULL) {
        return begin(data, connection, path, method, slot);
    }
    if (*n_bytes > 0) {
        bool goes_on = body_take(job, bytes, *n_bytes);

        *n_bytes = 0;
        return goes_on ? MHD_YES : MHD_NO;
    }
    if (job->state == JOB_READING) {
        if (job->route != ROUTE_ANALYZE) {
            platform_answer(job);
            job->state = JOB_ANSWERED;
            return respond(job, connection);
        }
        body_end(job);
        if (job->problem == PROBLEM_NONE) {
            submit(job, connection);
            return MHD_YES;
        }
        job->state = JOB_ANSWERED;
    }
    return job->state == JOB_ANSWERED ? respond(job, connection) : MHD_YES;
}

static void complete(void *data, struct MHD_Connection *connection, void **slot,
                     enum MHD_RequestTerminationCode code)
{
    struct http *http = data;
    struct job *job = *slot;
    double duration_ms;

    (void)connection;
    if (job == NULL) {
        return;
    }
    if (code != MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        job->status = 0;
    }
    body_abandon(job);
    duration_ms = thread_now_ms() - job->arrived_ms;
    log_request(&http->server->log, job, duration_ms);
    metrics_request_end(http->server->metrics, job->route, job->status,
                        duration_ms);
    job_destroy(job);
    *slot = NULL;
}

void http_resume(struct job *job)
{
    struct MHD_Connection *connection = job->connection;

    job->state = JOB_ANSWERED;
    MHD_resume_connection(connection); /* from here on the job is not ours */
}

bool http_is_client_gone(const struct job *job)
{
    char byte;

    /* 0 is an orderly close; data or EAGAIN mean that it is still there. */
    return job->socket >= 0 &&
           recv(job->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* @return bytes of the address, or 0 when the text is no address */
static socklen_t parse_address(const char *text, int port,
                               struct sockaddr_storage *out)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)out;

    memset(out, 0, sizeof *out);
    if (strcmp(text, "localhost") == 0) {
        text = "127.0.0.1";
    }
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        return sizeof *v4;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        return sizeof *v6;
    }
    return 0;
}

static struct MHD_Daemon *listen_on(struct http *http,
                                    struct sockaddr_storage *address)
{
    const struct config *config = &http->server->config;
    unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
        (address->ss_family == AF_INET6 ? (unsigned)MHD_USE_IPv6 : 0);

    return MHD_start_daemon(
        flags, (uint16_t)config->port, NULL, NULL, handle, http,
        MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_NOTIFY_COMPLETED, complete,
        http, MHD_OPTION_CONNECTION_LIMIT, (unsigned)config->max_connections,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)config->body_timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_END);
}

enum aha_status http_start(struct http **out, struct server *server,
                           struct aha_error *err)
{
    struct config *config = &server->config;
    struct sockaddr_storage address;
    const union MHD_DaemonInfo *info;
    struct http *http;

    if (parse_address(config->bind, (int)config->port, &address) == 0) {
        return aha_error_set(err, AHA_ERR_ARG,
                             "--bind takes an IPv4 or IPv6 address, not %.60s",
                             config->bind);
    }
    http = calloc(1, sizeof *http);
    if (http == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    http->server = server;
    errno = 0;
    http->daemon = listen_on(http, &address);
    if (http->daemon == NULL) {
        int why = errno;

        free(http);
        return aha_error_set(
            err, AHA_ERR_IO, "cannot listen on %.60s port %d: %s", config->bind,
            (int)config->port,
            why == EADDRINUSE ? "something else does; choose another --port"
            : why == EACCES   ? "not permitted; choose a --port over 1023"
                              : "the address cannot be used");
    }
    info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
    http->port = info == NULL ? (int)config->port : info->port;
    *out = http;
    return AHA_OK;
}

int http_port(const struct http *http)
{
    return http->port;
}

void http_quiesce(struct http *http)
{
    MHD_socket listener = MHD_quiesce_daemon(http->daemon);

    if (listener != MHD_INVALID_SOCKET) {
        (void)close(listener);
    }
}

void http_stop(struct http *http)
{
    if (http != NULL) {
        MHD_stop_daemon(http->daemon);
        free(http);
    }
}
