// SPDX-License-Identifier: MIT
/*
 * conv_int8.h - dense convolution of bytes.
 *
 * As in conv_direct.h a tile of output pixels by output channels is summed in
 * registers; here each step takes 4 input channels at once: 4 unsigned bytes
 * broadcast times 4 signed ones a lane. A tile spans two lines, of one image or
 * of two, so that maps narrower than it fill it too.
 */
#ifndef AHA_KERNEL_CONV_INT8_H
#define AHA_KERNEL_CONV_INT8_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/kernel/int8.h"
#include "core/kernel/int8_finish.h"

enum {
    QUAD = 4, /* bytes that are multiplied at once */
    INT8_LINES = 2,
    INT8_COLUMNS = TILE / INT8_LINES,
    INT8_VECS = TILE_BLOCKS * BLOCK_VECS,
};

/*
 * sum + products of the 4 unsigned bytes of each lane of x and the 4 signed
 * ones of w. An instruction, by `vnni`, where the processor has it: written
 * out, since the other kernels of this file must do without.
 */
INLINE ints dot(ints sum, ints x, ints w, const bool vnni)
{
#if defined(__AVX512F__)
    if (vnni) {
        __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w));
        return sum;
    }
    return sum +
           (ints)_mm512_madd_epi16(
               (__m512i)(x & 0x00ff00ff),
               _mm512_srai_epi16(_mm512_slli_epi16((__m512i)w, 8), 8)) +
           (ints)_mm512_madd_epi16(_mm512_srli_epi16((__m512i)x, 8),
                                   _mm512_srai_epi16((__m512i)w, 8));
#elif defined(__AVX2__)
    if (vnni) {
        __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(x), "x"(w));
        return sum;
    }
    return sum +
           (ints)_mm256_madd_epi16(
               (__m256i)(x & 0x00ff00ff),
               _mm256_srai_epi16(_mm256_slli_epi16((__m256i)w, 8), 8)) +
           (ints)_mm256_madd_epi16(_mm256_srli_epi16((__m256i)x, 8),
                                   _mm256_srai_epi16((__m256i)w, 8));
#else
    (void)vnni;
    return sum + (x & 255) * (w << 24 >> 24) +
           (x >> 8 & 255) * (w << 16 >> 24) + (x >> 16 & 255) * (w << 8 >> 24) +
           (x >> 24 & 255) * (w >> 24);
#endif
}

/* 4 bytes in every lane. */
INLINE ints int8_quad(const uint8_t *p)
{
    int quad;

    memcpy(&quad, p, sizeof quad);
    return (ints){0} + quad;
}

/* What there is a copy of the tile for; constant in each. */
struct int8_kind {
    int lines, columns;
    int step; /* bytes of x between neighbouring outputs */
    bool vnni;
};

/* sums += weights * x over the `quads` of one tap. */
INLINE void int8_tap(const struct conv_int8 *job, const uint8_t *x,
                     ptrdiff_t other, const int8_t *w, int quads,
                     const struct int8_kind kind, ints *sums)
{
    const int columns = kind.columns;

    for (int q = 0; q < quads; q++) {
        ints weights[INT8_VECS];

        UNROLL for (int v = 0; v < INT8_VECS; v++)
        {
            weights[v] = *(
                const ints *)(w + (size_t)(v / BLOCK_VECS) * job->weight_block +
                              (size_t)(v % BLOCK_VECS * VEC * QUAD));
        }
        UNROLL for (int p = 0; p < kind.lines * columns; p++)
        {
            ints quad = int8_quad(x + (p < columns ? 0 : other) +
                                  p % columns * kind.step);

            UNROLL for (int v = 0; v < INT8_VECS; v++)
            {
                sums[p * INT8_VECS + v] =
                    dot(sums[p * INT8_VECS + v], quad, weights[v], kind.vnni);
            }
        }
        x += QUAD;
        w += QUAD * KERNEL_BLOCK;
    }
}

/* A whole tile; called, not inlined, since there are many kinds of tiles. */
static __attribute__((noinline)) void int8_store(const struct conv_int8 *job,
                                                 const struct int8_line *lines,
                                                 int block, int from,
                                                 int pixels, int columns,
                                                 const ints *sums)
{
    int n = least(TILE_BLOCKS, job->y_blocks - block) * BLOCK_VECS;

    for (int p = 0; p < pixels; p += columns, lines++) {
        for (int v = 0; v < n; v++) {
            int channel = block * KERNEL_BLOCK + v * VEC;
            bool has_residual = channel < job->residual_blocks * KERNEL_BLOCK;
            const ints *from_here = sums + p * INT8_VECS + v;

            if (job->is_float) {
                int8_finish(job, lines, channel, from, columns, from_here,
                            INT8_VECS, has_residual, true);
            } else if (has_residual) {
                int8_finish(job, lines, channel, from, columns, from_here,
                            INT8_VECS, true, false);
            } else {
                int8_finish(job, lines, channel, from, columns, from_here,
                            INT8_VECS, false, false);
            }
        }
    }
}

/* A tile from column `from` on, in TILE_BLOCKS blocks from `block` on. */
INLINE void int8_tile(const struct conv_int8 *job,
                      const struct int8_line *lines, int block, int from,
                      const struct int8_kind kind)
{
    const int pixels = kind.lines * kind.columns;
    const uint8_t *x = lines[0].x + (ptrdiff_t)from * kind.step;
    const ptrdiff_t other = lines[kind.lines - 1].x - lines[0].x;
    const int8_t *w = job->weight + (size_t)block * job->weight_block;
    ints sums[TILE * INT8_VECS];

    UNROLL for (int i = 0; i < pixels * INT8_VECS; i++)
    {
        sums[i] = *(const ints *)(job->bias + block * KERNEL_BLOCK +
                                  i % INT8_VECS * VEC);
    }
    for (int o = 0; o < job->x.blocks; o++, x += job->x.plane) {
        int quads = o + 1 < job->x.blocks ? job->x.pixel / QUAD : job->quads;

        for (int ky = 0; ky < job->kernel_h; ky++) {
            const uint8_t *line = x + (size_t)ky * job->x.row;

            for (int kx = 0; kx < job->kernel_w; kx++, line += job->x.pixel) {
                int8_tap(job, line, other, w, quads, kind, sums);
                w += quads * QUAD * KERNEL_BLOCK;
            }
        }
    }
    int8_store(job, lines, block, from, pixels, kind.columns, sums);
}

#define INT8_CASE(columns)                                                     \
    case columns:                                                              \
        if (columns <= INT8_COLUMNS) {                                         \
            int8_tile(job, lines, block, from,                                 \
                      (struct int8_kind){n_lines, columns, step, vnni});       \
        }                                                                      \
        break

/* Nearly equal tiles, as conv_direct.h's. */
INLINE void int8_lines(const struct conv_int8 *job,
                       const struct int8_line *lines, int block,
                       const int n_lines, const int step, const bool vnni)
{
    int n_tiles = (job->w + INT8_COLUMNS - 1) / INT8_COLUMNS;

    for (int i = 0, from = 0; i < n_tiles; i++) {
        int columns = (job->w - from) / (n_tiles - i);

        switch (columns) {
            INT8_CASE(1);
            INT8_CASE(2);
            INT8_CASE(3);
            INT8_CASE(4);
            INT8_CASE(5);
            INT8_CASE(6);
            INT8_CASE(7);
        }
        from += columns;
    }
}

/* All lines for one pair of blocks at a time, whose weights stay in cache. */
INLINE void int8_all(const struct conv_int8 *job, const int step,
                     const bool vnni)
{
    int n = job->images * job->h;

    for (int block = 0; block < job->y_blocks; block += TILE_BLOCKS) {
        for (int i = 0; i < n; i += INT8_LINES) {
            struct int8_line lines[INT8_LINES];

            lines[0] = int8_line(job, i);
            if (i + 1 < n) {
                lines[1] = int8_line(job, i + 1);
                int8_lines(job, lines, block, INT8_LINES, step, vnni);
            } else {
                int8_lines(job, lines, block, 1, step, vnni);
            }
        }
    }
}

INLINE void int8_any(const struct conv_int8 *job, const bool vnni)
{
    switch (job->x.pixel * job->stride) {
    case 32:
        int8_all(job, 32, vnni);
        break;
    case 64:
        int8_all(job, 64, vnni);
        break;
    case 128:
        int8_all(job, 128, vnni);
        break;
    }
}

static inline void conv_int8(const struct conv_int8 *job)
{
    int8_any(job, false);
}

#if defined(__AVX2__)
static inline void conv_int8_vnni(const struct conv_int8 *job)
{
    int8_any(job, true);
}
#endif

#endif
