// SPDX-License-Identifier: MIT
/*
 * control.h - what the admin listener asks of main: a mailbox for one reload at
 * a time, and a signal that main waits for.
 *
 * Safe from any thread.
 */
#ifndef AHA_SERVER_CONTROL_H
#define AHA_SERVER_CONTROL_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

struct job;

/* The signal of a drain: no second one of those that stop. */
#define CONTROL_DRAIN SIGUSR1

struct control {
    pthread_mutex_t mutex;
    struct job *waiting; /* for the outcome of a reload; suspended */
    bool is_closed;      /* nothing is reloaded any more */
};

void control_init(struct control *control);

void control_fini(struct control *control);

/**
 * Have main reload and answer the job, whose connection is suspended.
 *
 * @return false when another one waits already, or the daemon stops: the job
 *         stays the caller's
 */
bool control_reload(struct control *control, struct job *job);

/** The job that waits for a reload, now main's, or NULL. */
struct job *control_take(struct control *control);

/** Take no further reloads; the job that waits for one, the caller's now. */
struct job *control_close(struct control *control);

/** Have main stop the daemon as SIGTERM does, which may still come. */
void control_drain(void);

#endif
