// SPDX-License-Identifier: MIT
/*
 * answer.h - from a job's tasks to its answer, and from a job to its tasks:
 * admission, streaming, JSON and pictures.
 */
#ifndef AHA_SERVER_HANDLERS_ANSWER_H
#define AHA_SERVER_HANDLERS_ANSWER_H

#include "server/job.h"

/** What the library said of a photo, as the client may hear it. */
void answer_blame(const struct job *job, struct failure *failure,
                  const struct aha_error *err);

/**
 * Hand tasks of a job to the pool, all or none.
 *
 * @param n_own  1 when a worker calls, which is busy but not ahead; else 0
 *
 * @return false when they were refused: the job has failed
 */
bool answer_submit(struct job *job, struct task *tasks, int n, int n_own);

/** The same for all photos of a batch, with a stream where NDJSON is wanted. */
bool answer_submit_batch(struct job *job, int n_own);

/** Put a finished task's line into the stream. */
void answer_stream(struct task *task);

/** All tasks are done: answer, and give the job back to its connection. */
void answer_job(struct job *job);

#endif
