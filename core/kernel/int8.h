// SPDX-License-Identifier: MIT
/*
 * int8.h - values of one unsigned byte: to and from floats, pooling, and a
 * picture's rows.
 *
 * What is done to a value is rounded step by step, so that every instruction
 * set gives the same bytes.
 */
#ifndef AHA_KERNEL_INT8_H
#define AHA_KERNEL_INT8_H

#include <stdint.h>
#include <string.h>

#include "core/kernel/kernel_vec.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

enum { MIX_VECS = 4 }; /* of a mixed row that are summed at once */

typedef int ints __attribute__((vector_size(VEC * 4), may_alias));
typedef unsigned char octets __attribute__((vector_size(VEC)));

/* The compiler may not fuse what made this product with what takes it. */
INLINE vec rounded(vec v)
{
#if defined(__x86_64__)
    __asm__("" : "+v"(v));
#elif defined(__aarch64__)
    __asm__("" : "+w"(v));
#endif
    return v;
}

/* To whole numbers, ties to even, cut off at 0 and 255. */
INLINE octets to_octets(vec v)
{
#if defined(__AVX512F__)
    __m512 cut = _mm512_min_ps(_mm512_max_ps((__m512)v, _mm512_setzero_ps()),
                               _mm512_set1_ps(255));

    return (octets)_mm512_cvtepi32_epi8(_mm512_cvtps_epi32(cut));
#elif defined(__AVX2__)
    __m256 cut = _mm256_min_ps(_mm256_max_ps((__m256)v, _mm256_setzero_ps()),
                               _mm256_set1_ps(255));

    return __builtin_convertvector((ints)_mm256_cvtps_epi32(cut), octets);
#else
    const float shift = 12582912; /* 1.5 * 2^23: the sum has no fraction */
    vec cut = choose(v > 0, v, (vec){0});

    cut = choose(cut < 255, cut, (vec){0} + 255);
    return __builtin_convertvector((ints)(cut + shift) - 0x4b400000, octets);
#endif
}

INLINE void store_octets(uint8_t *p, octets v)
{
    memcpy(p, &v, sizeof v);
}

/* Spelt out where gcc 12 would convert lane by lane. */
INLINE vec load_octets(const uint8_t *p)
{
#if defined(__AVX512F__)
    return (vec)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(
        _mm_loadu_si128((const __m128i *)(const void *)p)));
#elif defined(__AVX2__)
    return (vec)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(
        _mm_loadl_epi64((const __m128i *)(const void *)p)));
#else
    octets v;

    memcpy(&v, p, sizeof v);
    return __builtin_convertvector(__builtin_convertvector(v, ints), vec);
#endif
}

static inline void quantize(const float *x, size_t n, float multiplier,
                            int pixel, uint8_t *y)
{
    for (size_t i = 0; i < n; i++, x += KERNEL_BLOCK, y += pixel) {
        for (int v = 0; v < KERNEL_BLOCK; v += VEC) {
            store_octets(y + v, to_octets(load(x + v) * multiplier));
        }
    }
}

/* A pixel of x in the window that begins at (top, left), 16 channels. */
INLINE vec octet_sum(const uint8_t *x, const struct window *window, int pixel,
                     int top, int left)
{
    vec total = {0};

    for (int i = top; i < least(top + window->kernel_h, window->in_h); i++) {
        for (int j = left; j < least(left + window->kernel_w, window->in_w);
             j++) {
            total += load_octets(x + (size_t)i * window->in_row +
                                 (size_t)(j * pixel));
        }
    }
    return total;
}

static inline void avg_pool_int8(const uint8_t *x, const struct window *window,
                                 float ratio, int pixel, uint8_t *y)
{
    for (int r = 0; r < window->out_h; r++) {
        for (int c = 0; c < window->out_w; c++) {
            int top = r * window->stride;
            int left = c * window->stride;
            int n = least(window->kernel_h, window->in_h - top) *
                    least(window->kernel_w, window->in_w - left);
            uint8_t *to = y + (size_t)r * window->out_row + (size_t)(c * pixel);

            for (int v = 0; v < KERNEL_BLOCK; v += VEC) {
                vec total = octet_sum(x + v, window, pixel, top, left);

                store_octets(to + v, to_octets(total * (ratio / (float)n)));
            }
        }
    }
}

/* `n` vectors of the rows' sum, from byte `from` on. */
INLINE void mix_vecs(const uint8_t *const *rows, const float *weights,
                     int n_rows, size_t from, const int n, float *y)
{
    vec sums[MIX_VECS] = {{0}};

    for (int k = 0; k < n_rows; k++) {
        UNROLL for (int v = 0; v < n; v++)
        {
            sums[v] += weights[k] * load_octets(rows[k] + from + v * VEC);
        }
    }
    memcpy(y + from, sums, (size_t)n * sizeof *sums);
}

static inline void mix_rows(const uint8_t *const *rows, const float *weights,
                            int n_rows, size_t n, float *y)
{
    size_t i = 0;

    for (; i + MIX_VECS * VEC <= n; i += MIX_VECS * VEC) {
        mix_vecs(rows, weights, n_rows, i, MIX_VECS, y);
    }
    for (; i + VEC <= n; i += VEC) {
        mix_vecs(rows, weights, n_rows, i, 1, y);
    }
    for (; i < n; i++) {
        y[i] = 0;
        for (int k = 0; k < n_rows; k++) {
            y[i] += weights[k] * (float)rows[k][i];
        }
    }
}

#endif
