// SPDX-License-Identifier: MIT
/*
 * worker.h - the threads that do the work, one a CPU.
 */
#ifndef AHA_SERVER_WORKER_H
#define AHA_SERVER_WORKER_H

#include "aha/error.h"

struct server;
struct workers;

/**
 * Start server->n_workers threads.
 *
 * @param out  release with workers_join; written on success only
 */
enum aha_status workers_start(struct workers **out, struct server *server,
                              struct aha_error *err) AHA_MUST_CHECK;

/** The pool must be closed: wait for the threads to empty it and end. */
void workers_join(struct workers *workers);

#endif
