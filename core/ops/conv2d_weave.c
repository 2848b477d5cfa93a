// SPDX-License-Identifier: MIT
/*
 * Convolutions of a plain image on tiles: weights in the kernel's order, and
 * the call. Part of conv2d.h.
 */
#include <string.h>

#include "core/ops/conv2d.h"

enum {
    BLOCK = KERNEL_BLOCK,
    PAIR = CONV2D_PAIR,
};

static struct weave weave_of(const struct conv2d *conv, int out_w)
{
    return kernel_weave(conv->in_c * conv->kernel_h, conv->kernel_w,
                        conv->stride, out_w);
}

/* A tile computes two blocks of outputs: not for one. */
bool conv2d_suits_weave(const struct conv2d *conv)
{
    return kernel_table()->conv_weave != NULL && conv->kernel_w > 1 &&
           conv->in_c * conv->kernel_h <= KERNEL_TILE_DEPTH &&
           conv->out_c > BLOCK;
}

/* bfloat16 of a pair of blocks. */
static size_t pair_halves(const struct conv2d *conv)
{
    return (size_t)weave_of(conv, 1).steps * conv2d_step_halves(conv);
}

static size_t all_halves(const struct conv2d *conv)
{
    size_t pairs = (size_t)(kernel_blocks(conv->out_c) + PAIR - 1) / PAIR;

    return pairs * pair_halves(conv);
}

size_t conv2d_weave_floats(struct conv2d *conv)
{
    conv->has_low = conv2d_needs_low(conv);
    return all_halves(conv) / 2;
}

/* Places of no weight stay 0. */
void conv2d_weave_pack(const struct conv2d *conv, float *out)
{
    uint16_t *halves = (uint16_t *)(void *)out;
    int lines = weave_of(conv, 1).lines;
    const float *weight = conv->weight;

    memset(out, 0, all_halves(conv) * sizeof *halves);
    for (int o = 0; o < conv->out_c; o++) {
        uint16_t *tiles = halves +
                          (size_t)(o / (PAIR * BLOCK)) * pair_halves(conv) +
                          (size_t)(o / BLOCK % PAIR) * CONV2D_TILE_HALVES;

        for (int i = 0; i < conv->in_c * conv->kernel_h * conv->kernel_w;
             i++, weight++) {
            int at = i % conv->kernel_w * lines + i / conv->kernel_w;
            int depth = at % KERNEL_TILE_DEPTH;
            uint16_t *to =
                tiles +
                (size_t)(at / KERNEL_TILE_DEPTH) * conv2d_step_halves(conv) +
                (size_t)(depth / 2 * 2 * BLOCK + o % BLOCK * 2 + depth % 2);

            conv2d_put_weight(conv, *weight, to);
        }
    }
}

size_t conv2d_weave_work_floats(const struct conv2d *conv, int out_w)
{
    struct weave weave = weave_of(conv, out_w);

    return kernel_weave_bytes(&weave) / sizeof(float);
}

void conv2d_weave_run(const struct conv2d *conv, const struct conv2d_run *run)
{
    const struct map *x = &run->x;
    size_t image = (size_t)x->c * (size_t)x->h * (size_t)x->w;
    struct conv_weave job = {
        .x = run->plain,
        .c = x->c,
        .h = x->h,
        .w = x->w,
        .pad_top = conv->pad_top,
        .pad_left = conv->pad_left,
        .kernel_h = conv->kernel_h,
        .kernel_w = conv->kernel_w,
        .stride = conv->stride,
        .y = run->y,
        .residual = run->residual,
        .first = run->first,
        .rows = run->rows,
        .weight = (const uint16_t *)(const void *)conv->packed,
        .has_low = conv->has_low,
        .finish = conv->finish,
        .work = run->work,
    };

    for (int i = 0; i < run->y.images; i++) {
        kernel_table()->conv_weave(&job);
        job.x += image;
        job.y.data += run->y.image;
        if (job.residual.data != NULL) {
            job.residual.data += run->residual.image;
        }
    }
}
