// SPDX-License-Identifier: MIT
/*
 * Large maps do not stay in cache from the layer that makes them to the one
 * that reads them, so neighbouring layers with such maps run as a stretch:
 * each in turn computes the rows that its inputs allow by then, a few at a
 * time, again and again to the last row. What only the stretch itself reads is
 * kept as a window of rows that slides down the map. The numbers are the same:
 * a row's sums do not know when they are added up.
 */
#include <string.h>

#include "core/graph/place.h"

/* Floats of a map that are worth cutting, and of what one step makes of it. */
enum { LARGE_FLOATS = 128 * 1024, STEP_FLOATS = 64 * 1024 };

static size_t map_floats(const struct graph_plan *plan, int value)
{
    struct graph_shape shape = plan->places[value].shape;

    return (size_t)plan->images *
           (size_t)(kernel_blocks(shape.c) * KERNEL_BLOCK) * (size_t)shape.h *
           (size_t)shape.w;
}

static bool is_cut(const struct graph_plan *plan, int i)
{
    return layer_is_banded(&plan->graph->layers[i]) &&
           map_floats(plan, i + 1) >= LARGE_FLOATS;
}

static bool is_inside(const struct stretch *stretch, int value)
{
    return value > stretch->first && value <= stretch->end;
}

/* Rows of layer i's value that can be there after this step. */
static int reachable(const struct graph_plan *plan,
                     const struct stretch *stretch, int i, int step)
{
    const struct layer *layer = &plan->graph->layers[i];
    int h = plan->places[i + 1].shape.h;
    int rows = (int)((int64_t)h * (step + 1) / stretch->steps);

    for (int k = 0; k < layer->n_in; k++) {
        int value = layer->in[k];

        if (is_inside(stretch, value)) {
            int n = layer_rows(layer, k, plan->progress[value].done,
                               plan->places[value].shape.h);

            rows = n < rows ? n : rows;
        }
    }
    return rows < h ? rows : h;
}

/* The first row of layer i's value that a reader in the stretch still wants. */
static int oldest_wanted(const struct graph_plan *plan,
                         const struct stretch *stretch, int i)
{
    int oldest = plan->progress[i + 1].done;

    for (int j = i + 1; j < stretch->end; j++) {
        const struct layer *reader = &plan->graph->layers[j];

        for (int k = 0; reader->op != OP_NONE && k < reader->n_in; k++) {
            int row = layer_first_row(reader, k, plan->progress[j + 1].done);

            if (reader->in[k] == i + 1 && row < oldest) {
                oldest = row;
            }
        }
    }
    return oldest;
}

/* Where the window of layer i's value may begin. */
static int next_base(const struct graph_plan *plan,
                     const struct stretch *stretch, int i)
{
    const struct place *place = &plan->places[i + 1];
    const struct progress *progress = &plan->progress[i + 1];
    int base = oldest_wanted(plan, stretch, i) + place->margin.top;

    if (place->last_use >= stretch->end) {
        return 0; /* wanted as a whole later */
    }
    base = base < progress->done ? base : progress->done;
    return base > progress->base ? base : progress->base;
}

static void start(const struct graph_plan *plan, const struct stretch *stretch)
{
    for (int i = stretch->first; i < stretch->end; i++) {
        plan->progress[i + 1] = (struct progress){0, 0};
    }
}

/* The run without its work: how many rows each window must hold. */
static void size_windows(struct graph_plan *plan, const struct stretch *stretch)
{
    start(plan, stretch);
    for (int step = 0; step < stretch->steps; step++) {
        for (int i = stretch->first; i < stretch->end; i++) {
            struct place *place = &plan->places[i + 1];
            struct progress *progress = &plan->progress[i + 1];
            int rows;

            if (plan->graph->layers[i].op == OP_NONE) {
                continue;
            }
            progress->base = next_base(plan, stretch, i);
            progress->done = reachable(plan, stretch, i, step);
            rows = progress->done - progress->base;
            place->rows = rows > place->rows ? rows : place->rows;
        }
    }
}

static void add_stretch(struct graph_plan *plan, int first, int end,
                        size_t largest)
{
    struct stretch *stretch = &plan->stretches[plan->n_stretches++];

    stretch->first = first;
    stretch->end = end;
    stretch->steps =
        end - first > 1 ? (int)((largest + STEP_FLOATS - 1) / STEP_FLOATS) : 1;
    size_windows(plan, stretch);
}

void plan_stretches(struct graph_plan *plan)
{
    int n = plan->graph->n_layers;
    int i = 0;

    plan->n_stretches = 0;
    for (int v = 0; v <= n; v++) {
        plan->places[v].rows = 0;
    }
    while (i < n) {
        size_t largest = map_floats(plan, i + 1);
        int end = i + 1;

        while (end < n && is_cut(plan, i) &&
               (is_cut(plan, end) || plan->graph->layers[end].op == OP_NONE)) {
            size_t floats = map_floats(plan, end + 1);

            largest = floats > largest ? floats : largest;
            end++;
        }
        add_stretch(plan, i, end, largest);
        i = end;
    }
}

struct map place_map(const struct place *place, const struct progress *progress,
                     float *workspace, int images)
{
    ptrdiff_t above = (ptrdiff_t)place->margin.top - progress->base;

    return (struct map){
        .data = workspace + (ptrdiff_t)place->offset +
                above * (ptrdiff_t)place->row +
                (ptrdiff_t)place->margin.left * place->pixel,
        .c = place->shape.c,
        .h = place->shape.h,
        .w = place->shape.w,
        .images = images,
        .row = place->row,
        .plane = place->plane,
        .image = place->image,
    };
}

static size_t planes_of(const struct place *place, int images)
{
    return (size_t)images * (size_t)place->blocks;
}

static void clear(float *floats, size_t n)
{
    memset(floats, 0, n * sizeof *floats);
}

void place_clear(const struct place *place, float *workspace, int images)
{
    const struct margin *margin = &place->margin;
    size_t left = (size_t)margin->left * (size_t)place->pixel;
    size_t right = (size_t)margin->right * (size_t)place->pixel;
    size_t top = (size_t)margin->top * place->row;

    for (size_t p = 0; p < planes_of(place, images); p++) {
        float *plane = workspace + place->offset + p * place->plane;

        clear(plane, top);
        for (int r = 0; left + right > 0 && r < place->rows; r++) {
            float *row = plane + top + (size_t)r * place->row;

            clear(row, left);
            clear(row + place->row - right, right);
        }
    }
}

/* Zeros below the last row, once it is there. */
static void clear_below(const struct place *place, int base, float *workspace,
                        int images)
{
    size_t below = (size_t)(place->margin.top + place->shape.h - base);

    for (size_t p = 0; p < planes_of(place, images); p++) {
        clear(workspace + place->offset + p * place->plane + below * place->row,
              (size_t)place->margin.bottom * place->row);
    }
}

/* Drop the rows before `base`: the others, few, move to the window's top. */
static void slide(const struct place *place, struct progress *progress,
                  int base, float *workspace, int images)
{
    int below = progress->done == place->shape.h ? place->margin.bottom : 0;
    int rows = place->margin.top + progress->done - base + below;
    size_t by = (size_t)(base - progress->base) * place->row;

    for (size_t p = 0; by > 0 && p < planes_of(place, images); p++) {
        float *plane = workspace + place->offset + p * place->plane;

        memmove(plane, plane + by, (size_t)rows * place->row * sizeof *plane);
    }
    progress->base = base;
}

static void run_rows(const struct graph_plan *plan, int i, int rows,
                     float *workspace, int images)
{
    const struct layer *layer = &plan->graph->layers[i];
    const struct progress *progress = plan->progress;
    struct layer_run run = {
        .a = place_map(&plan->places[layer->in[0]], &progress[layer->in[0]],
                       workspace, images),
        .a_step = graph_step(plan->graph, layer->in[0]),
        .plain = workspace + plan->input.offset,
        .y = place_map(&plan->places[i + 1], &progress[i + 1], workspace,
                       images),
        .first = progress[i + 1].done,
        .rows = rows - progress[i + 1].done,
        .work = workspace + plan->values_floats,
        .attention = workspace + plan->places[i + 1].attention,
    };

    if (layer->n_in == 2) {
        run.b = place_map(&plan->places[layer->in[1]], &progress[layer->in[1]],
                          workspace, images);
    }
    layer_run(layer, &run);
}

static void run_step(const struct graph_plan *plan,
                     const struct stretch *stretch, int i, int step,
                     float *workspace, int images)
{
    const struct place *place = &plan->places[i + 1];
    struct progress *progress = &plan->progress[i + 1];
    int rows = reachable(plan, stretch, i, step);

    slide(place, progress, next_base(plan, stretch, i), workspace, images);
    if (rows > progress->done) {
        run_rows(plan, i, rows, workspace, images);
        progress->done = rows;
        if (rows == place->shape.h) {
            clear_below(place, progress->base, workspace, images);
        }
    }
}

void stretch_run(const struct graph_plan *plan, const struct stretch *stretch,
                 float *workspace, int images)
{
    start(plan, stretch);
    for (int step = 0; step < stretch->steps; step++) {
        for (int i = stretch->first; i < stretch->end; i++) {
            if (plan->graph->layers[i].op == OP_NONE) {
                continue;
            }
            if (step == 0) {
                place_clear(&plan->places[i + 1], workspace, images);
            }
            run_step(plan, stretch, i, step, workspace, images);
        }
    }
}
