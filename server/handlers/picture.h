// SPDX-License-Identifier: MIT
/*
 * picture.h - the answer to /v1/analyze as an annotated picture.
 */
#ifndef AHA_SERVER_HANDLERS_PICTURE_H
#define AHA_SERVER_HANDLERS_PICTURE_H

#include "server/job.h"

/** Draw in the job's media type; the task has its analysis and upload. */
void picture_answer(struct job *job, struct task *task);

#endif
