// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/model/expression_parts.h"
#include "core/weights.h"

enum { MAX_HIDDEN = 4096 };

static const float BYTE_MAX = 255.0F;

static void copy_metadata(const struct safetensors *file, const char *key,
                          char *out)
{
    const char *value = safetensors_metadata(file, key);
    size_t n = value == NULL ? 0 : strlen(value);

    n = n < AHA_MAX_NAME ? n : AHA_MAX_NAME - 1;
    memcpy(out, value == NULL ? "" : value, n);
    out[n] = '\0';
}

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

        if (text == NULL || text[0] == '\0' || strlen(text) >= AHA_MAX_NAME) {
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
    if (status != AHA_OK) {
        return status;
    }
    net->info.multiply_adds += (int64_t)net->features * net->info.n_labels;
    return loader_classifier(loader, document_member(config, "classifier"),
                             net->features, &net->classifier,
                             &net->classifier_weight, &net->classifier_bias);
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
    copy_metadata(file, "name", net->info.name);
    copy_metadata(file, "version", net->info.version);
    copy_metadata(file, "license", net->info.license);
    status = weights_config(file, "expression", &config, err);
    if (status == AHA_OK) {
        status = read_network(&loader, config);
    }
    document_close(config);
    if (status != AHA_OK) {
        expression_destroy(net);
        return status;
    }
    *out = net;
    return AHA_OK;
}
