// SPDX-License-Identifier: MIT
/*
 * maps.h - what a graph does to values besides convolving them, block by block.
 */
#ifndef AHA_KERNEL_MAPS_H
#define AHA_KERNEL_MAPS_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/kernel/kernel_vec.h"

static inline void block(const float *x, const struct map *y)
{
    size_t plane = (size_t)y->h * (size_t)y->w;

    for (int c = 0; c < y->c; c += KERNEL_BLOCK) {
        int n = least(KERNEL_BLOCK, y->c - c);
        const float *from = x + (size_t)c * plane;

        for (int r = 0; r < y->h; r++, from += y->w) {
            float *to = y->data + (size_t)(c / KERNEL_BLOCK) * y->plane +
                        (size_t)r * y->row;

            for (int i = 0; i < y->w; i++, to += KERNEL_BLOCK) {
                for (int k = 0; k < KERNEL_BLOCK; k++) {
                    to[k] = k < n ? from[(size_t)k * plane + (size_t)i] : 0.0F;
                }
            }
        }
    }
}

static inline void add(const float *a, const float *b, size_t n,
                       const float *slope, float *y)
{
    for (size_t i = 0; i < n * KERNEL_BLOCK; i += VEC) {
        vec v = load(a + i);

        if (b != NULL) {
            v += load(b + i);
        }
        store(y + i, bend(v, load(slope + i % KERNEL_BLOCK)));
    }
}

/* The part of a window that lies inside the input. */
struct overlap {
    int top, bottom, left, right;
};

static inline struct overlap overlap(const struct window *window, int row,
                                     int column)
{
    int top = row * window->stride - window->pad_top;
    int left = column * window->stride - window->pad_left;

    return (struct overlap){
        .top = most(top, 0),
        .bottom = least(top + window->kernel_h, window->in_h),
        .left = most(left, 0),
        .right = least(left + window->kernel_w, window->in_w),
    };
}

INLINE vec max_of(const float *x, const struct window *window,
                  struct overlap in)
{
    vec value = (vec){0} - INFINITY;

    for (int i = in.top; i < in.bottom; i++) {
        for (int j = in.left; j < in.right; j++) {
            value = larger(
                load(x + (size_t)i * window->in_row + j * KERNEL_BLOCK), value);
        }
    }
    return value;
}

INLINE vec mean_of(const float *x, const struct window *window,
                   struct overlap in)
{
    float n = (float)((in.bottom - in.top) * (in.right - in.left));
    vec total = {0};

    for (int i = in.top; i < in.bottom; i++) {
        for (int j = in.left; j < in.right; j++) {
            total += load(x + (size_t)i * window->in_row + j * KERNEL_BLOCK);
        }
    }
    return total / n;
}

INLINE void pool(const float *x, const struct window *window, float *y,
                 const bool is_max)
{
    for (int r = 0; r < window->out_h; r++) {
        float *to = y + (size_t)r * window->out_row;

        for (int c = 0; c < window->out_w; c++, to += KERNEL_BLOCK) {
            struct overlap in = overlap(window, r, c);

            for (int v = 0; v < KERNEL_BLOCK; v += VEC) {
                store(to + v, is_max ? max_of(x + v, window, in)
                                     : mean_of(x + v, window, in));
            }
        }
    }
}

static inline void max_pool(const float *x, const struct window *window,
                            float *y)
{
    pool(x, window, y, true);
}

static inline void avg_pool(const float *x, const struct window *window,
                            float *y)
{
    pool(x, window, y, false);
}

static inline void upsample2(const float *x, const struct window *window,
                             float *y)
{
    int h = window->in_h;
    int w = window->in_w;

    for (int r = 0; r < 2 * h; r++) {
        int above = most((r - 1) / 2 - (r == 0), 0);
        int below = least(r == 0 ? 0 : (r + 1) / 2, h - 1);
        float lower = r % 2 == 0 ? .75F : .25F; /* weight of `below` */
        const float *a = x + (size_t)above * window->in_row;
        const float *b = x + (size_t)below * window->in_row;
        float *to = y + (size_t)r * window->out_row;

        for (int v = 0; v < KERNEL_BLOCK; v += VEC) {
            vec here = load(a + v) + lower * (load(b + v) - load(a + v));
            vec left = here;

            for (int c = 0; c < w; c++) {
                int after = least(c + 1, w - 1) * KERNEL_BLOCK + v;
                vec right = load(a + after) +
                            lower * (load(b + after) - load(a + after));

                store(to + 2 * c * KERNEL_BLOCK + v, .25F * left + .75F * here);
                store(to + (2 * c + 1) * KERNEL_BLOCK + v,
                      .75F * here + .25F * right);
                left = here;
                here = right;
            }
        }
    }
}

static inline void channel_mean_max(const float *x, int channels, size_t plane,
                                    size_t n, float *mean, float *max)
{
    for (size_t i = 0; i < n; i++, x += KERNEL_BLOCK) {
        float total = 0.0F;
        float top = x[0];

        for (int c = 0; c < channels; c++) {
            float v = x[(size_t)(c / KERNEL_BLOCK) * plane +
                        (size_t)(c % KERNEL_BLOCK)];

            total += v;
            top = v > top ? v : top;
        }
        mean[i] = total / (float)channels;
        max[i] = top;
    }
}

static inline void multiply_map(const float *x, const float *map, size_t n,
                                float *y)
{
    for (size_t i = 0; i < n * KERNEL_BLOCK; i += VEC) {
        store(y + i, load(x + i) * map[i / KERNEL_BLOCK]);
    }
}

static inline void sum(const float *x, size_t n, float *sums)
{
    for (int v = 0; v < KERNEL_BLOCK; v += VEC) {
        vec total = load(sums + v);

        for (size_t i = 0; i < n; i++) {
            total += load(x + i * KERNEL_BLOCK + (size_t)v);
        }
        store(sums + v, total);
    }
}

#endif
