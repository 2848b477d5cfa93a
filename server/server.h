// SPDX-License-Identifier: MIT
/*
 * server.h - the one struct of the daemon: what all its threads share.
 *
 * Everything is set up before the threads start and immutable after, but for
 * the atomics and what locks itself (queue, metrics).
 */
#ifndef AHA_SERVER_SERVER_H
#define AHA_SERVER_SERVER_H

#include <stdatomic.h>

#include "aha/pipeline.h"

#include "server/config.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/queue.h"

enum server_state {
    SERVER_STARTING,
    SERVER_READY,
    SERVER_DRAINING, /* unready, still serving */
    SERVER_STOPPING, /* new requests are refused */
};

struct server {
    struct config config;
    struct log log;
    struct aha_pipeline *pipeline;
    const struct aha_model_info *model;
    struct queue *queue;
    struct metrics *metrics;
    int n_workers;
    atomic_int state;       /* enum server_state */
    atomic_bool is_hurried; /* queued jobs are refused, not run */
    atomic_ulong job_us;    /* running mean of a worker's time for a job */
};

#endif
