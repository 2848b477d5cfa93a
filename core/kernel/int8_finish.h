// SPDX-License-Identifier: MIT
/*
 * int8_finish.h - from the sums of a convolution of bytes to its result.
 */
#ifndef AHA_KERNEL_INT8_FINISH_H
#define AHA_KERNEL_INT8_FINISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/kernel/int8.h"

/* Where a channel lies in a map of bytes. */
INLINE size_t int8_lane(const struct int8_map *map, int channel)
{
    return (size_t)(channel / map->pixel) * map->plane +
           (size_t)(channel % map->pixel);
}

/* One line of output pixels: the first pixel of each map. */
struct int8_line {
    const uint8_t *x; /* at the first tap */
    const uint8_t *residual;
    uint8_t *y;
};

INLINE struct int8_line int8_line(const struct conv_int8 *job, int index)
{
    size_t image = (size_t)(index / job->h);
    size_t row = (size_t)(index % job->h);
    const struct int8_map *x = &job->x;
    const struct int8_map *y = &job->y;
    const struct int8_map *residual = &job->residual;

    return (struct int8_line){
        .x = x->data + image * x->image + row * (size_t)job->stride * x->row,
        .residual = residual->data == NULL
                        ? NULL
                        : residual->data + image * residual->image +
                              row * residual->row,
        .y = y->data + image * y->image + row * y->row,
    };
}

/*
 * What becomes of one vector of sums at each pixel of a line: those of channels
 * [channel, channel + VEC), `apart` vectors from pixel to pixel.
 */
INLINE void int8_finish(const struct conv_int8 *job,
                        const struct int8_line *line, int channel, int from,
                        int columns, const ints *sums, const int apart,
                        const bool has_residual, const bool is_float)
{
    const struct int8_map *map = &job->residual;
    int y_pixel = is_float ? (int)sizeof(float) * KERNEL_BLOCK : job->y.pixel;
    vec multiplier = load(job->multiplier + channel);
    const uint8_t *residual = NULL;
    uint8_t *y = line->y + (ptrdiff_t)from * y_pixel;

    if (has_residual) {
        residual = line->residual + int8_lane(map, channel) +
                   (ptrdiff_t)from * map->pixel;
    }
    y += is_float ? (size_t)(channel / KERNEL_BLOCK) * job->y.plane +
                        (size_t)(channel % KERNEL_BLOCK) * sizeof(float)
                  : int8_lane(&job->y, channel);
    for (int i = 0; i < columns; i++, y += y_pixel, sums += apart) {
        vec value = rounded(__builtin_convertvector(*sums, vec) * multiplier);

        if (has_residual) {
            value += rounded(load_octets(residual) * job->residual_multiplier);
            residual += map->pixel;
        }
        if (is_float) {
            store((float *)(void *)y,
                  job->is_relu ? larger(value, (vec){0}) : value);
        } else {
            store_octets(y, to_octets(value));
        }
    }
}

#endif
