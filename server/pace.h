// SPDX-License-Identifier: MIT
/*
 * pace.h - how fast the workers are: running means, for admission and
 * Retry-After.
 *
 * Every call is safe from any thread: relaxed atomics. Two workers may
 * overwrite each other's note: it is a mean all the same.
 */
#ifndef AHA_SERVER_PACE_H
#define AHA_SERVER_PACE_H

#include <stdatomic.h>
#include <stddef.h>

enum pace_stage {
    PACE_PREPARE,
    PACE_INFER,
    N_PACES,
};

struct pace {
    atomic_ulong mean_us[N_PACES]; /* of a worker's time for a photo */
};

void pace_init(struct pace *pace);

void pace_note(struct pace *pace, enum pace_stage stage, double ms);

/** When the last of so many photos will be done with so many workers, ms. */
double pace_wait_ms(const struct pace *pace, size_t n_photos, int n_workers);

/** The same in whole seconds, 1..60, for a Retry-After. */
int pace_retry_s(const struct pace *pace, size_t n_photos, int n_workers);

#endif
