// SPDX-License-Identifier: MIT
#include "core/cpu.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Features that not every compiler's list has: bits of cpuid's leaf 7. */
enum {
    LEAF = 7,
    AMX_EDX = 1 << 22 | 1 << 24 | 1 << 25, /* bf16, tile, int8 */
    AVX_VNNI_EAX1 = 1 << 4,
    AVX512_BF16_EAX1 = 1 << 5,
};

/* Linux: arch_prctl's request for the state of AMX's tiles. */
enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };

/* Whether all of these bits are set, EDX's of the leaf or EAX's of its 1st. */
static bool has_bits(int subleaf, unsigned bits)
{
    unsigned a = 0;
    unsigned b;
    unsigned c;
    unsigned d = 0;

    return __get_cpuid_count(LEAF, (unsigned)subleaf, &a, &b, &c, &d) != 0 &&
           ((subleaf == 0 ? d : a) & bits) == bits;
}

static bool has_avx_vnni(void)
{
    return has_bits(1, AVX_VNNI_EAX1);
}

static bool has_amx(void)
{
    return has_bits(0, AMX_EDX) && has_bits(1, AVX512_BF16_EAX1) &&
           syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) ==
               0;
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
    case CPU_AVX512_AMX:
        return cpu_supports(CPU_AVX512_VNNI) && has_amx();
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
