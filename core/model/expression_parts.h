// SPDX-License-Identifier: MIT
/*
 * expression_parts.h - what an expression network is made of; private to
 * core/model.
 */
#ifndef AHA_MODEL_EXPRESSION_PARTS_H
#define AHA_MODEL_EXPRESSION_PARTS_H

#include <stdbool.h>

#include "core/document.h"
#include "core/graph/graph.h"
#include "core/model/expression.h"
#include "core/ops/fusion.h"

/** One sub-network with its own classifier. */
struct expression_region {
    struct graph *graph;
    int z;         /* value of the pooled feature [C, 1, 1] */
    int attention; /* value of the attention layer, or -1 */
    int features;  /* C */
    struct classifier head;
    float *head_weight; /* owned storage behind head */
    float *head_bias;
    size_t crop_offset;
    size_t map_offset;
    int first;  /* first feature of x that this region adds to */
    int n_part; /* how many: D of its branch, or C with concat */
    int twin;   /* the region that sees the same of a mirrored face */
};

struct expression_lstm {
    struct lstm lstm;
    float *weight_ih; /* owned storage behind lstm */
    float *weight_hh;
    float *bias;
};

struct expression {
    struct aha_model_info info;
    struct expression_pixel pixel;
    struct expression_region regions[AHA_MAX_REGIONS];
    bool has_lstm; /* two-step fusion; else plain concatenation */
    struct expression_lstm branches[AHA_N_BRANCHES];
    int branch_first[AHA_N_BRANCHES]; /* where h^b begins in x */
    int features;                     /* length of x */
    struct classifier classifier;
    float *classifier_weight;
    float *classifier_bias;
    size_t crop_floats;
    size_t map_floats;
    bool is_mirrored; /* the answer is the mean of the face's and its mirror
                         image's (MODEL.md 1) */
};

/** What reading one part of the file needs at hand. */
struct loader {
    struct expression *net;
    const struct safetensors *file;
    struct aha_error *err;
};

/** AHA_ERR_WEIGHTS with "what name"; a NULL name prints as (none). */
enum aha_status loader_refuse(const struct loader *loader, const char *what,
                              const char *name);

/** Branch of this name, or -1. */
int loader_branch(const char *name);

/** safetensors_read of the tensor that `key` names; counts parameters. */
enum aha_status loader_tensor(const struct loader *loader,
                              const struct document_node *node, const char *key,
                              int rank, int *dims, float **out) AHA_MUST_CHECK;

/** A head or the final classifier; weight and bias are owned by the caller. */
enum aha_status loader_classifier(const struct loader *loader,
                                  const struct document_node *node,
                                  int features, struct classifier *out,
                                  float **weight, float **bias) AHA_MUST_CHECK;

/** All regions, their sub-networks and heads. */
enum aha_status loader_regions(const struct loader *loader,
                               const struct document_node *regions)
    AHA_MUST_CHECK;

/** Every region's twin, once all are read. */
enum aha_status mirror_find_twins(const struct loader *loader) AHA_MUST_CHECK;

/** A plane [h, w] from left to right. */
void mirror_plane(const float *from, int w, int h, float *to);

/**
 * out = the mean of it and of what was said of the mirror image, each region's
 * with its twin's, maps turned back. Both have logits; probabilities, label and
 * uncertain of `out` are still to follow from them.
 */
void mirror_merge(const struct expression *net,
                  const struct aha_face_result *mirrored, float *maps,
                  struct aha_face_result *out);

#endif
