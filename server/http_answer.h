// SPDX-License-Identifier: MIT
/*
 * http_answer.h - from an answered job to a response on its connection.
 */
#ifndef AHA_SERVER_HTTP_ANSWER_H
#define AHA_SERVER_HTTP_ANSWER_H

#include <microhttpd.h>

#include "server/job.h"

/** Queue the reply, the problem or the stream. MHD_NO cuts the connection. */
enum MHD_Result http_respond(struct job *job,
                             struct MHD_Connection *connection);

#endif
