// SPDX-License-Identifier: MIT
/*
 * models.h - the weights in use, and their change without a lost request.
 *
 * A model is a pipeline and one session of it for every worker, taken and
 * warmed up before anybody sees it, so that a change cannot fail half-way. It
 * lives until the last request that was let in with it is gone. Every call
 * is safe from any thread; a session belongs to its worker.
 */
#ifndef AHA_SERVER_MODELS_H
#define AHA_SERVER_MODELS_H

#include "aha/pipeline.h"

struct models;
struct model;

/** Where weights come from and what they must be; borrowed texts. */
struct models_source {
    const char *folder;
    const char *wanted_sha256; /* of the expression weights; "" for any */
    int n_sessions;            /* one a worker */
};

/**
 * Load, check and warm up.
 *
 * @param out  release with models_destroy; written on success only
 */
enum aha_status models_create(struct models **out,
                              const struct models_source *source,
                              struct aha_error *err) AHA_MUST_CHECK;

/** Every model that was acquired must have been released; NULL is fine. */
void models_destroy(struct models *models);

/**
 * Load the folder again and put the result in the place of the old.
 *
 * @return on failure the old model stays, and err says why
 */
enum aha_status models_reload(struct models *models,
                              struct aha_error *err) AHA_MUST_CHECK;

/** The model in use; to be given back with model_release. */
struct model *models_acquire(struct models *models);

/** NULL is fine. */
void model_release(struct model *model);

const struct aha_model_info *model_info(const struct model *model);

/** Worker i's session. */
struct aha_session *model_session(const struct model *model, int worker);

#endif
