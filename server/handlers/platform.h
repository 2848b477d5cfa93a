// SPDX-License-Identifier: MIT
/*
 * platform.h - the admin listener: /livez, /readyz, /metrics, drain, reload.
 */
#ifndef AHA_SERVER_HANDLERS_PLATFORM_H
#define AHA_SERVER_HANDLERS_PLATFORM_H

#include "server/job.h"

/** Answer at once, on the connection's thread. */
void platform_answer(struct job *job);

/** Main's part of a reload: the outcome, for whoever asked. */
void platform_reloaded(struct job *job, const struct aha_error *err);

#endif
