// SPDX-License-Identifier: MIT
/*
 * race.h - the clock of the bench programs: one piece of work repeated for a
 * while on several threads at once, and how much was done a second.
 *
 * DESIGN: each thread counts in its own struct bench_runner, which is read
 * after it was joined.
 */
#ifndef AHA_BENCH_RACE_H
#define AHA_BENCH_RACE_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "aha/aha.h"

/** One thread's part. The caller sets the first three. */
struct bench_runner {
    int (*work)(void *data); /* how much was done; 0: it failed */
    void *data;
    double seconds; /* to work at least, and at least once */
    double wall;    /* done a second of the wall clock */
    double cpu;     /* done a second of this thread's processor time */
    bool is_well;
    pthread_t thread;
};

static inline double bench_now_s(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static inline void *bench_run(void *data)
{
    struct bench_runner *runner = data;
    double wall = bench_now_s(CLOCK_MONOTONIC);
    double cpu = bench_now_s(CLOCK_THREAD_CPUTIME_ID);
    double end = wall + runner->seconds;
    long total = 0;
    int n;

    do {
        n = runner->work(runner->data);
        total += n;
    } while (n > 0 && bench_now_s(CLOCK_MONOTONIC) < end);
    runner->is_well = n > 0;
    runner->wall = (double)total / (bench_now_s(CLOCK_MONOTONIC) - wall);
    runner->cpu = (double)total / (bench_now_s(CLOCK_THREAD_CPUTIME_ID) - cpu);
    aha_thread_fini();
    return NULL;
}

/**
 * Run all at once.
 *
 * @param runners  [n], work, data and seconds set
 * @param wall     the sum of their rates by the wall clock; written always
 * @param cpu      the same by each thread's processor time
 *
 * @return false when a thread could not be started, or some work failed
 */
static inline bool bench_race(struct bench_runner *runners, int n, double *wall,
                              double *cpu)
{
    bool is_well = true;
    int n_begun = 0;

    *wall = 0;
    *cpu = 0;
    while (n_begun < n && pthread_create(&runners[n_begun].thread, NULL,
                                         bench_run, &runners[n_begun]) == 0) {
        n_begun++;
    }
    for (int i = 0; i < n_begun; i++) {
        (void)pthread_join(runners[i].thread, NULL);
        is_well = is_well && runners[i].is_well;
        *wall += runners[i].wall;
        *cpu += runners[i].cpu;
    }
    return is_well && n_begun == n;
}

#endif
