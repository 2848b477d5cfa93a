// SPDX-License-Identifier: MIT
/*
 * analyze.h - POST /v1/analyze, the part that runs on a worker.
 */
#ifndef AHA_SERVER_HANDLERS_ANALYZE_H
#define AHA_SERVER_HANDLERS_ANALYZE_H

#include "server/job.h"

/**
 * Answer the job's upload: afterwards it has a reply or a problem, and the
 * upload is wiped. The job belongs to the caller, the session to its thread.
 */
void analyze_run(struct job *job, struct aha_session *session);

#endif
