// SPDX-License-Identifier: MIT
/*
 * cpu.h - what this processor and operating system can run.
 */
#ifndef AHA_CORE_CPU_H
#define AHA_CORE_CPU_H

#include <stdbool.h>

/** From the slowest to the fastest. */
enum cpu_level {
    CPU_BASE,        /* whatever the compiler's default target is */
    CPU_NEON,        /* AArch64's own */
    CPU_AVX2,        /* AVX2, FMA */
    CPU_AVX2_VNNI,   /* and products of bytes */
    CPU_AVX512,      /* AVX-512 F, BW, DQ, VL */
    CPU_AVX512_VNNI, /* and products of bytes */
    CPU_AVX512_AMX,  /* and AMX, whose tiles multiply bfloat16 and bytes */
    CPU_BEST = CPU_AVX512_AMX,
};

/**
 * A level may be there without those below it. Asking for AMX also obtains the
 * process's permission to use it, which Linux wants; so ask before threads that
 * compute are started and before system calls are sealed.
 */
bool cpu_supports(enum cpu_level level);

/** The highest level there is. */
enum cpu_level cpu_level(void);

#endif
