// SPDX-License-Identifier: MIT
/*
 * http.h - a listener: one of libmicrohttpd's epoll threads.
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
                           enum route_listener listener,
                           struct aha_error *err) AHA_MUST_CHECK;

/** How to reach it, "http://localhost:8080"; lives as long as the listener. */
const char *http_url(const struct http *http);

/**
 * Cut the connections whose clients take too long over a request's head, its
 * body or its answer; any thread.
 *
 * @return how many those were
 */
int http_cut_slow(struct http *http);

/** Take no further connections; those that are open go on. */
void http_quiesce(struct http *http);

/** No connection may be suspended; NULL is fine. */
void http_stop(struct http *http);

/**
 * Hand a suspended job back to its connection, in this state; any thread.
 * Unless a reference is held, the job is not the caller's any more.
 */
void http_resume(struct job *job, enum job_state state);

/** Whether the job's client has closed its connection; any thread. */
bool http_is_client_gone(const struct job *job);

#endif
