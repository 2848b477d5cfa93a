// SPDX-License-Identifier: MIT
/*
 * expression.h - the Attentive Hybrid Architecture: region crops in, expression
 * and the share of every region out (MODEL.md sections 1, 2.2 and 5).
 *
 * An expression network is immutable and shared; an expression_session is one
 * thread's working memory. Running never allocates.
 */
#ifndef AHA_MODEL_EXPRESSION_H
#define AHA_MODEL_EXPRESSION_H

#include <stddef.h>

#include "aha/error.h"
#include "aha/model.h"
#include "aha/pipeline.h"

#include "core/safetensors.h"

struct expression;
struct expression_session;

/** Value of one pixel: luma in 0..255 times scale plus bias. */
struct expression_pixel {
    float scale;
    float bias;
};

/**
 * Read the network from an open weight file, which may be closed afterwards.
 *
 * @return AHA_ERR_WEIGHTS naming what does not add up; AHA_ERR_MEMORY.
 */
enum aha_status expression_create(struct expression **out,
                                  const struct safetensors *file,
                                  struct aha_error *err) AHA_MUST_CHECK;

void expression_destroy(struct expression *net);

const struct aha_model_info *expression_info(const struct expression *net);

struct expression_pixel expression_pixel(const struct expression *net);

/** Floats of all crops of one face, region after region. */
size_t expression_crop_floats(const struct expression *net);

/** Where region k's crop [H, W] begins among them. */
size_t expression_crop_offset(const struct expression *net, int region);

/** Floats of all attention maps of one face, region after region. */
size_t expression_map_floats(const struct expression *net);

enum aha_status expression_session_create(struct expression_session **out,
                                          const struct expression *net)
    AHA_MUST_CHECK;

void expression_session_destroy(struct expression_session *session);

enum { EXPRESSION_BATCH = 16 }; /* faces that go through together */

/** One face of a batch. */
struct expression_face {
    const float *crops; /* expression_crop_floats values, normalised */
    float *maps;        /* expression_map_floats values, written; regions[].map
                           of the result point into it */
    struct aha_face_result *out; /* all but `face` and the quads is written */
};

/**
 * Classify up to EXPRESSION_BATCH faces, region by region, so that the weights
 * of a sub-network are read once for all. Each face's numbers are those of the
 * face alone, bit for bit.
 */
void expression_run(struct expression_session *session,
                    const struct expression_face *faces, int n);

#endif
