// SPDX-License-Identifier: MIT
/*
 * conv2d.h - torch.nn.functional.conv2d over one image, im2col and GEMM.
 *
 * Pure arithmetic: no allocation, no locks. Safe from many threads as long as
 * each call has its own work and output. One image at a time, so that an image
 * gives the same numbers alone and in any batch.
 */
#ifndef AHA_OPS_CONV2D_H
#define AHA_OPS_CONV2D_H

#include <stddef.h>
#include <stdint.h>

#include "core/kernel/kernel.h"

/** Immutable parameters; pointers are borrowed. */
struct conv2d {
    int in_c;
    int out_c;
    int kernel_h;
    int kernel_w;
    int stride;
    int pad_top, pad_left, pad_bottom, pad_right;
    int groups;          /* 1, or in_c with out_c == in_c: depthwise */
    const float *weight; /* [out_c, in_c / groups, kernel_h, kernel_w] */
    const float *bias;   /* [out_c] */
    enum activation activation;
    const float *slope; /* [out_c] for ACTIVATION_PRELU, else NULL */
};

/** Output size for an input of h x w; below 1 when the window does not fit. */
void conv2d_size(const struct conv2d *conv, int h, int w, int *out_h,
                 int *out_w);

/** Floats of scratch that conv2d_run needs for this input size. */
size_t conv2d_work_floats(const struct conv2d *conv, int h, int w);

/** Multiply-adds for this input size. */
int64_t conv2d_multiply_adds(const struct conv2d *conv, int h, int w);

/**
 * @param x     [in_c, h, w]
 * @param work  conv2d_work_floats floats
 * @param y     [out_c, out_h, out_w], must not overlap x
 */
void conv2d_run(const struct conv2d *conv, const float *x, int h, int w,
                float *work, float *y);

#endif
