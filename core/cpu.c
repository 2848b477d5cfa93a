// SPDX-License-Identifier: MIT
#include "core/cpu.h"

#if defined(__x86_64__)

#include <cpuid.h>

enum { VNNI_LEAF = 7, VNNI_SUBLEAF = 1, VNNI_EAX = 1 << 4 };

/* AVX-VNNI, which not every compiler's list of features has. */
static bool has_avx_vnni(void)
{
    unsigned a = 0;
    unsigned b;
    unsigned c;
    unsigned d;

    return __get_cpuid_count(VNNI_LEAF, VNNI_SUBLEAF, &a, &b, &c, &d) != 0 &&
           (a & VNNI_EAX) != 0;
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}

bool cpu_supports(enum cpu_level level)
{
    __builtin_cpu_init();
    switch (level) {
    case CPU_BASE:
        return true;
    case CPU_NEON:
        break;
    case CPU_AVX2:
        return has_avx2();
    case CPU_AVX2_VNNI:
        return has_avx2() && has_avx_vnni();
    case CPU_AVX512:
        return has_avx512();
    case CPU_AVX512_VNNI:
        return has_avx512() && __builtin_cpu_supports("avx512vnni");
    }
    return false;
}

#else

bool cpu_supports(enum cpu_level level)
{
#if defined(__aarch64__)
    return level <= CPU_NEON;
#else
    return level == CPU_BASE;
#endif
}

#endif

enum cpu_level cpu_level(void)
{
    enum cpu_level level = CPU_BEST;

    while (!cpu_supports(level)) {
        level--;
    }
    return level;
}
