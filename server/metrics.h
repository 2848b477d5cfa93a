// SPDX-License-Identifier: MIT
/*
 * metrics.h - counters of the daemon and their Prometheus text.
 *
 * Every call is safe from any thread: relaxed atomics, no lock. Names, types
 * and help stand in metrics.def.
 */
#ifndef AHA_SERVER_METRICS_H
#define AHA_SERVER_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "aha/pipeline.h"

#include "server/problem.h"
#include "server/router.h"

struct metrics;

enum stage {
    STAGE_QUEUE,
    STAGE_DECODE,
    STAGE_DETECT,
    STAGE_ALIGN,
    STAGE_INFER,
    N_STAGES,
};

/** @return NULL when memory ran out; release with metrics_destroy */
struct metrics *metrics_create(void);

void metrics_destroy(struct metrics *metrics);

/** A request's first header was seen. */
void metrics_request_begin(struct metrics *metrics,
                           enum route_listener listener);

/** It ended, with this status (0: the connection broke before an answer). */
void metrics_request_end(struct metrics *metrics, enum route_listener listener,
                         enum route route, int status, double duration_ms);

void metrics_problem(struct metrics *metrics, enum problem problem);

void metrics_stage(struct metrics *metrics, enum stage stage, double ms);

/** The stages and faces of one answered photo. */
void metrics_analysis(struct metrics *metrics,
                      const struct aha_analysis *analysis, bool is_detection);

/** So many faces were inferred together. */
void metrics_batch(struct metrics *metrics, int faces);

/** A photo was dropped because its client went away. */
void metrics_abandoned(struct metrics *metrics);

void metrics_reload(struct metrics *metrics, bool is_taken);

/** Requests of the public listener between begin and end. */
long metrics_active(const struct metrics *metrics);

/** What is read, not counted. */
struct metrics_now {
    const struct aha_model_info *model;
    size_t queue_depth;
    size_t queue_capacity;
    int n_workers;
    int n_busy;
    size_t upload_bytes;
};

/**
 * The exposition text, version 0.0.4.
 *
 * @return heap text the caller frees, or NULL when memory ran out
 */
char *metrics_text(struct metrics *metrics, const struct metrics_now *now);

#endif
