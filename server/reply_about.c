// SPDX-License-Identifier: MIT
#include "server/reply_about.h"

#include "aha/aha.h"
#include "aha/image.h"

#include "server/reply_json.h"
#include "server/seal.h"
#include "server/tensor.h"

static json_t *labels_array(const struct aha_model_info *model)
{
    json_t *labels = json_array();

    for (int i = 0; i < model->n_labels; i++) {
        if (json_array_append_new(labels, json_string(model->labels[i])) != 0) {
            json_decref(labels);
            return NULL;
        }
    }
    return labels;
}

static json_t *formats_array(unsigned formats)
{
    json_t *names = json_array();

    for (int i = AHA_IMAGE_UNKNOWN + 1; i < AHA_N_IMAGE_FORMATS; i++) {
        if ((formats & (1U << i)) != 0 &&
            json_array_append_new(names, json_string(aha_image_format_name(
                                             (enum aha_image_format)i))) != 0) {
            json_decref(names);
            return NULL;
        }
    }
    return names;
}

static json_t *limits_object(const struct config *config)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
                     "max_source_bytes", (json_int_t)config->max_source_bytes,
                     "max_source_pixels", (json_int_t)config->max_source_pixels,
                     "max_faces", (json_int_t)config->max_faces,
                     "max_batch_images", (json_int_t)config->max_batch_images,
                     "max_request_bytes", (json_int_t)config->max_request_bytes,
                     "max_queue_size", (json_int_t)config->max_queue_size,
                     "max_batch_size", (json_int_t)config->max_batch_size,
                     "request_timeout_ms",
                     (json_int_t)config->request_timeout_ms);
}

static json_t *seals_object(unsigned seals)
{
    json_t *object = json_object();

    for (int i = 0; i < N_SEALS; i++) {
        if (json_object_set_new(object, seal_name((enum seal)i),
                                json_boolean((seals & (1U << i)) != 0)) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

char *reply_info(const struct reply_about *about)
{
    struct aha_build_info build = aha_build_info();

    return reply_text(json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:o, s:{s:s, s:s, s:i}, s:b, s:o}", "name",
        "aha", "version", build.version, "model",
        reply_model_object(about->model), "labels", labels_array(about->model),
        "formats", formats_array(about->formats), "limits",
        limits_object(about->config), "cpu", "kernels", build.kernels, "blas",
        build.blas_core, "workers", about->n_workers, "authentication",
        (int)about->has_keys, "seals", seals_object(about->seals)));
}

static json_t *regions_array(const struct aha_model_info *model)
{
    json_t *regions = json_array();

    for (int k = 0; k < model->n_regions; k++) {
        const struct aha_region_info *region = &model->regions[k];

        if (json_array_append_new(
                regions,
                json_pack("{s:s, s:s, s:i, s:i}", "name", region->name,
                          "branch", aha_branch_name(region->branch), "width",
                          region->width, "height", region->height)) != 0) {
            json_decref(regions);
            return NULL;
        }
    }
    return regions;
}

static json_t *accuracy_array(const struct aha_model_info *model)
{
    json_t *accuracy = json_array();

    for (int i = 0; i < model->n_accuracies; i++) {
        if (json_array_append_new(
                accuracy,
                json_pack("{s:s, s:f}", "data", model->accuracies[i].data,
                          "percent", (double)model->accuracies[i].percent)) !=
            0) {
            json_decref(accuracy);
            return NULL;
        }
    }
    return accuracy;
}

static json_t *card_object(const struct aha_model_info *model)
{
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:f, s:f, s:o}",
        "id", model->name, "version", model->version, "sha256", model->sha256,
        "license", model->license, "source", model->source, "training_data",
        model->training_data, "labels", labels_array(model), "regions",
        regions_array(model), "parameters", (json_int_t)model->n_parameters,
        "multiply_adds", (json_int_t)model->multiply_adds, "temperature",
        (double)model->temperature, "uncertain_below",
        (double)model->uncertain_below, "accuracy", accuracy_array(model));
}

char *reply_models(const struct aha_model_info *model)
{
    return reply_text(json_pack("{s:[o]}", "models", card_object(model)));
}

char *reply_model(const struct aha_model_info *model)
{
    return reply_text(card_object(model));
}

char *reply_oip_server(void)
{
    return reply_text(json_pack("{s:s, s:s, s:[s]}", "name", "aha", "version",
                                aha_build_info().version, "extensions",
                                "binary_tensor_data"));
}

static json_t *output_object(enum tensor_output output, int columns)
{
    return json_pack("{s:s, s:s, s:[i, i]}", "name", tensor_output_name(output),
                     "datatype", "FP32", "shape", -1, columns);
}

char *reply_oip_model(const struct aha_model_info *model)
{
    return reply_text(json_pack(
        "{s:s, s:[s], s:s, s:[{s:s, s:s, s:[i, i, i, i]}], s:[o, o, o]}",
        "name", model->name, "versions", model->version, "platform", "aha",
        "inputs", "name", "face", "datatype", "FP32", "shape", -1, 1, -1, -1,
        "outputs", output_object(OUTPUT_PROBABILITIES, model->n_labels),
        output_object(OUTPUT_LOGITS, model->n_labels),
        output_object(OUTPUT_ATTENTION, model->n_regions)));
}

char *reply_oip_model_ready(const struct aha_model_info *model)
{
    return reply_text(json_pack("{s:s, s:b}", "name", model->name, "ready", 1));
}

char *reply_flag(const char *name, bool value)
{
    return reply_text(json_pack("{s:b}", name, (int)value));
}

char *reply_reload(const struct aha_model_info *model)
{
    return reply_text(json_pack("{s:o}", "model", reply_model_object(model)));
}
