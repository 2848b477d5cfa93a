// SPDX-License-Identifier: MIT
/*
 * DESIGN. One thread of libmicrohttpd reads and writes all connections of a
 * listener. The handler runs on it: it never waits. A job that needs a worker
 * is suspended first and pushed then, since a worker may resume it at once.
 * Suspended connections have no timeout and do not see the client leave, so the
 * job carries its own deadline and the socket is looked at when it is taken.
 * The library bounds a client's silence, main's looks what it does in all.
 */
#include "server/http.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "server/body.h"
#include "server/clients.h"
#include "server/handlers/about.h"
#include "server/handlers/answer.h"
#include "server/handlers/asset.h"
#include "server/handlers/platform.h"
#include "server/http_answer.h"
#include "server/http_head.h"
#include "server/http_message.h"
#include "server/listen.h"
#include "server/server.h"
#include "server/thread.h"
#include "server/tls.h"

enum {
    CONNECTION_MEMORY = 32 * 1024, /* headers and one piece of a body */
    BACKLOG = 511,
    ADMIN_CONNECTIONS = 64,
};

struct http {
    struct server *server;
    enum route_listener kind;
    struct listener listener;
    int socket; /* that is listened on; the library's until it has stopped */
    char url[LISTEN_MAX_URL];
    struct MHD_Daemon *daemon;
    struct clients clients;
};

static struct client *client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}

/* How long a client may take for a head, a body, or to take an answer: to be
   silent for once, and then slow. */
static double patience_ms(const struct http *http)
{
    return 2e3 * (double)http->server->config.body_timeout_s;
}

static void await(struct http *http, struct MHD_Connection *connection,
                  double ms)
{
    struct client *client = client_of(connection);

    if (client != NULL) { /* there was memory for it */
        clients_await(&http->clients, client,
                      ms > 0 ? thread_now_ms() + ms : 0);
    }
}

/* From here on the client has to take the answer. */
static enum MHD_Result respond(struct http *http, struct job *job,
                               struct MHD_Connection *connection)
{
    double work_ms = job->state == JOB_STREAMING ? job->patience_ms : 0;

    await(http, connection, work_ms + patience_ms(http));
    return http_respond(job, connection);
}

/* To the workers; what they cannot take now is answered at once. */
static enum MHD_Result submit(struct http *http, struct job *job,
                              struct MHD_Connection *connection)
{
    bool is_spread = job->tasks == &job->entry; /* or will be, by a worker */

    job->deadline_ms = thread_now_ms() + job->patience_ms;
    job->model = models_acquire(job->server->models);
    if (!is_spread && job->media == MEDIA_NDJSON) {
        if (answer_submit_batch(job, 0)) {
            job->state = JOB_STREAMING;
        } else {
            job_drop_uploads(job);
            job->state = JOB_ANSWERED;
        }
        return respond(http, job, connection);
    }
    job->state = JOB_QUEUED;
    MHD_suspend_connection(connection);
    if (!(is_spread ? answer_submit(job, &job->entry, 1, 0)
                    : answer_submit_batch(job, 0))) {
        job_drop_uploads(job);
        http_resume(job, JOB_ANSWERED);
    }
    return MHD_YES;
}

static void reload(struct job *job, struct MHD_Connection *connection)
{
    job->state = JOB_QUEUED;
    MHD_suspend_connection(connection);
    if (!control_reload(&job->server->control, job)) {
        failure_set(&job->failure, PROBLEM_RELOAD_FAILED,
                    "Another reload is going on, or the service stops.");
        http_resume(job, JOB_ANSWERED);
    }
}

/* The request is there, all of it. */
static enum MHD_Result answer(struct http *http, struct job *job,
                              struct MHD_Connection *connection)
{
    await(http, connection, 0);
    if (job->failure.problem != PROBLEM_NONE) {
        /* Its body is read now, so that the client listens. */
    } else if (router_info(job->route)->body != BODY_NONE &&
               !job->is_preflight) {
        body_end(job);
        if (job->failure.problem == PROBLEM_NONE) {
            return submit(http, job, connection);
        }
    } else if (job->route == ROUTE_RELOAD) {
        reload(job, connection);
        return MHD_YES;
    } else if (job->listener == LISTENER_ADMIN) {
        platform_answer(job);
    } else if (!job->is_preflight && !asset_answer(job)) {
        about_answer(job);
    }
    job->state = JOB_ANSWERED;
    return respond(http, job, connection);
}

static enum MHD_Result begin(struct http *http,
                             struct MHD_Connection *connection,
                             const char *target, const char *method,
                             const char *version, void **slot)
{
    const struct client *client = client_of(connection);
    const char *path = target + (client == NULL ? 0 : client->path_at);
    struct job *job = client == NULL ? NULL : job_create(http->server);

    if (job == NULL) {
        return MHD_NO;
    }
    *slot = job;
    job->listener = http->kind;
    metrics_request_begin(http->server->metrics, http->kind);
    job->connection = connection;
    job->socket = client->socket;
    await(http, connection, patience_ms(http));
    message_check(job, connection, client, method, version);
    head_read(job, connection, path[0] == '\0' ? "/" : path, method);
    if (job->failure.problem != PROBLEM_NONE &&
        (!body_is_discarded(connection) ||
         problem_ends_connection(job->failure.problem))) {
        job->state = JOB_ANSWERED;
        return respond(http, job, connection);
    }
    job->state = JOB_READING;
    return MHD_YES;
}

static enum MHD_Result handle(void *data, struct MHD_Connection *connection,
                              const char *target, const char *method,
                              const char *version, const char *bytes,
                              size_t *n_bytes, void **slot)
{
    struct http *http = data;
    struct job *job = *slot;

    if (job == NULL) {
        return begin(http, connection, target, method, version, slot);
    }
    if (*n_bytes > 0) {
        bool goes_on = body_take(job, bytes, *n_bytes);

        *n_bytes = 0;
        return goes_on ? MHD_YES : MHD_NO;
    }
    switch (job->state) {
    case JOB_READING:
        return answer(http, job, connection);
    case JOB_ANSWERED:
    case JOB_STREAMING:
        return respond(http, job, connection);
    case JOB_QUEUED:
        break;
    }
    return MHD_YES;
}

static void complete(void *data, struct MHD_Connection *connection, void **slot,
                     enum MHD_RequestTerminationCode code)
{
    struct http *http = data;
    struct job *job = *slot;
    double duration_ms;

    await(http, connection, patience_ms(http)); /* for the next head */
    if (job == NULL) {
        return;
    }
    *slot = NULL;
    if (code != MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        clients_reset(client_of(connection));
        job->status = 0;
    }
    atomic_store(&job->is_abandoned, true);
    body_abandon(job);
    if (job->is_drain) {
        control_drain();
    }
    duration_ms = thread_now_ms() - job->arrived_ms;
    log_request(&http->server->log, job, duration_ms);
    metrics_request_end(http->server->metrics, http->kind, job->route,
                        job->status, duration_ms);
    job_release(job);
}

static void *note_target(void *data, const char *target,
                         struct MHD_Connection *connection)
{
    struct client *client = client_of(connection);

    (void)data;
    if (client != NULL) {
        message_read_target(client, target);
    }
    return NULL; /* what a request has to begin with */
}

/* A connection for which there is no memory is ended with its first request. */
static void note_connection(void *data, struct MHD_Connection *connection,
                            void **slot, enum MHD_ConnectionNotificationCode on)
{
    struct http *http = data;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (on == MHD_CONNECTION_NOTIFY_CLOSED) {
        clients_close(&http->clients, *slot);
        *slot = NULL;
    } else if (info != NULL) {
        *slot = clients_open(&http->clients, info->connect_fd,
                             thread_now_ms() + patience_ms(http));
    }
}

void http_resume(struct job *job, enum job_state state)
{
    struct MHD_Connection *connection = job->connection;

    job->state = state;
    MHD_resume_connection(connection); /* from here on the job is not ours */
}

bool http_is_client_gone(const struct job *job)
{
    struct pollfd look = {.fd = job->socket, .events = POLLRDHUP};

    if (atomic_load(&job->is_abandoned)) {
        return true;
    }
    /* While the answer is streamed, the socket may close and be another's. */
    return job->stream == NULL && job->socket >= 0 && poll(&look, 1, 0) > 0 &&
           (look.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* The platform's probes speak plain HTTP. */
static bool is_secure(const struct http *http)
{
    return http->server->tls != NULL && http->kind == LISTENER_PUBLIC;
}

static struct MHD_Daemon *serve(struct http *http)
{
    const struct config *config = &http->server->config;
    bool has_tls = is_secure(http);
    bool is_admin = http->kind == LISTENER_ADMIN;

    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
            (has_tls ? (unsigned)MHD_USE_TLS : 0),
        0, NULL, NULL, handle, http, MHD_OPTION_LISTEN_SOCKET, http->socket,
        MHD_OPTION_NOTIFY_COMPLETED, complete, http,
        MHD_OPTION_NOTIFY_CONNECTION, note_connection, http,
        MHD_OPTION_URI_LOG_CALLBACK, note_target, http,
        MHD_OPTION_CONNECTION_LIMIT,
        is_admin ? (unsigned)ADMIN_CONNECTIONS
                 : (unsigned)config->max_connections,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)config->body_timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        /* Without TLS the list ends at its first option. */
        has_tls ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, TLS_PRIORITIES,
        MHD_OPTION_HTTPS_CERT_CALLBACK2,
        has_tls ? tls_serve(http->server->tls) : NULL, MHD_OPTION_END);
}

static enum aha_status listen_for(struct http *http, struct aha_error *err)
{
    const struct config *config = &http->server->config;

    return http->kind == LISTENER_ADMIN
               ? listen_open(config->admin_bind, (int)config->admin_port,
                             BACKLOG, "admin-", &http->listener, err)
               : listen_open(config->bind, (int)config->port, BACKLOG, "",
                             &http->listener, err);
}

enum aha_status http_start(struct http **out, struct server *server,
                           enum route_listener listener, struct aha_error *err)
{
    struct http *http = calloc(1, sizeof *http);
    enum aha_status status;

    if (http == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    http->server = server;
    http->kind = listener;
    clients_init(&http->clients);
    status = listen_for(http, err);
    if (status != AHA_OK) {
        clients_fini(&http->clients);
        free(http);
        return status;
    }
    listen_url(&http->listener, is_secure(http) ? "https" : "http", http->url);
    http->socket = listen_take(&http->listener);
    http->daemon = serve(http);
    if (http->daemon == NULL) {
        /* Its socket is closed or not, by where the library failed. */
        listen_close(&http->listener);
        clients_fini(&http->clients);
        free(http);
        return aha_error_set(err, AHA_ERR_IO,
                             "the HTTP library cannot serve here");
    }
    *out = http;
    return AHA_OK;
}

const char *http_url(const struct http *http)
{
    return http->url;
}

int http_cut_slow(struct http *http)
{
    return clients_cut(&http->clients, thread_now_ms());
}

void http_quiesce(struct http *http)
{
    (void)MHD_quiesce_daemon(http->daemon);
    /* A unix socket's file goes first, so that it is not a successor's. */
    listen_close(&http->listener);
    /* Not closed yet: the library's thread may be about to look at it. */
    (void)shutdown(http->socket, SHUT_RD);
}

void http_stop(struct http *http)
{
    if (http != NULL) {
        http_quiesce(http);
        MHD_stop_daemon(http->daemon);
        clients_fini(&http->clients);
        (void)close(http->socket);
        free(http);
    }
}
