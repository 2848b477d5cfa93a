// SPDX-License-Identifier: MIT
#include "server/pace.h"

enum {
    FIRST_US = 25000, /* a guess until the first photo is measured */
    MEAN_SHIFT = 3,   /* a new one counts 1/8 */
    MAX_RETRY_S = 60,
};

void pace_init(struct pace *pace)
{
    for (int i = 0; i < N_PACES; i++) {
        atomic_store(&pace->mean_us[i], FIRST_US);
    }
}

void pace_note(struct pace *pace, enum pace_stage stage, double ms)
{
    unsigned long mean =
        atomic_load_explicit(&pace->mean_us[stage], memory_order_relaxed);
    unsigned long now_us = (unsigned long)(ms * 1e3);

    atomic_store_explicit(&pace->mean_us[stage],
                          mean - (mean >> MEAN_SHIFT) + (now_us >> MEAN_SHIFT),
                          memory_order_relaxed);
}

double pace_wait_ms(const struct pace *pace, size_t n_photos, int n_workers)
{
    unsigned long us = 0;

    for (int i = 0; i < N_PACES; i++) {
        us += atomic_load_explicit(&pace->mean_us[i], memory_order_relaxed);
    }
    return (double)n_photos * (double)us * 1e-3 / n_workers;
}

int pace_retry_s(const struct pace *pace, size_t n_photos, int n_workers)
{
    double seconds = pace_wait_ms(pace, n_photos, n_workers) * 1e-3;

    return seconds >= MAX_RETRY_S ? MAX_RETRY_S : (int)seconds + 1;
}
