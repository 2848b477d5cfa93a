// SPDX-License-Identifier: MIT
/*
 * landmark.h - the 468-point face mesh, run twice (MODEL.md section 4).
 *
 * A landmarker is immutable and shared; a landmark_session is one thread's
 * working memory.
 */
#ifndef AHA_VISION_LANDMARK_H
#define AHA_VISION_LANDMARK_H

#include <stdbool.h>

#include "aha/error.h"
#include "aha/face.h"
#include "aha/image.h"

#include "core/vision/detect.h"

struct landmarker;
struct landmark_session;

/** What the mesh says of one face, in pixels of the image. */
struct landmark_result {
    float confidence;   /* face flag of the second pass, [0, 1] */
    struct aha_box box; /* bounding box of all points, upright */
    struct aha_point points[AHA_N_LANDMARKS];
    struct aha_pose pose;
};

enum aha_status landmarker_create(struct landmarker **out, const char *path,
                                  struct aha_error *err) AHA_MUST_CHECK;

void landmarker_destroy(struct landmarker *landmarker);

enum aha_status landmark_session_create(struct landmark_session **out,
                                        const struct landmarker *landmarker)
    AHA_MUST_CHECK;

void landmark_session_destroy(struct landmark_session *session);

/**
 * Place the mesh on one detection.
 *
 * @return false when the result is not finite or no head; *out untouched
 */
bool landmark_run(struct landmark_session *session,
                  const struct aha_image *image,
                  const struct detection *detection,
                  struct landmark_result *out);

#endif
