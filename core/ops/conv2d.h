// SPDX-License-Identifier: MIT
/*
 * conv2d.h - torch.nn.functional.conv2d over blocked maps, the algorithm chosen
 * from the shape alone when the weights are packed.
 *
 * Pure arithmetic: running allocates nothing and takes no locks. Safe from many
 * threads as long as each call has its own work and output. What one image
 * gives never depends on the images beside it.
 */
#ifndef AHA_OPS_CONV2D_H
#define AHA_OPS_CONV2D_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aha/error.h"

#include "core/kernel/kernel.h"

enum conv2d_algorithm {
    CONV2D_DIRECT,
    CONV2D_DEPTHWISE,
    CONV2D_PLAIN,     /* directly, of a plain input of few planes */
    CONV2D_WINOGRAD2, /* F(2 x 2, 3 x 3) */
    CONV2D_WINOGRAD4, /* F(4 x 4, 3 x 3) */
    CONV2D_TILES,     /* directly, on AMX's tiles */
    CONV2D_WEAVE,     /* the same, of a plain input of few planes */
    CONV2D_INT8,      /* directly, of bytes; has int8.weight */
};

/**
 * What a convolution of bytes has besides. A step is what one is worth: value
 * = step * byte.
 */
struct conv2d_int8 {
    int8_t *weight;      /* as conv2d's, which is NULL then; until packed */
    float *weight_scale; /* [out_c], above 0, until packed */
    float x_step;
    float y_step;        /* 0: the result is floats */
    float residual_step; /* when there is one */
    const int8_t *packed;
    const int32_t *bias;
    const float *multiplier;
};

/** Parameters; immutable once packed. All storage is owned. */
struct conv2d {
    int in_c;
    int out_c;
    int kernel_h;
    int kernel_w;
    int stride;
    int pad_top, pad_left, pad_bottom, pad_right;
    int groups; /* 1, or in_c with out_c == in_c: depthwise */
    float
        *weight;  /* [out_c, in_c / groups, kernel_h, kernel_w], until packed */
    float *bias;  /* [out_c], until packed */
    float *slope; /* [out_c] for ACTIVATION_PRELU, until packed; else NULL */
    enum activation activation;
    enum conv2d_algorithm algorithm;
    float *packed; /* weights as the kernels read them, bias and slope */
    bool has_low;  /* on tiles: weights need more than a bfloat16 */
    struct finish finish;
    struct conv2d_int8 int8;
};

/** Input, output and surroundings of one run. */
struct conv2d_run {
    const struct conv2d *front; /* depthwise, goes first, or NULL */
    struct map x;               /* with zeros around it as padding asks */
    const float *plain;         /* [images][in_c, h, w] of a plain input */
    struct map y;
    int first, rows;     /* of y to compute; all unless layer_is_banded() */
    struct map residual; /* is added before the activation; data NULL: none */
    float *work;         /* conv2d_work_floats */
};

/** Output size for an input of h x w; below 1 when the window does not fit. */
void conv2d_size(const struct conv2d *conv, int h, int w, int *out_h,
                 int *out_w);

/** Multiply-adds for this input size. */
int64_t conv2d_multiply_adds(const struct conv2d *conv, int h, int w);

/**
 * Choose the algorithm for inputs of about h x w and bring the weights into
 * its order; weight, bias and slope are released.
 *
 * @param is_plain  the input comes as plain planes
 *
 * @return AHA_ERR_MEMORY, conv then still owns what it owned.
 */
enum aha_status conv2d_pack(struct conv2d *conv, bool is_plain, int h,
                            int w) AHA_MUST_CHECK;

/** The activation alone, for an add: no bias, finish.slope of out_c. */
enum aha_status conv2d_pack_activation(struct conv2d *conv) AHA_MUST_CHECK;

/**
 * Whether the sums of a convolution of bytes fit 32 bits, once int8.x_step is
 * known.
 */
bool conv2d_int8_fits(const struct conv2d *conv);

/** conv2d_pack and conv2d_run of CONV2D_INT8, which they call. */
enum aha_status conv2d_int8_pack(struct conv2d *conv) AHA_MUST_CHECK;
void conv2d_int8_run(const struct conv2d *conv, const struct conv2d_run *run);

/**
 * CONV2D_TILES: the floats its weights will take (sets has_low), their order,
 * scratch, the call.
 */
size_t conv2d_tiles_floats(struct conv2d *conv);
void conv2d_tiles_pack(const struct conv2d *conv, float *out);
size_t conv2d_tiles_work_floats(const struct conv2d *conv, int h, int w,
                                int images);
void conv2d_tiles_run(const struct conv2d *conv, const struct conv2d_run *run);

/**
 * What both kinds on tiles have in common. A step is one multiplication's
 * weights: a tile for each block of a pair, high parts and, with has_low, low.
 */
enum {
    CONV2D_PAIR = 2, /* blocks of y that share inputs */
    CONV2D_TILE_HALVES = 16 * KERNEL_TILE_DEPTH,
    CONV2D_PART_HALVES = CONV2D_PAIR * CONV2D_TILE_HALVES, /* high, or low */
};

/** Whether weights are more than bfloat16: have lower bits. */
bool conv2d_needs_low(const struct conv2d *conv);

/** bfloat16 of a step. */
size_t conv2d_step_halves(const struct conv2d *conv);

/** One weight to its place among a step's high parts, and among the low. */
void conv2d_put_weight(const struct conv2d *conv, float weight, uint16_t *to);

/** The same of CONV2D_WEAVE, and whether a convolution suits it. */
bool conv2d_suits_weave(const struct conv2d *conv);
size_t conv2d_weave_floats(struct conv2d *conv);
void conv2d_weave_pack(const struct conv2d *conv, float *out);
size_t conv2d_weave_work_floats(const struct conv2d *conv, int out_w);
void conv2d_weave_run(const struct conv2d *conv, const struct conv2d_run *run);

void conv2d_fini(struct conv2d *conv);

/** Floats of scratch for `images` inputs of h x w. */
size_t conv2d_work_floats(const struct conv2d *conv, const struct conv2d *front,
                          int h, int w, int images);

void conv2d_run(const struct conv2d *conv, const struct conv2d_run *run);

#endif
