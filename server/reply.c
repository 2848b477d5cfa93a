// SPDX-License-Identifier: MIT
#include "server/reply.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "server/reply_json.h"

enum {
    DIGITS = 9, /* every fp32 value survives */
    FIRST_CAPACITY = 4096,
};

static json_t *milliseconds(double value)
{
    return reply_rounded(value, 0.001);
}

static json_t *skipped_array(const struct aha_analysis *analysis,
                             const struct reply_scale *scale)
{
    json_t *array = json_array();

    for (int i = 0; i < analysis->n_skipped; i++) {
        const struct aha_skipped *skipped = &analysis->skipped[i];

        if (json_array_append_new(
                array, json_pack("{s:o, s:s}", "box",
                                 reply_box(scale, &skipped->box), "reason",
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
    bool is_whole = object != NULL;

    if (context->queue_ms >= 0) {
        reply_put(object, "queue", milliseconds(context->queue_ms), &is_whole);
    }
    reply_put(object, "decode", milliseconds(timing->decode_ms), &is_whole);
    reply_put(object, "detect", milliseconds(timing->detect_ms), &is_whole);
    if (!context->is_detection) {
        reply_put(object, "align", milliseconds(timing->align_ms), &is_whole);
        reply_put(object, "infer", milliseconds(timing->infer_ms), &is_whole);
    }
    if (context->total_ms >= 0) {
        reply_put(object, "total", milliseconds(context->total_ms), &is_whole);
    }
    return reply_if_whole(object, is_whole);
}

/*
 * Paths, and what a sentence quotes of a request, are bytes; where they are no
 * UTF-8, what is not ASCII becomes '?'.
 */
static json_t *bytes_string(const char *bytes)
{
    json_t *string = json_string(bytes);
    char *ascii;

    if (string != NULL) {
        return string;
    }
    ascii = strdup(bytes);
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

/* Jansson's own json_dumps goes on when it has no memory for a key. */
struct text {
    char *bytes;
    size_t n;
    size_t capacity;
    bool is_broken;
};

static int append_text(const char *bytes, size_t n, void *data)
{
    struct text *text = data;

    if (n >= text->capacity - text->n) {
        size_t capacity = 2 * (text->n + n) + FIRST_CAPACITY;
        char *grown = malloc(capacity);

        if (grown == NULL) {
            text->is_broken = true;
            return -1;
        }
        if (text->n > 0) {
            memcpy(grown, text->bytes, text->n);
        }
        free(text->bytes);
        text->bytes = grown;
        text->capacity = capacity;
    }
    memcpy(text->bytes + text->n, bytes, n);
    text->n += n;
    return 0;
}

char *reply_text(json_t *object)
{
    struct text text = {.bytes = NULL};
    int result;

    if (object == NULL) {
        return NULL;
    }
    result = json_dump_callback(object, append_text, &text,
                                JSON_COMPACT | JSON_ENSURE_ASCII |
                                    JSON_REAL_PRECISION(DIGITS));
    json_decref(object);
    if (result != 0 || text.is_broken || text.bytes == NULL) {
        free(text.bytes);
        return NULL;
    }
    text.bytes[text.n] = '\0';
    return text.bytes;
}

json_t *reply_model_object(const struct aha_model_info *model)
{
    return json_pack("{s:s, s:s, s:s}", "id", model->name, "version",
                     model->version, "sha256", model->sha256);
}

/* Members of an answer after those that say whose it is. */
static void put_analysis(json_t *object, const struct aha_analysis *analysis,
                         const struct reply_context *context, bool *is_whole)
{
    const struct aha_image_info *image = &analysis->image;
    struct reply_scale scale = {1, 1, 0.1};

    if (context->options->is_normalized) {
        scale =
            (struct reply_scale){1.0 / image->width, 1.0 / image->height, 1e-6};
    }
    reply_put(object, "image",
              json_pack("{s:i, s:i, s:s, s:i}", "width", image->width, "height",
                        image->height, "format",
                        aha_image_format_name(image->format),
                        "orientation_applied", image->orientation),
              is_whole);
    reply_put(object, "faces", reply_faces(analysis, &scale, context),
              is_whole);
    reply_put(object, "skipped", skipped_array(analysis, &scale), is_whole);
    if ((context->options->include & INCLUDE_TIMING) != 0) {
        reply_put(object, "timing_ms",
                  timing_object(&analysis->timing, context), is_whole);
    }
    if (context->batch_size > 0) {
        reply_put(object, "batch",
                  json_pack("{s:i}", "size", context->batch_size), is_whole);
    }
}

char *reply_analysis(const struct aha_analysis *analysis,
                     const struct reply_context *context)
{
    json_t *object = json_object();
    bool is_whole = object != NULL;

    if (context->request_id != NULL) {
        reply_put(object, "request_id", json_string(context->request_id),
                  &is_whole);
    }
    if (context->file != NULL) {
        reply_put(object, "file", bytes_string(context->file), &is_whole);
    }
    if (!context->is_detection) {
        reply_put(object, "model", reply_model_object(context->model),
                  &is_whole);
    }
    put_analysis(object, analysis, context, &is_whole);
    return reply_text(reply_if_whole(object, is_whole));
}

char *reply_file_error(const char *file, const char *code, const char *detail)
{
    return reply_text(json_pack("{s:o, s:{s:s, s:s}}", "file",
                                bytes_string(file), "error", "code", code,
                                "detail", detail));
}

static json_t *problem_object(const struct reply_problem *problem)
{
    const struct failure *failure = problem->failure;
    const struct problem_info *info = problem_info(failure->problem);
    json_t *object = json_pack(
        "{s:s+, s:s, s:i, s:o}", "type", "urn:aha:problem:", info->code,
        "title", info->title, "status",
        problem->status > 0 ? problem->status : info->status, "detail",
        bytes_string(failure->detail));
    bool is_whole = object != NULL;

    if (problem->instance != NULL) {
        reply_put(object, "instance", bytes_string(problem->instance),
                  &is_whole);
    }
    reply_put(object, "code", json_string(info->code), &is_whole);
    if (problem->request_id != NULL) {
        reply_put(object, "request_id", json_string(problem->request_id),
                  &is_whole);
    }
    if (problem->has_error) {
        reply_put(object, "error", bytes_string(failure->detail), &is_whole);
    }
    if (failure->limit >= 0) {
        reply_put(object, "limit", json_integer(failure->limit), &is_whole);
    }
    if (failure->actual >= 0) {
        reply_put(object, "actual", json_integer(failure->actual), &is_whole);
    }
    return reply_if_whole(object, is_whole);
}

char *reply_problem(const struct reply_problem *problem)
{
    return reply_text(problem_object(problem));
}

static json_t *item_object(const struct reply_item *item)
{
    int status = item->analysis != NULL
                     ? problem_info(PROBLEM_NONE)->status
                     : problem_info(item->failure->problem)->status;
    json_t *object =
        json_pack("{s:i, s:i}", "index", item->index, "status", status);
    json_t *result;
    bool is_whole = object != NULL;

    if (item->analysis == NULL) {
        reply_put(
            object, "problem",
            problem_object(&(struct reply_problem){.failure = item->failure}),
            &is_whole);
        return reply_if_whole(object, is_whole);
    }
    result = json_object();
    is_whole = is_whole && result != NULL;
    put_analysis(result, item->analysis, &item->context, &is_whole);
    reply_put(object, "result", result, &is_whole);
    return reply_if_whole(object, is_whole);
}

char *reply_item(const struct reply_item *item)
{
    return reply_text(item_object(item));
}

char *reply_batch(const char *request_id, const struct aha_model_info *model,
                  const struct reply_item *items, int n)
{
    json_t *results = json_array();

    for (int i = 0; i < n; i++) {
        if (json_array_append_new(results, item_object(&items[i])) != 0) {
            json_decref(results);
            return NULL;
        }
    }
    return reply_text(json_pack("{s:s, s:o, s:o}", "request_id", request_id,
                                "model", reply_model_object(model), "results",
                                results));
}
