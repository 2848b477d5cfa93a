// SPDX-License-Identifier: MIT
/*
 * platform.h - what an orchestrator asks: GET /livez, /readyz, /metrics.
 */
#ifndef AHA_SERVER_HANDLERS_PLATFORM_H
#define AHA_SERVER_HANDLERS_PLATFORM_H

#include "server/job.h"

/** Answer at once, on the connection's thread. */
void platform_answer(struct job *job);

#endif
