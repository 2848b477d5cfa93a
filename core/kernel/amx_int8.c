// SPDX-License-Identifier: MIT
/*
 * Convolution of bytes on AMX's tiles: the weights' order, 4 channels of 16
 * outputs in 64 bytes, is that of a tile, and so are the pixels of a map.
 */
#if defined(__x86_64__)
#if !defined(__AVX512F__)
#error "this file needs -mavx512f"
#endif
#include "core/kernel/amx.h"
#include "core/kernel/int8_finish.h"
#include "core/kernel/kernel_amx.h"
#include "core/kernel/kernel_vec.h"

enum { QUAD = 4 }; /* channels of a row of weights */

/* What the loops ask for again and again. */
struct tiling {
    const struct conv_int8 *job;
    struct amx_tiles tiles;
    int bytes;     /* of a pixel that are channels */
    size_t step;   /* of x between neighbouring outputs, bytes */
    size_t weight; /* bytes of a tap's weights, of one block */
};

/* sums += one tap of a block of channels. */
INLINE void tap(const uint8_t *x, size_t step, size_t next, const int8_t *w,
                size_t other, const bool is_pair)
{
    AMX_LOAD(AMX_W, w, AMX_ROW);
    AMX_LOAD(AMX_X, x, step);
    AMX_DOT("tdpbusd", 0, AMX_X, AMX_W);
    AMX_LOAD(AMX_W + 1, w + other, AMX_ROW);
    AMX_DOT("tdpbusd", 1, AMX_X, AMX_W + 1);
    if (is_pair) {
        AMX_LOAD(AMX_X + 1, x + next, step);
        AMX_DOT("tdpbusd", 2, AMX_X + 1, AMX_W);
        AMX_DOT("tdpbusd", 3, AMX_X + 1, AMX_W + 1);
    }
}

INLINE void add_up(const struct tiling *tiling, const uint8_t *x, size_t next,
                   int block, const bool is_pair, int32_t *sums)
{
    const struct conv_int8 *job = tiling->job;
    const int32_t *bias = job->bias + (ptrdiff_t)block * KERNEL_BLOCK;
    const int8_t *w = job->weight + (size_t)block * job->weight_block;

    /* One row for all pixels. */
    AMX_LOAD(0, bias, 0);
    AMX_LOAD(1, bias + KERNEL_BLOCK, 0);
    AMX_LOAD(2, bias, 0);
    AMX_LOAD(3, bias + KERNEL_BLOCK, 0);
    for (int b = 0; b < job->x.blocks; b++, x += job->x.plane) {
        for (int ky = 0; ky < job->kernel_h; ky++) {
            for (int kx = 0; kx < job->kernel_w; kx++) {
                tap(x + (size_t)ky * job->x.row + (size_t)(kx * job->x.pixel),
                    tiling->step, next, w, job->weight_block, is_pair);
                w += tiling->weight;
            }
        }
    }
    amx_store(sums);
}

/* The sums of one tile and block to pixels of y. */
static void finish(const struct tiling *tiling, int image, int tile, int block,
                   const int32_t *sums)
{
    const struct conv_int8 *job = tiling->job;
    bool has_residual = block < job->residual_blocks;
    int channel = block * KERNEL_BLOCK;
    struct amx_span span;
    int at = 0;

    while (amx_next(&tiling->tiles, tile, &at, &span)) {
        struct int8_line line = int8_line(job, image * job->h + span.row);
        const ints *from =
            (const ints *)(sums + (ptrdiff_t)span.sum * KERNEL_BLOCK);

        if (job->is_float) {
            int8_finish(job, &line, channel, span.column, span.n, from, 1,
                        has_residual, true);
        } else if (has_residual) {
            int8_finish(job, &line, channel, span.column, span.n, from, 1, true,
                        false);
        } else {
            int8_finish(job, &line, channel, span.column, span.n, from, 1,
                        false, false);
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
    const struct conv_int8 *job = tiling->job;
    int blocks = least(AMX_PAIR, job->y_blocks - block);
    int first = amx_first(&tiling->tiles, tile);
    size_t next = (size_t)(amx_first(&tiling->tiles, tile + n - 1) - first) *
                  tiling->step;
    const uint8_t *x = job->x.data + (size_t)image * job->x.image +
                       (size_t)first * tiling->step;
    int32_t sums[AMX_PAIR * AMX_PAIR * AMX_SUMS] __attribute__((aligned(64)));

    if (n == AMX_PAIR) {
        add_up(tiling, x, next, block, true, sums);
    } else {
        add_up(tiling, x, next, block, false, sums);
    }
    for (int i = 0; i < n * AMX_PAIR; i++) {
        if (i % AMX_PAIR < blocks) {
            finish(tiling, image, tile + i / AMX_PAIR, block + i % AMX_PAIR,
                   sums + (ptrdiff_t)i * AMX_SUMS);
        }
    }
}

bool kernel_amx_serves(const struct conv_int8 *job)
{
    return job->x.blocks == 1 || job->quads * QUAD == job->x.pixel;
}

void kernel_amx_int8(const struct conv_int8 *job)
{
    struct tiling tiling = {
        .job = job,
        .tiles =
            amx_tiles(job->h, job->w, (int)(job->x.row / (size_t)job->x.pixel)),
        .bytes = job->quads * QUAD,
        .step = (size_t)(job->stride * job->x.pixel),
        .weight = (size_t)job->quads * AMX_ROW,
    };
    int n = tiling.tiles.count;

    amx_begin(tiling.tiles.rows, tiling.bytes);
    for (int block = 0; block < job->y_blocks; block += AMX_PAIR) {
        for (int image = 0; image < job->images; image++) {
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
typedef int kernel_amx_int8_unused;
#endif
