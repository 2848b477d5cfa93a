// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "core/alloc.h"
#include "core/graph/graph.h"
#include "core/graph/layer.h"

enum {
    MAX_FLOATS = 1 << 28,
    LINE_FLOATS = AHA_ALIGNMENT / sizeof(float),
};

/* Where one value lives and for how long. */
struct place {
    struct graph_shape shape;
    size_t offset;    /* floats */
    size_t size;      /* floats, rounded up to whole cache lines */
    int last_use;     /* last layer that reads it; n_layers for outputs */
    size_t attention; /* offset of its map, when a spatial_attention made it */
};

struct graph_plan {
    const struct graph *graph;
    struct place *places; /* one a value, n_layers + 1 */
    size_t values_floats; /* all values and maps; work follows */
    size_t work_floats;
    int64_t multiply_adds;
};

static size_t whole_lines(size_t floats)
{
    return (floats + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
}

enum aha_status graph_plan_create(struct graph_plan **out,
                                  const struct graph *graph)
{
    struct graph_plan *plan = alloc_array(1, sizeof *plan);

    if (plan == NULL) {
        return AHA_ERR_MEMORY;
    }
    plan->graph = graph;
    plan->places =
        alloc_array((size_t)graph->n_layers + 1, sizeof *plan->places);
    if (plan->places == NULL) {
        free(plan);
        return AHA_ERR_MEMORY;
    }
    for (int i = 0; i < graph->n_layers; i++) {
        const struct layer *layer = &graph->layers[i];

        for (int k = 0; k < layer->n_in; k++) {
            plan->places[layer->in[k]].last_use = i;
        }
        plan->places[i + 1].last_use = i;
    }
    for (int i = 0; i < graph->n_outputs; i++) {
        plan->places[graph->outputs[i].value].last_use = graph->n_layers;
    }
    *out = plan;
    return AHA_OK;
}

void graph_plan_destroy(struct graph_plan *plan)
{
    if (plan != NULL) {
        free(plan->places);
        free(plan);
    }
}

/*
 * The lowest offset at which `size` floats overlap no value that is still
 * needed when value number `made` is made. Few values live at once, so trying
 * the end of each is quick.
 */
static size_t lowest_free(const struct graph_plan *plan, int made, size_t size)
{
    size_t at = 0;
    bool moved = true;

    while (moved) {
        moved = false;
        for (int v = 0; v < made; v++) {
            const struct place *other = &plan->places[v];

            if (other->last_use >= made - 1 &&
                at < other->offset + other->size && other->offset < at + size) {
                at = other->offset + other->size;
                moved = true;
            }
        }
    }
    return at;
}

static bool place_value(struct graph_plan *plan, int value,
                        struct graph_shape shape)
{
    struct place *place = &plan->places[value];
    int64_t floats = (int64_t)shape.c * shape.h * shape.w;
    size_t end;

    if (floats > MAX_FLOATS) {
        return false;
    }
    place->shape = shape;
    place->size = whole_lines((size_t)floats);
    place->offset = lowest_free(plan, value, place->size);
    end = place->offset + place->size;
    if (end > plan->values_floats) {
        plan->values_floats = end;
    }
    return end <= MAX_FLOATS;
}

static bool place_layer(struct graph_plan *plan, int i)
{
    const struct layer *layer = &plan->graph->layers[i];
    struct graph_shape in = plan->places[layer->in[0]].shape;
    struct graph_shape shape;
    size_t work;

    if (!layer_shape(layer, in, &shape)) {
        return false;
    }
    if (layer->n_in == 2) {
        struct graph_shape other = plan->places[layer->in[1]].shape;

        if (other.h != in.h || other.w != in.w) {
            return false;
        }
    }
    work = layer_work_floats(layer, in);
    if (work > plan->work_floats) {
        plan->work_floats = work;
    }
    if (layer->op == OP_CONV2D || layer->op == OP_SPATIAL_ATTENTION) {
        plan->multiply_adds += conv2d_multiply_adds(&layer->conv, in.h, in.w);
    }
    return work <= MAX_FLOATS && place_value(plan, i + 1, shape);
}

/* Maps outlive the run, so they come after everything that is shared. */
static void place_maps(struct graph_plan *plan)
{
    for (int i = 0; i < plan->graph->n_layers; i++) {
        struct place *place = &plan->places[i + 1];

        if (plan->graph->layers[i].op == OP_SPATIAL_ATTENTION) {
            place->attention = plan->values_floats;
            plan->values_floats +=
                whole_lines((size_t)place->shape.h * (size_t)place->shape.w);
        }
    }
}

enum aha_status graph_plan_resize(struct graph_plan *plan, int h, int w)
{
    struct graph_shape input = plan->graph->input;

    if (h < 1 || w < 1 || h > GRAPH_MAX_SIDE || w > GRAPH_MAX_SIDE) {
        return AHA_ERR_ARG;
    }
    input.h = h;
    input.w = w;
    plan->values_floats = 0;
    plan->work_floats = 0;
    plan->multiply_adds = 0;
    if (!place_value(plan, 0, input)) {
        return AHA_ERR_ARG;
    }
    for (int i = 0; i < plan->graph->n_layers; i++) {
        if (!place_layer(plan, i)) {
            return AHA_ERR_ARG;
        }
    }
    place_maps(plan);
    return AHA_OK;
}

size_t graph_plan_floats(const struct graph_plan *plan)
{
    return plan->values_floats + plan->work_floats;
}

struct graph_shape graph_plan_shape(const struct graph_plan *plan, int value)
{
    return plan->places[value].shape;
}

int64_t graph_plan_multiply_adds(const struct graph_plan *plan)
{
    return plan->multiply_adds;
}

float *graph_plan_input(const struct graph_plan *plan, float *workspace)
{
    return workspace + plan->places[0].offset;
}

const float *graph_plan_value(const struct graph_plan *plan,
                              const float *workspace, int value)
{
    return workspace + plan->places[value].offset;
}

const float *graph_plan_attention(const struct graph_plan *plan,
                                  const float *workspace, int value)
{
    if (value < 1 || value > plan->graph->n_layers ||
        plan->graph->layers[value - 1].op != OP_SPATIAL_ATTENTION) {
        return NULL;
    }
    return workspace + plan->places[value].attention;
}

void graph_run(const struct graph_plan *plan, float *workspace)
{
    float *work = workspace + plan->values_floats;

    for (int i = 0; i < plan->graph->n_layers; i++) {
        const struct layer *layer = &plan->graph->layers[i];
        const struct place *a = &plan->places[layer->in[0]];
        const struct place *out = &plan->places[i + 1];
        const float *b = layer->n_in == 2
                             ? workspace + plan->places[layer->in[1]].offset
                             : NULL;

        layer_run(layer, a->shape, out->shape, workspace + a->offset, b, work,
                  layer->op == OP_SPATIAL_ATTENTION ? workspace + out->attention
                                                    : NULL,
                  workspace + out->offset);
    }
}
