// SPDX-License-Identifier: MIT
#include "core/half.h"

/*
 * Exponent and fraction where binary32 has them make the value times 2^-112,
 * subnormals too; the product is exact. Only infinity and NaN need their
 * exponent filled. Without a branch, so that the compiler takes several at
 * once.
 */
void half_to_float(const unsigned char *halves, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t half = (uint32_t)halves[2 * i] | (uint32_t)halves[2 * i + 1]
                                                      << 8;
        uint32_t bits = (half & 0x7fff) << 13;
        float value;

        memcpy(&value, &bits, sizeof value);
        value *= 0x1p112F;
        memcpy(&bits, &value, sizeof bits);
        bits |= (half & 0x7c00) == 0x7c00 ? 0x7f800000U : 0;
        bits |= half >> 15 << 31;
        memcpy(&out[i], &bits, sizeof bits);
    }
}
