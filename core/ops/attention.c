// SPDX-License-Identifier: MIT
#include "core/ops/attention.h"

#include <math.h>

void spatial_attention_run(const struct conv2d *conv, const float *x,
                           int channels, int h, int w, float *work, float *map,
                           float *y)
{
    const struct kernels *kernels = kernel_table();
    size_t plane = (size_t)h * (size_t)w;

    kernels->channel_mean_max(x, channels, plane, work, work + plane);
    conv2d_run(conv, work, h, w, work + 2 * plane, map);
    for (size_t i = 0; i < plane; i++) {
        map[i] = 1.0F / (1.0F + expf(-map[i]));
    }
    kernels->multiply_map(x, map, channels, plane, y);
}
