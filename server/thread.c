// SPDX-License-Identifier: MIT
#include "server/thread.h"

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

double thread_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}
