// SPDX-License-Identifier: MIT
/*
 * http_message.h - what RFC 9112 asks of a request's head, whatever it is for:
 * its target, its lines, Host, and one way alone to tell how long the body is.
 * libmicrohttpd takes much that a proxy in front may read otherwise.
 *
 * Runs on the connection's thread.
 */
#ifndef AHA_SERVER_HTTP_MESSAGE_H
#define AHA_SERVER_HTTP_MESSAGE_H

#include "server/clients.h"
#include "server/job.h"

struct MHD_Connection;

/** Look at the target as it came, before the library decodes it. */
void message_read_target(struct client *client, const char *target);

/** Look at the whole head; what is wrong is the job's failure. */
void message_check(struct job *job, struct MHD_Connection *connection,
                   const struct client *client, const char *method,
                   const char *version);

#endif
