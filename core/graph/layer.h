// SPDX-License-Identifier: MIT
/*
 * layer.h - what a graph is made of; private to core/graph.
 */
#ifndef AHA_GRAPH_LAYER_H
#define AHA_GRAPH_LAYER_H

#include <stdbool.h>

#include "core/graph/graph.h"
#include "core/ops/conv2d.h"

enum {
    GRAPH_MAX_LAYERS = 512,
    GRAPH_MAX_OUTPUTS = 8,
    GRAPH_MAX_NAME = 32,
    GRAPH_MAX_SIDE = 8192, /* px */
};

enum op {
    OP_CONV2D,
    OP_ADD,
    OP_MAX_POOL2D,
    OP_AVG_POOL2D,
    OP_PAD_CHANNELS,
    OP_UPSAMPLE_BILINEAR2D,
    OP_SPATIAL_ATTENTION,
    OP_ADAPTIVE_AVG_POOL2D,
    OP_QUANTIZE,
    OP_NONE, /* merged into another layer */
};

/**
 * Layer i reads values in[] and makes value i + 1. A conv2d with two inputs
 * adds the second before its activation; it may have fewer channels.
 */
struct layer {
    enum op op;
    int in[2];
    int n_in;
    int in_c;
    int out_c;
    float step;          /* the value is bytes, one worth this; 0: floats */
    struct conv2d conv;  /* conv2d, spatial_attention; activation of add */
    struct conv2d front; /* depthwise before a conv2d, when has_front */
    bool has_front;
    struct window window; /* pools: kernel, stride, padding */
    int pad_bottom;       /* max_pool2d */
    int pad_right;        /* max_pool2d */
};

struct graph_named_output {
    char name[GRAPH_MAX_NAME];
    int value;
};

struct graph {
    struct graph_shape input;
    struct layer *layers;
    int n_layers;
    struct graph_named_output outputs[GRAPH_MAX_OUTPUTS];
    int n_outputs;
    int64_t parameters;
};

/* Zeros that a layer wants around its first input, px. */
struct margin {
    int top, left, bottom, right;
};

/** What one layer computes on: see layer_run. */
struct layer_run {
    struct map a, b;    /* inputs; b.data is NULL with one */
    float a_step;       /* of bytes */
    const float *plain; /* the graph's input, when the layer reads it plain */
    struct map y;
    int first, rows;  /* of y to compute; all unless layer_is_banded */
    float *work;      /* layer_work_floats */
    float *attention; /* [images][h, w] for spatial_attention */
};

/** Merge layers where one pass over the pixels does for two or three. */
void graph_fuse(struct graph *graph);

/**
 * Read a convolution's weights of signed bytes [O, I, kH, kW] and their scales.
 *
 * @param dims  as safetensors_read's
 */
enum aha_status layer_read_int8(struct layer *layer,
                                const struct safetensors *file,
                                const char *name, int *dims,
                                struct aha_error *err) AHA_MUST_CHECK;

/** What one byte of a value is worth, or 0: it is floats. */
float graph_step(const struct graph *graph, int value);

/**
 * Once merged: every layer takes the bytes or floats that it is given, and no
 * output is bytes. Convolutions of bytes learn their steps.
 */
enum aha_status graph_check_int8(struct graph *graph,
                                 struct aha_error *err) AHA_MUST_CHECK;

/** Choose every convolution's algorithm and bring its weights in order. */
enum aha_status graph_pack(struct graph *graph) AHA_MUST_CHECK;

/** The layer reads the graph's input as it was written: plain planes. */
bool layer_is_plain(const struct layer *layer);

/** The layer computes some rows as well as all. */
bool layer_is_banded(const struct layer *layer);

/**
 * Rows of its value that a layer can compute from the first `available` of its
 * k'th input.
 *
 * @param h  all rows of that input
 */
int layer_rows(const struct layer *layer, int k, int available, int h);

/** The first row of the k'th input that row `row` of the value needs. */
int layer_first_row(const struct layer *layer, int k, int row);

struct margin layer_margin(const struct layer *layer);

/**
 * Shape of a layer's value given its first input's shape.
 *
 * @return false when the layer cannot take that size
 */
bool layer_shape(const struct layer *layer, struct graph_shape in,
                 struct graph_shape *out);

/** Multiply-adds for that input. */
int64_t layer_multiply_adds(const struct layer *layer, struct graph_shape in);

/** Floats of scratch the layer needs for `images` inputs of that shape. */
size_t layer_work_floats(const struct layer *layer, struct graph_shape in,
                         int images);

void layer_run(const struct layer *layer, const struct layer_run *run);

/** quantize, and avg_pool2d of bytes. */
void layer_run_int8(const struct layer *layer, const struct layer_run *run);

#endif
