// SPDX-License-Identifier: MIT
/*
 * alloc.h - the only place that multiplies sizes from outside.
 *
 * Overflow is an allocation failure. Safe from any thread.
 */
#ifndef AHA_CORE_ALLOC_H
#define AHA_CORE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

enum { AHA_ALIGNMENT = 64 }; /* bytes: one AVX-512 register, one cache line */

/** a * b into *out. @return false on overflow, *out untouched */
bool alloc_mul(size_t a, size_t b, size_t *out);

/** a + b into *out. @return false on overflow, *out untouched */
bool alloc_add(size_t a, size_t b, size_t *out);

/** n zeroed objects of this size, NULL on failure; release with free(). */
void *alloc_array(size_t n, size_t size);

/**
 * n floats aligned to AHA_ALIGNMENT, not cleared, NULL on failure; release
 * with free().
 */
float *alloc_floats(size_t n);

/** Overwrite memory in a way the compiler may not drop. */
void alloc_wipe(void *bytes, size_t n);

#endif
