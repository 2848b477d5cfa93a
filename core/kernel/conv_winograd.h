// SPDX-License-Identifier: MIT
/*
 * conv_winograd.h - Winograd's minimal filtering, F(2 x 2, 3 x 3) and
 * F(4 x 4, 3 x 3) (Lavin and Gray, 2015): Y = A^T [(G g G^T) . (B^T d B)] A.
 *
 * The tiles of all images are taken together, `tiles` at once: transformed into
 * V [(size + 2)^2][block][tile][16]; then, for as many output blocks as a
 * register tile holds, multiplied into M [(size + 2)^2][block][tile][16] and
 * transformed back into pixels.
 */
#ifndef AHA_KERNEL_CONV_WINOGRAD_H
#define AHA_KERNEL_CONV_WINOGRAD_H

#include <stddef.h>
#include <string.h>

#include "core/kernel/conv_direct.h"
#include "core/kernel/kernel_vec.h"

enum { WINO_MAX = 6 }; /* side of the largest input tile */

#define WINO_A  ((float)WINOGRAD_A)
#define WINO_B  ((float)WINOGRAD_B)
#define WINO_A2 ((float)(WINOGRAD_A * WINOGRAD_A))
#define WINO_B2 ((float)(WINOGRAD_B * WINOGRAD_B))

/* One tile among all images'. */
struct wino_tile {
    int image, y, x; /* of its first output pixel */
};

INLINE struct wino_tile wino_tile_at(const struct winograd *job, int index)
{
    int columns = (job->y.w + job->size - 1) / job->size;
    int rows = (job->y.h + job->size - 1) / job->size;

    return (struct wino_tile){
        .image = index / (rows * columns),
        .y = index / columns % rows * job->size,
        .x = index % columns * job->size,
    };
}

/* One line of B^T d: d and out are `from` and `to` floats apart. */
INLINE void wino_forward(const int size, const float *d, size_t from,
                         float *out, size_t to)
{
    vec d0 = load(d);
    vec d1 = load(d + from);
    vec d2 = load(d + 2 * from);
    vec d3 = load(d + 3 * from);

    if (size == 2) {
        store(out, d0 - d2);
        store(out + to, d1 + d2);
        store(out + 2 * to, d2 - d1);
        store(out + 3 * to, d1 - d3);
    } else {
        vec d4 = load(d + 4 * from);
        vec d5 = load(d + 5 * from);
        vec even = d4 - WINO_B2 * d2;
        vec odd = WINO_A * (d3 - WINO_B2 * d1);
        vec even2 = d4 - WINO_A2 * d2;
        vec odd2 = WINO_B * (d3 - WINO_A2 * d1);

        store(out, WINO_A2 * WINO_B2 * d0 + (d4 - (WINO_A2 + WINO_B2) * d2));
        store(out + to, even + odd);
        store(out + 2 * to, even - odd);
        store(out + 3 * to, even2 + odd2);
        store(out + 4 * to, even2 - odd2);
        store(out + 5 * to,
              WINO_A2 * WINO_B2 * d1 + (d5 - (WINO_A2 + WINO_B2) * d3));
    }
}

/* One line of A^T m. */
INLINE void wino_back(const int size, const float *m, size_t from, vec *out)
{
    vec m0 = load(m);
    vec m1 = load(m + from);
    vec m2 = load(m + 2 * from);
    vec m3 = load(m + 3 * from);
    vec sum = m1 + m2;
    vec difference = m1 - m2;

    if (size == 2) {
        out[0] = m0 + sum;
        out[1] = difference - m3;
    } else {
        vec m4 = load(m + 4 * from);
        vec m5 = load(m + 5 * from);
        vec sum2 = m3 + m4;
        vec difference2 = m3 - m4;

        out[0] = m0 + sum + sum2;
        out[1] = WINO_A * difference + WINO_B * difference2;
        out[2] = WINO_A2 * sum + WINO_B2 * sum2;
        out[3] =
            WINO_A * WINO_A2 * difference + WINO_B * WINO_B2 * difference2 + m5;
    }
}

/* The part of an input tile that x has, zeros around it. */
static inline void wino_edge(const struct winograd *job, const float *x,
                             int rows, int columns, float *tile)
{
    memset(tile, 0, WINO_MAX * WINO_MAX * KERNEL_BLOCK * sizeof *tile);
    for (int r = 0; r < rows; r++) {
        memcpy(tile + r * WINO_MAX * KERNEL_BLOCK, x + (size_t)r * job->x.row,
               (size_t)columns * KERNEL_BLOCK * sizeof *tile);
    }
}

/* One block of one tile, `at` its place in V, `apart` between products. */
INLINE void wino_in(const struct winograd *job, const int size,
                    struct wino_tile tile, int block, float *at, size_t apart)
{
    const int side = size + 2;
    float edge[WINO_MAX * WINO_MAX * KERNEL_BLOCK] __attribute__((aligned(64)));
    float half[WINO_MAX * WINO_MAX * VEC] __attribute__((aligned(64)));
    int rows = job->x.h + job->pad_top + job->pad_bottom - tile.y;
    int columns = job->x.w + job->pad_left + job->pad_right - tile.x;
    size_t row = job->x.row;
    const float *x = job->x.data + (size_t)tile.image * job->x.image +
                     (size_t)block * job->x.plane +
                     (ptrdiff_t)(tile.y - job->pad_top) * (ptrdiff_t)row +
                     (ptrdiff_t)(tile.x - job->pad_left) * KERNEL_BLOCK;

    if (rows < side || columns < side) {
        wino_edge(job, x, least(rows, side), least(columns, side), edge);
        x = edge;
        row = WINO_MAX * KERNEL_BLOCK;
    }
    for (int v = 0; v < KERNEL_BLOCK; v += VEC) {
        UNROLL for (int j = 0; j < side; j++)
        {
            wino_forward(size, x + v + j * KERNEL_BLOCK, row, half + j * VEC,
                         (size_t)side * VEC);
        }
        UNROLL for (int i = 0; i < side; i++)
        {
            wino_forward(size, half + i * side * VEC, VEC,
                         at + v + (size_t)(i * side) * apart, apart);
        }
    }
}

/* One block of one tile from its place in M to pixels of y. */
INLINE void wino_out(const struct winograd *job, const int size,
                     struct wino_tile tile, int block, const float *at,
                     size_t apart)
{
    const int side = size + 2;
    float half[WINO_MAX * WINO_MAX * VEC] __attribute__((aligned(64)));
    int rows = least(job->y.h - tile.y, size);
    int columns = least(job->y.w - tile.x, size);
    size_t in_plane = (size_t)tile.x * KERNEL_BLOCK;
    float *y = job->y.data + (size_t)tile.image * job->y.image +
               (size_t)block * job->y.plane + (size_t)tile.y * job->y.row +
               in_plane;
    const float *residual =
        job->residual.data == NULL || block >= kernel_blocks(job->residual.c)
            ? NULL
            : job->residual.data + (size_t)tile.image * job->residual.image +
                  (size_t)block * job->residual.plane +
                  (size_t)tile.y * job->residual.row + in_plane;

    for (int v = 0; v < KERNEL_BLOCK; v += VEC) {
        vec line[4];

        UNROLL for (int j = 0; j < side; j++)
        {
            wino_back(size, at + v + (size_t)j * apart, (size_t)side * apart,
                      line);
            UNROLL for (int i = 0; i < size; i++)
            {
                store(half + (i * side + j) * VEC, line[i]);
            }
        }
        for (int i = 0; i < rows; i++) {
            wino_back(size, half + i * side * VEC, VEC, line);
            for (int j = 0; j < columns; j++) {
                finish_vec(
                    &job->finish, (size_t)block * KERNEL_BLOCK + (size_t)v,
                    residual == NULL
                        ? NULL
                        : residual + (size_t)i * job->residual.row +
                              (size_t)(j * KERNEL_BLOCK + v),
                    y + (size_t)i * job->y.row + (size_t)(j * KERNEL_BLOCK + v),
                    line[j]);
            }
        }
    }
}

/* Tiles [first, first + n) of all output blocks. */
INLINE void wino_tiles(const struct winograd *job, const int size, int first,
                       int n)
{
    const int products = (size + 2) * (size + 2);
    int x_blocks = kernel_blocks(job->x.c);
    int y_blocks = kernel_blocks(job->y.c);
    size_t plane = (size_t)job->tiles * KERNEL_BLOCK;
    size_t weights = (size_t)job->x.c * KERNEL_BLOCK;
    float *m = job->work + (size_t)(products * x_blocks) * plane;

    for (int t = 0; t < n; t++) {
        struct wino_tile tile = wino_tile_at(job, first + t);

        for (int b = 0; b < x_blocks; b++) {
            wino_in(job, size, tile, b,
                    job->work + (size_t)b * plane + (size_t)t * KERNEL_BLOCK,
                    (size_t)x_blocks * plane);
        }
    }
    for (int block = 0; block < y_blocks; block += TILE_BLOCKS) {
        int blocks = least(TILE_BLOCKS, y_blocks - block);

        for (int k = 0; k < products; k++) {
            conv_row(&(struct conv_row){
                .x = job->work + (size_t)(k * x_blocks) * plane,
                .n = n,
                .pixel_step = KERNEL_BLOCK,
                .outer = x_blocks,
                .tap_rows = 1,
                .tap_columns = 1,
                .inner = KERNEL_BLOCK,
                .last_inner = job->x.c - (x_blocks - 1) * KERNEL_BLOCK,
                .outer_step = plane,
                .weight =
                    job->weight +
                    ((size_t)block * (size_t)products + (size_t)k) * weights,
                .weight_block = (size_t)products * weights,
                .y = m + (size_t)(k * TILE_BLOCKS) * plane,
                .y_block = plane,
                .blocks = blocks,
            });
        }
        for (int b = 0; b < blocks; b++) {
            for (int t = 0; t < n; t++) {
                wino_out(job, size, wino_tile_at(job, first + t), block + b,
                         m + (size_t)b * plane + (size_t)t * KERNEL_BLOCK,
                         TILE_BLOCKS * plane);
            }
        }
    }
}

static inline void winograd2(const struct winograd *job, int first, int n)
{
    wino_tiles(job, 2, first, n);
}

static inline void winograd4(const struct winograd *job, int first, int n)
{
    wino_tiles(job, 4, first, n);
}

static inline void winograd(const struct winograd *job)
{
    int columns = (job->y.w + job->size - 1) / job->size;
    int rows = (job->y.h + job->size - 1) / job->size;
    int n = job->y.images * rows * columns;

    for (int first = 0; first < n; first += job->tiles) {
        (job->size == 2 ? winograd2 : winograd4)(job, first,
                                                 least(job->tiles, n - first));
    }
}

#endif
