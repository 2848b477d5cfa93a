// SPDX-License-Identifier: MIT
/*
 * One face of an answer, and what all parts of the JSON writer are made with.
 */
#include <math.h>
#include <stdbool.h>

#include "server/reply_json.h"

/* json_real refuses what is not finite; so does the whole answer. */
json_t *reply_rounded(double value, double step)
{
    return json_real(round(value / step) * step);
}

static json_t *point(const struct reply_scale *scale, float x, float y)
{
    return json_pack("[o, o]", reply_rounded((double)x * scale->x, scale->step),
                     reply_rounded((double)y * scale->y, scale->step));
}

json_t *reply_box(const struct reply_scale *scale, const struct aha_box *box)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o}", "x",
        reply_rounded((double)box->x * scale->x, scale->step), "y",
        reply_rounded((double)box->y * scale->y, scale->step), "width",
        reply_rounded((double)box->width * scale->x, scale->step), "height",
        reply_rounded((double)box->height * scale->y, scale->step));
}

void reply_put(json_t *object, const char *key, json_t *value, bool *is_whole)
{
    if (json_object_set_new(object, key, value) != 0) {
        *is_whole = false;
    }
}

json_t *reply_if_whole(json_t *object, bool is_whole)
{
    if (!is_whole) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* One number a label, in the model's order. */
static json_t *by_label(const struct aha_model_info *model, const float *values)
{
    json_t *object = json_object();
    bool is_whole = object != NULL;

    for (int i = 0; i < model->n_labels; i++) {
        reply_put(object, model->labels[i], json_real((double)values[i]),
                  &is_whole);
    }
    return reply_if_whole(object, is_whole);
}

/* How many labels are more probable, ties by their order. */
static int rank_of(const struct aha_face_result *face, int label, int n)
{
    float own = face->probabilities[label];
    int rank = 0;

    for (int i = 0; i < n; i++) {
        float other = face->probabilities[i];

        rank += other > own || (i < label && !(other < own));
    }
    return rank;
}

static json_t *probabilities_object(const struct aha_face_result *face,
                                    const struct reply_context *context)
{
    const struct aha_model_info *model = context->model;
    int top_k = context->options->top_k;
    json_t *object = json_object();
    bool is_whole = object != NULL;

    for (int i = 0; i < model->n_labels; i++) {
        if (top_k == 0 || rank_of(face, i, model->n_labels) < top_k) {
            reply_put(object, model->labels[i],
                      json_real((double)face->probabilities[i]), &is_whole);
        }
    }
    return reply_if_whole(object, is_whole);
}

static json_t *expression_object(const struct aha_face_result *face,
                                 const struct reply_context *context)
{
    const struct aha_model_info *model = context->model;
    json_t *object = json_pack(
        "{s:s, s:o, s:o, s:b}", "label", model->labels[face->label],
        "probability", json_real((double)face->probabilities[face->label]),
        "probabilities", probabilities_object(face, context), "uncertain",
        (int)face->uncertain);
    bool is_whole = object != NULL;

    if ((context->options->include & INCLUDE_LOGITS) != 0) {
        reply_put(object, "logits", by_label(model, face->logits), &is_whole);
    }
    return reply_if_whole(object, is_whole);
}

static json_t *landmarks_object(const struct reply_scale *scale,
                                const struct aha_face *face)
{
    json_t *object = json_object();
    bool is_whole = object != NULL;

    for (int i = 0; i < AHA_N_LANDMARKS; i++) {
        reply_put(object, aha_landmark_name((enum aha_landmark)i),
                  point(scale, face->landmarks[i].x, face->landmarks[i].y),
                  &is_whole);
    }
    return reply_if_whole(object, is_whole);
}

static json_t *pose_object(const struct aha_pose *pose)
{
    return json_pack("{s:o, s:o, s:o}", "yaw",
                     reply_rounded((double)pose->yaw, 0.1), "pitch",
                     reply_rounded((double)pose->pitch, 0.1), "roll",
                     reply_rounded((double)pose->roll, 0.1));
}

static json_t *quality_object(const struct aha_quality *quality)
{
    json_t *flags = json_array();

    for (int i = 0; i < AHA_N_QUALITY_FLAGS; i++) {
        if ((quality->flags & (1U << i)) != 0 &&
            json_array_append_new(flags, json_string(aha_quality_flag_name(
                                             (enum aha_quality_flag)i))) != 0) {
            json_decref(flags);
            return NULL;
        }
    }
    return json_pack(
        "{s:o, s:o, s:o, s:o}", "score",
        reply_rounded((double)quality->score, 1e-4), "sharpness",
        reply_rounded((double)quality->sharpness, 1e-4), "brightness",
        reply_rounded((double)quality->brightness, 1e-4), "flags", flags);
}

static json_t *quad_array(const struct reply_scale *scale,
                          const float quad[4][2])
{
    return json_pack("[o, o, o, o]", point(scale, quad[0][0], quad[0][1]),
                     point(scale, quad[1][0], quad[1][1]),
                     point(scale, quad[2][0], quad[2][1]),
                     point(scale, quad[3][0], quad[3][1]));
}

static json_t *map_object(const struct aha_region_info *info, const float *map)
{
    json_t *values = json_array();

    for (int i = 0; i < info->map_width * info->map_height; i++) {
        if (json_array_append_new(values,
                                  reply_rounded((double)map[i], 1e-4)) != 0) {
            json_decref(values);
            return NULL;
        }
    }
    return json_pack("{s:i, s:i, s:o}", "width", info->map_width, "height",
                     info->map_height, "values", values);
}

static json_t *region_object(const struct aha_region_result *region,
                             const struct aha_region_info *info,
                             const struct reply_scale *scale,
                             const struct reply_context *context)
{
    unsigned include = context->options->include;
    json_t *object =
        json_pack("{s:s, s:s, s:o, s:o}", "name", info->name, "branch",
                  aha_branch_name(info->branch), "weight",
                  json_real((double)region->weight), "probabilities",
                  by_label(context->model, region->probabilities));
    bool is_whole = object != NULL;

    if ((include & INCLUDE_EVIDENCE) != 0) {
        reply_put(object, "evidence",
                  by_label(context->model, region->evidence), &is_whole);
    }
    reply_put(object, "quad", quad_array(scale, region->quad), &is_whole);
    if ((include & INCLUDE_ATTENTION_MAP) != 0 && region->map != NULL) {
        reply_put(object, "map", map_object(info, region->map), &is_whole);
    }
    return reply_if_whole(object, is_whole);
}

static json_t *branches_object(const struct aha_face_result *face,
                               const struct aha_model_info *model)
{
    double sums[AHA_N_BRANCHES] = {0};
    bool is_used[AHA_N_BRANCHES] = {false};
    json_t *object = json_object();
    bool is_whole = object != NULL;

    for (int k = 0; k < model->n_regions; k++) {
        sums[model->regions[k].branch] += (double)face->regions[k].weight;
        is_used[model->regions[k].branch] = true;
    }
    for (int b = 0; b < AHA_N_BRANCHES; b++) {
        if (is_used[b]) {
            reply_put(object, aha_branch_name((enum aha_branch)b),
                      json_real(sums[b]), &is_whole);
        }
    }
    return reply_if_whole(object, is_whole);
}

static json_t *attention_object(const struct aha_face_result *face,
                                const struct reply_scale *scale,
                                const struct reply_context *context)
{
    const struct aha_model_info *model = context->model;
    json_t *regions = json_array();

    for (int k = 0; k < model->n_regions; k++) {
        if (json_array_append_new(
                regions, region_object(&face->regions[k], &model->regions[k],
                                       scale, context)) != 0) {
            json_decref(regions);
            return NULL;
        }
    }
    return json_pack("{s:o, s:o}", "branches", branches_object(face, model),
                     "regions", regions);
}

static json_t *face_object(const struct aha_face_result *result, int id,
                           const struct reply_scale *scale,
                           const struct reply_context *context)
{
    const struct aha_face *face = &result->face;
    unsigned include = context->options->include;
    json_t *object = json_pack(
        "{s:i, s:o, s:o}", "face_id", id, "box", reply_box(scale, &face->box),
        "detection_confidence", json_real((double)face->detection_confidence));
    bool is_whole = object != NULL;

    if ((include & INCLUDE_LANDMARKS) != 0) {
        reply_put(object, "landmarks", landmarks_object(scale, face),
                  &is_whole);
    }
    if ((include & INCLUDE_POSE) != 0) {
        reply_put(object, "pose", pose_object(&face->pose), &is_whole);
    }
    if ((include & INCLUDE_QUALITY) != 0) {
        reply_put(object, "quality", quality_object(&face->quality), &is_whole);
    }
    if (!context->is_detection) {
        reply_put(object, "expression", expression_object(result, context),
                  &is_whole);
        if ((include & INCLUDE_ATTENTION) != 0) {
            reply_put(object, "attention",
                      attention_object(result, scale, context), &is_whole);
        }
    }
    return reply_if_whole(object, is_whole);
}

/* Whether face a comes before face b; both are in order of size. */
static bool is_before(const struct aha_face *a, const struct aha_face *b,
                      enum face_order order)
{
    switch (order) {
    case ORDER_CONFIDENCE:
        return a->detection_confidence > b->detection_confidence;
    case ORDER_LEFT:
        return a->box.x < b->box.x;
    case ORDER_SIZE:
        break;
    }
    return false;
}

/* Insertion sort: few faces, and equal ones keep their order. */
static void sort_faces(const struct aha_analysis *analysis,
                       enum face_order order, int out[AHA_MAX_FACES])
{
    for (int i = 0; i < analysis->n_faces; i++) {
        int at = i;

        while (at > 0 && is_before(&analysis->faces[i].face,
                                   &analysis->faces[out[at - 1]].face, order)) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] = i;
    }
}

json_t *reply_faces(const struct aha_analysis *analysis,
                    const struct reply_scale *scale,
                    const struct reply_context *context)
{
    int order[AHA_MAX_FACES];
    json_t *array = json_array();

    sort_faces(analysis, context->options->order, order);
    for (int i = 0; i < analysis->n_faces; i++) {
        if (json_array_append_new(array, face_object(&analysis->faces[order[i]],
                                                     i, scale, context)) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}
