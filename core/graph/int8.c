// SPDX-License-Identifier: MIT
/*
 * Layers whose values are bytes (MODEL.md 2.3): what may follow what, and those
 * that are no convolutions.
 */
#include <stdio.h>

#include "core/graph/layer.h"

/* With steps of 1e-6 to 1e6 a sum of 32 bits is then worth 2e33 at most. */
static const float MAX_SCALE = 1e12F;

float graph_step(const struct graph *graph, int value)
{
    return value == 0 ? 0.0F : graph->layers[value - 1].step;
}

enum aha_status layer_read_int8(struct layer *layer,
                                const struct safetensors *file,
                                const char *name, int *dims,
                                struct aha_error *err)
{
    struct conv2d_int8 *int8 = &layer->conv.int8;
    char scale_name[TENSOR_MAX_NAME + sizeof ".scale"];
    enum aha_status status =
        safetensors_read_int8(file, name, 4, dims, &int8->weight, err);

    if (status != AHA_OK) {
        return status;
    }
    (void)snprintf(scale_name, sizeof scale_name, "%s.scale", name);
    status =
        safetensors_read(file, scale_name, 1, dims, &int8->weight_scale, err);
    for (int i = 0; status == AHA_OK && i < dims[0]; i++) {
        if (!(int8->weight_scale[i] > 0 &&
              int8->weight_scale[i] <= MAX_SCALE)) {
            status =
                aha_error_set(err, AHA_ERR_WEIGHTS,
                              "tensor %.80s must be above 0 and at most %g",
                              scale_name, (double)MAX_SCALE);
        }
    }
    return status;
}

static bool fits(const struct layer *layer, float a, float b)
{
    bool is_made = layer->step > 0;

    switch (layer->op) {
    case OP_QUANTIZE:
        return !(a > 0);
    case OP_AVG_POOL2D:
        return (a > 0) == is_made;
    case OP_CONV2D:
        if (layer->conv.int8.weight != NULL) {
            return a > 0 && (layer->n_in == 1 || b > 0) &&
                   layer->conv.activation != ACTIVATION_PRELU;
        }
        break;
    case OP_NONE:
        return true;
    default:
        break;
    }
    return !(a > 0) && !(b > 0) && !is_made;
}

enum aha_status graph_check_int8(struct graph *graph, struct aha_error *err)
{
    for (int i = 0; i < graph->n_layers; i++) {
        struct layer *layer = &graph->layers[i];
        float a = graph_step(graph, layer->in[0]);
        float b = layer->n_in == 2 ? graph_step(graph, layer->in[1]) : 0.0F;

        if (!fits(layer, a, b)) {
            return aha_error_set(err, AHA_ERR_WEIGHTS,
                                 "layer %d cannot take or give bytes here", i);
        }
        if (layer->conv.int8.weight != NULL) {
            layer->conv.int8.residual_step = b;
            layer->conv.int8.y_step = layer->step;
        }
    }
    for (int i = 0; i < graph->n_outputs; i++) {
        if (graph_step(graph, graph->outputs[i].value) > 0) {
            return aha_error_set(err, AHA_ERR_WEIGHTS,
                                 "output %s has a \"step\"",
                                 graph->outputs[i].name);
        }
    }
    return AHA_OK;
}

/* The bytes of a block of 16 channels of one image. */
static uint8_t *bytes_of(const struct int8_map *map, int image, int block)
{
    int channel = block * KERNEL_BLOCK;

    return map->data + (size_t)image * map->image +
           (size_t)(channel / map->pixel) * map->plane +
           (size_t)(channel % map->pixel);
}

static void run_quantize(const struct layer *layer, const struct layer_run *run,
                         int image, int block)
{
    struct int8_map y = kernel_int8_map(&run->y);
    const float *from = run->a.data + (size_t)image * run->a.image +
                        (size_t)block * run->a.plane;
    uint8_t *to = bytes_of(&y, image, block);

    for (int r = 0; r < run->y.h; r++) {
        kernel_table()->quantize(from + (size_t)r * run->a.row,
                                 (size_t)run->y.w, 1 / layer->step, y.pixel,
                                 to + (size_t)r * y.row);
    }
}

static void run_average(const struct layer *layer, const struct layer_run *run,
                        int image, int block)
{
    struct int8_map x = kernel_int8_map(&run->a);
    struct int8_map y = kernel_int8_map(&run->y);
    struct window window = layer->window;

    window.in_h = run->a.h;
    window.in_w = run->a.w;
    window.out_h = run->y.h;
    window.out_w = run->y.w;
    window.in_row = x.row;
    window.out_row = y.row;
    kernel_table()->avg_pool_int8(bytes_of(&x, image, block), &window,
                                  run->a_step / layer->step, x.pixel,
                                  bytes_of(&y, image, block));
}

void layer_run_int8(const struct layer *layer, const struct layer_run *run)
{
    for (int image = 0; image < run->y.images; image++) {
        for (int b = 0; b < kernel_blocks(run->y.c); b++) {
            if (layer->op == OP_QUANTIZE) {
                run_quantize(layer, run, image, b);
            } else {
                run_average(layer, run, image, b);
            }
        }
    }
}
