// SPDX-License-Identifier: MIT
#include "server/reply.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { DIGITS = 9 }; /* every fp32 value survives */

/* json_real refuses what is not finite; so does the whole answer. */
static json_t *rounded(double value, double step)
{
    return json_real(round(value / step) * step);
}

static json_t *pixels(float value)
{
    return rounded((double)value, 0.1);
}

static json_t *milliseconds(double value)
{
    return rounded(value, 0.001);
}

static json_t *point(float x, float y)
{
    return json_pack("[o, o]", pixels(x), pixels(y));
}

static json_t *box_object(const struct aha_box *box)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "x", pixels(box->x), "y",
                     pixels(box->y), "width", pixels(box->width), "height",
                     pixels(box->height));
}

/* One number a label, in the model's order. */
static json_t *by_label(const struct aha_model_info *model, const float *values)
{
    json_t *object = json_object();

    for (int i = 0; i < model->n_labels; i++) {
        if (json_object_set_new(object, model->labels[i],
                                json_real((double)values[i])) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static json_t *landmarks_object(const struct aha_face *face)
{
    json_t *object = json_object();

    for (int i = 0; i < AHA_N_LANDMARKS; i++) {
        if (json_object_set_new(
                object, aha_landmark_name((enum aha_landmark)i),
                point(face->landmarks[i].x, face->landmarks[i].y)) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static json_t *quad_array(const float quad[4][2])
{
    return json_pack("[o, o, o, o]", point(quad[0][0], quad[0][1]),
                     point(quad[1][0], quad[1][1]),
                     point(quad[2][0], quad[2][1]),
                     point(quad[3][0], quad[3][1]));
}

static json_t *regions_array(const struct aha_face_result *face,
                             const struct aha_model_info *model)
{
    json_t *array = json_array();

    for (int k = 0; k < model->n_regions; k++) {
        const struct aha_region_result *region = &face->regions[k];

        if (json_array_append_new(
                array,
                json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "name",
                          model->regions[k].name, "branch",
                          aha_branch_name(model->regions[k].branch), "weight",
                          json_real((double)region->weight), "evidence",
                          by_label(model, region->evidence), "probabilities",
                          by_label(model, region->probabilities), "quad",
                          quad_array(region->quad))) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *branches_object(const struct aha_face_result *face,
                               const struct aha_model_info *model)
{
    double sums[AHA_N_BRANCHES] = {0};
    bool is_used[AHA_N_BRANCHES] = {false};
    json_t *object = json_object();

    for (int k = 0; k < model->n_regions; k++) {
        sums[model->regions[k].branch] += (double)face->regions[k].weight;
        is_used[model->regions[k].branch] = true;
    }
    for (int b = 0; b < AHA_N_BRANCHES; b++) {
        if (is_used[b] &&
            json_object_set_new(object, aha_branch_name((enum aha_branch)b),
                                json_real(sums[b])) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static json_t *face_object(const struct aha_face_result *face, int id,
                           const struct aha_model_info *model)
{
    return json_pack(
        "{s:i, s:o, s:o, s:o, s:{s:s, s:o, s:o, s:b}, s:{s:o, s:o}}", "face_id",
        id, "box", box_object(&face->face.box), "detection_confidence",
        json_real((double)face->face.detection_confidence), "landmarks",
        landmarks_object(&face->face), "expression", "label",
        model->labels[face->label], "probability",
        json_real((double)face->probabilities[face->label]), "probabilities",
        by_label(model, face->probabilities), "uncertain", (int)face->uncertain,
        "attention", "branches", branches_object(face, model), "regions",
        regions_array(face, model));
}

static json_t *faces_array(const struct aha_analysis *analysis,
                           const struct aha_model_info *model)
{
    json_t *array = json_array();

    for (int i = 0; i < analysis->n_faces; i++) {
        if (json_array_append_new(
                array, face_object(&analysis->faces[i], i, model)) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *skipped_array(const struct aha_analysis *analysis)
{
    json_t *array = json_array();

    for (int i = 0; i < analysis->n_skipped; i++) {
        const struct aha_skipped *skipped = &analysis->skipped[i];

        if (json_array_append_new(
                array, json_pack("{s:o, s:s}", "box", box_object(&skipped->box),
                                 "reason",
                                 aha_skip_reason_name(skipped->reason))) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *timing_object(const struct aha_timing *timing,
                             const struct reply_context *context)
{
    json_t *object = json_object();

    if (context->queue_ms >= 0) {
        (void)json_object_set_new(object, "queue",
                                  milliseconds(context->queue_ms));
    }
    (void)json_object_set_new(object, "decode",
                              milliseconds(timing->decode_ms));
    (void)json_object_set_new(object, "detect",
                              milliseconds(timing->detect_ms));
    (void)json_object_set_new(object, "align", milliseconds(timing->align_ms));
    (void)json_object_set_new(object, "infer", milliseconds(timing->infer_ms));
    if (context->total_ms >= 0) {
        (void)json_object_set_new(object, "total",
                                  milliseconds(context->total_ms));
    }
    return object;
}

/* A path is bytes; where they are no UTF-8, what is not ASCII becomes '?'. */
static json_t *path_string(const char *path)
{
    json_t *string = json_string(path);
    char *ascii;

    if (string != NULL) {
        return string;
    }
    ascii = strdup(path);
    if (ascii == NULL) {
        return NULL;
    }
    for (char *c = ascii; *c != '\0'; c++) {
        *c = (unsigned char)*c < 0x80 ? *c : '?';
    }
    string = json_string(ascii);
    free(ascii);
    return string;
}

/* Takes the object; NULL stays NULL. */
static char *to_text(json_t *object)
{
    char *text = object == NULL
                     ? NULL
                     : json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII |
                                              JSON_REAL_PRECISION(DIGITS));

    json_decref(object);
    return text;
}

char *reply_analysis(const struct aha_analysis *analysis,
                     const struct aha_model_info *model,
                     const struct reply_context *context)
{
    const struct aha_image_info *image = &analysis->image;

    return to_text(json_pack(
        "{s:s*, s:o*, s:{s:s, s:s}, s:{s:i, s:i, s:s, s:i}, s:o, s:o, s:o}",
        "request_id", context->request_id, "file",
        context->file == NULL ? NULL : path_string(context->file), "model",
        "id", model->name, "version", model->version, "image", "width",
        image->width, "height", image->height, "format",
        aha_image_format_name(image->format), "orientation_applied",
        image->orientation, "faces", faces_array(analysis, model), "skipped",
        skipped_array(analysis), "timing_ms",
        timing_object(&analysis->timing, context)));
}

char *reply_file_error(const char *file, const char *code, const char *detail)
{
    return to_text(json_pack("{s:o, s:{s:s, s:s}}", "file", path_string(file),
                             "error", "code", code, "detail", detail));
}

char *reply_problem(const struct reply_problem *problem)
{
    json_t *object =
        json_pack("{s:s+, s:s, s:i, s:s*, s:s*, s:s, s:s*}", "type",
                  "urn:aha:problem:", problem->code, "title", problem->title,
                  "status", problem->status, "detail", problem->detail,
                  "instance", problem->instance, "code", problem->code,
                  "request_id", problem->request_id);

    if (problem->limit >= 0) {
        (void)json_object_set_new(object, "limit",
                                  json_integer(problem->limit));
    }
    if (problem->actual >= 0) {
        (void)json_object_set_new(object, "actual",
                                  json_integer(problem->actual));
    }
    return to_text(object);
}
