// SPDX-License-Identifier: MIT
/*
 * attention.h - spatial attention (CBAM, Woo et al. 2018, equation 5).
 *
 * Pure arithmetic, no allocation. Safe from many threads with own buffers.
 */
#ifndef AHA_OPS_ATTENTION_H
#define AHA_OPS_ATTENTION_H

#include "core/ops/conv2d.h"

/** Floats of scratch for an input of h x w. */
size_t spatial_attention_work_floats(const struct conv2d *conv, int h, int w);

/**
 * map = sigmoid(conv([mean_C x, max_C x])), y = x * map, image after image.
 *
 * @param conv   2 channels to 1, size-preserving, ACTIVATION_NONE, packed for
 *               a plain input
 * @param work   64-byte aligned
 * @param maps   [images][h, w], each value in (0, 1)
 */
void spatial_attention_run(const struct conv2d *conv, const struct map *x,
                           const struct map *y, float *work, float *maps);

#endif
