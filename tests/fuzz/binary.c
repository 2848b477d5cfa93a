// SPDX-License-Identifier: MIT
/*
 * binary.c - weight files and photos, from their bytes to what they are for.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/model/expression.h"
#include "core/safetensors.h"
#include "core/weights.h"
#include "server/reply.h"
#include "tests/fuzz/targets.h"

enum {
    MAX_PIXELS = 40000,
    MAX_WORK = 50000000, /* multiply-adds of a net that is still run */
};

static void run(const struct expression *net)
{
    struct expression_session *session = NULL;
    float *crops = alloc_floats(expression_crop_floats(net));
    float *maps = alloc_floats(expression_map_floats(net));
    struct aha_face_result result;
    const struct expression_face face = {crops, maps, &result};

    FUZZ_EXPECT(crops != NULL && maps != NULL);
    memset(crops, 0, expression_crop_floats(net) * sizeof *crops);
    if (expression_session_create(&session, net) == AHA_OK) {
        expression_run(session, &face, 1);
        FUZZ_EXPECT(result.label >= 0 &&
                    result.label < expression_info(net)->n_labels);
    }
    expression_session_destroy(session);
    free(maps);
    free(crops);
}

void fuzz_safetensors(const uint8_t *bytes, size_t n)
{
    uint8_t *copy = fuzz_copy(bytes, n);
    struct aha_error err = {AHA_OK, ""};
    struct safetensors *file = NULL;
    struct expression *net = NULL;
    enum aha_status status = safetensors_open_bytes(copy, n, &file, &err);

    if (status == AHA_OK) {
        status = expression_create(&net, file, &err);
    }
    FUZZ_EXPECT((status == AHA_OK) == (net != NULL));
    FUZZ_EXPECT(status == AHA_OK || err.text[0] != '\0');
    if (net != NULL && expression_info(net)->multiply_adds <= MAX_WORK) {
        run(net);
    }
    expression_destroy(net);
    safetensors_close(file);
    free(copy);
}

/* Opened once, for as long as the process runs. */
static struct aha_session *session_of(const struct aha_model_info **model)
{
    static struct aha_pipeline *pipeline;
    static struct aha_session *session;
    const char *folder = getenv("AHA_MODELS");

    if (session == NULL) {
        FUZZ_EXPECT(aha_pipeline_open(&pipeline,
                                      folder == NULL ? "models" : folder,
                                      NULL) == AHA_OK);
        FUZZ_EXPECT(aha_session_create(&session, pipeline, NULL) == AHA_OK);
    }
    *model = aha_pipeline_model_info(pipeline);
    return session;
}

static void expect_answer(const struct aha_analysis *analysis,
                          const struct aha_model_info *model)
{
    const struct reply_options include = {.include = ~0U};
    const struct reply_context context = {
        .model = model, .options = &include, .queue_ms = -1, .total_ms = -1};
    char *text = reply_analysis(analysis, &context);

    FUZZ_EXPECT(text != NULL && text[0] == '{');
    free(text);
    for (int i = 0; i < analysis->n_faces; i++) {
        const struct aha_face_result *face = &analysis->faces[i];
        double sum = 0;

        for (int c = 0; c < model->n_labels; c++) {
            sum += (double)face->probabilities[c];
        }
        FUZZ_EXPECT(fabs(sum - 1) < 1e-5);
        FUZZ_EXPECT(face->face.box.x >= 0 && face->face.box.y >= 0);
    }
}

/* A byte: searched, taken as aligned, or cut out. The rest: the photo. */
void fuzz_image(const uint8_t *bytes, size_t n)
{
    const struct aha_model_info *model;
    struct aha_session *session = session_of(&model);
    struct aha_options options = aha_options_default();
    struct aha_error err = {AHA_OK, ""};
    struct aha_analysis analysis = {.n_faces = -1};
    uint8_t *copy;

    if (n == 0) {
        return;
    }
    copy = fuzz_copy(bytes + 1, n - 1);
    options.formats = AHA_FORMATS_ALL;
    options.max_pixels = MAX_PIXELS;
    options.is_aligned = bytes[0] % 3 == 1;
    options.is_cropped = bytes[0] % 3 == 2;
    if (aha_analyze(session, copy, n - 1, &options, &analysis, &err) ==
        AHA_OK) {
        expect_answer(&analysis, model);
        aha_analysis_fini(&analysis);
    } else {
        FUZZ_EXPECT(analysis.n_faces == -1 && err.text[0] != '\0');
    }
    free(copy);
}
