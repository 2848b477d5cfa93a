// SPDX-License-Identifier: MIT
#include "core/graph/layer.h"

#include <string.h>

#include "core/kernel/kernel.h"
#include "core/ops/attention.h"

static size_t plane_of(struct graph_shape shape)
{
    return (size_t)shape.h * (size_t)shape.w;
}

static bool pool_shape(const struct layer *layer, struct graph_shape in,
                       struct graph_shape *out)
{
    const struct window *window = &layer->window;
    int h = in.h + window->pad_top + layer->pad_bottom - window->kernel_h;
    int w = in.w + window->pad_left + layer->pad_right - window->kernel_w;

    if (layer->op == OP_AVG_POOL2D) {
        /* ceil_mode: a last window may hang over, but must start inside. */
        h += window->stride - 1;
        w += window->stride - 1;
    }
    if (h < 0 || w < 0) {
        return false;
    }
    out->h = h / window->stride + 1;
    out->w = w / window->stride + 1;
    if (layer->op == OP_AVG_POOL2D) {
        out->h -= (out->h - 1) * window->stride >= in.h;
        out->w -= (out->w - 1) * window->stride >= in.w;
    }
    return true;
}

bool layer_shape(const struct layer *layer, struct graph_shape in,
                 struct graph_shape *out)
{
    *out = (struct graph_shape){layer->out_c, in.h, in.w};
    switch (layer->op) {
    case OP_CONV2D:
        conv2d_size(&layer->conv, in.h, in.w, &out->h, &out->w);
        break;
    case OP_MAX_POOL2D:
    case OP_AVG_POOL2D:
        if (!pool_shape(layer, in, out)) {
            return false;
        }
        break;
    case OP_UPSAMPLE_BILINEAR2D:
        out->h = 2 * in.h;
        out->w = 2 * in.w;
        break;
    case OP_ADAPTIVE_AVG_POOL2D:
        out->h = 1;
        out->w = 1;
        break;
    case OP_ADD:
    case OP_PAD_CHANNELS:
    case OP_SPATIAL_ATTENTION:
        break;
    }
    return out->h >= 1 && out->w >= 1 && out->h <= GRAPH_MAX_SIDE &&
           out->w <= GRAPH_MAX_SIDE;
}

size_t layer_work_floats(const struct layer *layer, struct graph_shape in)
{
    switch (layer->op) {
    case OP_CONV2D:
        return conv2d_work_floats(&layer->conv, in.h, in.w);
    case OP_SPATIAL_ATTENTION:
        return 2 * plane_of(in) + conv2d_work_floats(&layer->conv, in.h, in.w);
    default:
        return 0;
    }
}

static void run_add(const struct layer *layer, struct graph_shape in,
                    const float *a, const float *b, float *y)
{
    const struct conv2d *conv = &layer->conv;
    size_t plane = plane_of(in);

    for (int c = 0; c < in.c; c++) {
        size_t at = (size_t)c * plane;

        kernel_table()->add_activation(
            a + at, b + at, plane, conv->activation,
            conv->slope == NULL ? 0.0F : conv->slope[c], y + at);
    }
}

static void run_pool(const struct layer *layer, struct graph_shape in,
                     struct graph_shape out, const float *x, float *y)
{
    const struct kernels *kernels = kernel_table();
    struct window window = layer->window;

    window.in_h = in.h;
    window.in_w = in.w;
    window.out_h = out.h;
    window.out_w = out.w;
    for (int c = 0; c < in.c; c++) {
        const float *from = x + (size_t)c * plane_of(in);
        float *to = y + (size_t)c * plane_of(out);

        if (layer->op == OP_MAX_POOL2D) {
            kernels->max_pool(from, &window, to);
        } else {
            kernels->avg_pool(from, &window, to);
        }
    }
}

void layer_run(const struct layer *layer, struct graph_shape in,
               struct graph_shape out, const float *a, const float *b,
               float *work, float *attention, float *y)
{
    const struct kernels *kernels = kernel_table();
    size_t plane = plane_of(in);

    switch (layer->op) {
    case OP_CONV2D:
        conv2d_run(&layer->conv, a, in.h, in.w, work, y);
        break;
    case OP_ADD:
        run_add(layer, in, a, b, y);
        break;
    case OP_MAX_POOL2D:
    case OP_AVG_POOL2D:
        run_pool(layer, in, out, a, y);
        break;
    case OP_PAD_CHANNELS:
        memcpy(y, a, (size_t)in.c * plane * sizeof *y);
        memset(y + (size_t)in.c * plane, 0,
               (size_t)(out.c - in.c) * plane * sizeof *y);
        break;
    case OP_UPSAMPLE_BILINEAR2D:
        for (int c = 0; c < in.c; c++) {
            kernels->upsample2(a + (size_t)c * plane, in.h, in.w,
                               y + (size_t)c * plane_of(out));
        }
        break;
    case OP_SPATIAL_ATTENTION:
        spatial_attention_run(&layer->conv, a, in.c, in.h, in.w, work,
                              attention, y);
        break;
    case OP_ADAPTIVE_AVG_POOL2D:
        for (int c = 0; c < in.c; c++) {
            y[c] = kernels->sum(a + (size_t)c * plane, plane) / (float)plane;
        }
        break;
    }
}
