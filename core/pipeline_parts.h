// SPDX-License-Identifier: MIT
/*
 * pipeline_parts.h - one photo on its way through; private to pipeline.c,
 * photo.c, cut.c, infer.c and inspect.c.
 */
#ifndef AHA_CORE_PIPELINE_PARTS_H
#define AHA_CORE_PIPELINE_PARTS_H

#include "aha/pipeline.h"

#include "core/clock.h"
#include "core/model/expression.h"
#include "core/vision/align.h"
#include "core/vision/detect.h"
#include "core/vision/image_file.h"
#include "core/vision/landmark.h"

struct aha_pipeline {
    struct detector *detector;
    struct landmarker *landmarker;
    struct expression *expression;
};

struct aha_session {
    const struct aha_pipeline *pipeline;
    struct detector_session *detector;
    struct landmark_session *landmarker;
    struct expression_session *expression;
    struct detection detections[DETECT_MAX];
    struct landmark_result landmarks[AHA_MAX_FACES]; /* full-size px */
};

enum { PHOTO_DETAIL_SIDE = 160 }; /* px; a smaller face wants detail */

/** The photo decoded at 1/shrink. */
struct picture {
    struct aha_image image; /* rgb is NULL: not decoded */
    int shrink;
    struct aha_point scale; /* full-size px per px of image */
};

/** Owns pictures and analysis until they are handed out or released. */
struct photo {
    struct aha_session *session;
    const void *bytes;
    size_t n_bytes;
    const struct aha_options *options;
    struct aha_error *err;
    struct image_file file;
    struct picture view;   /* what faces are searched in */
    struct picture detail; /* for those too small in it, if there are any */
    bool is_whole;         /* the frame of its one face is the photo's */
    struct aha_analysis analysis;
};

/** Decode to cut; on failure the caller still releases both. */
enum aha_status photo_prepare(struct photo *photo) AHA_MUST_CHECK;

/** The regions of every face that was found, into the analysis's crops. */
enum aha_status photo_cut(struct photo *photo) AHA_MUST_CHECK;

/**
 * Decode the photo at 1/shrink, once its header is read, and count the time.
 *
 * @param out  the photo's view or detail, empty; written on success only
 */
enum aha_status photo_decode(struct photo *photo, int shrink,
                             struct picture *out) AHA_MUST_CHECK;

/** Of a box's sides, px. */
float photo_shorter_side(const struct aha_box *box);

/**
 * Where a face is to be looked at: the view, unless its box is smaller there
 * than PHOTO_DETAIL_SIDE and there is detail. So a large face costs no more in
 * a larger photo.
 *
 * @param box  full-size px
 */
const struct picture *photo_picture(const struct photo *photo,
                                    const struct aha_box *box);

/** A map to full-size px as one to the picture's. */
struct affine photo_map_to(const struct picture *picture,
                           const struct affine *map);

/** Wipe and release both pictures and close the file; the analysis stays. */
void photo_drop_pictures(struct photo *photo);

#endif
