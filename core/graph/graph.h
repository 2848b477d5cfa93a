// SPDX-License-Identifier: MIT
/*
 * graph.h - a feed-forward net read from a weight file (MODEL.md 2.1).
 *
 * A graph is immutable after loading and shared by all threads. A plan is the
 * shapes and buffer places for one input size and a number of images that go
 * through together; with its workspace it belongs to one thread. Running never
 * allocates. What one image gives does not depend on the others.
 */
#ifndef AHA_GRAPH_GRAPH_H
#define AHA_GRAPH_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aha/error.h"

#include "core/document.h"
#include "core/safetensors.h"

struct graph;
struct graph_plan;

/** Channels, height, width of one value. */
struct graph_shape {
    int c;
    int h;
    int w;
};

/**
 * Read the graph object `config` and its tensors.
 *
 * @param out  release with graph_destroy; written on success only
 *
 * @return AHA_ERR_WEIGHTS naming the layer or tensor; AHA_ERR_MEMORY.
 */
enum aha_status graph_create(struct graph **out,
                             const struct document_node *config,
                             const struct safetensors *file,
                             struct aha_error *err) AHA_MUST_CHECK;

/**
 * The same from a weight file of this kind whose configuration has one graph.
 *
 * @return also AHA_ERR_IO; the error's text begins with the file's name
 */
enum aha_status graph_open(struct graph **out, const char *path,
                           const char *kind,
                           struct aha_error *err) AHA_MUST_CHECK;

void graph_destroy(struct graph *graph);

/** The nominal input shape. */
struct graph_shape graph_input(const struct graph *graph);

/** Value id of a named output, or -1. */
int graph_output(const struct graph *graph, const char *name);

/** Weights and biases together. */
int64_t graph_parameters(const struct graph *graph);

/** A plan for up to `images` at once, at any size; no shape yet. */
enum aha_status graph_plan_create(struct graph_plan **out,
                                  const struct graph *graph,
                                  int images) AHA_MUST_CHECK;

void graph_plan_destroy(struct graph_plan *plan);

/**
 * Lay the plan out for an input of h x w.
 *
 * Outputs (and every attention map) keep their own place; other values share
 * places once they are no longer needed. Does not allocate.
 *
 * @return AHA_ERR_ARG when some layer cannot take the size or it would need
 *         more than 2^28 floats.
 */
enum aha_status graph_plan_resize(struct graph_plan *plan, int h,
                                  int w) AHA_MUST_CHECK;

/** Floats of workspace a run needs with the present layout. */
size_t graph_plan_floats(const struct graph_plan *plan);

/** Shape of a value under the present layout. */
struct graph_shape graph_plan_shape(const struct graph_plan *plan, int value);

/** Multiply-adds of one run with the present layout. */
int64_t graph_plan_multiply_adds(const struct graph_plan *plan);

/**
 * Where the caller writes input `image` [C, H, W] before graph_run, inside the
 * workspace. The run overwrites it.
 */
float *graph_plan_input(const struct graph_plan *plan, float *workspace,
                        int image);

/**
 * Copy an output of one image after graph_run.
 *
 * @param out  [C, H, W] of graph_plan_shape
 */
void graph_plan_read(const struct graph_plan *plan, const float *workspace,
                     int image, int value, float *out);

/** Whether the layer that made `value` is a spatial_attention. */
bool graph_plan_has_attention(const struct graph_plan *plan, int value);

/** The map [1, H, W] of the spatial_attention that made `value`. */
const float *graph_plan_attention(const struct graph_plan *plan,
                                  const float *workspace, int image, int value);

/**
 * Run the first `images` inputs.
 *
 * @param workspace  graph_plan_floats floats, 64-byte aligned
 */
void graph_run(const struct graph_plan *plan, float *workspace, int images);

#endif
