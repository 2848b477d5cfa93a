// SPDX-License-Identifier: MIT
/*
 * Convolution of a plain image on AMX's tiles of bfloat16, row by row. kernel.h
 * says what is computed.
 */
#if defined(__x86_64__)
#if !defined(__AVX512BF16__)
#error "this file needs -mavx512bf16"
#endif
#include <immintrin.h>

#include "core/kernel/amx.h"
#include "core/kernel/conv_direct.h"
#include "core/kernel/kernel_amx.h"
#include "core/kernel/kernel_vec.h"

enum {
    LANES = 16, /* columns that are woven together */
    PART = 8,   /* lines likewise: 16 bytes of a column */
    STEP = AMX_PAIR * AMX_TILE,
};

struct weaving {
    const struct conv_weave *job;
    struct weave weave;
    size_t column; /* bytes */
    uint8_t *high;
    uint8_t *low;
};

/* Columns [from, from + 16) of a line, whose first is the padding's. */
INLINE __m512 load_line(const struct conv_weave *job, int line, int top,
                        int from, __mmask16 inside)
{
    int y = top + line % job->kernel_h;

    if (line >= job->c * job->kernel_h || y < 0 || y >= job->h) {
        return _mm512_setzero_ps();
    }
    return _mm512_maskz_loadu_ps(
        inside, job->x + (line / job->kernel_h * job->h + y) * job->w + from -
                    job->pad_left);
}

/* The lanes of a row that begins pad_left before the image's. */
INLINE __mmask16 inside_of(const struct conv_weave *job, int from)
{
    int first = most(job->pad_left - from, 0);
    int end = least(job->pad_left + job->w - from, LANES);

    return end <= first ? 0 : (__mmask16)((1U << end) - (1U << first));
}

/* A line's high parts, as floats, and its low ones in half words. */
INLINE __m512 split(__m512 line, __m512i *low)
{
    __m512 high = (__m512)_mm512_slli_epi32(
        _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(line)), 16);

    *low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(line - high));
    return high;
}

/* Words of four pairs of lines to a column each, `step` bytes apart. */
INLINE void store_columns(const __m512i pairs[4], size_t step, uint8_t *out)
{
    __m512i a = _mm512_unpacklo_epi32(pairs[0], pairs[1]);
    __m512i b = _mm512_unpackhi_epi32(pairs[0], pairs[1]);
    __m512i c = _mm512_unpacklo_epi32(pairs[2], pairs[3]);
    __m512i d = _mm512_unpackhi_epi32(pairs[2], pairs[3]);
    __m512i columns[4] = {
        _mm512_unpacklo_epi64(a, c), _mm512_unpackhi_epi64(a, c),
        _mm512_unpacklo_epi64(b, d), _mm512_unpackhi_epi64(b, d)};

    UNROLL for (int i = 0; i < 4; i++)
    {
        __m128i *to = (__m128i *)(void *)(out + (size_t)i * step);
        size_t apart = step / 4; /* of four columns, in words of 16 bytes */

        _mm_store_si128(to, _mm512_extracti32x4_epi32(columns[i], 0));
        _mm_store_si128(to + apart, _mm512_extracti32x4_epi32(columns[i], 1));
        _mm_store_si128(to + 2 * apart,
                        _mm512_extracti32x4_epi32(columns[i], 2));
        _mm_store_si128(to + 3 * apart,
                        _mm512_extracti32x4_epi32(columns[i], 3));
    }
}

/* What one row of y sees. */
static void weave_row(const struct weaving *weaving, int row)
{
    const struct conv_weave *job = weaving->job;
    int top = row * job->stride - job->pad_top;

    for (int from = 0; from < weaving->weave.columns; from += LANES) {
        __mmask16 inside = inside_of(job, from);

        for (int part = 0; part < weaving->weave.lines; part += PART) {
            size_t at = (size_t)from * weaving->column + (size_t)part * 2;
            __m512i high[PART / 2];
            __m512i low[PART / 2];

            UNROLL for (int i = 0; i < PART / 2; i++)
            {
                int line = part + 2 * i;
                __m512i low_a;
                __m512i low_b;
                __m512 a =
                    split(load_line(job, line, top, from, inside), &low_a);
                __m512 b =
                    split(load_line(job, line + 1, top, from, inside), &low_b);

                high[i] = _mm512_or_si512(_mm512_srli_epi32((__m512i)a, 16),
                                          (__m512i)b);
                low[i] = _mm512_or_si512(low_a, _mm512_slli_epi32(low_b, 16));
            }
            store_columns(high, weaving->column, weaving->high + at);
            store_columns(low, weaving->column, weaving->low + at);
        }
    }
}

/* Pixels from `first` on, and those `next` pixels further; two blocks. */
INLINE void add_up(const struct weaving *weaving, int first, int next,
                   const uint8_t *w, const bool is_pair, float *sums)
{
    const struct conv_weave *job = weaving->job;
    size_t apart = (size_t)job->stride * weaving->column;
    size_t at = (size_t)first * apart;

    amx_zero();
    for (int s = 0; s < weaving->weave.steps; s++, at += AMX_ROW) {
        amx_load_weights(w);
        amx_load_pixels(weaving->low + at, apart, (size_t)next * apart,
                        is_pair);
        AMX_DOTS("tdpbf16ps", is_pair);
        amx_load_pixels(weaving->high + at, apart, (size_t)next * apart,
                        is_pair);
        AMX_DOTS("tdpbf16ps", is_pair);
        w += STEP;
        if (job->has_low) {
            amx_load_weights(w);
            AMX_DOTS("tdpbf16ps", is_pair);
            w += STEP;
        }
    }
    amx_store(sums);
}

/* A pixel of a block. */
INLINE float *pixel_of(const struct map *map, int block, int row, int column)
{
    return map->data + (size_t)block * map->plane + (size_t)row * map->row +
           (size_t)column * KERNEL_BLOCK;
}

/* Outputs [from, from + n) of a row, from the sums of one tile and block. */
static void finish(const struct conv_weave *job, int row, int block, int from,
                   int n, const float *sums)
{
    const struct map *residual = &job->residual;
    const float *added = NULL;
    float *y = pixel_of(&job->y, block, row, from);

    if (residual->data != NULL && block < kernel_blocks(residual->c)) {
        added = pixel_of(residual, block, row, from);
    }
    for (int i = 0; i < n * KERNEL_BLOCK; i += KERNEL_BLOCK) {
        finish_vec(&job->finish, (size_t)block * KERNEL_BLOCK,
                   added == NULL ? NULL : added + i, y + i, load(sums + i));
    }
}

static void conv_row_of(const struct weaving *weaving,
                        const struct amx_tiles *tiles, int row, int block)
{
    const struct conv_weave *job = weaving->job;
    int blocks = least(AMX_PAIR, kernel_blocks(job->y.c) - block);
    size_t step = job->has_low ? 2 * STEP : STEP;
    const uint8_t *w =
        (const uint8_t *)job->weight +
        (size_t)(block / AMX_PAIR) * (size_t)weaving->weave.steps * step;
    float sums[AMX_PAIR * AMX_PAIR * AMX_SUMS] __attribute__((aligned(64)));

    for (int tile = 0; tile < tiles->count; tile += AMX_PAIR) {
        int n = least(AMX_PAIR, tiles->count - tile);
        int first = amx_first(tiles, tile);

        if (n == AMX_PAIR) {
            add_up(weaving, first, amx_first(tiles, tile + 1) - first, w, true,
                   sums);
        } else {
            add_up(weaving, first, 0, w, false, sums);
        }
        for (int i = 0; i < n * AMX_PAIR; i++) {
            if (i % AMX_PAIR < blocks) {
                finish(job, row, block + i % AMX_PAIR,
                       amx_first(tiles, tile + i / AMX_PAIR), tiles->rows,
                       sums + (ptrdiff_t)i * AMX_SUMS);
            }
        }
    }
}

void kernel_amx_weave(const struct conv_weave *job)
{
    struct weave weave = kernel_weave(job->c * job->kernel_h, job->kernel_w,
                                      job->stride, job->y.w);
    struct amx_tiles tiles = amx_tiles(1, job->y.w, job->y.w);
    struct weaving weaving = {
        .job = job,
        .weave = weave,
        .column = (size_t)weave.lines * 2,
        .high = job->work,
        .low = (uint8_t *)job->work + kernel_weave_bytes(&weave) / 2,
    };

    amx_begin(tiles.rows, AMX_ROW);
    for (int row = job->first; row < job->first + job->rows; row++) {
        weave_row(&weaving, row);
        for (int block = 0; block < kernel_blocks(job->y.c);
             block += AMX_PAIR) {
            conv_row_of(&weaving, &tiles, row, block);
        }
    }
    amx_end();
}

#else
/* Nothing to build for this processor family. */
typedef int kernel_amx_weave_unused;
#endif
