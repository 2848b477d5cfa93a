// SPDX-License-Identifier: MIT
/*
 * Which algorithm a convolution takes, and its weights in that algorithm's
 * order. Part of conv2d.h.
 */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/ops/conv2d.h"

enum { BLOCK = KERNEL_BLOCK, TAPS = 9, MAX_SIDE = 6 };

/* A row of G: the powers of a point over its differences to the others. */
#define POINT(p, differences)                                                  \
    1 / (differences), (p) / (differences), (p) * (p) / (differences)
#define A  WINOGRAD_A
#define B  WINOGRAD_B
#define NA (2 * A * A * (A * A - B * B))
#define NB (2 * B * B * (B * B - A * A))

static const double transform2[4 * 3] = {
    1, 0, 0, POINT(1, 2.), POINT(-1, 2.), 0, 0, 1,
};
static const double transform4[6 * 3] = {
    POINT(0, A *A *B *B),
    POINT(A, NA),
    POINT(-A, NA),
    POINT(B, NB),
    POINT(-B, NB),
    0,
    0,
    1,
};

/*
 * The cost of one algorithm in vector multiply-adds. Winograd's products are
 * fewer, but its tiles have to be transformed (as many operations a tile and
 * block as `transform` says) and its weights are larger, which counts as
 * `reading` multiply-adds a vector where the map is small.
 */
static double winograd_cost(const struct conv2d *conv, int size, int h, int w)
{
    double products = (size + 2) * (size + 2);
    int down = (h + size - 1) / size;
    int across = (w + size - 1) / size;
    double tiles = (double)down * across;
    double transform = size == 2 ? 80 : 250;
    double reading = 2;
    double weights = products * conv->in_c * kernel_blocks(conv->out_c);

    return weights * (tiles + reading) +
           tiles * transform *
               (kernel_blocks(conv->in_c) + kernel_blocks(conv->out_c));
}

/*
 * A tile multiplies 32 channels, and costs much to begin and to end: not for
 * one tap, whose convolutions go row by row together with their neighbours.
 */
static bool suits_tiles(const struct conv2d *conv)
{
    return kernel_table()->conv_tiles != NULL && conv->kernel_h > 1 &&
           conv->kernel_w > 1 && conv->in_c > KERNEL_BLOCK;
}

static enum conv2d_algorithm choose(const struct conv2d *conv, bool is_plain,
                                    int h, int w)
{
    int out_h;
    int out_w;
    double best;
    enum conv2d_algorithm algorithm = CONV2D_DIRECT;

    if (conv->groups != 1) {
        return CONV2D_DEPTHWISE;
    }
    if (is_plain) {
        return conv2d_suits_weave(conv) ? CONV2D_WEAVE : CONV2D_PLAIN;
    }
    if (suits_tiles(conv)) {
        return CONV2D_TILES;
    }
    if (conv->kernel_h != 3 || conv->kernel_w != 3 || conv->stride != 1) {
        return CONV2D_DIRECT;
    }
    conv2d_size(conv, h, w, &out_h, &out_w);
    best = (double)TAPS * conv->in_c * kernel_blocks(conv->out_c) *
           ((double)out_h * out_w + 2);
    for (int size = 2; size <= 4; size += 2) {
        double cost = winograd_cost(conv, size, out_h, out_w);

        if (cost < best) {
            best = cost;
            algorithm = size == 2 ? CONV2D_WINOGRAD2 : CONV2D_WINOGRAD4;
        }
    }
    return algorithm;
}

/* The 16 output channels of a block at one input channel and tap; 0 past c. */
static void gather(const struct conv2d *conv, int block, int channel, int tap,
                   float *out)
{
    int taps = conv->kernel_h * conv->kernel_w;
    size_t filter = (size_t)(conv->in_c / conv->groups) * (size_t)taps;

    for (int i = 0; i < BLOCK; i++) {
        int o = block * BLOCK + i;

        out[i] = o < conv->out_c ? conv->weight[(size_t)o * filter +
                                                (size_t)(channel * taps + tap)]
                                 : 0.0F;
    }
}

/* Plain and depthwise: [channels of a filter][taps][16]. */
static float *pack_plain(const struct conv2d *conv, int block, float *out)
{
    for (int c = 0; c < conv->in_c / conv->groups; c++) {
        for (int t = 0; t < conv->kernel_h * conv->kernel_w; t++) {
            gather(conv, block, c, t, out);
            out += BLOCK;
        }
    }
    return out;
}

/* [blocks of x][taps][16 channels, fewer in the last][16] */
static float *pack_direct(const struct conv2d *conv, int block, float *out)
{
    for (int first = 0; first < conv->in_c; first += BLOCK) {
        int last = first + BLOCK < conv->in_c ? first + BLOCK : conv->in_c;

        for (int t = 0; t < conv->kernel_h * conv->kernel_w; t++) {
            for (int c = first; c < last; c++) {
                gather(conv, block, c, t, out);
                out += BLOCK;
            }
        }
    }
    return out;
}

/* out [n][3 or n] = transform [n][3] * in [3][columns], 16 lanes each */
static void transform(const double *matrix, int n, const double *in,
                      size_t in_row, size_t in_column, int columns, double *out)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < columns; j++, out += BLOCK) {
            const double *a = in + (size_t)j * in_column;

            for (int l = 0; l < BLOCK; l++) {
                out[l] = matrix[3 * i] * a[l] +
                         matrix[3 * i + 1] * a[in_row + (size_t)l] +
                         matrix[3 * i + 2] * a[2 * in_row + (size_t)l];
            }
        }
    }
}

/* U = G g G^T: [(size + 2)^2][in_c][16] */
static float *pack_winograd(const struct conv2d *conv, int size, int block,
                            float *out)
{
    const double *matrix = size == 2 ? transform2 : transform4;
    int side = size + 2;
    size_t apart = (size_t)conv->in_c * BLOCK;
    float taps[TAPS * BLOCK];
    double filter[TAPS * BLOCK];
    double half[MAX_SIDE * 3 * BLOCK];
    double whole[MAX_SIDE * MAX_SIDE * BLOCK];

    for (int c = 0; c < conv->in_c; c++) {
        for (int t = 0; t < TAPS; t++) {
            gather(conv, block, c, t, taps + t * BLOCK);
        }
        for (int i = 0; i < TAPS * BLOCK; i++) {
            filter[i] = (double)taps[i];
        }
        transform(matrix, side, filter, 3 * BLOCK, BLOCK, 3, half);
        /* The other way round gives U transposed. */
        transform(matrix, side, half, BLOCK, 3 * BLOCK, side, whole);
        for (int i = 0; i < side; i++) {
            for (int j = 0; j < side; j++) {
                float *to =
                    out + (size_t)(i * side + j) * apart + (size_t)c * BLOCK;

                for (int l = 0; l < BLOCK; l++) {
                    to[l] = (float)whole[(j * side + i) * BLOCK + l];
                }
            }
        }
    }
    return out + (size_t)(side * side) * apart;
}

static float *pack_block(const struct conv2d *conv, int block, float *out)
{
    switch (conv->algorithm) {
    case CONV2D_DIRECT:
        return pack_direct(conv, block, out);
    case CONV2D_WINOGRAD2:
        return pack_winograd(conv, 2, block, out);
    case CONV2D_WINOGRAD4:
        return pack_winograd(conv, 4, block, out);
    case CONV2D_DEPTHWISE:
    case CONV2D_PLAIN:
    case CONV2D_TILES:
    case CONV2D_WEAVE:
    case CONV2D_INT8:
        break;
    }
    return pack_plain(conv, block, out);
}

/* Floats of one block's weights, in all algorithms that go block by block. */
static size_t block_floats(const struct conv2d *conv)
{
    size_t channels = (size_t)(conv->in_c / conv->groups) * BLOCK;

    switch (conv->algorithm) {
    case CONV2D_WINOGRAD2:
        return 16 * channels;
    case CONV2D_WINOGRAD4:
        return 36 * channels;
    default:
        return (size_t)(conv->kernel_h * conv->kernel_w) * channels;
    }
}

static float slope_of(const struct conv2d *conv, int channel)
{
    if (channel >= conv->out_c || conv->activation == ACTIVATION_NONE) {
        return 1.0F;
    }
    return conv->slope == NULL ? 0.0F : conv->slope[channel];
}

static void release(float **floats)
{
    free(*floats);
    *floats = NULL;
}

static enum aha_status pack(struct conv2d *conv, size_t weights)
{
    size_t channels = (size_t)kernel_blocks(conv->out_c) * BLOCK;
    float *bias;
    float *slope;

    conv->packed = alloc_floats(weights + 2 * channels);
    if (conv->packed == NULL) {
        return AHA_ERR_MEMORY;
    }
    bias = conv->packed + weights;
    slope = bias + channels;
    for (int c = 0; c < (int)channels; c++) {
        bias[c] = conv->bias == NULL || c >= conv->out_c ? 0.0F : conv->bias[c];
        slope[c] = slope_of(conv, c);
    }
    conv->finish = (struct finish){bias, slope};
    release(&conv->bias);
    release(&conv->slope);
    return AHA_OK;
}

/* Floats of all weights; on tiles, sets has_low. */
static size_t weight_floats(struct conv2d *conv)
{
    switch (conv->algorithm) {
    case CONV2D_TILES:
        return conv2d_tiles_floats(conv);
    case CONV2D_WEAVE:
        return conv2d_weave_floats(conv);
    default:
        return (size_t)kernel_blocks(conv->out_c) * block_floats(conv);
    }
}

enum aha_status conv2d_pack(struct conv2d *conv, bool is_plain, int h, int w)
{
    int blocks = kernel_blocks(conv->out_c);
    enum aha_status status;
    float *out;

    if (conv->int8.weight != NULL) {
        return conv2d_int8_pack(conv);
    }
    conv->algorithm = choose(conv, is_plain, h, w);
    status = pack(conv, weight_floats(conv));
    if (status != AHA_OK) {
        return status;
    }
    out = conv->packed;
    if (conv->algorithm == CONV2D_TILES) {
        conv2d_tiles_pack(conv, out);
    } else if (conv->algorithm == CONV2D_WEAVE) {
        conv2d_weave_pack(conv, out);
    } else {
        for (int b = 0; b < blocks; b++) {
            out = pack_block(conv, b, out);
        }
    }
    release(&conv->weight);
    return AHA_OK;
}

enum aha_status conv2d_pack_activation(struct conv2d *conv)
{
    return pack(conv, 0);
}

void conv2d_fini(struct conv2d *conv)
{
    release(&conv->weight);
    release(&conv->bias);
    release(&conv->slope);
    release(&conv->packed);
    free(conv->int8.weight);
    conv->int8.weight = NULL;
    release(&conv->int8.weight_scale);
}
