// SPDX-License-Identifier: MIT
/*
 * Convolutions on tiles: weights in the kernel's order, and the call. Part of
 * conv2d.h.
 */
#include <string.h>

#include "core/half.h"
#include "core/ops/conv2d.h"

enum {
    BLOCK = KERNEL_BLOCK,
    PAIR = CONV2D_PAIR,
    PIXEL_FLOATS = KERNEL_TILE_PIXEL / 4,
};

static int pairs_of(const struct conv2d *conv)
{
    return (kernel_blocks(conv->out_c) + PAIR - 1) / PAIR;
}

static int depths_of(const struct conv2d *conv)
{
    return (conv->in_c + KERNEL_TILE_DEPTH - 1) / KERNEL_TILE_DEPTH;
}

bool conv2d_needs_low(const struct conv2d *conv)
{
    size_t n = (size_t)conv->out_c * (size_t)conv->in_c *
               (size_t)(conv->kernel_h * conv->kernel_w);
    uint32_t all = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t bits;

        memcpy(&bits, &conv->weight[i], sizeof bits);
        all |= bits;
    }
    return (all & 0xffff) != 0;
}

size_t conv2d_step_halves(const struct conv2d *conv)
{
    return conv->has_low ? 2 * CONV2D_PART_HALVES : CONV2D_PART_HALVES;
}

void conv2d_put_weight(const struct conv2d *conv, float weight, uint16_t *to)
{
    uint16_t high = bfloat16_of(weight);

    to[0] = high;
    if (conv->has_low) {
        to[CONV2D_PART_HALVES] = bfloat16_of(weight - bfloat16_to_float(high));
    }
}

size_t conv2d_tiles_floats(struct conv2d *conv)
{
    conv->has_low = conv2d_needs_low(conv);
    return (size_t)pairs_of(conv) * (size_t)depths_of(conv) *
           (size_t)(conv->kernel_h * conv->kernel_w) *
           conv2d_step_halves(conv) / 2;
}

/* Where output o and channel c lie within a tap of their pair and depth. */
static size_t place_in_tap(int o, int c)
{
    return (size_t)(o % (PAIR * BLOCK) / BLOCK) * CONV2D_TILE_HALVES +
           (size_t)(c % KERNEL_TILE_DEPTH / 2) * (2 * BLOCK) +
           (size_t)(o % BLOCK) * 2 + (size_t)(c % 2);
}

/* Places past the last output or channel stay 0. */
void conv2d_tiles_pack(const struct conv2d *conv, float *out)
{
    uint16_t *halves = (uint16_t *)(void *)out;
    size_t taps = (size_t)conv->kernel_h * (size_t)conv->kernel_w;
    size_t tap = conv2d_step_halves(conv);
    const float *weight = conv->weight;

    memset(out, 0,
           (size_t)(pairs_of(conv) * depths_of(conv)) * taps * tap *
               sizeof *halves);
    for (int o = 0; o < conv->out_c; o++) {
        for (int c = 0; c < conv->in_c; c++) {
            size_t group =
                (size_t)(o / (PAIR * BLOCK)) * (size_t)depths_of(conv) +
                (size_t)(c / KERNEL_TILE_DEPTH);
            uint16_t *to = halves + group * taps * tap + place_in_tap(o, c);

            for (size_t t = 0; t < taps; t++, to += tap, weight++) {
                conv2d_put_weight(conv, *weight, to);
            }
        }
    }
}

size_t conv2d_tiles_work_floats(const struct conv2d *conv, int h, int w,
                                int images)
{
    struct tiles_plane plane =
        kernel_tiles_plane(h + conv->pad_top + conv->pad_bottom, w,
                           conv->pad_left, conv->pad_right, conv->stride);
    size_t planes = (size_t)(conv->stride * conv->stride) *
                    (size_t)depths_of(conv) * (size_t)images;

    return planes * (size_t)plane.pixels * PIXEL_FLOATS;
}

void conv2d_tiles_run(const struct conv2d *conv, const struct conv2d_run *run)
{
    kernel_table()->conv_tiles(&(struct conv_tiles){
        .x = run->x,
        .y = run->y,
        .residual = run->residual,
        .pad_top = conv->pad_top,
        .pad_left = conv->pad_left,
        .pad_bottom = conv->pad_bottom,
        .pad_right = conv->pad_right,
        .kernel_h = conv->kernel_h,
        .kernel_w = conv->kernel_w,
        .stride = conv->stride,
        .weight = (const uint16_t *)(const void *)conv->packed,
        .has_low = conv->has_low,
        .finish = conv->finish,
        .work = run->work,
    });
}
