// SPDX-License-Identifier: MIT
/*
 * Convolutions of bytes: weights in the kernel's order, and the call. Part of
 * conv2d.h.
 */
#include <math.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/ops/conv2d.h"

enum {
    BLOCK = KERNEL_BLOCK,
    QUAD = 4,
    PAIR = 2, /* blocks of y that a kernel may take at once */
    MAX_BIAS = 1 << 30,
    /* Products of 255 and 128 whose sum leaves as much room. */
    MAX_PRODUCTS = 1 << 15,
};

static int quads_of(int channels)
{
    return (channels + QUAD - 1) / QUAD;
}

/* Blocks of 16 outputs, made even. */
static int blocks_of(const struct conv2d *conv)
{
    return (kernel_blocks(conv->out_c) + PAIR - 1) / PAIR * PAIR;
}

/* Bytes of the weights of one block. */
static size_t block_bytes(const struct conv2d *conv)
{
    return (size_t)(conv->kernel_h * conv->kernel_w) *
           (size_t)quads_of(conv->in_c) * BLOCK * QUAD;
}

/* One unit of the sums of an output. */
static double unit_of(const struct conv2d *conv, int channel)
{
    return (double)conv->int8.x_step * (double)conv->int8.weight_scale[channel];
}

static double bias_of(const struct conv2d *conv, int channel)
{
    return nearbyint((double)conv->bias[channel] / unit_of(conv, channel));
}

bool conv2d_int8_fits(const struct conv2d *conv)
{
    if (conv->in_c * conv->kernel_h * conv->kernel_w > MAX_PRODUCTS) {
        return false;
    }
    for (int c = 0; c < conv->out_c; c++) {
        if (!(fabs(bias_of(conv, c)) <= MAX_BIAS)) {
            return false;
        }
    }
    return true;
}

/* The weight of an output, an input and a tap; 0 past the last of either. */
static int8_t weight_at(const struct conv2d *conv, int o, int c, int tap)
{
    int taps = conv->kernel_h * conv->kernel_w;

    return o < conv->out_c && c < conv->in_c
               ? conv->int8
                     .weight[((size_t)o * (size_t)conv->in_c + (size_t)c) *
                                 (size_t)taps +
                             (size_t)tap]
               : 0;
}

/* [blocks of x][taps][quads][16][4] */
static int8_t *pack_block(const struct conv2d *conv, int block, int8_t *out)
{
    int pixel = kernel_int8_pixel(conv->in_c);

    for (int first = 0; first < conv->in_c; first += pixel) {
        int left = conv->in_c - first;
        int lanes = quads_of(left < pixel ? left : pixel) * BLOCK * QUAD;

        for (int t = 0; t < conv->kernel_h * conv->kernel_w; t++) {
            for (int i = 0; i < lanes; i++) {
                int o = block * BLOCK + i / QUAD % BLOCK;
                int c = first + i / (BLOCK * QUAD) * QUAD + i % QUAD;

                *out++ = weight_at(conv, o, c, t);
            }
        }
    }
    return out;
}

enum aha_status conv2d_int8_pack(struct conv2d *conv)
{
    int blocks = blocks_of(conv);
    size_t weights = (size_t)blocks * block_bytes(conv) / sizeof(float);
    int channels = blocks * BLOCK;
    int8_t *out;
    int32_t *bias;
    float *multiplier;

    conv->packed = alloc_floats(weights + 2 * (size_t)channels);
    if (conv->packed == NULL) {
        return AHA_ERR_MEMORY;
    }
    out = (int8_t *)conv->packed;
    multiplier = conv->packed + weights;
    bias = (int32_t *)(void *)(multiplier + channels);
    conv->int8.packed = out;
    conv->int8.bias = bias;
    conv->int8.multiplier = multiplier;
    for (int b = 0; b < blocks; b++) {
        out = pack_block(conv, b, out);
    }
    for (int c = 0; c < channels; c++) {
        bool is_one = c < conv->out_c;
        double y_step = conv->int8.y_step > 0 ? (double)conv->int8.y_step : 1.0;

        bias[c] = is_one ? (int32_t)bias_of(conv, c) : 0;
        multiplier[c] = is_one ? (float)(unit_of(conv, c) / y_step) : 0;
    }
    conv->algorithm = CONV2D_INT8;
    free(conv->int8.weight);
    free(conv->int8.weight_scale);
    free(conv->bias);
    conv->int8.weight = NULL;
    conv->int8.weight_scale = NULL;
    conv->bias = NULL;
    return AHA_OK;
}

void conv2d_int8_run(const struct conv2d *conv, const struct conv2d_run *run)
{
    const struct conv2d_int8 *int8 = &conv->int8;
    int pixel = kernel_int8_pixel(conv->in_c);
    struct conv_int8 job = {
        .x = kernel_int8_map(&run->x),
        .y = kernel_int8_map(&run->y),
        .is_float = int8->y_step == 0,
        .is_relu = conv->activation == ACTIVATION_RELU,
        .images = run->y.images,
        .h = run->y.h,
        .w = run->y.w,
        .y_blocks = kernel_blocks(conv->out_c),
        .stride = conv->stride,
        .kernel_h = conv->kernel_h,
        .kernel_w = conv->kernel_w,
        .quads = quads_of((conv->in_c - 1) % pixel + 1),
        .weight = int8->packed,
        .weight_block = block_bytes(conv),
        .bias = int8->bias,
        .multiplier = int8->multiplier,
    };

    job.x.data -= (size_t)conv->pad_top * job.x.row +
                  (size_t)(conv->pad_left * job.x.pixel);
    if (run->residual.data != NULL) {
        job.residual = kernel_int8_map(&run->residual);
        job.residual_blocks = kernel_blocks(run->residual.c);
        job.residual_multiplier =
            int8->residual_step / (job.is_float ? 1 : int8->y_step);
    }
    kernel_table()->conv_int8(&job);
}
