// SPDX-License-Identifier: MIT
#include "core/graph/layer.h"

#include <string.h>

#include "core/ops/attention.h"

/* Planes that are not worth a block of channels. */
enum { MAX_PLAIN_CHANNELS = 4 };

bool layer_is_plain(const struct layer *layer)
{
    return layer->op == OP_CONV2D && layer->in[0] == 0 &&
           layer->conv.groups == 1 && !layer->has_front &&
           layer->in_c <= MAX_PLAIN_CHANNELS;
}

struct margin layer_margin(const struct layer *layer)
{
    const struct conv2d *conv = layer->has_front ? &layer->front : &layer->conv;

    if (layer->op != OP_CONV2D || layer_is_plain(layer)) {
        return (struct margin){0, 0, 0, 0};
    }
    return (struct margin){conv->pad_top, conv->pad_left, conv->pad_bottom,
                           conv->pad_right};
}

bool layer_is_banded(const struct layer *layer)
{
    if (layer->step > 0) {
        return false;
    }
    switch (layer->op) {
    case OP_CONV2D:
        return layer->conv.algorithm != CONV2D_WINOGRAD2 &&
               layer->conv.algorithm != CONV2D_WINOGRAD4 &&
               layer->conv.algorithm != CONV2D_TILES &&
               layer->conv.algorithm != CONV2D_INT8;
    case OP_ADD:
    case OP_MAX_POOL2D:
    case OP_AVG_POOL2D:
    case OP_PAD_CHANNELS:
        return true;
    case OP_UPSAMPLE_BILINEAR2D:
    case OP_SPATIAL_ATTENTION:
    case OP_ADAPTIVE_AVG_POOL2D:
    case OP_QUANTIZE:
    case OP_NONE:
        break;
    }
    return false;
}

/* How a layer's rows lie in its k'th input's. */
struct reach {
    int kernel, stride, pad;
};

static struct reach reach_of(const struct layer *layer, int k)
{
    const struct conv2d *conv = layer->has_front ? &layer->front : &layer->conv;

    if (layer->op == OP_CONV2D && k == 0) {
        return (struct reach){conv->kernel_h, conv->stride, conv->pad_top};
    }
    if (layer->op == OP_MAX_POOL2D || layer->op == OP_AVG_POOL2D) {
        return (struct reach){layer->window.kernel_h, layer->window.stride,
                              layer->window.pad_top};
    }
    return (struct reach){1, 1, 0};
}

int layer_rows(const struct layer *layer, int k, int available, int h)
{
    struct reach reach = reach_of(layer, k);
    int room = available + reach.pad - reach.kernel;

    if (available == h) {
        return GRAPH_MAX_SIDE;
    }
    return room < 0 ? 0 : room / reach.stride + 1;
}

int layer_first_row(const struct layer *layer, int k, int row)
{
    struct reach reach = reach_of(layer, k);

    return row * reach.stride - reach.pad;
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
        if (layer->has_front) {
            conv2d_size(&layer->front, in.h, in.w, &in.h, &in.w);
        }
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
    case OP_NONE:
    case OP_ADD:
    case OP_PAD_CHANNELS:
    case OP_SPATIAL_ATTENTION:
    case OP_QUANTIZE:
        break;
    }
    return out->h >= 1 && out->w >= 1 && out->h <= GRAPH_MAX_SIDE &&
           out->w <= GRAPH_MAX_SIDE;
}

int64_t layer_multiply_adds(const struct layer *layer, struct graph_shape in)
{
    int64_t n = 0;

    if (layer->op != OP_CONV2D && layer->op != OP_SPATIAL_ATTENTION) {
        return 0;
    }
    if (layer->has_front) {
        n = conv2d_multiply_adds(&layer->front, in.h, in.w);
        conv2d_size(&layer->front, in.h, in.w, &in.h, &in.w);
    }
    return n + conv2d_multiply_adds(&layer->conv, in.h, in.w);
}

size_t layer_work_floats(const struct layer *layer, struct graph_shape in,
                         int images)
{
    switch (layer->op) {
    case OP_CONV2D:
        return conv2d_work_floats(&layer->conv,
                                  layer->has_front ? &layer->front : NULL, in.h,
                                  in.w, images);
    case OP_SPATIAL_ATTENTION:
        return spatial_attention_work_floats(&layer->conv, in.h, in.w);
    default:
        return 0;
    }
}

static float *block_of(const struct map *map, int image, int block)
{
    return map->data + (size_t)image * map->image + (size_t)block * map->plane;
}

static void run_add(const struct layer *layer, const struct layer_run *run,
                    int image, int block)
{
    const float *a = block_of(&run->a, image, block);
    const float *b = block_of(&run->b, image, block);
    float *y = block_of(&run->y, image, block);

    for (int r = run->first; r < run->first + run->rows; r++) {
        kernel_table()->add(a + (size_t)r * run->a.row,
                            b + (size_t)r * run->b.row, (size_t)run->y.w,
                            layer->conv.finish.slope +
                                (size_t)block * KERNEL_BLOCK,
                            y + (size_t)r * run->y.row);
    }
}

/* The window of a pool or an upsampling over one block. */
static struct window window_of(const struct layer *layer,
                               const struct layer_run *run)
{
    struct window window = layer->window;

    window.in_h = run->a.h;
    window.in_w = run->a.w;
    window.out_h = run->rows;
    window.pad_top -= run->first * window.stride;
    window.out_w = run->y.w;
    window.in_row = run->a.row;
    window.out_row = run->y.row;
    return window;
}

static void run_pad(const struct layer_run *run, int image, int block)
{
    size_t bytes = (size_t)run->y.w * KERNEL_BLOCK * sizeof(float);
    float *y = block_of(&run->y, image, block);

    for (int r = run->first; r < run->first + run->rows; r++) {
        float *to = y + (size_t)r * run->y.row;

        if (block < kernel_blocks(run->a.c)) {
            memcpy(to, block_of(&run->a, image, block) + (size_t)r * run->a.row,
                   bytes);
        } else {
            memset(to, 0, bytes);
        }
    }
}

static void run_average(const struct layer_run *run, int image, int block)
{
    const float *x = block_of(&run->a, image, block);
    float *y = block_of(&run->y, image, block);

    memset(y, 0, KERNEL_BLOCK * sizeof *y);
    for (int r = 0; r < run->a.h; r++) {
        kernel_table()->sum(x + (size_t)r * run->a.row, (size_t)run->a.w, y);
    }
    for (int i = 0; i < KERNEL_BLOCK; i++) {
        y[i] /= (float)(run->a.h * run->a.w);
    }
}

/* The layers that treat each block of channels for itself. */
static void run_block(const struct layer *layer, const struct layer_run *run,
                      int image, int block)
{
    const struct kernels *kernels = kernel_table();
    struct window window = window_of(layer, run);
    float *y = block_of(&run->y, image, block) +
               (ptrdiff_t)run->first * (ptrdiff_t)run->y.row;

    switch (layer->op) {
    case OP_ADD:
        run_add(layer, run, image, block);
        break;
    case OP_PAD_CHANNELS:
        run_pad(run, image, block);
        break;
    case OP_ADAPTIVE_AVG_POOL2D:
        run_average(run, image, block);
        break;
    case OP_MAX_POOL2D:
        kernels->max_pool(block_of(&run->a, image, block), &window, y);
        break;
    case OP_AVG_POOL2D:
        kernels->avg_pool(block_of(&run->a, image, block), &window, y);
        break;
    case OP_UPSAMPLE_BILINEAR2D:
        kernels->upsample2(block_of(&run->a, image, block), &window, y);
        break;
    case OP_NONE:
    case OP_CONV2D:
    case OP_SPATIAL_ATTENTION:
    case OP_QUANTIZE:
        break;
    }
}

void layer_run(const struct layer *layer, const struct layer_run *run)
{
    if (layer->op == OP_CONV2D) {
        conv2d_run(&layer->conv,
                   &(struct conv2d_run){
                       .front = layer->has_front ? &layer->front : NULL,
                       .x = run->a,
                       .plain = run->plain,
                       .y = run->y,
                       .first = run->first,
                       .rows = run->rows,
                       .residual = run->b,
                       .work = run->work,
                   });
        return;
    }
    if (layer->op == OP_SPATIAL_ATTENTION) {
        spatial_attention_run(&layer->conv, &run->a, &run->y, run->work,
                              run->attention);
        return;
    }
    if (layer->step > 0) {
        layer_run_int8(layer, run);
        return;
    }
    for (int image = 0; image < run->y.images; image++) {
        for (int b = 0; b < kernel_blocks(run->y.c); b++) {
            run_block(layer, run, image, b);
        }
    }
}
