// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/expression_parts.h"

enum aha_status loader_refuse(const struct loader *loader, const char *what,
                              const char *name)
{
    return aha_error_set(loader->err, AHA_ERR_WEIGHTS, "%s %.60s", what,
                         name == NULL ? "(none)" : name);
}

/* Index of a name in a list, or -1. */
static int find_name(const char *name, const char *const *names, int n)
{
    for (int i = 0; name != NULL && i < n; i++) {
        if (strcmp(name, names[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static const char *const branch_names[AHA_N_BRANCHES] = {
    [AHA_BRANCH_GLOBAL] = "global",
    [AHA_BRANCH_LOCAL] = "local",
    [AHA_BRANCH_MIXTURE] = "mixture",
};

static const char *const anchor_names[AHA_N_ANCHORS] = {
    [AHA_ANCHOR_FRAME] = "frame",         [AHA_ANCHOR_LEFT_EYE] = "left_eye",
    [AHA_ANCHOR_RIGHT_EYE] = "right_eye", [AHA_ANCHOR_NOSE] = "nose",
    [AHA_ANCHOR_MOUTH] = "mouth",
};

int loader_branch(const char *name)
{
    return find_name(name, branch_names, AHA_N_BRANCHES);
}

const char *aha_branch_name(enum aha_branch branch)
{
    return branch_names[branch];
}

enum aha_status loader_tensor(const struct loader *loader,
                              const struct document_node *node, const char *key,
                              int rank, int *dims, float **out)
{
    const char *name = document_borrow_string(node, key);
    enum aha_status status;
    int64_t n = 1;

    if (name == NULL) {
        return loader_refuse(loader, "no tensor is named for", key);
    }
    status = safetensors_read(loader->file, name, rank, dims, out, loader->err);
    for (int i = 0; status == AHA_OK && i < rank; i++) {
        n *= dims[i];
    }
    loader->net->info.n_parameters += status == AHA_OK ? n : 0;
    return status;
}

/* Rows of a cosine classifier are brought to length 1 once, here. */
static void normalize_rows(float *weight, int rows, int n)
{
    for (int r = 0; r < rows; r++) {
        float *row = weight + (size_t)r * (size_t)n;
        double squares = 0;

        for (int i = 0; i < n; i++) {
            squares += (double)row[i] * (double)row[i];
        }
        for (int i = 0; i < n; i++) {
            row[i] = (float)((double)row[i] / fmax(sqrt(squares), 1e-12));
        }
    }
}

enum aha_status loader_classifier(const struct loader *loader,
                                  const struct document_node *node,
                                  int features, struct classifier *out,
                                  float **weight, float **bias)
{
    int classes = loader->net->info.n_labels;
    const char *kind = document_borrow_string(node, "kind");
    int dims[2] = {classes, features};
    int bias_dims[1] = {classes};
    enum aha_status status =
        loader_tensor(loader, node, "weight", 2, dims, weight);

    if (status != AHA_OK) {
        return status;
    }
    *out = (struct classifier){.features = features,
                               .classes = classes,
                               .weight = *weight,
                               .scale = 1.0F};
    if (kind != NULL && strcmp(kind, "cosine") == 0) {
        normalize_rows(*weight, classes, features);
        return document_real(node, "scale", 1e-3, 1e4, &out->scale,
                             loader->err);
    }
    if (kind != NULL && strcmp(kind, "linear") == 0) {
        status = loader_tensor(loader, node, "bias", 1, bias_dims, bias);
        out->bias = *bias;
        return status;
    }
    return loader_refuse(loader, "a classifier is cosine or linear, not", kind);
}

static enum aha_status read_geometry(const struct loader *loader,
                                     const struct document_node *node,
                                     struct aha_region_info *info)
{
    float pair[2];
    int branch = find_name(document_borrow_string(node, "branch"), branch_names,
                           AHA_N_BRANCHES);
    int anchor = find_name(document_borrow_string(node, "anchor"), anchor_names,
                           AHA_N_ANCHORS);
    enum aha_status status =
        document_string(node, "name", AHA_MAX_NAME, info->name, loader->err);

    if (status != AHA_OK) {
        return status;
    }
    if (branch < 0 || anchor < 0) {
        return loader_refuse(loader, "unknown branch or anchor in region",
                             info->name);
    }
    info->branch = (enum aha_branch)branch;
    info->anchor = (enum aha_anchor)anchor;
    status = document_reals(node, "offset", -2, 2, 2, pair, loader->err);
    if (status != AHA_OK) {
        return status;
    }
    info->offset = (struct aha_point){pair[0], pair[1]};
    status = document_reals(node, "size", 0.01, 4, 2, pair, loader->err);
    info->size = (struct aha_point){pair[0], pair[1]};
    return status;
}

/* Shapes that the fusion relies on, taken from a plan at the nominal size. */
static enum aha_status read_shapes(const struct loader *loader,
                                   struct expression_region *region,
                                   struct aha_region_info *info)
{
    struct expression *net = loader->net;
    struct graph_shape in = graph_input(region->graph);
    struct graph_shape z;
    struct graph_plan *plan = NULL;
    enum aha_status status;

    region->z = graph_output(region->graph, "z");
    region->attention = graph_output(region->graph, "attention");
    if (region->z < 0 || in.c != 1) {
        return loader_refuse(
            loader, "no output z or not one input plane in region", info->name);
    }
    status = graph_plan_create(&plan, region->graph, 1);
    if (status == AHA_OK) {
        status = graph_plan_resize(plan, in.h, in.w);
    }
    if (status != AHA_OK) {
        graph_plan_destroy(plan);
        return status;
    }
    z = graph_plan_shape(plan, region->z);
    region->features = z.c;
    info->width = in.w;
    info->height = in.h;
    region->crop_offset = net->crop_floats;
    net->crop_floats += (size_t)in.h * (size_t)in.w;
    region->map_offset = net->map_floats;
    if (region->attention >= 0 &&
        graph_plan_has_attention(plan, region->attention)) {
        struct graph_shape map = graph_plan_shape(plan, region->attention);

        info->map_width = map.w;
        info->map_height = map.h;
        net->map_floats += (size_t)map.h * (size_t)map.w;
    } else {
        region->attention = -1;
    }
    net->info.multiply_adds += graph_plan_multiply_adds(plan);
    graph_plan_destroy(plan);
    return z.h == 1 && z.w == 1
               ? AHA_OK
               : loader_refuse(loader, "z is not pooled to 1 x 1 in region",
                               info->name);
}

static enum aha_status read_region(const struct loader *loader,
                                   const struct document_node *node, int k)
{
    struct expression_region *region = &loader->net->regions[k];
    struct aha_region_info *info = &loader->net->info.regions[k];
    enum aha_status status = read_geometry(loader, node, info);

    if (status == AHA_OK) {
        status = graph_create(&region->graph, document_member(node, "graph"),
                              loader->file, loader->err);
    }
    if (status == AHA_OK) {
        status = read_shapes(loader, region, info);
    }
    if (status != AHA_OK) {
        return status;
    }
    loader->net->info.n_parameters += graph_parameters(region->graph);
    loader->net->info.multiply_adds +=
        (int64_t)region->features * loader->net->info.n_labels;
    return loader_classifier(loader, document_member(node, "head"),
                             region->features, &region->head,
                             &region->head_weight, &region->head_bias);
}

enum aha_status loader_regions(const struct loader *loader,
                               const struct document_node *regions)
{
    struct expression *net = loader->net;
    bool is_done[AHA_N_BRANCHES] = {false};
    int n = document_count(regions);

    if (document_item(regions, 0) == NULL || n > AHA_MAX_REGIONS) {
        return aha_error_set(loader->err, AHA_ERR_WEIGHTS,
                             "\"regions\" must be an array of 1 to %d",
                             AHA_MAX_REGIONS);
    }
    for (int k = 0; k < n; k++) {
        const struct aha_region_info *info = &net->info.regions[k];
        enum aha_status status =
            read_region(loader, document_item(regions, k), k);

        if (status != AHA_OK) {
            return status;
        }
        if (k > 0 && info[-1].branch != info[0].branch) {
            is_done[info[-1].branch] = true;
        }
        if (is_done[info[0].branch]) {
            return loader_refuse(
                loader, "not next to the others of its branch:", info->name);
        }
        net->info.n_regions++;
    }
    return AHA_OK;
}
