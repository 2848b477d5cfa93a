// SPDX-License-Identifier: MIT
#include "core/half.h"

#include <stdint.h>
#include <string.h>

enum {
    HALF_EXPONENT = 0x1f,
    HALF_FRACTION = 0x3ff,
};

void half_to_float(const unsigned char *halves, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t half = (uint32_t)halves[2 * i] | (uint32_t)halves[2 * i + 1]
                                                      << 8;
        uint32_t sign = half >> 15 << 31;
        uint32_t exponent = half >> 10 & HALF_EXPONENT;
        uint32_t fraction = half & HALF_FRACTION;
        uint32_t bits;

        if (exponent == 0) {
            /* Zero or subnormal: fraction * 2^-24 is exact in binary32. */
            float value = (float)fraction * 0x1p-24F;

            memcpy(&bits, &value, sizeof bits);
            bits |= sign;
        } else if (exponent == HALF_EXPONENT) {
            bits = sign | 0x7f800000U | fraction << 13;
        } else {
            bits = sign | (exponent + 112) << 23 | fraction << 13;
        }
        memcpy(&out[i], &bits, sizeof bits);
    }
}
