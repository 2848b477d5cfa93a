// SPDX-License-Identifier: MIT
/*
 * pool.h - the tasks that wait: to be prepared, and, once prepared, to be
 * inferred in a batch. One pool of workers serves both.
 *
 * Every call is safe from any thread. A task belongs to the pusher until push
 * says true, then to whoever takes it.
 */
#ifndef AHA_SERVER_POOL_H
#define AHA_SERVER_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "server/job.h"

struct pool;

struct pool_limits {
    size_t max_waiting;  /* tasks that wait to be prepared */
    int max_batch_faces; /* a batch is full with so many */
    double max_delay_ms; /* how long a batch may wait to fill; 0: not at all */
};

enum { POOL_MAX_BATCH = 64 }; /* tasks handed out at once */

/** What a worker is to do next. */
struct pool_work {
    struct task *prepare; /* or NULL: infer these */
    int n;
    struct task *infer[POOL_MAX_BATCH]; /* of one model */
};

/** @return NULL when memory ran out; release with pool_destroy */
struct pool *pool_create(const struct pool_limits *limits);

/** Nobody may be in a call and nothing may wait; NULL is fine. */
void pool_destroy(struct pool *pool);

/**
 * Have n tasks prepared, all or none. Never waits.
 *
 * @return false when they do not fit or the pool is closed
 */
bool pool_push(struct pool *pool, struct task *tasks, int n);

/** Have a prepared task inferred; there is always room. */
void pool_push_prepared(struct pool *pool, struct task *task);

/**
 * Wait for work. A batch that is full or has waited long enough comes first,
 * then what is to be prepared; a closed pool hands out all it holds.
 *
 * @return false once it is closed and empty
 */
bool pool_take(struct pool *pool, struct pool_work *out);

/**
 * Take out one task whose job's deadline is before now_ms, the oldest first.
 *
 * @return NULL when none waits any more
 */
struct task *pool_take_late(struct pool *pool, double now_ms);

/** Refuse further pushes of new tasks and wake everybody who waits. */
void pool_close(struct pool *pool);

/** Tasks that wait to be prepared. */
size_t pool_depth(struct pool *pool);

#endif
