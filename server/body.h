// SPDX-License-Identifier: MIT
/*
 * body.h - the upload of a request: raw, multipart/form-data (RFC 7578) or
 * JSON, bounded while it arrives. Runs on the connection's thread.
 */
#ifndef AHA_SERVER_BODY_H
#define AHA_SERVER_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "server/job.h"

struct MHD_Connection;

/** Bytes around photos: boundaries and fields, or names and options. */
enum { BODY_OVERHEAD = 64 * 1024 };

/** Look at the headers; a declared size over the limit fails the job here. */
void body_begin(struct job *job, struct MHD_Connection *connection);

/**
 * Whether the body of a request that its head has failed is read all the same,
 * and thrown away: a client that still writes may not see an early answer, and
 * after one libmicrohttpd ends the connection, even if there was no body.
 */
bool body_is_discarded(struct MHD_Connection *connection);

/**
 * Take a piece.
 *
 * A failed job's further bytes are thrown away, for a while, so that the
 * client can read the answer.
 *
 * @return false when the connection is to be cut
 */
bool body_take(struct job *job, const char *bytes, size_t n);

/** The whole body is there: fails the job when it holds nothing of use. */
void body_end(struct job *job);

/** Release the multipart reader; for a connection that broke. */
void body_abandon(struct job *job);

#endif
