// SPDX-License-Identifier: MIT
/*
 * detect.h - the face detector: BlazeFace full range on an image pyramid.
 *
 * A detector is immutable and shared; a detector_session is one thread's
 * working memory. Source of the decoding: MODEL.md section 3.
 */
#ifndef AHA_VISION_DETECT_H
#define AHA_VISION_DETECT_H

#include "aha/error.h"
#include "aha/face.h"
#include "aha/image.h"

struct detector;
struct detector_session;

/** A candidate, in pixels of the image it was found in. */
struct detection {
    struct aha_box box;
    float confidence;
    struct aha_point left_eye;
    struct aha_point right_eye;
};

enum { DETECT_MAX = 256 }; /* candidates kept after suppression */

enum aha_status detector_create(struct detector **out, const char *path,
                                struct aha_error *err) AHA_MUST_CHECK;

void detector_destroy(struct detector *detector);

enum aha_status detector_session_create(struct detector_session **out,
                                        const struct detector *detector)
    AHA_MUST_CHECK;

void detector_session_destroy(struct detector_session *session);

/**
 * Find faces.
 *
 * @param threshold      keep candidates of at least this confidence
 * @param min_face_size  shorter box side wanted, px of `image`: decides how far
 *                       the pyramid is climbed
 * @param out            at least DETECT_MAX entries, largest first
 *
 * @return the number of faces, 0..DETECT_MAX
 */
int detector_run(struct detector_session *session,
                 const struct aha_image *image, float threshold,
                 float min_face_size, struct detection *out);

#endif
