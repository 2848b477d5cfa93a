// SPDX-License-Identifier: MIT
#include "core/kernel/kernel.h"

#include <stdatomic.h>

/* Written once at start, before threads: the one choice of the process. */
static _Atomic(const struct kernels *) chosen = &kernels_scalar;

/* By level; NULL where no table is built for it. */
static const struct kernels *const tables[CPU_BEST + 1] = {
    [CPU_BASE] = &kernels_scalar,
#if defined(__x86_64__)
    [CPU_AVX2] = &kernels_avx2,
    [CPU_AVX2_VNNI] = &kernels_avx2_vnni,
    [CPU_AVX512] = &kernels_avx512,
    [CPU_AVX512_VNNI] = &kernels_avx512_vnni,
    [CPU_AVX512_AMX] = &kernels_avx512_amx,
#elif defined(__aarch64__)
    [CPU_NEON] = &kernels_neon,
#endif
};

void kernel_init(enum cpu_level cap)
{
    int level = cap < CPU_BEST ? (int)cap : CPU_BEST;

    while (level > CPU_BASE &&
           (tables[level] == NULL || !cpu_supports((enum cpu_level)level))) {
        level--;
    }
    atomic_store(&chosen, tables[level]);
}

const struct kernels *kernel_table(void)
{
    return atomic_load_explicit(&chosen, memory_order_relaxed);
}
