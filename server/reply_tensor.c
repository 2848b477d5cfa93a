// SPDX-License-Identifier: MIT
#include "server/reply_tensor.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "server/reply_json.h"

static int columns_of(const struct aha_model_info *model,
                      enum tensor_output output)
{
    return output == OUTPUT_ATTENTION ? model->n_regions : model->n_labels;
}

/* Row i, column j of an output. */
static float value_of(const struct aha_analysis *analysis,
                      enum tensor_output output, int i, int j)
{
    const struct aha_face_result *face = &analysis->faces[i];

    switch (output) {
    case OUTPUT_PROBABILITIES:
        return face->probabilities[j];
    case OUTPUT_LOGITS:
        return face->logits[j];
    case OUTPUT_ATTENTION:
    case N_OUTPUTS:
        break;
    }
    return face->regions[j].weight;
}

static json_t *data_array(const struct aha_analysis *analysis,
                          enum tensor_output output, int columns)
{
    json_t *data = json_array();

    for (int i = 0; i < analysis->n_faces; i++) {
        for (int j = 0; j < columns; j++) {
            float value = value_of(analysis, output, i, j);

            if (json_array_append_new(data, json_real((double)value)) != 0) {
                json_decref(data);
                return NULL;
            }
        }
    }
    return data;
}

static json_t *output_object(const struct aha_analysis *analysis,
                             enum tensor_output output, int columns,
                             bool is_binary)
{
    size_t bytes = (size_t)analysis->n_faces * (size_t)columns * sizeof(float);
    const char *name = tensor_output_name(output);

    if (is_binary) {
        return json_pack("{s:s, s:s, s:[i, i], s:{s:I}}", "name", name,
                         "datatype", "FP32", "shape", analysis->n_faces,
                         columns, "parameters", "binary_data_size",
                         (json_int_t)bytes);
    }
    return json_pack("{s:s, s:s, s:[i, i], s:o}", "name", name, "datatype",
                     "FP32", "shape", analysis->n_faces, columns, "data",
                     data_array(analysis, output, columns));
}

static json_t *outputs_array(const struct aha_analysis *analysis,
                             const struct aha_model_info *model,
                             const struct tensor_request *request)
{
    json_t *outputs = json_array();

    for (int o = 0; o < request->n_outputs; o++) {
        if (json_array_append_new(
                outputs, output_object(analysis, request->outputs[o],
                                       columns_of(model, request->outputs[o]),
                                       request->is_binary[o])) != 0) {
            json_decref(outputs);
            return NULL;
        }
    }
    return outputs;
}

/* Takes the text; the tensors come after it. */
static char *append_binary(char *text, const struct aha_analysis *analysis,
                           const struct aha_model_info *model,
                           const struct tensor_request *request,
                           size_t *n_bytes)
{
    size_t n = strlen(text);
    size_t row = 2 * (size_t)model->n_labels + (size_t)model->n_regions;
    size_t most = row * (size_t)analysis->n_faces * sizeof(float);
    char *bytes = malloc(n + most);

    if (bytes == NULL) {
        free(text);
        return NULL;
    }
    memcpy(bytes, text, n); /* NOLINT(bugprone-not-null-*): bytes follow */
    free(text);
    for (int o = 0; o < request->n_outputs; o++) {
        int columns = columns_of(model, request->outputs[o]);

        for (int i = 0; request->is_binary[o] && i < analysis->n_faces; i++) {
            for (int j = 0; j < columns; j++) {
                float value = value_of(analysis, request->outputs[o], i, j);

                memcpy(bytes + n, &value, sizeof value);
                n += sizeof value;
            }
        }
    }
    *n_bytes = n;
    return bytes;
}

char *reply_tensors(const struct aha_analysis *analysis,
                    const struct aha_model_info *model,
                    const struct tensor_request *request, size_t *n_json,
                    size_t *n_bytes)
{
    json_t *object = json_pack("{s:s, s:s}", "model_name", model->name,
                               "model_version", model->version);
    bool is_whole = object != NULL;
    bool is_binary = false;
    char *text;

    if (request->id[0] != '\0') {
        reply_put(object, "id", json_string(request->id), &is_whole);
    }
    reply_put(object, "outputs", outputs_array(analysis, model, request),
              &is_whole);
    text = reply_text(reply_if_whole(object, is_whole));
    if (text == NULL) {
        return NULL;
    }
    for (int o = 0; o < request->n_outputs; o++) {
        is_binary = is_binary || request->is_binary[o];
    }
    *n_bytes = strlen(text);
    *n_json = is_binary ? *n_bytes : 0;
    return is_binary ? append_binary(text, analysis, model, request, n_bytes)
                     : text;
}
