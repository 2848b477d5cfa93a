// SPDX-License-Identifier: MIT
/*
 * Source: Open Inference Protocol, REST, "Inference", and its binary tensor
 * data extension. Members that the protocol leaves open are passed over.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/parse.h"
#include "server/parse_json.h"

enum {
    MAX_FACES = AHA_MAX_FACES,
    MIN_SIDE = 16,
    MAX_SIDE = 1024,
    MAX_DEPTH = 4,            /* of nested data, one a dimension */
    MAX_JSON_DATA = 1 << 18,  /* numbers; larger tensors come in binary */
    MAX_JSON_BYTES = 8 << 20, /* of them, as long as anybody writes one */
    BESIDE_DATA = 1024,       /* JSON values around the data */
};

static const float BYTE_MAX = 255.0F;

/* The one input, being read. */
struct input {
    struct job *job;
    struct parse_planes planes;
    size_t n; /* elements */
    bool is_bytes;
    size_t n_read;
};

static bool refuse(struct job *job, const char *sentence)
{
    failure_set(&job->failure, PROBLEM_INVALID_TENSOR, "%s", sentence);
    return false;
}

static bool read_shape(struct input *input, json_t *tensor)
{
    json_t *shape = json_object_get(tensor, "shape");
    json_int_t dims[MAX_DEPTH] = {0};

    for (size_t i = 0; i < MAX_DEPTH; i++) {
        dims[i] = json_integer_value(json_array_get(shape, i));
    }
    if (json_array_size(shape) != MAX_DEPTH || dims[0] < 1 ||
        dims[0] > MAX_FACES || dims[1] != 1 || dims[2] < MIN_SIDE ||
        dims[2] > MAX_SIDE || dims[3] < MIN_SIDE || dims[3] > MAX_SIDE) {
        failure_set(&input->job->failure, PROBLEM_INVALID_TENSOR,
                    "The input's shape must be [N, 1, H, W] with N 1 to %d, H "
                    "and W %d to %d.",
                    MAX_FACES, MIN_SIDE, MAX_SIDE);
        return false;
    }
    input->planes.n = (int)dims[0];
    input->planes.height = (int)dims[2];
    input->planes.width = (int)dims[3];
    input->n = (size_t)dims[0] * (size_t)dims[2] * (size_t)dims[3];
    if (input->n > input->job->max_body_bytes / sizeof(float)) {
        failure_limit(
            &input->job->failure, PROBLEM_PAYLOAD_TOO_LARGE,
            (long long)(input->job->max_body_bytes / sizeof(float)),
            (long long)input->n,
            "The input has %zu values; at most %zu are accepted in a request.",
            input->n, input->job->max_body_bytes / sizeof(float));
        return false;
    }
    return true;
}

static bool read_type(struct input *input, json_t *tensor)
{
    const char *name = json_string_value(json_object_get(tensor, "name"));
    const char *type = json_string_value(json_object_get(tensor, "datatype"));

    if (name == NULL || strcmp(name, "face") != 0) {
        return refuse(input->job, "The one input is named face.");
    }
    if (type == NULL ||
        (strcmp(type, "FP32") != 0 && strcmp(type, "UINT8") != 0)) {
        return refuse(input->job, "The input's datatype must be FP32 (luma, 0 "
                                  "to 1) or UINT8 (0 to 255).");
    }
    input->is_bytes = strcmp(type, "UINT8") == 0;
    return true;
}

/* Flat, or nested as the shape is; as many numbers as there are elements. */
static bool read_numbers(struct input *input, json_t *data, int depth)
{
    size_t i;
    json_t *item;

    json_array_foreach(data, i, item)
    {
        if (json_is_array(item) && depth < MAX_DEPTH) {
            if (!read_numbers(input, item, depth + 1)) {
                return false;
            }
            continue;
        }
        if (!json_is_number(item) || input->n_read >= input->n) {
            return false;
        }
        input->planes.luma[input->n_read++] =
            (float)json_number_value(item) / (input->is_bytes ? BYTE_MAX : 1);
    }
    return true;
}

static bool read_binary(struct input *input, json_t *size,
                        const unsigned char *bytes, size_t n)
{
    size_t width = input->is_bytes ? 1 : sizeof(float);

    if (!json_is_integer(size) || json_integer_value(size) < 0 ||
        (size_t)json_integer_value(size) != n || n != input->n * width) {
        return refuse(input->job, "binary_data_size must be the bytes of the "
                                  "shape, and as many must follow the JSON.");
    }
    if (!input->is_bytes) {
        memcpy(input->planes.luma, bytes, n); /* little endian, as we are */
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        input->planes.luma[i] = (float)bytes[i] / BYTE_MAX;
    }
    return true;
}

/* The network would make a plain answer of anything. */
static bool are_finite(const struct input *input)
{
    for (size_t i = 0; i < input->n; i++) {
        if (!isfinite(input->planes.luma[i])) {
            return refuse(input->job, "The input's values must be numbers.");
        }
    }
    return true;
}

static bool read_values(struct input *input, json_t *tensor,
                        const unsigned char *bytes, size_t n)
{
    json_t *parameters = json_object_get(tensor, "parameters");
    json_t *size = json_object_get(parameters, "binary_data_size");
    json_t *data = json_object_get(tensor, "data");

    input->planes.n_bytes = input->n * sizeof(float);
    input->planes.luma = calloc(input->n, sizeof(float));
    if (input->planes.luma == NULL) {
        failure_set(&input->job->failure, PROBLEM_OVERLOADED,
                    "There is no memory for this tensor now.");
        return false;
    }
    if (size != NULL) {
        return read_binary(input, size, bytes, n) && are_finite(input);
    }
    if (n > 0 || !json_is_array(data) || !read_numbers(input, data, 1) ||
        input->n_read != input->n) {
        return refuse(
            input->job,
            "\"data\" must hold as many numbers as the shape says, "
            "flat or nested; without it, binary_data_size is needed.");
    }
    return are_finite(input);
}

static bool is_asked_for(const struct tensor_request *request,
                         enum tensor_output output)
{
    for (int i = 0; i < request->n_outputs; i++) {
        if (request->outputs[i] == output) {
            return true;
        }
    }
    return false;
}

static bool read_output(struct job *job, json_t *output, bool is_binary)
{
    struct tensor_request *request = &job->tensor;
    const char *name = json_string_value(json_object_get(output, "name"));
    json_t *own =
        json_object_get(json_object_get(output, "parameters"), "binary_data");

    for (int i = 0; name != NULL && i < N_OUTPUTS; i++) {
        if (strcmp(name, tensor_output_name((enum tensor_output)i)) == 0 &&
            !is_asked_for(request, (enum tensor_output)i)) {
            request->outputs[request->n_outputs] = (enum tensor_output)i;
            request->is_binary[request->n_outputs++] =
                own == NULL ? is_binary : json_is_true(own);
            return true;
        }
    }
    return refuse(job, "The outputs are probabilities, logits and attention, "
                       "each once.");
}

static bool read_outputs(struct job *job, json_t *root)
{
    json_t *parameters = json_object_get(root, "parameters");
    bool is_binary =
        json_is_true(json_object_get(parameters, "binary_data_output"));
    json_t *outputs = json_object_get(root, "outputs");
    size_t i;
    json_t *output;

    if (outputs == NULL) {
        job->tensor.n_outputs = N_OUTPUTS;
        for (int o = 0; o < N_OUTPUTS; o++) {
            job->tensor.outputs[o] = (enum tensor_output)o;
            job->tensor.is_binary[o] = is_binary;
        }
        return true;
    }
    if (json_array_size(outputs) == 0) {
        return refuse(job, "\"outputs\" must be a list with an output, or be "
                           "left out for all.");
    }
    json_array_foreach(outputs, i, output)
    {
        if (!read_output(job, output, is_binary)) {
            return false;
        }
    }
    return true;
}

static bool read_id(struct job *job, json_t *root)
{
    json_t *id = json_object_get(root, "id");

    if (id == NULL) {
        return true;
    }
    if (!json_is_string(id) || json_string_length(id) >= TENSOR_MAX_ID) {
        return refuse(job, "\"id\" must be a short string.");
    }
    memcpy(job->tensor.id, json_string_value(id), json_string_length(id) + 1);
    return true;
}

static bool read_request(struct input *input, json_t *root,
                         const unsigned char *binary, size_t n_binary)
{
    json_t *inputs = json_object_get(root, "inputs");
    json_t *tensor = json_array_get(inputs, 0);

    if (json_array_size(inputs) != 1 || !json_is_object(tensor)) {
        return refuse(input->job,
                      "\"inputs\" must be a list of one tensor, face.");
    }
    return read_id(input->job, root) && read_outputs(input->job, root) &&
           read_type(input, tensor) && read_shape(input, tensor) &&
           read_values(input, tensor, binary, n_binary);
}

/* A number an element, a list a row, and what is around them. */
static struct parse_bounds bounds(void)
{
    return (struct parse_bounds){
        .containers = MAX_FACES * (MAX_SIDE + 2) + BESIDE_DATA,
        .values = MAX_JSON_DATA + BESIDE_DATA,
    };
}

bool parse_tensors(struct job *job, struct parse_planes *out)
{
    struct upload *body = &job->entry.upload;
    struct input input = {.job = job};
    size_t n_json = job->n_header > 0 ? job->n_header : body->n_bytes;
    json_t *root;
    bool is_read;

    if (n_json > body->n_bytes) {
        return refuse(job, "Inference-Header-Content-Length is more than the "
                           "body has.");
    }
    if (n_json > MAX_JSON_BYTES) {
        failure_limit(&job->failure, PROBLEM_PAYLOAD_TOO_LARGE, MAX_JSON_BYTES,
                      (long long)n_json,
                      "The JSON is %zu bytes; at most %d are read, large "
                      "tensors go into binary data.",
                      n_json, MAX_JSON_BYTES);
        return false;
    }
    root = parse_object(job, body->bytes, n_json, bounds());
    is_read = root != NULL && read_request(&input, root, body->bytes + n_json,
                                           body->n_bytes - n_json);
    json_decref(root);
    upload_drop(body);
    if (!is_read) {
        if (input.planes.luma != NULL) {
            explicit_bzero(input.planes.luma, input.planes.n_bytes);
        }
        free(input.planes.luma);
        return false;
    }
    *out = input.planes;
    return true;
}
