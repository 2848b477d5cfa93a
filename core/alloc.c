// SPDX-License-Identifier: MIT
#include "core/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool alloc_mul(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b) {
        return false;
    }
    *out = a * b;
    return true;
}

bool alloc_add(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b) {
        return false;
    }
    *out = a + b;
    return true;
}

void *alloc_array(size_t n, size_t size)
{
    return calloc(n == 0 ? 1 : n, size);
}

float *alloc_floats(size_t n)
{
    size_t bytes;

    /* aligned_alloc wants a multiple of the alignment. */
    if (!alloc_mul(n == 0 ? 1 : n, sizeof(float), &bytes) ||
        !alloc_add(bytes, AHA_ALIGNMENT - 1, &bytes)) {
        return NULL;
    }
    return aligned_alloc(AHA_ALIGNMENT, bytes / AHA_ALIGNMENT * AHA_ALIGNMENT);
}

void alloc_wipe(void *bytes, size_t n)
{
    if (bytes != NULL) {
        memset(bytes, 0, n);
        __asm__ __volatile__("" : : "r"(bytes) : "memory");
    }
}
