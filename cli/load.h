// SPDX-License-Identifier: MIT
/*
 * load.h - sends photos to a daemon at a constant rate, whether or not it keeps
 * up, and notes when each answer came.
 *
 * One thread, many connections (libcurl's multi interface). A request that
 * finds every connection taken waits, and its wait counts: times run from the
 * moment a request was due, so a server that stalls cannot hide the requests
 * that nobody sent meanwhile ("coordinated omission").
 */
#ifndef AHA_CLI_LOAD_H
#define AHA_CLI_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "aha/error.h"

#include "cli/latency.h"
#include "cli/progress.h"

enum { LOAD_MAX_REQUESTS = 1000000, LOAD_MAX_CONNECTIONS = 1024 };

struct load_photo {
    const void *bytes; /* borrowed */
    size_t n_bytes;
    const char *media_type;
};

struct load_plan {
    const char *url;    /* http or https; without a path: /v1/analyze */
    const char *header; /* one more, "Name: value", or NULL */
    const struct load_photo *photos; /* [n_photos], sent in turn */
    int n_photos;                    /* at least 1 */
    double rate;                     /* requests a second; 0: closed loop */
    double duration_s;               /* requests begin for so long */
    int n_connections;               /* 1..LOAD_MAX_CONNECTIONS */
    double timeout_ms;               /* from when a request was due */
};

struct load_result {
    struct sample *samples; /* [n_samples], the caller frees it */
    int n_samples;
    double elapsed_s;   /* to the last answer */
    double lateness_ms; /* the most that a request waited to be sent */
};

/**
 * Carry the plan out: rate * duration_s requests, at most LOAD_MAX_REQUESTS.
 *
 * In the closed loop each connection asks again as soon as it is answered, and
 * times run from the sending.
 *
 * @param progress  steps with every outcome
 * @param out       written on success only
 *
 * @return AHA_ERR_ARG for an address that is none, AHA_ERR_MEMORY. A server
 *         that does not answer is a result, no error.
 */
enum aha_status load_run(const struct load_plan *plan,
                         struct progress *progress, struct load_result *out,
                         struct aha_error *err) AHA_MUST_CHECK;

/** How many requests an open loop of this plan sends. */
int load_n_requests(const struct load_plan *plan);

#endif
