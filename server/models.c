// SPDX-License-Identifier: MIT
/*
 * DESIGN. The mutex guards the pointer to the model in use and its first
 * reference; loading happens outside it. References are atomic.
 */
#include "server/models.h"

#include <malloc.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "server/thread.h"

enum { WARM_SIDE = 48 };

struct model {
    struct aha_pipeline *pipeline;
    int n_sessions;
    struct aha_session **sessions;
    atomic_int n_references;
};

struct models {
    struct models_source source;
    pthread_mutex_t mutex;
    struct model *current;
};

static void destroy(struct model *model)
{
    if (model == NULL) {
        return;
    }
    for (int i = 0; model->sessions != NULL && i < model->n_sessions; i++) {
        aha_session_destroy(model->sessions[i]);
    }
    free(model->sessions);
    aha_pipeline_destroy(model->pipeline);
    free(model);
    /* The pages too, or every reload leaves holes in the heap. */
    (void)malloc_trim(0);
}

/* One face of grey through the network: pages are touched, numbers checked. */
static enum aha_status warm_up(const struct model *model, struct aha_error *err)
{
    float plane[WARM_SIDE * WARM_SIDE];
    const struct aha_model_info *info = model_info(model);

    for (int i = 0; i < WARM_SIDE * WARM_SIDE; i++) {
        plane[i] = (float)(i % WARM_SIDE) / WARM_SIDE;
    }
    for (int i = 0; i < model->n_sessions; i++) {
        struct aha_analysis analysis;
        struct aha_analysis *one[] = {&analysis};
        enum aha_status status = aha_prepare_crops(
            model->sessions[i], plane, 1, WARM_SIDE, WARM_SIDE, one[0], err);
        bool is_finite = true;

        if (status != AHA_OK) {
            return status;
        }
        aha_infer(model->sessions[i], one, 1);
        for (int c = 0; c < info->n_labels; c++) {
            is_finite =
                is_finite && isfinite(analysis.faces[0].probabilities[c]);
        }
        aha_analysis_fini(&analysis);
        if (!is_finite) {
            return aha_error_set(err, AHA_ERR_WEIGHTS,
                                 "the expression weights give no numbers");
        }
    }
    return AHA_OK;
}

static enum aha_status check_digest(const struct model *model,
                                    const char *wanted, struct aha_error *err)
{
    const char *actual = model_info(model)->sha256;

    if (wanted[0] == '\0' || strcmp(wanted, actual) == 0) {
        return AHA_OK;
    }
    return aha_error_set(err, AHA_ERR_WEIGHTS,
                         "the expression weights' SHA-256 is %.16s..., not "
                         "%.16s... as --model-sha256 wants",
                         actual, wanted);
}

static enum aha_status load(struct model **out,
                            const struct models_source *source,
                            struct aha_error *err)
{
    struct model *model = calloc(1, sizeof *model);
    enum aha_status status = AHA_ERR_MEMORY;

    if (model == NULL) {
        return aha_error_set(err, status, "out of memory");
    }
    atomic_store(&model->n_references, 1);
    model->n_sessions = source->n_sessions;
    model->sessions = calloc((size_t)source->n_sessions,
                             sizeof(struct aha_session *)); /* NOLINT */
    if (model->sessions == NULL) {
        (void)aha_error_set(err, status, "out of memory");
        goto out;
    }
    status = aha_pipeline_open(&model->pipeline, source->folder, err);
    if (status == AHA_OK) {
        status = check_digest(model, source->wanted_sha256, err);
    }
    for (int i = 0; status == AHA_OK && i < source->n_sessions; i++) {
        status = aha_session_create(&model->sessions[i], model->pipeline, err);
    }
    if (status == AHA_OK) {
        status = warm_up(model, err);
    }
    if (status == AHA_OK) {
        *out = model;
        model = NULL; /* moved to the caller */
    }
out:
    destroy(model);
    return status;
}

enum aha_status models_create(struct models **out,
                              const struct models_source *source,
                              struct aha_error *err)
{
    struct models *models = calloc(1, sizeof *models);
    enum aha_status status;

    if (models == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    models->source = *source;
    status = load(&models->current, source, err);
    if (status != AHA_OK) {
        free(models);
        return status;
    }
    THREAD_CHECK(pthread_mutex_init(&models->mutex, NULL));
    *out = models;
    return AHA_OK;
}

void models_destroy(struct models *models)
{
    if (models != NULL) {
        model_release(models->current);
        THREAD_CHECK(pthread_mutex_destroy(&models->mutex));
        free(models);
    }
}

enum aha_status models_reload(struct models *models, struct aha_error *err)
{
    struct model *made = NULL;
    struct model *old;
    enum aha_status status = load(&made, &models->source, err);

    if (status != AHA_OK) {
        return status;
    }
    THREAD_CHECK(pthread_mutex_lock(&models->mutex));
    old = models->current;
    models->current = made;
    THREAD_CHECK(pthread_mutex_unlock(&models->mutex));
    model_release(old);
    return AHA_OK;
}

struct model *models_acquire(struct models *models)
{
    struct model *model;

    THREAD_CHECK(pthread_mutex_lock(&models->mutex));
    model = models->current;
    atomic_fetch_add(&model->n_references, 1);
    THREAD_CHECK(pthread_mutex_unlock(&models->mutex));
    return model;
}

void model_release(struct model *model)
{
    if (model != NULL && atomic_fetch_sub(&model->n_references, 1) == 1) {
        destroy(model);
    }
}

const struct aha_model_info *model_info(const struct model *model)
{
    return aha_pipeline_model_info(model->pipeline);
}

struct aha_session *model_session(const struct model *model, int worker)
{
    return model->sessions[worker];
}
