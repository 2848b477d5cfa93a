// SPDX-License-Identifier: MIT
/*
 * http.h - the listener: libmicrohttpd's one epoll thread.
 */
#ifndef AHA_SERVER_HTTP_H
#define AHA_SERVER_HTTP_H

#include "aha/error.h"

#include "server/job.h"

struct http;
struct server;

/**
 * Listen and serve.
 *
 * @param out  release with http_stop; written on success only
 *
 * @return AHA_ERR_IO with a sentence when the address cannot be taken
 */
enum aha_status http_start(struct http **out, struct server *server,
                           struct aha_error *err) AHA_MUST_CHECK;

/** The port in use, also when 0 was asked for. */
int http_port(const struct http *http);

/** Take no further connections; those that are open go on. */
void http_quiesce(struct http *http);

/** No connection may be suspended; NULL is fine. */
void http_stop(struct http *http);

/** Hand an answered job back to its connection; any thread. */
void http_resume(struct job *job);

/** Whether the job's client has closed its connection; any thread. */
bool http_is_client_gone(const struct job *job);

#endif
