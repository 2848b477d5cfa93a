// SPDX-License-Identifier: MIT
/*
 * half.h - IEEE 754 binary16 to binary32. Pure; safe from any thread.
 */
#ifndef AHA_CORE_HALF_H
#define AHA_CORE_HALF_H

#include <stddef.h>

/** n little-endian halves, at any alignment, to n floats; exact. */
void half_to_float(const unsigned char *halves, size_t n, float *out);

#endif
