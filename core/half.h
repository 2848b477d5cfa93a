// SPDX-License-Identifier: MIT
/*
 * half.h - IEEE 754 binary16 to binary32, and bfloat16. Pure; safe from any
 * thread.
 */
#ifndef AHA_CORE_HALF_H
#define AHA_CORE_HALF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** n little-endian halves, at any alignment, to n floats; exact. */
void half_to_float(const unsigned char *halves, size_t n, float *out);

/** The nearest bfloat16, ties to even, of a finite value. */
static inline uint16_t bfloat16_of(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float bfloat16_to_float(uint16_t bfloat16)
{
    uint32_t bits = (uint32_t)bfloat16 << 16;
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
