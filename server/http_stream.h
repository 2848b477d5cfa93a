// SPDX-License-Identifier: MIT
/*
 * http_stream.h - an answer that is sent while it is being made: lines come
 * from workers, the connection takes them as it can.
 *
 * Put and end are safe from any thread; reading is libmicrohttpd's.
 */
#ifndef AHA_SERVER_HTTP_STREAM_H
#define AHA_SERVER_HTTP_STREAM_H

#include <stdbool.h>

struct MHD_Connection;
struct MHD_Response;
struct job;
struct stream;

/** @return NULL when memory ran out; release with stream_destroy */
struct stream *stream_create(struct MHD_Connection *connection);

/** NULL is fine. */
void stream_destroy(struct stream *stream);

/**
 * Append one line and wake the connection.
 *
 * @param text  heap text without its newline, taken over; NULL (no memory)
 *              breaks the stream off, so that the client sees it end early
 */
void stream_put(struct stream *stream, char *text);

/** Nothing more comes. */
void stream_end(struct stream *stream);

/**
 * The response that reads the job's stream; holds a reference of the job.
 *
 * @return NULL when memory ran out
 */
struct MHD_Response *stream_response(struct job *job);

#endif
