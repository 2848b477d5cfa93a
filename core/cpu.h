// SPDX-License-Identifier: MIT
/*
 * cpu.h - what this processor and operating system can run.
 */
#ifndef AHA_CORE_CPU_H
#define AHA_CORE_CPU_H

enum cpu_level {
    CPU_BASE,   /* whatever the compiler's default target is */
    CPU_NEON,   /* AArch64's own */
    CPU_AVX2,   /* AVX2, FMA */
    CPU_AVX512, /* AVX-512 F, BW, DQ, VL */
};

enum cpu_level cpu_level(void);

#endif
