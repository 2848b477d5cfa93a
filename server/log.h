// SPDX-License-Identifier: MIT
/*
 * log.h - one line an event on stderr, JSON or for people. Nothing of a photo.
 *
 * A log is immutable; every call is safe from any thread (one write a line).
 */
#ifndef AHA_SERVER_LOG_H
#define AHA_SERVER_LOG_H

#include <stdbool.h>

#include "server/job.h"

struct log {
    bool is_json;
};

/** @param format  "json", "pretty", or "" to ask whether stderr is a terminal
 */
struct log log_create(const char *format);

/** Something that happened to the daemon; level "info", "warn" or "error". */
void log_event(const struct log *log, const char *level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** A finished request. */
void log_request(const struct log *log, const struct job *job,
                 double duration_ms);

#endif
