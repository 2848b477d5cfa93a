// SPDX-License-Identifier: MIT
/*
 * latency.h - what came of the requests of a load test, and how late.
 *
 * Pure; safe from any thread.
 */
#ifndef AHA_CLI_LATENCY_H
#define AHA_CLI_LATENCY_H

#include <stdbool.h>

/** Outcomes that are no HTTP status. */
enum failure {
    FAILURE_TIMEOUT = 1, /* no answer in time, sent or not */
    FAILURE_CONNECT,     /* nothing listens there, or nobody accepts */
    FAILURE_BROKEN,      /* the connection or the answer broke off */
    N_OUTCOMES = 600,
};

/** One request. */
struct sample {
    double ms;   /* from the moment it was due to its outcome */
    int outcome; /* an HTTP status, or enum failure */
};

struct latency {
    int n; /* 0: the times are 0 too */
    double mean_ms;
    double p50_ms;
    double p90_ms;
    double p99_ms;
    double p999_ms;
    double max_ms;
};

/** "timeout", "connect", "broken", or "" for a status; static storage. */
const char *failure_name(int outcome);

/**
 * Of the samples whose outcome is within [low, high]. A percentile is the
 * smallest time that so large a share of them needed at most.
 *
 * @param samples  [n]
 * @param scratch  [n], overwritten
 */
struct latency latency_of(const struct sample *samples, int n, int low,
                          int high, double *scratch);

#endif
