// SPDX-License-Identifier: MIT
/*
 * conv_direct.h - dense and depthwise convolution without a copy of the input:
 * a tile of output pixels by output channels is summed in registers, each
 * weight vector loaded once for the tile, each input value broadcast.
 */
#ifndef AHA_KERNEL_CONV_DIRECT_H
#define AHA_KERNEL_CONV_DIRECT_H

#include <stddef.h>

#include "core/kernel/kernel_vec.h"

/* Bias, residual and activation of vector v of block b, then the store. */
INLINE void finish_vec(const struct finish *finish, size_t channel,
                       const float *residual, float *y, vec sum)
{
    if (finish->bias != NULL) {
        sum += load(finish->bias + channel);
        if (residual != NULL) {
            sum += load(residual);
        }
        sum = bend(sum, load(finish->slope + channel));
    }
    store(y, sum);
}

/*
 * sums += weight * x over `inner` neighbouring channels of one tap. `pixels`,
 * `blocks` and `step` are constants in every copy of this.
 */
INLINE void conv_tap(const struct conv_row *row, const float *x, const float *w,
                     int inner, const int pixels, const int blocks,
                     const int step, vec *sums)
{
    const int n_vecs = blocks * BLOCK_VECS;

    for (int i = 0; i < inner; i++) {
        vec weights[TILE_BLOCKS * BLOCK_VECS];

        UNROLL for (int v = 0; v < n_vecs; v++)
        {
            weights[v] = load(w + v / BLOCK_VECS * row->weight_block +
                              v % BLOCK_VECS * VEC);
        }
        UNROLL for (int p = 0; p < pixels; p++)
        {
            UNROLL for (int v = 0; v < n_vecs; v++)
            {
                sums[p * n_vecs + v] += weights[v] * x[p * step];
            }
        }
        x++;
        w += KERNEL_BLOCK;
    }
}

/* The sums of one block, `apart` vectors from pixel to pixel. */
INLINE void conv_finish(const struct conv_row *row, int block, int from,
                        const int pixels, const vec *sums, const int apart)
{
    size_t at = (size_t)from * KERNEL_BLOCK;
    const float *residual =
        row->residual == NULL || block >= row->residual_blocks
            ? NULL
            : row->residual + (size_t)block * row->residual_block + at;
    float *y = row->y + (size_t)block * row->y_block + at;

    UNROLL for (int i = 0; i < pixels * BLOCK_VECS; i++)
    {
        finish_vec(&row->finish,
                   (size_t)block * KERNEL_BLOCK + (size_t)i % BLOCK_VECS * VEC,
                   residual == NULL ? NULL : residual + i * VEC, y + i * VEC,
                   sums[i / BLOCK_VECS * apart + i % BLOCK_VECS]);
    }
}

INLINE void conv_tile(const struct conv_row *row, int block, int from,
                      const int pixels, const int blocks, const int step)
{
    const int n_vecs = blocks * BLOCK_VECS;
    vec sums[TILE * TILE_BLOCKS * BLOCK_VECS];
    const float *w = row->weight + (size_t)block * row->weight_block;
    const float *x = row->x + (size_t)from * (size_t)step;

    UNROLL for (int i = 0; i < pixels * n_vecs; i++)
    {
        sums[i] = (vec){0};
    }
    for (int o = 0; o < row->outer; o++, x += row->outer_step) {
        int inner = o + 1 < row->outer ? row->inner : row->last_inner;

        for (int ky = 0; ky < row->tap_rows; ky++) {
            const float *line = x + (size_t)ky * row->tap_row_step;

            for (int kx = 0; kx < row->tap_columns; kx++) {
                conv_tap(row, line + kx * row->tap_column_step, w, inner,
                         pixels, blocks, step, sums);
                w += inner * KERNEL_BLOCK;
            }
        }
    }
    UNROLL for (int b = 0; b < blocks; b++)
    {
        conv_finish(row, block + b, from, pixels, sums + b * BLOCK_VECS,
                    n_vecs);
    }
}

#define CONV_CASE(pixels)                                                      \
    case pixels:                                                               \
        if (pixels <= TILE) {                                                  \
            conv_tile(row, block, from, pixels, blocks, step);                 \
        }                                                                      \
        break

/* Nearly equal tiles, since a tile of few pixels is no faster. */
INLINE void conv_pixels(const struct conv_row *row, int block, const int blocks,
                        const int step)
{
    int n_tiles = (row->n + TILE - 1) / TILE;

    for (int i = 0, from = 0; i < n_tiles; i++) {
        int pixels = (row->n - from) / (n_tiles - i);

        switch (pixels) {
            CONV_CASE(1);
            CONV_CASE(2);
            CONV_CASE(3);
            CONV_CASE(4);
            CONV_CASE(5);
            CONV_CASE(6);
            CONV_CASE(7);
            CONV_CASE(8);
            CONV_CASE(9);
            CONV_CASE(10);
            CONV_CASE(11);
            CONV_CASE(12);
            CONV_CASE(13);
            CONV_CASE(14);
        }
        from += pixels;
    }
}

#define CONV_COPY(name, blocks, step)                                          \
    static inline void name(const struct conv_row *row, int block)             \
    {                                                                          \
        conv_pixels(row, block, blocks, step);                                 \
    }

CONV_COPY(conv_one_plain, 1, 1)
CONV_COPY(conv_one_plain2, 1, 2)
CONV_COPY(conv_one, 1, KERNEL_BLOCK)
CONV_COPY(conv_one2, 1, 2 * KERNEL_BLOCK)
CONV_COPY(conv_most_plain, TILE_BLOCKS, 1)
CONV_COPY(conv_most_plain2, TILE_BLOCKS, 2)
CONV_COPY(conv_most, TILE_BLOCKS, KERNEL_BLOCK)
CONV_COPY(conv_most2, TILE_BLOCKS, 2 * KERNEL_BLOCK)

static inline void conv_row(const struct conv_row *row)
{
    static void (*const one[])(const struct conv_row *, int) = {
        conv_one_plain, conv_one_plain2, conv_one, conv_one2};
    static void (*const most[])(const struct conv_row *, int) = {
        conv_most_plain, conv_most_plain2, conv_most, conv_most2};
    int kind = row->pixel_step < KERNEL_BLOCK
                   ? row->pixel_step - 1
                   : 1 + row->pixel_step / KERNEL_BLOCK;
    int block = 0;

    for (; block + TILE_BLOCKS <= row->blocks; block += TILE_BLOCKS) {
        most[kind](row, block);
    }
    for (; block < row->blocks; block++) {
        one[kind](row, block);
    }
}

/* Kernels of any width: every value is loaded for every tap. */
INLINE void depthwise_any(const struct depthwise_row *row, int from,
                          const int pixels, const int stride, int v)
{
    vec sums[DEPTHWISE_TILE];
    const float *w = row->weight + v;
    const float *x = row->x + from * stride * KERNEL_BLOCK + v;
    float *y = row->y + from * KERNEL_BLOCK + v;

    UNROLL for (int i = 0; i < pixels; i++)
    {
        sums[i] = (vec){0};
    }
    for (int ky = 0; ky < row->kernel_h; ky++, x += row->x_row) {
        for (int kx = 0; kx < row->kernel_w; kx++, w += KERNEL_BLOCK) {
            UNROLL for (int i = 0; i < pixels; i++)
            {
                sums[i] += load(w) * load(x + (i * stride + kx) * KERNEL_BLOCK);
            }
        }
    }
    UNROLL for (int i = 0; i < pixels; i++)
    {
        finish_vec(&row->finish, (size_t)v, NULL, y + i * KERNEL_BLOCK,
                   sums[i]);
    }
}

/* Kernels of width 3: a line is loaded once for its three taps. */
INLINE void depthwise_3(const struct depthwise_row *row, int from,
                        const int pixels, const int stride, int v)
{
    const int columns = (pixels - 1) * stride + 3;
    vec sums[DEPTHWISE_TILE];
    vec line[2 * DEPTHWISE_TILE + 1];
    const float *w = row->weight + v;
    const float *x = row->x + from * stride * KERNEL_BLOCK + v;
    float *y = row->y + from * KERNEL_BLOCK + v;

    UNROLL for (int i = 0; i < pixels; i++)
    {
        sums[i] = (vec){0};
    }
    for (int ky = 0; ky < row->kernel_h; ky++, x += row->x_row) {
        UNROLL for (int i = 0; i < columns; i++)
        {
            line[i] = load(x + i * KERNEL_BLOCK);
        }
        UNROLL for (int kx = 0; kx < 3; kx++)
        {
            vec weight = load(w + kx * KERNEL_BLOCK);

            UNROLL for (int i = 0; i < pixels; i++)
            {
                sums[i] += weight * line[i * stride + kx];
            }
        }
        w += 3 * KERNEL_BLOCK;
    }
    UNROLL for (int i = 0; i < pixels; i++)
    {
        finish_vec(&row->finish, (size_t)v, NULL, y + i * KERNEL_BLOCK,
                   sums[i]);
    }
}

INLINE void depthwise_tile(const struct depthwise_row *row, int from,
                           const int pixels, const int stride)
{
    for (int v = 0; v < KERNEL_BLOCK; v += VEC) {
        if (row->kernel_w == 3) {
            depthwise_3(row, from, pixels, stride, v);
        } else {
            depthwise_any(row, from, pixels, stride, v);
        }
    }
}

INLINE void depthwise_pixels(const struct depthwise_row *row, const int stride)
{
    const int tile = DEPTHWISE_TILE / stride;
    int from = 0;

    for (; from + tile <= row->n; from += tile) {
        depthwise_tile(row, from, tile, stride);
    }
    for (; from + tile / 2 <= row->n; from += tile / 2) {
        depthwise_tile(row, from, tile / 2, stride);
    }
    for (; from < row->n; from++) {
        depthwise_tile(row, from, 1, stride);
    }
}

static inline void depthwise_row(const struct depthwise_row *row)
{
    if (row->stride == 1) {
        depthwise_pixels(row, 1);
    } else {
        depthwise_pixels(row, 2);
    }
}

#endif
