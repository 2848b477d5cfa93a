// SPDX-License-Identifier: MIT
/*
 * analyze.h - what workers do with photos and tensors, and how the answers to
 * /v1/analyze, /v1/detect, /v1/batch and inference are made.
 */
#ifndef AHA_SERVER_HANDLERS_ANALYZE_H
#define AHA_SERVER_HANDLERS_ANALYZE_H

#include "server/job.h"

/**
 * The first half of a task, on worker `worker`.
 *
 * @return true when it is to be inferred; else it is finished, well or not
 */
bool analyze_prepare(struct task *task, int worker);

/** The second half, of tasks of one model. */
void analyze_infer(struct task *const tasks[], int n, int worker);

/**
 * The task is done. The last one of a job answers it and hands it back; the
 * task is not the caller's any more.
 */
void analyze_finish(struct task *task);

#endif
