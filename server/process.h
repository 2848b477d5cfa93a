// SPDX-License-Identifier: MIT
/*
 * process.h - what this process uses of the machine, for /metrics. Its files in
 * /proc are opened once: a sealed process opens no more.
 *
 * Every call is safe from any thread.
 */
#ifndef AHA_SERVER_PROCESS_H
#define AHA_SERVER_PROCESS_H

#include <dirent.h>
#include <pthread.h>

struct process {
    int statm;            /* -1: no /proc here */
    DIR *fds;             /* NULL: no /proc here */
    pthread_mutex_t lock; /* guards the place in fds */
};

void process_init(struct process *out);

void process_fini(struct process *process);

/** Bytes in memory, 0 when unknown. */
long process_resident_bytes(const struct process *process);

/** Open descriptors, 0 when unknown. */
int process_open_fds(struct process *process);

#endif
