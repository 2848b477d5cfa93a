// SPDX-License-Identifier: MIT
#include <jansson.h>

#include "cli/evaluate.h"

enum { PERCENT = 100 };

/* Takes the value; json_object_set_new fails on none, which is_whole keeps. */
static void put(json_t *object, const char *key, json_t *value, bool *is_whole)
{
    if (json_object_set_new(object, key, value) != 0) {
        *is_whole = false;
    }
}

static void append(json_t *array, json_t *value, bool *is_whole)
{
    if (json_array_append_new(array, value) != 0) {
        *is_whole = false;
    }
}

static json_t *data_object(const struct evaluation *evaluation, bool *is_whole)
{
    const struct dataset *dataset = evaluation->dataset;
    json_t *data = json_object();

    put(data, "path", json_string(evaluation->path), is_whole);
    put(data, "layout", json_string(dataset_layout_name(dataset->layout)),
        is_whole);
    put(data, "split", json_string(dataset->split), is_whole);
    put(data, "images", json_integer(dataset->n), is_whole);
    put(data, "other_expressions", json_integer(dataset->n_other), is_whole);
    put(data, "failed", json_integer(evaluation->n_failed), is_whole);
    put(data, "faces", json_string(faces_mode_name(evaluation->mode)),
        is_whole);
    put(data, "searched", json_integer(evaluation->n_searched), is_whole);
    put(data, "no_face",
        json_string(evaluation->missing_is_wrong ? "wrong" : "skip"), is_whole);
    return data;
}

static json_t *model_object(const struct aha_model_info *info, bool *is_whole)
{
    json_t *model = json_object();

    put(model, "id", json_string(info->name), is_whole);
    put(model, "version", json_string(info->version), is_whole);
    put(model, "sha256", json_string(info->sha256), is_whole);
    return model;
}

static json_t *classes_array(const struct evaluation *evaluation,
                             bool *is_whole)
{
    json_t *classes = json_array();

    for (int c = 0; c < evaluation->info->n_labels; c++) {
        struct score_class class = score_class(&evaluation->score, c);
        json_t *object = json_object();

        put(object, "label", json_string(evaluation->info->labels[c]),
            is_whole);
        put(object, "images", json_integer(class.n), is_whole);
        put(object, "no_face", json_integer(evaluation->score.missing[c]),
            is_whole);
        put(object, "recall", json_real(class.recall), is_whole);
        put(object, "precision", json_real(class.precision), is_whole);
        put(object, "f1", json_real(class.f1), is_whole);
        append(classes, object, is_whole);
    }
    return classes;
}

static json_t *confusion_array(const struct score *score, bool *is_whole)
{
    json_t *rows = json_array();

    for (int t = 0; t < score->n_classes; t++) {
        json_t *row = json_array();

        for (int c = 0; c < score->n_classes; c++) {
            append(row, json_integer(score->confusion[t][c]), is_whole);
        }
        append(rows, row, is_whole);
    }
    return rows;
}

static json_t *reliability_array(const struct score *score, bool *is_whole)
{
    json_t *bins = json_array();

    for (int b = 0; b < SCORE_BINS; b++) {
        const struct score_bin *bin = &score->bins[b];
        int n = bin->n > 0 ? bin->n : 1;
        json_t *object = json_object();

        put(object, "answers", json_integer(bin->n), is_whole);
        put(object, "confidence", json_real(bin->confidence / n), is_whole);
        put(object, "accuracy", json_real((double)bin->n_right / n), is_whole);
        append(bins, object, is_whole);
    }
    return bins;
}

static json_t *coverage_object(struct coverage_point at, bool *is_whole)
{
    json_t *object = json_object();

    put(object, "threshold", json_real(at.threshold), is_whole);
    put(object, "coverage", json_real(at.coverage), is_whole);
    put(object, "accuracy", json_real(at.accuracy), is_whole);
    return object;
}

/* The surest 1, 2 ... 100 % of the images. */
static json_t *coverage_array(const struct coverage *coverage, bool *is_whole)
{
    json_t *curve = json_array();

    for (int i = 1; i <= PERCENT; i++) {
        append(curve,
               coverage_object(coverage_at(coverage, (double)i / PERCENT),
                               is_whole),
               is_whole);
    }
    return curve;
}

static void put_figures(json_t *root, const struct evaluation *evaluation,
                        bool *is_whole)
{
    const struct score *score = &evaluation->score;
    struct score_summary sum = score_summary(score);

    put(root, "counted", json_integer(sum.n), is_whole);
    put(root, "right", json_integer(sum.n_right), is_whole);
    put(root, "not_found", json_integer(sum.n_missing), is_whole);
    put(root, "accuracy", json_real(sum.accuracy), is_whole);
    put(root, "mean_class_accuracy", json_real(sum.mean_class_accuracy),
        is_whole);
    put(root, "macro_f1", json_real(sum.macro_f1), is_whole);
    put(root, "calibration_error", json_real(sum.calibration_error), is_whole);
    put(root, "certain",
        coverage_object(evaluate_certain(evaluation), is_whole), is_whole);
    put(root, "classes", classes_array(evaluation, is_whole), is_whole);
    put(root, "confusion", confusion_array(score, is_whole), is_whole);
    put(root, "reliability", reliability_array(score, is_whole), is_whole);
    put(root, "coverage", coverage_array(&evaluation->coverage, is_whole),
        is_whole);
}

static json_t *speed_object(const struct evaluation *evaluation, bool *is_whole)
{
    double seconds = evaluation->seconds;
    json_t *speed = json_object();

    put(speed, "seconds", json_real(seconds), is_whole);
    put(speed, "threads", json_integer(evaluation->n_threads), is_whole);
    put(speed, "images_per_second",
        json_real(seconds > 0 ? evaluation->dataset->n / seconds : 0),
        is_whole);
    return speed;
}

bool evaluate_write_json(const struct evaluation *evaluation, const char *path)
{
    json_t *root = json_object();
    bool is_whole = root != NULL;

    put(root, "model", model_object(evaluation->info, &is_whole), &is_whole);
    put(root, "data", data_object(evaluation, &is_whole), &is_whole);
    put_figures(root, evaluation, &is_whole);
    put(root, "speed", speed_object(evaluation, &is_whole), &is_whole);
    is_whole = is_whole && json_dump_file(root, path, JSON_INDENT(1)) == 0;
    json_decref(root);
    return is_whole;
}
