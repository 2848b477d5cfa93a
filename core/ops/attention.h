// SPDX-License-Identifier: MIT
/*
 * attention.h - spatial attention (CBAM, Woo et al. 2018, equation 5).
 *
 * Pure arithmetic, no allocation. Safe from many threads with own buffers.
 */
#ifndef AHA_OPS_ATTENTION_H
#define AHA_OPS_ATTENTION_H

#include "core/ops/conv2d.h"

/**
 * map = sigmoid(conv([mean_C x, max_C x])), y = x * map.
 *
 * @param conv  2 channels to 1, size-preserving, ACTIVATION_NONE
 * @param x     [channels, h, w]
 * @param work  2 h w floats and conv2d_work_floats(conv, h, w)
 * @param map   [h, w], each value in (0, 1)
 * @param y     [channels, h, w]; may be x
 */
void spatial_attention_run(const struct conv2d *conv, const float *x,
                           int channels, int h, int w, float *work, float *map,
                           float *y);

#endif
