// SPDX-License-Identifier: MIT
/*
 * thread.h - pthread calls that cannot fail but by a mistake of ours, checked.
 */
#ifndef AHA_SERVER_THREAD_H
#define AHA_SERVER_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/** Stops the process, naming the call, when a pthread call failed. */
void thread_check(int result, const char *call);

#define THREAD_CHECK(call) thread_check((call), #call)

/** A condition variable on CLOCK_MONOTONIC. */
void thread_cond_init(pthread_cond_t *cond);

/**
 * Wait as pthread_cond_wait does, on one of thread_cond_init.
 *
 * @param until_ms  of thread_now_ms; INFINITY: for ever
 *
 * @return false when it is over
 */
bool thread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                      double until_ms);

/** Milliseconds of CLOCK_MONOTONIC. */
double thread_now_ms(void);

#endif
