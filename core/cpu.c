// SPDX-License-Identifier: MIT
#include "core/cpu.h"

enum cpu_level cpu_level(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
        return CPU_AVX512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return CPU_AVX2;
    }
#elif defined(__aarch64__)
    return CPU_NEON;
#endif
    return CPU_BASE;
}
