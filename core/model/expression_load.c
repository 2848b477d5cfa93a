// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/model/expression_parts.h"
#include "core/weights.h"

enum { MAX_HIDDEN = 4096 };

static const float BYTE_MAX = 255.0F;

static enum aha_status read_lstm(const struct loader *loader,
                                 const struct document_node *node,
                                 enum aha_branch branch)
{
    struct expression_lstm *own = &loader->net->branches[branch];
    int ih[2] = {-1, -1};
    int hh[2] = {-1, -1};
    int bias[1] = {-1};
    int64_t hidden = 0;
    enum aha_status status =
        document_int(node, "hidden", 1, MAX_HIDDEN, &hidden, loader->err);

    if (own->weight_ih != NULL) {
        return loader_refuse(loader, "an LSTM is given twice for branch",
                             aha_branch_name(branch));
    }
    ih[0] = hh[0] = bias[0] = 4 * (int)hidden;
    hh[1] = (int)hidden;
    if (status == AHA_OK) {
        status =
            loader_tensor(loader, node, "weight_ih", 2, ih, &own->weight_ih);
    }
    if (status == AHA_OK) {
        status =
            loader_tensor(loader, node, "weight_hh", 2, hh, &own->weight_hh);
    }
    if (status == AHA_OK) {
        status = loader_tensor(loader, node, "bias", 1, bias, &own->bias);
    }
    own->lstm = (struct lstm){.input = ih[1],
                              .hidden = (int)hidden,
                              .weight_ih = own->weight_ih,
                              .weight_hh = own->weight_hh,
                              .bias = own->bias};
    return status;
}

static enum aha_status read_two_step(const struct loader *loader,
                                     const struct document_node *branches)
{
    struct expression *net = loader->net;
    int n = document_count(branches);

    for (int i = 0; i < n; i++) {
        const struct document_node *node = document_item(branches, i);
        const char *name = document_borrow_string(node, "name");
        int branch = loader_branch(name);
        enum aha_status status;

        if (branch < 0) {
            return loader_refuse(loader, "unknown branch in fusion:", name);
        }
        status = read_lstm(loader, node, (enum aha_branch)branch);
        if (status != AHA_OK) {
            return status;
        }
        net->branch_first[branch] = net->features;
        net->features += net->branches[branch].lstm.hidden;
    }
    for (int k = 0; k < net->info.n_regions; k++) {
        struct expression_region *region = &net->regions[k];
        enum aha_branch branch = net->info.regions[k].branch;
        const struct lstm *lstm = &net->branches[branch].lstm;

        if (lstm->weight_ih == NULL || lstm->input != region->features) {
            return loader_refuse(loader,
                                 "no LSTM of the right width for region",
                                 net->info.regions[k].name);
        }
        region->first = net->branch_first[branch];
        region->n_part = lstm->hidden;
        net->info.multiply_adds +=
            4 * (int64_t)lstm->hidden * (lstm->input + lstm->hidden);
    }
    net->has_lstm = true;
    return AHA_OK;
}

static enum aha_status read_fusion(const struct loader *loader,
                                   const struct document_node *node)
{
    struct expression *net = loader->net;
    const char *kind = document_borrow_string(node, "kind");

    if (kind != NULL && strcmp(kind, "lstm") == 0) {
        return read_two_step(loader, document_member(node, "branches"));
    }
    if (kind == NULL || strcmp(kind, "concat") != 0) {
        return loader_refuse(loader, "a fusion is lstm or concat, not", kind);
    }
    for (int k = 0; k < net->info.n_regions; k++) {
        net->regions[k].first = net->features;
        net->regions[k].n_part = net->regions[k].features;
        net->features += net->regions[k].features;
    }
    return AHA_OK;
}

/* Names go into paths, log lines and metrics as they are. */
static bool is_plain(const char *text)
{
    return text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] ==
           '\0';
}

static enum aha_status read_labels(const struct loader *loader,
                                   const struct document_node *labels)
{
    struct aha_model_info *info = &loader->net->info;
    int n = document_item(labels, 1) == NULL ? 0 : document_count(labels);

    if (n < 2 || n > AHA_MAX_LABELS) {
        return aha_error_set(loader->err, AHA_ERR_WEIGHTS,
                             "\"labels\" must be an array of 2 to %d",
                             AHA_MAX_LABELS);
    }
    for (int i = 0; i < n; i++) {
        const char *text = document_text(document_item(labels, i));

        if (text == NULL || text[0] == '\0' || strlen(text) >= AHA_MAX_NAME ||
            !is_plain(text)) {
            return loader_refuse(loader, "a label is a short name, not", text);
        }
        memcpy(info->labels[i], text, strlen(text) + 1);
    }
    info->n_labels = n;
    return AHA_OK;
}

static enum aha_status read_template(const struct loader *loader,
                                     const struct document_node *node)
{
    for (int i = 0; i < AHA_N_LANDMARKS; i++) {
        float pair[2];
        enum aha_status status =
            document_reals(node, aha_landmark_name((enum aha_landmark)i), -1, 2,
                           2, pair, loader->err);

        if (status != AHA_OK) {
            return status;
        }
        loader->net->info.face_template[i] =
            (struct aha_point){pair[0], pair[1]};
    }
    return AHA_OK;
}

static enum aha_status read_scalars(const struct loader *loader,
                                    const struct document_node *config)
{
    struct expression *net = loader->net;
    const struct document_node *norm = document_member(config, "normalization");
    float mean = 0;
    float std = 1;
    enum aha_status status =
        document_real(norm, "mean", -10, 10, &mean, loader->err);

    if (status == AHA_OK) {
        status = document_real(norm, "std", 1e-3, 1e3, &std, loader->err);
    }
    if (status == AHA_OK) {
        status = document_real(config, "temperature", 1e-3, 1e3,
                               &net->info.temperature, loader->err);
    }
    if (status == AHA_OK) {
        status = document_real(config, "uncertain_below", 0, 1,
                               &net->info.uncertain_below, loader->err);
    }
    net->pixel.scale = 1.0F / (BYTE_MAX * std);
    net->pixel.bias = -mean / std;
    return status;
}

/* Optional: whether a face is looked at in the mirror too. */
static enum aha_status read_mirror(const struct loader *loader,
                                   const struct document_node *config)
{
    struct expression *net = loader->net;
    enum aha_status status =
        document_bool(config, "mirror", &net->is_mirrored, loader->err);

    return status == AHA_OK && net->is_mirrored ? mirror_find_twins(loader)
                                                : status;
}

static enum aha_status read_network(const struct loader *loader,
                                    const struct document_node *config)
{
    struct expression *net = loader->net;
    enum aha_status status =
        read_labels(loader, document_member(config, "labels"));

    if (status == AHA_OK) {
        status = read_template(loader, document_member(config, "template"));
    }
    if (status == AHA_OK) {
        status = read_scalars(loader, config);
    }
    if (status == AHA_OK) {
        status = loader_regions(loader, document_member(config, "regions"));
    }
    if (status == AHA_OK) {
        status = read_fusion(loader, document_member(config, "fusion"));
    }
    if (status == AHA_OK) {
        status = loader_classifier(
            loader, document_member(config, "classifier"), net->features,
            &net->classifier, &net->classifier_weight, &net->classifier_bias);
    }
    net->info.multiply_adds += (int64_t)net->features * net->info.n_labels;
    return status == AHA_OK ? read_mirror(loader, config) : status;
}

/* What a walk over "accuracy" carries along. */
struct accuracy_walk {
    const struct loader *loader;
    const struct document_node *node;
    enum aha_status status;
};

static bool visit_accuracy(void *data, const char *key,
                           const struct document_node *value)
{
    struct accuracy_walk *walk = data;
    struct aha_model_info *info = &walk->loader->net->info;
    int n = info->n_accuracies;
    size_t length = strlen(key);

    (void)value; /* document_real finds it again and checks its type */
    if (n == AHA_MAX_ACCURACIES || length == 0 ||
        length >= sizeof info->accuracies[n].data) {
        walk->status = aha_error_set(
            walk->loader->err, AHA_ERR_WEIGHTS,
            "\"accuracy\" holds at most %d figures, each with a name of 1 to "
            "%zu bytes",
            AHA_MAX_ACCURACIES, sizeof info->accuracies[0].data - 1);
        return false;
    }
    walk->status =
        document_real(walk->node, key, 0, 100, &info->accuracies[n].percent,
                      walk->loader->err);
    memcpy(info->accuracies[n].data, key, length + 1);
    info->n_accuracies++;
    return walk->status == AHA_OK;
}

static enum aha_status read_accuracy(const struct loader *loader,
                                     const struct document_node *node)
{
    struct accuracy_walk walk = {loader, node, AHA_OK};

    if (node == NULL) {
        return AHA_OK;
    }
    if (!document_is_object(node)) {
        return loader_refuse(loader, "must be an object:", "\"accuracy\"");
    }
    document_each(node, visit_accuracy, &walk);
    return walk.status;
}

/* Optional: what people ask of a model besides its answers. */
static enum aha_status read_training(const struct loader *loader,
                                     const struct document_node *node)
{
    struct aha_model_info *info = &loader->net->info;
    enum aha_status status = AHA_OK;

    if (node == NULL) {
        return AHA_OK;
    }
    if (!document_is_object(node)) {
        return loader_refuse(loader, "must be an object:", "\"training\"");
    }
    if (document_member(node, "data") != NULL) {
        status = document_string(node, "data", sizeof info->training_data,
                                 info->training_data, loader->err);
    }
    if (status == AHA_OK) {
        status = read_accuracy(loader, document_member(node, "accuracy"));
    }
    return status;
}

static enum aha_status read_metadata(const struct loader *loader)
{
    struct aha_model_info *info = &loader->net->info;
    const struct {
        const char *key;
        size_t capacity;
        char *out;
    } texts[] = {
        {"name", sizeof info->name, info->name},
        {"version", sizeof info->version, info->version},
        {"license", sizeof info->license, info->license},
        {"source", sizeof info->source, info->source},
    };
    enum aha_status status = AHA_OK;

    for (size_t i = 0; status == AHA_OK && i < sizeof texts / sizeof *texts;
         i++) {
        status = weights_text(loader->file, texts[i].key, texts[i].capacity,
                              texts[i].out, loader->err);
    }
    if (status == AHA_OK &&
        (!is_plain(info->name) || !is_plain(info->version))) {
        return loader_refuse(loader, "name and version must be plain, not",
                             is_plain(info->name) ? info->version : info->name);
    }
    return status;
}

enum aha_status expression_create(struct expression **out,
                                  const struct safetensors *file,
                                  struct aha_error *err)
{
    struct expression *net = alloc_array(1, sizeof *net);
    struct loader loader = {net, file, err};
    struct document_node *config = NULL;
    enum aha_status status;

    if (net == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    status = weights_config(file, "expression", &config, err);
    if (status == AHA_OK) {
        status = read_metadata(&loader);
    }
    if (status == AHA_OK) {
        status = read_network(&loader, config);
    }
    if (status == AHA_OK) {
        status = read_training(&loader, document_member(config, "training"));
    }
    document_close(config);
    if (status != AHA_OK) {
        expression_destroy(net);
        return status;
    }
    safetensors_sha256(file, net->info.sha256);
    *out = net;
    return AHA_OK;
}
