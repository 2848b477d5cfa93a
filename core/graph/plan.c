// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/graph/place.h"

enum {
    MAX_FLOATS = 1 << 28,
    LINE_FLOATS = AHA_ALIGNMENT / sizeof(float),
    NEVER = -1,
};

static size_t whole_lines(size_t floats)
{
    return (floats + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
}

static void widen(struct margin *margin, struct margin other)
{
    margin->top = other.top > margin->top ? other.top : margin->top;
    margin->left = other.left > margin->left ? other.left : margin->left;
    margin->bottom =
        other.bottom > margin->bottom ? other.bottom : margin->bottom;
    margin->right = other.right > margin->right ? other.right : margin->right;
}

/* Who reads what, and when for the last time. */
static void find_uses(struct graph_plan *plan)
{
    const struct graph *graph = plan->graph;

    plan->input.last_use = NEVER;
    plan->places[0].last_use = NEVER;
    for (int i = 0; i < graph->n_layers; i++) {
        const struct layer *layer = &graph->layers[i];
        bool is_plain = layer_is_plain(layer);

        for (int k = 0; layer->op != OP_NONE && k < layer->n_in; k++) {
            struct place *place = &plan->places[layer->in[k]];

            if (k == 0 && is_plain) {
                place = &plan->input;
            }
            place->last_use = i;
        }
        if (layer->op != OP_NONE) {
            widen(&plan->places[layer->in[0]].margin, layer_margin(layer));
        }
        plan->places[i + 1].last_use = i;
    }
    for (int i = 0; i < graph->n_outputs; i++) {
        plan->places[graph->outputs[i].value].last_use = graph->n_layers;
    }
}

enum aha_status graph_plan_create(struct graph_plan **out,
                                  const struct graph *graph, int images)
{
    struct graph_plan *plan = alloc_array(1, sizeof *plan);

    if (plan == NULL) {
        return AHA_ERR_MEMORY;
    }
    plan->graph = graph;
    plan->images = images;
    plan->places =
        alloc_array((size_t)graph->n_layers + 1, sizeof *plan->places);
    plan->progress =
        alloc_array((size_t)graph->n_layers + 1, sizeof *plan->progress);
    plan->stretches =
        alloc_array((size_t)graph->n_layers, sizeof *plan->stretches);
    if (plan->places == NULL || plan->progress == NULL ||
        plan->stretches == NULL) {
        graph_plan_destroy(plan);
        return AHA_ERR_MEMORY;
    }
    find_uses(plan);
    *out = plan;
    return AHA_OK;
}

void graph_plan_destroy(struct graph_plan *plan)
{
    if (plan != NULL) {
        free(plan->places);
        free(plan->progress);
        free(plan->stretches);
        free(plan);
    }
}

/* Past `other` if it is still needed and overlaps `size` floats at `at`. */
static bool step_over(const struct place *other, int made, size_t size,
                      size_t *at)
{
    if (other->last_use < made - 1 || *at >= other->offset + other->size ||
        other->offset >= *at + size) {
        return false;
    }
    *at = other->offset + other->size;
    return true;
}

/*
 * The lowest offset at which `size` floats for `value` overlap no earlier one
 * that is still needed when number `made` is made. Few values live at once, so
 * trying the end of each is quick.
 */
static size_t lowest_free(const struct graph_plan *plan, int value, int made,
                          size_t size)
{
    size_t at = 0;
    bool moved = true;

    while (moved) {
        moved = step_over(&plan->input, made, size, &at);
        for (int v = 0; v < value; v++) {
            moved = step_over(&plan->places[v], made, size, &at) || moved;
        }
    }
    return at;
}

/* @return false when there is no room for it */
static bool put(struct graph_plan *plan, struct place *place, size_t offset)
{
    size_t end = offset + place->size;

    place->offset = offset;
    if (end > plan->values_floats) {
        plan->values_floats = end;
    }
    return end <= MAX_FLOATS;
}

static bool place_input(struct graph_plan *plan, struct graph_shape shape)
{
    struct place *input = &plan->input;

    input->shape = shape;
    input->row = (size_t)shape.w;
    input->plane = input->row * (size_t)shape.h;
    input->image = input->plane * (size_t)shape.c;
    input->size = whole_lines((size_t)plan->images * input->image);
    return input->image <= MAX_FLOATS / (size_t)plan->images &&
           put(plan, input, 0);
}

/* Blocks of floats, or of bytes. */
static void set_blocks(struct place *place, float step)
{
    int channels = KERNEL_BLOCK;

    place->pixel = KERNEL_BLOCK;
    if (step > 0) {
        channels = kernel_int8_pixel(place->shape.c);
        place->pixel = channels / (int)sizeof(float);
    }
    place->blocks = (place->shape.c + channels - 1) / channels;
}

/* Give a value of known shape its place; its stretch's values live at once. */
static bool place_value(struct graph_plan *plan, int value, int made)
{
    struct place *place = &plan->places[value];
    const struct margin *margin = &place->margin;
    int columns = place->shape.w + margin->left + margin->right;
    int rows = place->rows + margin->top + margin->bottom;

    set_blocks(place, graph_step(plan->graph, value));
    place->row = (size_t)columns * (size_t)place->pixel;
    place->plane = (size_t)rows * place->row;
    place->image = (size_t)place->blocks * place->plane;
    if (place->image > MAX_FLOATS / (size_t)plan->images) {
        return false;
    }
    place->size = whole_lines((size_t)plan->images * place->image);
    return put(plan, place, lowest_free(plan, value, made, place->size));
}

static bool place_values(struct graph_plan *plan)
{
    if (plan->places[0].last_use != NEVER) {
        plan->places[0].rows = plan->places[0].shape.h;
        if (!place_value(plan, 0, 0)) {
            return false;
        }
    }
    for (int s = 0; s < plan->n_stretches; s++) {
        const struct stretch *stretch = &plan->stretches[s];

        for (int i = stretch->first; i < stretch->end; i++) {
            if (plan->graph->layers[i].op != OP_NONE &&
                !place_value(plan, i + 1, stretch->first + 1)) {
                return false;
            }
        }
    }
    return true;
}

static bool find_shape(struct graph_plan *plan, int i)
{
    const struct layer *layer = &plan->graph->layers[i];
    struct graph_shape in = plan->places[layer->in[0]].shape;
    struct graph_shape *shape = &plan->places[i + 1].shape;
    size_t work;

    if (layer->op == OP_NONE) {
        *shape = (struct graph_shape){0, 0, 0};
        return true;
    }
    if (!layer_shape(layer, in, shape) ||
        (int64_t)shape->c * shape->h * shape->w > MAX_FLOATS) {
        return false;
    }
    if (layer->n_in == 2) {
        struct graph_shape other = plan->places[layer->in[1]].shape;

        if (other.h != shape->h || other.w != shape->w) {
            return false;
        }
    }
    work = layer_work_floats(layer, in, plan->images);
    if (work > plan->work_floats) {
        plan->work_floats = work;
    }
    plan->multiply_adds += layer_multiply_adds(layer, in);
    return work <= MAX_FLOATS;
}

/* Maps outlive the run, so they come after everything that is shared. */
static void place_maps(struct graph_plan *plan)
{
    for (int i = 0; i < plan->graph->n_layers; i++) {
        struct place *place = &plan->places[i + 1];

        if (plan->graph->layers[i].op == OP_SPATIAL_ATTENTION) {
            place->attention = plan->values_floats;
            plan->values_floats +=
                whole_lines((size_t)plan->images * (size_t)place->shape.h *
                            (size_t)place->shape.w);
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
    plan->places[0].shape = input;
    for (int i = 0; i < plan->graph->n_layers; i++) {
        if (!find_shape(plan, i)) {
            return AHA_ERR_ARG;
        }
    }
    plan_stretches(plan);
    if (!place_input(plan, input) || !place_values(plan)) {
        return AHA_ERR_ARG;
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

float *graph_plan_input(const struct graph_plan *plan, float *workspace,
                        int image)
{
    return workspace + plan->input.offset + (size_t)image * plan->input.image;
}

void graph_plan_read(const struct graph_plan *plan, const float *workspace,
                     int image, int value, float *out)
{
    const struct place *place = &plan->places[value];
    const float *first = workspace + place->offset +
                         (size_t)place->margin.top * place->row +
                         (size_t)place->margin.left * KERNEL_BLOCK +
                         (size_t)image * place->image;

    for (int c = 0; c < place->shape.c; c++) {
        for (int r = 0; r < place->shape.h; r++) {
            const float *row =
                first + (size_t)(c / KERNEL_BLOCK) * place->plane +
                (size_t)r * place->row + (size_t)(c % KERNEL_BLOCK);

            for (int i = 0; i < place->shape.w; i++) {
                *out++ = row[(size_t)i * KERNEL_BLOCK];
            }
        }
    }
}

bool graph_plan_has_attention(const struct graph_plan *plan, int value)
{
    return value >= 1 && value <= plan->graph->n_layers &&
           plan->graph->layers[value - 1].op == OP_SPATIAL_ATTENTION;
}

const float *graph_plan_attention(const struct graph_plan *plan,
                                  const float *workspace, int image, int value)
{
    const struct place *place = &plan->places[value];

    return workspace + place->attention +
           (size_t)image * (size_t)place->shape.h * (size_t)place->shape.w;
}

static void block_input(const struct graph_plan *plan, float *workspace,
                        int images)
{
    const struct place *place = &plan->places[0];
    struct map map =
        place_map(place, &(struct progress){0, 0}, workspace, images);

    memset(workspace + place->offset, 0, place->size * sizeof *workspace);
    for (int i = 0; i < images; i++, map.data += map.image) {
        kernel_table()->block(graph_plan_input(plan, workspace, i), &map);
    }
}

void graph_run(const struct graph_plan *plan, float *workspace, int images)
{
    plan->progress[0] = (struct progress){0, 0};
    if (plan->places[0].last_use != NEVER) {
        block_input(plan, workspace, images);
    }
    for (int i = 0; i < plan->n_stretches; i++) {
        stretch_run(plan, &plan->stretches[i], workspace, images);
    }
}
