// SPDX-License-Identifier: MIT
/*
 * http_head.h - what is decided of a request before its body is read: route,
 * method, key and rate, parameters, media type, deadline.
 */
#ifndef AHA_SERVER_HTTP_HEAD_H
#define AHA_SERVER_HTTP_HEAD_H

#include "server/job.h"

struct MHD_Connection;

/** Fill the job from the head; what is wrong is its failure. */
void head_read(struct job *job, struct MHD_Connection *connection,
               const char *path, const char *method);

#endif
