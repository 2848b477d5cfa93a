// SPDX-License-Identifier: MIT
#include "core/graph/graph.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/graph/layer.h"
#include "core/weights.h"

enum {
    MAX_CHANNELS = 8192,
    MAX_KERNEL = 15,
};

/* So that no multiplier leaves a float's range. */
static const double MIN_STEP = 1e-6;
static const double MAX_STEP = 1e6;

/* What reading one layer needs at hand. */
struct reader {
    struct graph *graph;
    const struct safetensors *file;
    const struct document_node *node;
    struct layer *layer;
    struct aha_error *err;
};

static enum aha_status read_tensor(struct reader *reader, const char *key,
                                   int rank, int *dims, float **out)
{
    const char *name = document_borrow_string(reader->node, key);
    enum aha_status status;
    int64_t n = 1;

    if (name == NULL) {
        return aha_error_set(reader->err, AHA_ERR_WEIGHTS,
                             "\"%s\" must name a tensor", key);
    }
    status = safetensors_read(reader->file, name, rank, dims, out, reader->err);
    for (int i = 0; status == AHA_OK && i < rank; i++) {
        n *= dims[i];
    }
    reader->graph->parameters += status == AHA_OK ? n : 0;
    return status;
}

static enum aha_status read_activation(struct reader *reader)
{
    const char *name = document_borrow_string(reader->node, "activation");
    struct layer *layer = reader->layer;
    int dims[1] = {layer->out_c};

    layer->conv.activation = ACTIVATION_NONE;
    if (name == NULL || strcmp(name, "none") == 0) {
        return AHA_OK;
    }
    if (strcmp(name, "relu") == 0) {
        layer->conv.activation = ACTIVATION_RELU;
        return AHA_OK;
    }
    if (strcmp(name, "prelu") != 0) {
        return aha_error_set(reader->err, AHA_ERR_WEIGHTS,
                             "activation %.40s is not known", name);
    }
    layer->conv.activation = ACTIVATION_PRELU;
    return read_tensor(reader, "slope", 1, dims, &layer->conv.slope);
}

static enum aha_status read_weight(struct reader *reader, int *dims)
{
    const char *name = document_borrow_string(reader->node, "weight");
    const struct safetensor *tensor =
        name == NULL ? NULL : safetensors_find(reader->file, name);

    if (tensor != NULL && tensor->dtype == TENSOR_I8 &&
        reader->layer->op == OP_CONV2D) {
        reader->graph->parameters += (int64_t)tensor->n_elements;
        return layer_read_int8(reader->layer, reader->file, name, dims,
                               reader->err);
    }
    return read_tensor(reader, "weight", 4, dims, &reader->layer->conv.weight);
}

static enum aha_status read_conv_tensors(struct reader *reader, int groups)
{
    struct layer *layer = reader->layer;
    struct conv2d *conv = &layer->conv;
    int dims[4] = {-1, layer->in_c / groups, -1, -1};
    int bias_dims[1];
    enum aha_status status = read_weight(reader, dims);

    if (status != AHA_OK) {
        return status;
    }
    bias_dims[0] = dims[0];
    status = read_tensor(reader, "bias", 1, bias_dims, &conv->bias);
    if (status != AHA_OK) {
        return status;
    }
    if (dims[0] > MAX_CHANNELS || dims[2] > MAX_KERNEL ||
        dims[3] > MAX_KERNEL ||
        (groups != 1 && (dims[0] != groups || conv->int8.weight != NULL))) {
        return aha_error_set(reader->err, AHA_ERR_WEIGHTS,
                             "tensor %.60s: a kernel of this shape is not "
                             "supported",
                             document_borrow_string(reader->node, "weight"));
    }
    layer->out_c = dims[0];
    conv->in_c = layer->in_c;
    conv->out_c = dims[0];
    conv->kernel_h = dims[2];
    conv->kernel_w = dims[3];
    conv->groups = groups;
    conv->int8.x_step = graph_step(reader->graph, layer->in[0]);
    if (conv->int8.weight != NULL && conv->int8.x_step > 0 &&
        !conv2d_int8_fits(conv)) {
        return aha_error_set(reader->err, AHA_ERR_WEIGHTS,
                             "tensor %.60s: sums could pass 32 bits",
                             document_borrow_string(reader->node, "weight"));
    }
    return AHA_OK;
}

static enum aha_status read_conv2d(struct reader *reader)
{
    struct conv2d *conv = &reader->layer->conv;
    int pad[4] = {0};
    int64_t stride = 1;
    int64_t groups = 1;
    enum aha_status status =
        document_int(reader->node, "stride", 1, 2, &stride, reader->err);

    if (status == AHA_OK) {
        status = document_ints(reader->node, "padding", 0, MAX_KERNEL, 4, pad,
                               reader->err);
    }
    if (status == AHA_OK) {
        status = document_int(reader->node, "groups", 1, MAX_CHANNELS, &groups,
                              reader->err);
    }
    if (status != AHA_OK) {
        return status;
    }
    if (groups != 1 && groups != reader->layer->in_c) {
        return aha_error_set(reader->err, AHA_ERR_WEIGHTS,
                             "\"groups\" must be 1 or the %d input channels",
                             reader->layer->in_c);
    }
    conv->stride = (int)stride;
    conv->pad_top = pad[0];
    conv->pad_left = pad[1];
    conv->pad_bottom = pad[2];
    conv->pad_right = pad[3];
    status = read_conv_tensors(reader, (int)groups);
    return status == AHA_OK ? read_activation(reader) : status;
}

static enum aha_status read_attention(struct reader *reader)
{
    struct layer *layer = reader->layer;
    int channels = layer->in_c;
    enum aha_status status;

    layer->in_c = 2; /* the convolution sees the mean and the maximum */
    status = read_conv_tensors(reader, 1);
    layer->in_c = channels;
    if (status != AHA_OK) {
        return status;
    }
    if (layer->out_c != 1 || layer->conv.kernel_h % 2 == 0 ||
        layer->conv.kernel_h != layer->conv.kernel_w) {
        return aha_error_set(reader->err, AHA_ERR_WEIGHTS,
                             "tensor %.60s: spatial attention needs one odd, "
                             "square kernel",
                             document_borrow_string(reader->node, "weight"));
    }
    layer->out_c = channels;
    layer->conv.stride = 1;
    layer->conv.pad_top = layer->conv.kernel_h / 2;
    layer->conv.pad_left = layer->conv.pad_top;
    layer->conv.pad_bottom = layer->conv.pad_top;
    layer->conv.pad_right = layer->conv.pad_top;
    return AHA_OK;
}

static enum aha_status read_pool(struct reader *reader)
{
    struct layer *layer = reader->layer;
    int64_t kernel = 1;
    int64_t stride = 1;
    int pad[4] = {0};
    enum aha_status status = document_int(reader->node, "kernel", 1, MAX_KERNEL,
                                          &kernel, reader->err);

    if (status == AHA_OK) {
        status = document_int(reader->node, "stride", 1, MAX_KERNEL, &stride,
                              reader->err);
    }
    if (status == AHA_OK && layer->op == OP_MAX_POOL2D) {
        status = document_ints(reader->node, "padding", 0, (kernel - 1), 4, pad,
                               reader->err);
    }
    layer->window.kernel_h = (int)kernel;
    layer->window.kernel_w = (int)kernel;
    layer->window.stride = (int)stride;
    layer->window.pad_top = pad[0];
    layer->window.pad_left = pad[1];
    layer->pad_bottom = pad[2];
    layer->pad_right = pad[3];
    return status;
}

static enum aha_status read_pad_channels(struct reader *reader)
{
    int64_t extra = 0;
    enum aha_status status = document_int(reader->node, "channels", 1,
                                          MAX_CHANNELS, &extra, reader->err);

    reader->layer->out_c = reader->layer->in_c + (int)extra;
    return status;
}

static enum aha_status read_upsample(struct reader *reader)
{
    int64_t scale;

    return document_int(reader->node, "scale", 2, 2, &scale, reader->err);
}

static enum aha_status read_step(struct reader *reader)
{
    return document_real(reader->node, "step", MIN_STEP, MAX_STEP,
                         &reader->layer->step, reader->err);
}

static enum aha_status read_nothing(struct reader *reader)
{
    (void)reader;
    return AHA_OK;
}

static const struct op_reader {
    const char *name;
    int n_in;
    enum aha_status (*read)(struct reader *reader);
} op_readers[] = {
    [OP_CONV2D] = {"conv2d", 1, read_conv2d},
    [OP_ADD] = {"add", 2, read_activation},
    [OP_MAX_POOL2D] = {"max_pool2d", 1, read_pool},
    [OP_AVG_POOL2D] = {"avg_pool2d", 1, read_pool},
    [OP_PAD_CHANNELS] = {"pad_channels", 1, read_pad_channels},
    [OP_UPSAMPLE_BILINEAR2D] = {"upsample_bilinear2d", 1, read_upsample},
    [OP_SPATIAL_ATTENTION] = {"spatial_attention", 1, read_attention},
    [OP_ADAPTIVE_AVG_POOL2D] = {"adaptive_avg_pool2d", 1, read_nothing},
    [OP_QUANTIZE] = {"quantize", 1, read_step},
};

static int channels_of(const struct graph *graph, int value)
{
    return value == 0 ? graph->input.c : graph->layers[value - 1].out_c;
}

static enum aha_status read_layer(struct reader *reader, int i)
{
    const char *name = document_borrow_string(reader->node, "op");
    const struct op_reader *op = NULL;
    struct layer *layer = reader->layer;
    enum aha_status status;

    for (size_t k = 0; k < sizeof op_readers / sizeof *op_readers; k++) {
        if (name != NULL && strcmp(name, op_readers[k].name) == 0) {
            op = &op_readers[k];
            layer->op = (enum op)k;
        }
    }
    if (op == NULL) {
        return aha_error_set(reader->err, AHA_ERR_WEIGHTS,
                             "layer %d: op %.40s is not known", i,
                             name == NULL ? "(none)" : name);
    }
    layer->n_in = op->n_in;
    status = document_ints(reader->node, "in", 0, i, op->n_in, layer->in,
                           reader->err);
    if (status != AHA_OK) {
        return status;
    }
    layer->in_c = channels_of(reader->graph, layer->in[0]);
    layer->out_c = layer->in_c;
    if (op->n_in == 2 &&
        channels_of(reader->graph, layer->in[1]) != layer->in_c) {
        return aha_error_set(reader->err, AHA_ERR_WEIGHTS,
                             "layer %d: the two inputs differ in channels", i);
    }
    if (layer->op == OP_PAD_CHANNELS) {
        layer->step = graph_step(reader->graph, layer->in[0]);
    } else if (document_member(reader->node, "step") != NULL) {
        status = read_step(reader);
    }
    return status == AHA_OK ? op->read(reader) : status;
}

static enum aha_status read_layers(struct graph *graph,
                                   const struct document_node *layers,
                                   const struct safetensors *file,
                                   struct aha_error *err)
{
    int n = document_count(layers);

    if (document_item(layers, 0) == NULL || n > GRAPH_MAX_LAYERS) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "\"layers\" must be an array of 1 to %d",
                             GRAPH_MAX_LAYERS);
    }
    graph->layers = alloc_array((size_t)n, sizeof *graph->layers);
    if (graph->layers == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    for (int i = 0; i < n; i++) {
        struct reader reader = {graph, file, document_item(layers, i),
                                &graph->layers[i], err};
        enum aha_status status;

        graph->n_layers++; /* before reading, so that destroy sees it */
        status = read_layer(&reader, i);
        if (status != AHA_OK) {
            return status;
        }
    }
    return AHA_OK;
}

struct output_walk {
    struct graph *graph;
    const struct document_node *outputs;
    enum aha_status status;
    struct aha_error *err;
};

static bool visit_output(void *data, const char *key,
                         const struct document_node *value)
{
    struct output_walk *walk = data;
    struct graph *graph = walk->graph;
    int64_t id = 0;

    (void)value;
    if (graph->n_outputs == GRAPH_MAX_OUTPUTS ||
        strlen(key) >= GRAPH_MAX_NAME) {
        walk->status = aha_error_set(walk->err, AHA_ERR_WEIGHTS,
                                     "at most %d outputs, names under %d bytes",
                                     GRAPH_MAX_OUTPUTS, GRAPH_MAX_NAME);
        return false;
    }
    walk->status =
        document_int(walk->outputs, key, 1, graph->n_layers, &id, walk->err);
    memcpy(graph->outputs[graph->n_outputs].name, key, strlen(key) + 1);
    graph->outputs[graph->n_outputs].value = (int)id;
    graph->n_outputs++;
    return walk->status == AHA_OK;
}

static enum aha_status read_graph(struct graph *graph,
                                  const struct document_node *config,
                                  const struct safetensors *file,
                                  struct aha_error *err)
{
    struct output_walk walk = {graph, document_member(config, "outputs"),
                               AHA_OK, err};
    int shape[3];
    enum aha_status status =
        document_ints(config, "input", 1, GRAPH_MAX_SIDE, 3, shape, err);

    if (status != AHA_OK) {
        return status;
    }
    graph->input = (struct graph_shape){shape[0], shape[1], shape[2]};
    status = read_layers(graph, document_member(config, "layers"), file, err);
    if (status != AHA_OK) {
        return status;
    }
    document_each(walk.outputs, visit_output, &walk);
    return walk.status;
}

/* A graph that cannot run at its own nominal size is refused here, not later.
 */
static enum aha_status try_nominal(const struct graph *graph,
                                   struct aha_error *err)
{
    struct graph_plan *plan = NULL;
    enum aha_status status = graph_plan_create(&plan, graph, 1);

    if (status == AHA_OK) {
        status = graph_plan_resize(plan, graph->input.h, graph->input.w);
    }
    graph_plan_destroy(plan);
    if (status == AHA_ERR_ARG) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "the layers do not fit the input of %d x %d",
                             graph->input.h, graph->input.w);
    }
    return status;
}

enum aha_status graph_create(struct graph **out,
                             const struct document_node *config,
                             const struct safetensors *file,
                             struct aha_error *err)
{
    struct graph *graph = alloc_array(1, sizeof *graph);
    enum aha_status status;

    if (graph == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    status = read_graph(graph, config, file, err);
    if (status == AHA_OK) {
        status = try_nominal(graph, err);
    }
    if (status == AHA_OK) {
        graph_fuse(graph);
        status = graph_check_int8(graph, err);
    }
    if (status == AHA_OK) {
        status = graph_pack(graph);
    }
    if (status == AHA_ERR_MEMORY) {
        (void)aha_error_set(err, status, "out of memory");
    }
    if (status != AHA_OK) {
        graph_destroy(graph);
        return status;
    }
    *out = graph;
    return AHA_OK;
}

enum aha_status graph_open(struct graph **out, const char *path,
                           const char *kind, struct aha_error *err)
{
    struct safetensors *file = NULL;
    struct document_node *config = NULL;
    enum aha_status status = safetensors_open(path, &file, err);

    if (status == AHA_OK) {
        status = weights_config(file, kind, &config, err);
    }
    if (status == AHA_OK) {
        status = graph_create(out, document_member(config, "graph"), file, err);
    }
    document_close(config);
    safetensors_close(file);
    return status == AHA_OK ? status : weights_blame(err, status, path);
}

void graph_destroy(struct graph *graph)
{
    if (graph == NULL) {
        return;
    }
    for (int i = 0; i < graph->n_layers; i++) {
        conv2d_fini(&graph->layers[i].conv);
        conv2d_fini(&graph->layers[i].front);
    }
    free(graph->layers);
    free(graph);
}

struct graph_shape graph_input(const struct graph *graph)
{
    return graph->input;
}

int graph_output(const struct graph *graph, const char *name)
{
    for (int i = 0; i < graph->n_outputs; i++) {
        if (strcmp(graph->outputs[i].name, name) == 0) {
            return graph->outputs[i].value;
        }
    }
    return -1;
}

int64_t graph_parameters(const struct graph *graph)
{
    return graph->parameters;
}
