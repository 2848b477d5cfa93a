// SPDX-License-Identifier: MIT
/*
 * thread.h - pthread calls that cannot fail but by a mistake of ours, checked.
 */
#ifndef AHA_SERVER_THREAD_H
#define AHA_SERVER_THREAD_H

#include <pthread.h>

/** Stops the process, naming the call, when a pthread call failed. */
void thread_check(int result, const char *call);

#define THREAD_CHECK(call) thread_check((call), #call)

/** A condition variable on CLOCK_MONOTONIC. */
void thread_cond_init(pthread_cond_t *cond);

/** Milliseconds of CLOCK_MONOTONIC. */
double thread_now_ms(void);

#endif
