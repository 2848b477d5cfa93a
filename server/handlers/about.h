// SPDX-License-Identifier: MIT
/*
 * about.h - what the service says of itself: GET /v1/info, /v1/models, /v2.
 */
#ifndef AHA_SERVER_HANDLERS_ABOUT_H
#define AHA_SERVER_HANDLERS_ABOUT_H

#include "server/job.h"

/** Answer at once, on the connection's thread. */
void about_answer(struct job *job);

#endif
