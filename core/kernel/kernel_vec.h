// SPDX-License-Identifier: MIT
/*
 * kernel_vec.h - a vector of this instruction set and the shape of the register
 * tile it affords; included once per ISA.
 *
 * GCC's vector extension: the compiler picks the instructions, and one source
 * serves all. A block of 16 channels is BLOCK_VECS vectors.
 */
#ifndef AHA_KERNEL_VEC_H
#define AHA_KERNEL_VEC_H

#include "core/kernel/kernel.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 36")

/*
 * TILE pixels by TILE_BLOCKS blocks of sums stay in registers: 28 of 32 with
 * AVX-512, 12 of 16 with AVX2, 24 of 32 with NEON, 8 of 16 with SSE2.
 */
#if defined(__AVX512F__)
enum { VEC = 16, TILE = 14, TILE_BLOCKS = 2, DEPTHWISE_TILE = 8 };
#elif defined(__AVX2__)
enum { VEC = 8, TILE = 6, TILE_BLOCKS = 1, DEPTHWISE_TILE = 4 };
#elif defined(__aarch64__)
enum { VEC = 4, TILE = 6, TILE_BLOCKS = 1, DEPTHWISE_TILE = 4 };
#else
enum { VEC = 4, TILE = 2, TILE_BLOCKS = 1, DEPTHWISE_TILE = 4 };
#endif
enum { BLOCK_VECS = KERNEL_BLOCK / VEC };

typedef float vec __attribute__((vector_size(VEC * 4), may_alias));
typedef int mask __attribute__((vector_size(VEC * 4), may_alias));

INLINE vec load(const float *p)
{
    return *(const vec *)p;
}

INLINE void store(float *p, vec v)
{
    *(vec *)p = v;
}

/* where ? a : b, lane by lane; lanes of `where` are 0 or -1. */
INLINE vec choose(mask where, vec a, vec b)
{
    return (vec)((where & (mask)a) | (~where & (mask)b));
}

INLINE vec bend(vec v, vec slope)
{
    return choose(v > 0, v, v * slope);
}

INLINE vec larger(vec a, vec b)
{
    return choose(a > b, a, b);
}

INLINE int least(int a, int b)
{
    return a < b ? a : b;
}

INLINE int most(int a, int b)
{
    return a > b ? a : b;
}

#endif
