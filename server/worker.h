// SPDX-License-Identifier: MIT
/*
 * worker.h - the threads that do the work, one a CPU.
 */
#ifndef AHA_SERVER_WORKER_H
#define AHA_SERVER_WORKER_H

#include <stdbool.h>

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

/**
 * Answer what waits past its deadline or, in a hurry, at all, so that nobody
 * waits for a worker to find out. From any thread.
 */
void workers_refuse(struct server *server);

/**
 * The pool must be closed: wait for the threads to empty it and end.
 *
 * @param patience_ms  for all of them
 *
 * @return false when one did not end; `workers` and the server are then still
 *         in use
 */
bool workers_join(struct workers *workers, double patience_ms);

#endif
