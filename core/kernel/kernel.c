// SPDX-License-Identifier: MIT
#include "core/kernel/kernel.h"

#include <stdatomic.h>

/* Written once at start, before threads: the one choice of the process. */
static _Atomic(const struct kernels *) chosen = &kernels_scalar;

void kernel_init(enum cpu_level cap)
{
    const struct kernels *table = &kernels_scalar;
    enum cpu_level level = cpu_level() < cap ? cpu_level() : cap;

#if defined(__x86_64__)
    if (level == CPU_AVX512) {
        table = &kernels_avx512;
    } else if (level == CPU_AVX2) {
        table = &kernels_avx2;
    }
#elif defined(__aarch64__)
    if (level == CPU_NEON) {
        table = &kernels_neon;
    }
#else
    (void)level;
#endif
    atomic_store(&chosen, table);
}

const struct kernels *kernel_table(void)
{
    return atomic_load_explicit(&chosen, memory_order_relaxed);
}
