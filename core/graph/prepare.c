// SPDX-License-Identifier: MIT
/*
 * What happens to a graph once, after it was read.
 *
 * Merging: two patterns, which the nets are made of. A convolution whose result
 * is only added to another value takes the addition and its activation into its
 * write-back; a pointwise convolution whose input is only made for it by a
 * depthwise one computes that itself, row by row.
 *
 * Packing: every convolution's algorithm is chosen by its shape at the graph's
 * nominal size, never by timing, so that the answers are the same on every
 * start.
 */
#include "core/graph/layer.h"

static int count_uses(const struct graph *graph, int value)
{
    int n = 0;

    for (int i = 0; i < graph->n_layers; i++) {
        const struct layer *layer = &graph->layers[i];

        for (int k = 0; layer->op != OP_NONE && k < layer->n_in; k++) {
            n += layer->in[k] == value;
        }
    }
    for (int i = 0; i < graph->n_outputs; i++) {
        n += graph->outputs[i].value == value;
    }
    return n;
}

/* The convolution that makes `value` for one reader alone, or NULL. */
static struct layer *private_conv(struct graph *graph, int value)
{
    struct layer *layer = value == 0 ? NULL : &graph->layers[value - 1];

    return layer != NULL && layer->op == OP_CONV2D && layer->n_in == 1 &&
                   count_uses(graph, value) == 1
               ? layer
               : NULL;
}

/* Channels that padding appends are zeros, which nothing need be added for. */
static void skip_padding(struct graph *graph, int *value)
{
    struct layer *layer = *value == 0 ? NULL : &graph->layers[*value - 1];

    if (layer != NULL && layer->op == OP_PAD_CHANNELS) {
        int padded = *value;

        *value = layer->in[0];
        if (count_uses(graph, padded) == 0) {
            layer->op = OP_NONE;
        }
    }
}

/* `layer`, an add, becomes the convolution that makes its input k. */
static bool fuse_add(struct graph *graph, struct layer *layer, int k)
{
    struct layer *conv = private_conv(graph, layer->in[k]);
    struct conv2d sum = layer->conv;

    if (conv == NULL || conv->conv.groups != 1 ||
        conv->conv.activation != ACTIVATION_NONE || conv->step > 0) {
        return false;
    }
    layer->op = OP_CONV2D;
    layer->in[1] = layer->in[1 - k];
    layer->in[0] = conv->in[0];
    layer->in_c = conv->in_c;
    layer->conv = conv->conv;
    layer->conv.activation = sum.activation;
    layer->conv.slope = sum.slope;
    conv->conv = (struct conv2d){0};
    conv->op = OP_NONE;
    skip_padding(graph, &layer->in[1]);
    return true;
}

static bool is_pointwise(const struct conv2d *conv)
{
    return conv->groups == 1 && conv->kernel_h == 1 && conv->kernel_w == 1 &&
           conv->stride == 1 && conv->pad_top == 0 && conv->pad_left == 0 &&
           conv->pad_bottom == 0 && conv->pad_right == 0;
}

static void fuse_front(struct graph *graph, struct layer *layer)
{
    struct layer *front = private_conv(graph, layer->in[0]);

    if (front == NULL || front->conv.groups == 1 ||
        layer->conv.int8.weight != NULL || !is_pointwise(&layer->conv)) {
        return;
    }
    layer->in[0] = front->in[0];
    layer->front = front->conv;
    layer->has_front = true;
    front->conv = (struct conv2d){0};
    front->op = OP_NONE;
}

void graph_fuse(struct graph *graph)
{
    for (int i = 0; i < graph->n_layers; i++) {
        struct layer *layer = &graph->layers[i];

        if (layer->op == OP_ADD && !fuse_add(graph, layer, 0)) {
            (void)fuse_add(graph, layer, 1);
        }
    }
    for (int i = 0; i < graph->n_layers; i++) {
        if (graph->layers[i].op == OP_CONV2D) {
            fuse_front(graph, &graph->layers[i]);
        }
    }
}

static enum aha_status pack_layer(struct layer *layer, struct graph_shape in)
{
    enum aha_status status = AHA_OK;

    if (layer->op == OP_ADD) {
        layer->conv.out_c = layer->out_c;
        return conv2d_pack_activation(&layer->conv);
    }
    if (layer->op == OP_SPATIAL_ATTENTION) {
        return conv2d_pack(&layer->conv, true, in.h, in.w);
    }
    if (layer->op != OP_CONV2D) {
        return AHA_OK;
    }
    if (layer->has_front) {
        status = conv2d_pack(&layer->front, false, in.h, in.w);
        conv2d_size(&layer->front, in.h, in.w, &in.h, &in.w);
    }
    return status == AHA_OK
               ? conv2d_pack(&layer->conv, layer_is_plain(layer), in.h, in.w)
               : status;
}

enum aha_status graph_pack(struct graph *graph)
{
    struct graph_plan *plan = NULL;
    enum aha_status status = graph_plan_create(&plan, graph, 1);

    if (status == AHA_OK) {
        status = graph_plan_resize(plan, graph->input.h, graph->input.w);
    }
    for (int i = 0; status == AHA_OK && i < graph->n_layers; i++) {
        struct layer *layer = &graph->layers[i];

        status = pack_layer(layer, graph_plan_shape(plan, layer->in[0]));
    }
    graph_plan_destroy(plan);
    return status;
}
