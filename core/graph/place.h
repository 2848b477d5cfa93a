// SPDX-License-Identifier: MIT
/*
 * place.h - what a plan is made of; private to core/graph.
 */
#ifndef AHA_GRAPH_PLACE_H
#define AHA_GRAPH_PLACE_H

#include "core/graph/layer.h"

/**
 * Where one value lives and for how long: blocks of 16 channels, each pixel of
 * a block 16 floats, or of 32 or 64 that are bytes, 8 or 16 floats' room; with
 * the zeros around it that its readers want. A value that only its own stretch
 * reads keeps the few rows still needed there.
 */
struct place {
    struct graph_shape shape;
    struct margin margin;
    int pixel; /* floats of a block */
    int blocks;
    int rows;         /* that it has room for; fewer than shape.h: a window */
    size_t row;       /* floats from row to row */
    size_t plane;     /* from block to block */
    size_t image;     /* from image to image */
    size_t offset;    /* floats */
    size_t size;      /* floats, rounded up to whole cache lines */
    int last_use;     /* last layer that reads it; n_layers for outputs */
    size_t attention; /* offset of its maps, when a spatial_attention made it */
};

/**
 * Layers [first, end) that go through their rows together, some at a time, so
 * that a layer finds its input in cache. A stretch of one step is one layer.
 */
struct stretch {
    int first, end;
    int steps;
};

/** How far a value has come while its stretch runs. */
struct progress {
    int done; /* rows */
    int base; /* the row that lies first in its window, after the margin */
};

struct graph_plan {
    const struct graph *graph;
    int images;
    struct place input;        /* as written: plain planes, no margin */
    struct place *places;      /* one a value, n_layers + 1; 0 in blocks */
    struct stretch *stretches; /* n_stretches, room for n_layers */
    int n_stretches;
    struct progress *progress; /* one a value; scratch of run and resize */
    size_t values_floats;      /* all values and maps; work follows */
    size_t work_floats;
    int64_t multiply_adds;
};

/** Cut the layers into stretches and size every value's window. */
void plan_stretches(struct graph_plan *plan);

/** The map of a value for `images` images while it is at this progress. */
struct map place_map(const struct place *place, const struct progress *progress,
                     float *workspace, int images);

/** Zeros above and beside a value, whose place held another before. */
void place_clear(const struct place *place, float *workspace, int images);

/** Run all layers of a stretch. */
void stretch_run(const struct graph_plan *plan, const struct stretch *stretch,
                 float *workspace, int images);

#endif
