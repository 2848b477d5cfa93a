// SPDX-License-Identifier: MIT
/*
 * server.h - the one struct of the daemon: what all its threads share.
 *
 * Everything is set up before the threads start and immutable after, but for
 * the atomics and what locks itself (pool, models, metrics, access, control).
 */
#ifndef AHA_SERVER_SERVER_H
#define AHA_SERVER_SERVER_H

#include <stdatomic.h>

#include "server/config.h"
#include "server/control.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/models.h"
#include "server/pace.h"
#include "server/pool.h"
#include "server/upload.h"

struct access;
struct assets;
struct tls;

enum server_state {
    SERVER_STARTING,
    SERVER_READY,
    SERVER_DRAINING, /* unready, still serving */
    SERVER_STOPPING, /* new requests are refused */
};

struct server {
    struct config config;
    struct aha_options limits; /* what a request starts from */
    struct log log;
    struct models *models;
    struct access *access; /* API keys and their rates; NULL: open to all */
    struct tls *tls;       /* NULL: plain HTTP */
    struct assets *assets;
    struct pool *pool;
    struct metrics *metrics;
    struct control control;
    struct pace pace;
    struct upload_budget uploads;
    int n_workers;
    atomic_uint seals;      /* bits `1 << enum seal` that hold */
    atomic_int n_busy;      /* workers at work */
    atomic_int state;       /* enum server_state */
    atomic_bool is_hurried; /* tasks are refused, not run */
};

#endif
