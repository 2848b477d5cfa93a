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
};

/** Layer i reads values in[] and makes value i + 1. */
struct layer {
    enum op op;
    int in[2];
    int n_in;
    int in_c;
    int out_c;
    struct conv2d conv;   /* conv2d, spatial_attention; activation of add */
    struct window window; /* pools: kernel, stride, padding */
    int pad_bottom;       /* max_pool2d */
    int pad_right;        /* max_pool2d */
    float *weight;        /* owned storage behind conv */
    float *bias;
    float *slope;
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

/**
 * Shape of a layer's value given its first input's shape.
 *
 * @return false when the layer cannot take that size
 */
bool layer_shape(const struct layer *layer, struct graph_shape in,
                 struct graph_shape *out);

/** Floats of scratch the layer needs for that input. */
size_t layer_work_floats(const struct layer *layer, struct graph_shape in);

/**
 * Compute one layer.
 *
 * @param a, b       inputs; b is NULL but for add
 * @param attention  [h, w] for spatial_attention, else NULL
 */
void layer_run(const struct layer *layer, struct graph_shape in,
               struct graph_shape out, const float *a, const float *b,
               float *work, float *attention, float *y);

#endif
