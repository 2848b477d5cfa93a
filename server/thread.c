// SPDX-License-Identifier: MIT
#include "server/thread.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void thread_check(int result, const char *call)
{
    if (result != 0) {
        (void)fprintf(stderr, "aha: %s failed with %d\n", call, result);
        abort();
    }
}

void thread_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    THREAD_CHECK(pthread_condattr_init(&attr));
    THREAD_CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC));
    THREAD_CHECK(pthread_cond_init(cond, &attr));
    THREAD_CHECK(pthread_condattr_destroy(&attr));
}

bool thread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                      double until_ms)
{
    struct timespec until;
    int result;

    if (isinf(until_ms)) {
        THREAD_CHECK(pthread_cond_wait(cond, mutex));
        return true;
    }
    until.tv_sec = (time_t)(until_ms / 1e3);
    until.tv_nsec = (long)(fmod(until_ms, 1e3) * 1e6);
    result = pthread_cond_timedwait(cond, mutex, &until);
    THREAD_CHECK(result == ETIMEDOUT ? 0 : result);
    return result == 0;
}

double thread_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}
