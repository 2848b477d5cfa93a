// SPDX-License-Identifier: MIT
/*
 * kernel.h - the table of hot inner loops, one filling per instruction set.
 *
 * The scalar filling is the reference and always there. Chosen once at start
 * by kernel_init(); reading it is safe from any thread. Planes are [H, W] rows
 * without padding.
 */
#ifndef AHA_KERNEL_KERNEL_H
#define AHA_KERNEL_KERNEL_H

#include <stddef.h>

#include "core/cpu.h"

enum activation {
    ACTIVATION_NONE,
    ACTIVATION_RELU,
    ACTIVATION_PRELU,
};

/** One plane through one window: sizes in pixels. */
struct window {
    int in_h, in_w;
    int out_h, out_w;
    int kernel_h, kernel_w;
    int stride;
    int pad_top, pad_left; /* bottom and right follow from the sizes */
};

struct kernels {
    const char *isa;

    /**
     * Rows [row, row + n_rows) of the output as im2col columns:
     * columns [C * kH * kW, n_rows * out_w]; zeros outside the input.
     */
    void (*im2col)(const float *x, int channels, const struct window *window,
                   int row, int n_rows, float *columns);

    /** Depthwise convolution of one plane, torch.nn.Conv2d with groups = C. */
    void (*depthwise)(const float *x, const struct window *window,
                      const float *weight, float bias, float *y);

    /** y = activation(y + bias), n values of one channel. */
    void (*bias_activation)(float *y, size_t n, float bias,
                            enum activation activation, float slope);

    /** y = activation(a + b), n values of one channel. */
    void (*add_activation)(const float *a, const float *b, size_t n,
                           enum activation activation, float slope, float *y);

    /** torch.nn.MaxPool2d of one plane; padding counts as -inf. */
    void (*max_pool)(const float *x, const struct window *window, float *y);

    /** torch.nn.AvgPool2d, ceil_mode, of one plane. */
    void (*avg_pool)(const float *x, const struct window *window, float *y);

    /** torch.nn.Upsample(2, "bilinear", align_corners=False) of a plane. */
    void (*upsample2)(const float *x, int h, int w, float *y);

    /** Mean and maximum over channels: x [C, n] to mean [n], max [n]. */
    void (*channel_mean_max)(const float *x, int channels, size_t n,
                             float *mean, float *max);

    /** y [C, n] = x [C, n] * map [n]. */
    void (*multiply_map)(const float *x, const float *map, int channels,
                         size_t n, float *y);

    /** Sum of n values in a fixed order. */
    float (*sum)(const float *x, size_t n);
};

extern const struct kernels kernels_scalar;
#if defined(__x86_64__)
extern const struct kernels kernels_avx2;
extern const struct kernels kernels_avx512;
#endif

/** Choose the fastest table that neither this CPU nor the cap forbids. */
void kernel_init(enum cpu_level cap);

/** The chosen table; scalar before kernel_init(). */
const struct kernels *kernel_table(void);

#endif
