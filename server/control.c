// SPDX-License-Identifier: MIT
/*
 * DESIGN. Main waits for signals and nothing else, so a request becomes one: it
 * is blocked in every thread and reaches sigwaitinfo.
 */
#include "server/control.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "server/thread.h"

void control_init(struct control *control)
{
    THREAD_CHECK(pthread_mutex_init(&control->mutex, NULL));
    control->waiting = NULL;
    control->is_closed = false;
}

void control_fini(struct control *control)
{
    THREAD_CHECK(pthread_mutex_destroy(&control->mutex));
}

bool control_reload(struct control *control, struct job *job)
{
    bool is_free;

    THREAD_CHECK(pthread_mutex_lock(&control->mutex));
    is_free = control->waiting == NULL && !control->is_closed;
    if (is_free) {
        control->waiting = job;
    }
    THREAD_CHECK(pthread_mutex_unlock(&control->mutex));
    if (is_free) {
        (void)kill(getpid(), SIGHUP);
    }
    return is_free;
}

static struct job *take(struct control *control, bool is_last)
{
    struct job *job;

    THREAD_CHECK(pthread_mutex_lock(&control->mutex));
    job = control->waiting;
    control->waiting = NULL;
    control->is_closed = control->is_closed || is_last;
    THREAD_CHECK(pthread_mutex_unlock(&control->mutex));
    return job;
}

struct job *control_take(struct control *control)
{
    return take(control, false);
}

struct job *control_close(struct control *control)
{
    return take(control, true);
}

void control_drain(void)
{
    (void)kill(getpid(), CONTROL_DRAIN);
}
