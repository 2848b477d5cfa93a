// SPDX-License-Identifier: MIT
#include "core/ops/attention.h"

#include <math.h>

/* The convolution's result, of which one lane of a block matters. */
static size_t result_floats(int h, int w)
{
    return (size_t)h * (size_t)w * KERNEL_BLOCK;
}

size_t spatial_attention_work_floats(const struct conv2d *conv, int h, int w)
{
    return result_floats(h, w) + 2 * (size_t)h * (size_t)w +
           conv2d_work_floats(conv, NULL, h, w, 1);
}

static void make_map(const struct conv2d *conv, const struct map *x,
                     const float *image, float *work, float *map)
{
    size_t row = (size_t)x->w;
    size_t pixels = (size_t)x->h * row;
    float *planes = work + result_floats(x->h, x->w);
    struct conv2d_run run = {
        .x = {.c = 2, .h = x->h, .w = x->w},
        .plain = planes,
        .y = {.data = work,
              .c = 1,
              .h = x->h,
              .w = x->w,
              .images = 1,
              .row = row * KERNEL_BLOCK},
        .rows = x->h,
        .work = planes + 2 * pixels,
    };

    for (int r = 0; r < x->h; r++) {
        kernel_table()->channel_mean_max(
            image + (size_t)r * x->row, x->c, x->plane, row,
            planes + (size_t)r * row, planes + pixels + (size_t)r * row);
    }
    conv2d_run(conv, &run);
    for (size_t i = 0; i < pixels; i++) {
        map[i] = 1.0F / (1.0F + expf(-work[i * KERNEL_BLOCK]));
    }
}

void spatial_attention_run(const struct conv2d *conv, const struct map *x,
                           const struct map *y, float *work, float *maps)
{
    size_t row = (size_t)x->w;

    for (int image = 0; image < x->images; image++) {
        const float *from = x->data + (size_t)image * x->image;
        float *to = y->data + (size_t)image * y->image;
        float *map = maps + (size_t)image * (size_t)x->h * row;

        make_map(conv, x, from, work, map);
        for (int b = 0; b < kernel_blocks(x->c); b++) {
            for (int r = 0; r < x->h; r++) {
                kernel_table()->multiply_map(
                    from + (size_t)b * x->plane + (size_t)r * x->row,
                    map + (size_t)r * row, row,
                    to + (size_t)b * y->plane + (size_t)r * y->row);
            }
        }
    }
}
