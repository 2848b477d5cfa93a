// SPDX-License-Identifier: MIT
/*
 * kernel.h - the table of hot inner loops, one filling per instruction set.
 *
 * Chosen once at start by kernel_init(); reading it is safe from any thread.
 *
 * Inside a graph channels lie in blocks of 16: a pixel of a block is 16 floats
 * side by side (64 bytes, aligned to that), channels past the last are 0. A
 * weight of a block's output channels is 16 floats likewise. What a kernel
 * adds up for one output value, and in which order, never depends on where the
 * pixel lies or on what else is computed in the same call.
 */
#ifndef AHA_KERNEL_KERNEL_H
#define AHA_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cpu.h"

enum { KERNEL_BLOCK = 16 }; /* channels, floats */

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
    size_t in_row;         /* floats from row to row, of the input */
    size_t out_row;        /* and of the output */
};

/** A value in blocks, for some images; `data` is the first's pixel (0, 0). */
struct map {
    float *data;
    int c, h, w;
    int images;
    size_t row;   /* floats from row to row */
    size_t plane; /* from block to block */
    size_t image; /* from image to image */
};

/** What happens to a sum before it is stored: each NULL or [blocks * 16]. */
struct finish {
    const float *bias;  /* NULL: store the sum as it is */
    const float *slope; /* v > 0 ? v : v * slope */
};

/**
 * Neighbouring output pixels of a dense convolution, in all output blocks:
 * y[b][p] = activation(bias + residual + sum of weight * x), the sum running
 * over outer (channel blocks), tap_rows, tap_columns, inner (channels of a
 * block, fewer in the last).
 */
struct conv_row {
    const float *x; /* of the first pixel and tap */
    int n;          /* pixels */
    int pixel_step; /* floats between their inputs: 1, 2, 16 or 32 */
    int outer, tap_rows, tap_columns, inner, last_inner;
    size_t outer_step, tap_row_step; /* floats of x, whose channels are */
    int tap_column_step;             /* neighbours within a block */
    const float *weight; /* [blocks][outer][tap_rows][tap_columns][inner][16] */
    size_t weight_block; /* floats a block */
    float *y;
    size_t y_block;        /* floats from block to block */
    int blocks;            /* of the output */
    const float *residual; /* of the first block and pixel, or NULL */
    size_t residual_block;
    int residual_blocks; /* the others add nothing */
    struct finish finish;
};

/** Neighbouring output pixels of a depthwise convolution, one block. */
struct depthwise_row {
    const float *x; /* of the first pixel and tap */
    size_t x_row;
    int n;
    int stride; /* 1 or 2 */
    int kernel_h, kernel_w;
    const float *weight; /* [kernel_h][kernel_w][16] */
    struct finish finish;
    float *y;
};

/**
 * F(4 x 4, 3 x 3) evaluates polynomials at 0, +-A, +-B and infinity. With
 * 0.75 and 1.5 all constants are exact and the error is a third of what the
 * usual 1 and 2 leave (largest, 64 channels: 1.1e-6 of the largest value
 * against 3.3e-6).
 */
#define WINOGRAD_A 0.75
#define WINOGRAD_B 1.5

/** A 3 x 3 convolution of stride 1 as products of transformed tiles. */
struct winograd {
    int size; /* of an output tile: 2 or 4 */
    struct map x, y;
    struct map residual;                          /* data is NULL for none */
    int pad_top, pad_left, pad_bottom, pad_right; /* zeros that x has */
    const float *weight; /* [blocks of y][(size + 2)^2][x.c][16] */
    struct finish finish;
    float *work;
    int tiles; /* that go through at once */
};

/**
 * A dense convolution on AMX's tiles, which multiply bfloat16 (8 significant
 * bits) and add in float. Inputs and weights are each the sum of two of them,
 * high and low; of the four products the least is left out, so that about 16
 * bits of each factor count. Weights that are bfloat16 themselves have no low
 * part, which saves a third of the products and half of the reading.
 *
 * Inputs are split into planes of pixels of 32 channels, 64 bytes high and 64
 * low, with their padding; with a stride, its rows and columns are dealt into
 * stride^2 planes, so that the inputs of neighbouring outputs are neighbours.
 */
struct conv_tiles {
    struct map x, y;
    struct map residual;                          /* data is NULL for none */
    int pad_top, pad_left, pad_bottom, pad_right; /* zeros that x has */
    int kernel_h, kernel_w, stride;
    /* [pairs of blocks of y][x.c / 32, rounded up][kernel_h][kernel_w]
       [high, and low][block of the pair][16 pairs of channels][16][2] */
    const uint16_t *weight;
    bool has_low;
    struct finish finish;
    void *work; /* conv2d_tiles_work_floats() */
};

/**
 * The same of an image of few plane rows: one row of products sees `lines` rows
 * of the image (its planes times kernel_h, at most 32), which are woven column
 * by column, 8, 16 or 32 bfloat16 each, so that a tile multiplies 32 / weave
 * columns of all of them.
 */
struct conv_weave {
    const float *x; /* [c, h, w] */
    int c, h, w;
    int pad_top, pad_left;
    int kernel_h, kernel_w, stride;
    struct map y;        /* of this image alone, as the residual */
    struct map residual; /* data is NULL for none */
    int first, rows;     /* of y to compute */
    /* [pairs of blocks of y][steps of 32 / weave columns][high, and low]
       [block of the pair][16 pairs of lines][16][2] */
    const uint16_t *weight;
    bool has_low;
    struct finish finish;
    void *work; /* kernel_weave_bytes() */
};

/**
 * A value of bytes, v = scale * byte: blocks of 32 channels when there are no
 * more, else of 64, a pixel of a block that many bytes side by side. Everything
 * is in bytes. Also one of floats where that is said.
 */
struct int8_map {
    uint8_t *data; /* pixel (0, 0) of the first image */
    int pixel;     /* 32 or 64 */
    int blocks;
    size_t row, plane, image;
};

/**
 * A dense convolution of bytes to bytes or floats: the sum, a whole number
 * that begins with the bias, times a multiplier a channel, plus the residual
 * times its own; then rounded, ties to even, and cut off at 0 and 255, or as
 * a float.
 */
struct conv_int8 {
    struct int8_map x; /* data is at the first tap of pixel (0, 0) of y */
    struct int8_map y;
    bool is_float; /* y is, in blocks of 16 */
    bool is_relu;  /* used when is_float */
    struct int8_map residual;
    int residual_blocks; /* of 16 channels; the others add nothing */
    int images, h, w;    /* of y */
    int y_blocks;        /* of 16 channels */
    int stride, kernel_h, kernel_w;
    int quads; /* groups of 4 channels in the last block of x */
    /* [y_blocks, made even][x.blocks][kernel_h][kernel_w][quads][16][4] */
    const int8_t *weight;
    size_t weight_block;     /* bytes a block of y */
    const int32_t *bias;     /* [y_blocks, made even][16] */
    const float *multiplier; /* the same */
    float residual_multiplier;
};

struct kernels {
    const char *isa;

    void (*conv_row)(const struct conv_row *row);
    void (*depthwise_row)(const struct depthwise_row *row);

    /** work holds winograd_work(x.c, size, tiles) floats. */
    void (*winograd)(const struct winograd *job);

    /** NULL where there are no tiles. */
    void (*conv_tiles)(const struct conv_tiles *job);

    /** NULL where there are no tiles. */
    void (*conv_weave)(const struct conv_weave *job);

    /** Plain [C, H, W] to a map's first image. */
    void (*block)(const float *x, const struct map *y);

    /** y = activation(a + b), n pixels of one block; b may be NULL: zeros. */
    void (*add)(const float *a, const float *b, size_t n, const float *slope,
                float *y);

    /** torch.nn.MaxPool2d of one block; padding counts as -inf. */
    void (*max_pool)(const float *x, const struct window *window, float *y);

    /** torch.nn.AvgPool2d, ceil_mode, of one block. */
    void (*avg_pool)(const float *x, const struct window *window, float *y);

    /** torch.nn.Upsample(2, "bilinear", align_corners=False) of a block. */
    void (*upsample2)(const float *x, const struct window *window, float *y);

    /**
     * Mean and maximum over the channels of n pixels, `plane` floats from
     * block to block.
     */
    void (*channel_mean_max)(const float *x, int channels, size_t plane,
                             size_t n, float *mean, float *max);

    /** y = x * map [n], n pixels of one block. */
    void (*multiply_map)(const float *x, const float *map, size_t n, float *y);

    /** sums [16] += x, n pixels of one block. */
    void (*sum)(const float *x, size_t n, float *sums);

    /** y [n] = sum of weights[k] * rows[k][0 .. n - 1], for picture rows. */
    void (*mix_rows)(const uint8_t *const *rows, const float *weights,
                     int n_rows, size_t n, float *y);

    /** The same bytes on every instruction set. */
    void (*conv_int8)(const struct conv_int8 *job);

    /** 16 channels to bytes: x * multiplier, n pixels `pixel` bytes apart. */
    void (*quantize)(const float *x, size_t n, float multiplier, int pixel,
                     uint8_t *y);

    /**
     * avg_pool over 16 channels of bytes, times `ratio`; the window's rows are
     * in bytes.
     */
    void (*avg_pool_int8)(const uint8_t *x, const struct window *window,
                          float ratio, int pixel, uint8_t *y);
};

enum {
    KERNEL_TILE_DEPTH = 32, /* channels of a pixel of a split map */
    KERNEL_TILE_PIXEL = 2 * 2 * KERNEL_TILE_DEPTH, /* bytes: high and low */
};

/** One plane of a split map: pixels. */
struct tiles_plane {
    int rows, columns;
    int pixels;
};

/**
 * The plane of a map of h x w. Without a stride a row's padding on the right is
 * the next one's on the left; the last row has what it needs of its own.
 */
static inline struct tiles_plane kernel_tiles_plane(int h, int w, int pad_left,
                                                    int pad_right, int stride)
{
    int most = pad_left > pad_right ? pad_left : pad_right;
    int rows = (h + stride - 1) / stride;
    int columns = stride == 1
                      ? w + most
                      : (w + pad_left + pad_right + stride - 1) / stride;

    return (struct tiles_plane){rows, columns, rows * columns + pad_right};
}

/** What a row of products sees of an image, woven. */
struct weave {
    int lines; /* 8, 16 or 32: rows of the image, and zeros */
    int steps; /* of 32 / lines columns */
    int columns;
};

static inline struct weave kernel_weave(int lines, int kernel_w, int stride,
                                        int out_w)
{
    int weave = lines <= 8 ? 8 : lines <= 16 ? 16 : 32;
    int step = KERNEL_TILE_DEPTH / weave;
    int steps = (kernel_w + step - 1) / step;
    int columns = (out_w - 1) * stride + steps * step;

    return (struct weave){weave, steps, (columns + 15) / 16 * 16};
}

/** Of all columns, high and low. */
static inline size_t kernel_weave_bytes(const struct weave *weave)
{
    return (size_t)weave->columns * (size_t)weave->lines * 2 * 2;
}

/** Bytes of a pixel of a block, for bytes of so many channels. */
static inline int kernel_int8_pixel(int channels)
{
    return channels <= 32 ? 32 : 64;
}

/** Blocks of this many channels. */
static inline int kernel_blocks(int channels)
{
    return (channels + KERNEL_BLOCK - 1) / KERNEL_BLOCK;
}

/** A map of bytes as the kernels for them take it. */
static inline struct int8_map kernel_int8_map(const struct map *map)
{
    int pixel = kernel_int8_pixel(map->c);

    return (struct int8_map){
        .data = (uint8_t *)map->data,
        .pixel = pixel,
        .blocks = (map->c + pixel - 1) / pixel,
        .row = map->row * sizeof(float),
        .plane = map->plane * sizeof(float),
        .image = map->image * sizeof(float),
    };
}

extern const struct kernels kernels_scalar;
#if defined(__x86_64__)
extern const struct kernels kernels_avx2;
extern const struct kernels kernels_avx2_vnni;
extern const struct kernels kernels_avx512;
extern const struct kernels kernels_avx512_vnni;
extern const struct kernels kernels_avx512_amx;
#elif defined(__aarch64__)
extern const struct kernels kernels_neon;
#endif

/** Choose the fastest table that neither this CPU nor the cap forbids. */
void kernel_init(enum cpu_level cap);

/** The chosen table; scalar before kernel_init(). */
const struct kernels *kernel_table(void);

#endif
