// SPDX-License-Identifier: MIT
/*
 * Convolution on AMX's tiles of bfloat16. kernel.h says what is computed.
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
    STEP = AMX_PAIR * AMX_TILE, /* bytes of a tap's weights, high or low */
};

/* What there is a copy of the loops for; constant in each. */
struct kind {
    bool is_pair; /* two tiles of pixels, else one */
    bool has_low;
};

/* Everything about a job that its loops ask for again and again. */
struct tiling {
    const struct conv_tiles *job;
    struct amx_tiles tiles;
    int depths;     /* of 32 channels */
    size_t plane;   /* bytes */
    size_t image;   /* bytes of all planes of one */
    size_t tap;     /* bytes of one's weights, of a pair of blocks */
    size_t weights; /* of all */
};

static struct tiling tiling_of(const struct conv_tiles *job)
{
    struct tiles_plane plane =
        kernel_tiles_plane(job->x.h + job->pad_top + job->pad_bottom, job->x.w,
                           job->pad_left, job->pad_right, job->stride);
    int depths = (job->x.c + KERNEL_TILE_DEPTH - 1) / KERNEL_TILE_DEPTH;
    size_t bytes = (size_t)plane.pixels * KERNEL_TILE_PIXEL;

    size_t tap = job->has_low ? 2 * STEP : STEP;

    return (struct tiling){
        .job = job,
        .tiles = amx_tiles(job->y.h, job->y.w, plane.columns),
        .depths = depths,
        .plane = bytes,
        .image = bytes * (size_t)(depths * job->stride * job->stride),
        .tap = tap,
        .weights = (size_t)(depths * job->kernel_h * job->kernel_w) * tap,
    };
}

/* 32 channels of a pixel to their high and low parts. */
INLINE void split_pixel(const float *a, const float *b, uint8_t *out)
{
    __m512 low = _mm512_load_ps(a);
    __m512 up = b == NULL ? _mm512_setzero_ps() : _mm512_load_ps(b);
    __m512i high = (__m512i)_mm512_cvtne2ps_pbh(up, low);

    low -= (__m512)_mm512_slli_epi32(
        _mm512_cvtepu16_epi32(_mm512_castsi512_si256(high)), 16);
    up -= (__m512)_mm512_slli_epi32(
        _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(high, 1)), 16);
    _mm512_store_si512(out, high);
    _mm512_store_si512(out + AMX_ROW, (__m512i)_mm512_cvtne2ps_pbh(up, low));
}

/* One row of x with its padding, dealt to `stride` planes from `out` on. */
INLINE void split_row(const struct tiling *tiling, const float *a,
                      const float *b, uint8_t *out, const int stride)
{
    const struct conv_tiles *job = tiling->job;
    int width = job->x.w + job->pad_left + job->pad_right;

    for (int c = 0; c < width; c++) {
        split_pixel(a + (ptrdiff_t)c * KERNEL_BLOCK,
                    b == NULL ? NULL : b + (ptrdiff_t)c * KERNEL_BLOCK,
                    out + (size_t)(c % stride) * tiling->plane +
                        (size_t)(c / stride) * KERNEL_TILE_PIXEL);
    }
}

/* 32 channels of an image. */
static void split(const struct tiling *tiling, int image, int depth,
                  uint8_t *out)
{
    const struct conv_tiles *job = tiling->job;
    const struct map *x = &job->x;
    int stride = job->stride;
    const float *a = x->data + (size_t)image * x->image +
                     (size_t)(2 * depth) * x->plane -
                     (ptrdiff_t)job->pad_top * (ptrdiff_t)x->row -
                     (ptrdiff_t)job->pad_left * KERNEL_BLOCK;
    const float *b = 2 * depth + 1 < kernel_blocks(x->c) ? a + x->plane : NULL;

    for (int r = 0; r < x->h + job->pad_top + job->pad_bottom; r++) {
        uint8_t *row =
            out + (size_t)(r % stride * stride) * tiling->plane +
            (size_t)(r / stride * tiling->tiles.columns) * KERNEL_TILE_PIXEL;

        if (stride == 1) {
            split_row(tiling, a, b, row, 1);
        } else {
            split_row(tiling, a, b, row, stride);
        }
        a += x->row;
        b = b == NULL ? NULL : b + x->row;
    }
}

INLINE void load_pixels(const uint8_t *x, size_t next, const struct kind kind)
{
    amx_load_pixels(x, KERNEL_TILE_PIXEL, next, kind.is_pair);
}

/* sums += one tap of 32 channels: low by high, high by high, high by low. */
INLINE void tap(const uint8_t *x, size_t next, const uint8_t *w,
                const struct kind kind)
{
    amx_load_weights(w);
    load_pixels(x + AMX_ROW, next, kind);
    AMX_DOTS("tdpbf16ps", kind.is_pair);
    load_pixels(x, next, kind);
    AMX_DOTS("tdpbf16ps", kind.is_pair);
    if (kind.has_low) {
        amx_load_weights(w + STEP);
        AMX_DOTS("tdpbf16ps", kind.is_pair);
    }
}

INLINE void add_up(const struct tiling *tiling, const uint8_t *x, size_t next,
                   const uint8_t *w, const struct kind kind, float *sums)
{
    const struct conv_tiles *job = tiling->job;
    int stride = job->stride;

    amx_zero();
    for (int d = 0; d < tiling->depths; d++) {
        for (int ky = 0; ky < job->kernel_h; ky++) {
            for (int kx = 0; kx < job->kernel_w; kx++) {
                int plane = (d * stride + ky % stride) * stride + kx % stride;
                int pixel = ky / stride * tiling->tiles.columns + kx / stride;

                tap(x + (size_t)plane * tiling->plane +
                        (size_t)pixel * KERNEL_TILE_PIXEL,
                    next, w, kind);
                w += tiling->tap;
            }
        }
    }
    amx_store(sums);
}

/* `n` sums in one row of y, of one block. */
INLINE void finish_row(const struct finish *finish, int block, int n,
                       const float *residual, const float *sums, float *y)
{
    for (int i = 0; i < n * KERNEL_BLOCK; i += KERNEL_BLOCK) {
        finish_vec(finish, (size_t)block * KERNEL_BLOCK,
                   residual == NULL ? NULL : residual + i, y + i,
                   load(sums + i));
    }
}

/* Pixel (row, column) of a block. */
INLINE float *pixel_of(const struct map *map, int image, int block, int row,
                       int column)
{
    return map->data + (size_t)image * map->image + (size_t)block * map->plane +
           (size_t)row * map->row + (size_t)column * KERNEL_BLOCK;
}

/* The sums of one tile and block to pixels of y. */
static void finish(const struct tiling *tiling, int image, int tile, int block,
                   const float *sums)
{
    const struct conv_tiles *job = tiling->job;
    const struct map *residual = &job->residual;
    bool has_residual =
        residual->data != NULL && block < kernel_blocks(residual->c);
    struct amx_span span;
    int at = 0;

    while (amx_next(&tiling->tiles, tile, &at, &span)) {
        const float *from = sums + (ptrdiff_t)span.sum * KERNEL_BLOCK;
        float *y = pixel_of(&job->y, image, block, span.row, span.column);

        if (has_residual) {
            finish_row(&job->finish, block, span.n,
                       pixel_of(residual, image, block, span.row, span.column),
                       from, y);
        } else {
            finish_row(&job->finish, block, span.n, NULL, from, y);
        }
    }
}

/*
 * Tiles [tile, tile + n) of one image, n being 1 or 2, of the pair of blocks
 * from `block` on.
 */
static void conv_pair(const struct tiling *tiling, int image, int tile, int n,
                      int block)
{
    const struct conv_tiles *job = tiling->job;
    int blocks = least(AMX_PAIR, kernel_blocks(job->y.c) - block);
    int first = amx_first(&tiling->tiles, tile);
    size_t next = (size_t)(amx_first(&tiling->tiles, tile + n - 1) - first) *
                  KERNEL_TILE_PIXEL;
    const uint8_t *x = (const uint8_t *)job->work +
                       (size_t)image * tiling->image +
                       (size_t)first * KERNEL_TILE_PIXEL;
    const uint8_t *w = (const uint8_t *)job->weight +
                       (size_t)(block / AMX_PAIR) * tiling->weights;
    float sums[AMX_PAIR * AMX_PAIR * AMX_SUMS] __attribute__((aligned(64)));

    if (job->has_low && n == AMX_PAIR) {
        add_up(tiling, x, next, w, (struct kind){true, true}, sums);
    } else if (job->has_low) {
        add_up(tiling, x, next, w, (struct kind){false, true}, sums);
    } else if (n == AMX_PAIR) {
        add_up(tiling, x, next, w, (struct kind){true, false}, sums);
    } else {
        add_up(tiling, x, next, w, (struct kind){false, false}, sums);
    }
    for (int i = 0; i < n * AMX_PAIR; i++) {
        if (i % AMX_PAIR < blocks) {
            finish(tiling, image, tile + i / AMX_PAIR, block + i % AMX_PAIR,
                   sums + (ptrdiff_t)i * AMX_SUMS);
        }
    }
}

void kernel_amx_float(const struct conv_tiles *job)
{
    struct tiling tiling = tiling_of(job);
    size_t planes = tiling.plane * (size_t)(job->stride * job->stride);
    int n = tiling.tiles.count;

    for (int image = 0; image < job->y.images; image++) {
        for (int d = 0; d < tiling.depths; d++) {
            split(&tiling, image, d,
                  (uint8_t *)job->work + (size_t)image * tiling.image +
                      (size_t)d * planes);
        }
    }
    amx_begin(tiling.tiles.rows, AMX_ROW);
    for (int block = 0; block < kernel_blocks(job->y.c); block += AMX_PAIR) {
        for (int image = 0; image < job->y.images; image++) {
            for (int tile = 0; tile < n; tile += AMX_PAIR) {
                conv_pair(&tiling, image, tile, least(AMX_PAIR, n - tile),
                          block);
            }
        }
    }
    amx_end();
}

#else
/* Nothing to build for this processor family. */
typedef int kernel_amx_float_unused;
#endif
