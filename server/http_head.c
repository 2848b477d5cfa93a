// SPDX-License-Identifier: MIT
#include "server/http_head.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <microhttpd.h>

#include "server/access.h"
#include "server/body.h"
#include "server/server.h"
#include "server/thread.h"

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void copy_text(char *out, size_t capacity, const char *text)
{
    (void)snprintf(out, capacity, "%s", text);
}

/* The presented key, or NULL: Authorization: Bearer KEY, or X-API-Key. */
static const char *presented_key(struct MHD_Connection *connection)
{
    static const char scheme[] = "Bearer ";
    const char *value = header(connection, MHD_HTTP_HEADER_AUTHORIZATION);

    if (value != NULL && strncasecmp(value, scheme, sizeof scheme - 1) == 0) {
        value += sizeof scheme - 1;
        return value + strspn(value, " ");
    }
    return header(connection, "X-API-Key");
}

static void check_key(struct job *job, struct MHD_Connection *connection)
{
    const char *key = presented_key(connection);
    struct access *access = job->server->access;

    if (access == NULL || router_info(job->route)->access == ROUTE_OPEN) {
        return;
    }
    if (key == NULL) {
        failure_set(&job->failure, PROBLEM_UNAUTHORIZED,
                    "Send your API key as Authorization: Bearer KEY or as "
                    "X-API-Key.");
        return;
    }
    switch (access_check(access, key, strlen(key), sizeof job->key, job->key,
                         &job->retry_after_s)) {
    case ACCESS_GRANTED:
        break;
    case ACCESS_UNKNOWN:
        failure_set(&job->failure, PROBLEM_UNAUTHORIZED,
                    "This API key is not known here.");
        break;
    case ACCESS_LIMITED:
        failure_set(&job->failure, PROBLEM_RATE_LIMITED,
                    "The key %s has used up its requests; try again in %d s.",
                    job->key, job->retry_after_s);
        break;
    }
}

static enum MHD_Result take_parameter(void *data, enum MHD_ValueKind kind,
                                      const char *name, const char *value)
{
    struct job *job = data;
    char detail[FAILURE_DETAIL];

    (void)kind;
    if (job->route == ROUTE_READYZ) {
        job->is_verbose = job->is_verbose || strcmp(name, "verbose") == 0;
    } else if (!options_set(&job->options, name, value, sizeof detail,
                            detail)) {
        failure_set(&job->failure, PROBLEM_INVALID_PARAMETER, "%s", detail);
        return MHD_NO;
    }
    return MHD_YES;
}

static void read_parameters(struct job *job, struct MHD_Connection *connection)
{
    enum route_body body = router_info(job->route)->body;

    if (job->route == ROUTE_READYZ || body == BODY_PHOTO ||
        body == BODY_PHOTOS) {
        (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND,
                                        take_parameter, job);
    }
}

static void choose_media(struct job *job, struct MHD_Connection *connection)
{
    unsigned offered = 1U << MEDIA_JSON;
    int chosen;

    if (job->route == ROUTE_ANALYZE) {
        offered |= 1U << MEDIA_PNG | 1U << MEDIA_WEBP | 1U << MEDIA_SVG;
    } else if (job->route == ROUTE_BATCH) {
        offered |= 1U << MEDIA_NDJSON;
    } else if (job->route != ROUTE_DETECT) {
        return;
    }
    chosen = accept_choose(header(connection, MHD_HTTP_HEADER_ACCEPT), offered);
    if (chosen < 0) {
        failure_set(&job->failure, PROBLEM_NOT_ACCEPTABLE, "%s answers in %s.",
                    router_info(job->route)->path,
                    job->route == ROUTE_ANALYZE
                        ? "application/json, image/png, image/webp and "
                          "image/svg+xml"
                    : job->route == ROUTE_BATCH
                        ? "application/json and application/x-ndjson"
                        : "application/json");
        return;
    }
    job->media = (enum media)chosen;
}

/* How long the request may take; the clock starts with the whole body. */
static void read_patience(struct job *job, const char *text)
{
    long long most = job->server->config.request_timeout_ms;
    char *end = NULL;
    long long ms;

    job->patience_ms = (double)most;
    if (text == NULL) {
        return;
    }
    errno = 0;
    ms = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || ms < 1 || ms > most) {
        failure_set(&job->failure, PROBLEM_INVALID_PARAMETER,
                    "X-Timeout-Ms takes a whole number from 1 to %lld.", most);
        return;
    }
    job->patience_ms = (double)ms;
}

/* The model that a path names must be the one that is loaded. */
static void check_model(struct job *job)
{
    struct model *model;

    if (job->name[0] == '\0' || job->route == ROUTE_ASSET) {
        return;
    }
    model = models_acquire(job->server->models);
    if (strcmp(job->name, model_info(model)->name) != 0) {
        failure_set(&job->failure, PROBLEM_NOT_FOUND,
                    "There is no model %.40s here; GET /v1/models lists what "
                    "there is.",
                    job->name);
    }
    model_release(model);
}

static void prepare_upload(struct job *job, struct MHD_Connection *connection)
{
    const struct config *config = &job->server->config;

    if (router_info(job->route)->body == BODY_NONE) {
        return;
    }
    if (atomic_load(&job->server->state) == SERVER_STOPPING) {
        failure_set(&job->failure, PROBLEM_DRAINING,
                    "This instance is shutting down; try another.");
        return;
    }
    job->max_photo_bytes = (size_t)config->max_source_bytes;
    job->options =
        options_default(&job->server->limits, job->route == ROUTE_DETECT);
    read_parameters(job, connection);
    choose_media(job, connection);
    read_patience(job, header(connection, "X-Timeout-Ms"));
    if (job->failure.problem == PROBLEM_NONE) {
        body_begin(job, connection);
    }
}

static void find_route(struct job *job, const char *path, const char *method)
{
    bool has_cors = job->listener == LISTENER_PUBLIC &&
                    job->server->config.allow_origin[0] != '\0';

    job->route = router_find(job->listener, path, job->name);
    if (job->route == ROUTE_NONE) {
        failure_set(&job->failure, PROBLEM_NOT_FOUND,
                    job->listener == LISTENER_PUBLIC
                        ? "There is nothing here; photos go to POST "
                          "/v1/analyze, GET /docs explains."
                        : "There is nothing here; try GET /readyz.");
    } else if (has_cors && strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0) {
        job->is_preflight = true;
        job->success = MHD_HTTP_NO_CONTENT;
    } else if (!router_allows(job->route, method)) {
        failure_set(&job->failure, PROBLEM_METHOD_NOT_ALLOWED, "%s takes %s.",
                    router_info(job->route)->path,
                    router_info(job->route)->allow);
    }
}

/* A page in a browser on this machine must not stop or change the daemon. */
static void check_origin(struct job *job, struct MHD_Connection *connection)
{
    if (job->listener == LISTENER_ADMIN &&
        strcmp(router_info(job->route)->method, MHD_HTTP_METHOD_POST) == 0 &&
        header(connection, MHD_HTTP_HEADER_ORIGIN) != NULL) {
        failure_set(&job->failure, PROBLEM_FORBIDDEN,
                    "The platform's listener takes no POST from web pages "
                    "(Origin).");
    }
}

void head_read(struct job *job, struct MHD_Connection *connection,
               const char *path, const char *method)
{
    job_set_id(job, header(connection, "X-Request-ID"));
    trace_begin(&job->trace, header(connection, "traceparent"));
    copy_text(job->path, sizeof job->path, path);
    copy_text(job->method, sizeof job->method, method);
    job->if_none_match = header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH);
    find_route(job, path, method);
    if (job->failure.problem != PROBLEM_NONE || job->is_preflight) {
        return;
    }
    check_origin(job, connection);
    check_key(job, connection);
    if (job->failure.problem == PROBLEM_NONE) {
        check_model(job);
    }
    if (job->failure.problem == PROBLEM_NONE) {
        if (job->route == ROUTE_READYZ) {
            read_parameters(job, connection);
        }
        prepare_upload(job, connection);
    }
}
