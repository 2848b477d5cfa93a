// SPDX-License-Identifier: MIT
/*
 * pipeline_parts.h - one photo on its way through; private to pipeline.c,
 * cut.c, infer.c and inspect.c.
 */
#ifndef AHA_CORE_PIPELINE_PARTS_H
#define AHA_CORE_PIPELINE_PARTS_H

#include "aha/pipeline.h"

#include "core/model/expression.h"
#include "core/vision/detect.h"
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
    struct landmark_result landmarks[AHA_MAX_FACES];
};

/** Owns image and analysis until they are handed out or released. */
struct photo {
    struct aha_session *session;
    const void *bytes;
    size_t n_bytes;
    const struct aha_options *options;
    struct aha_error *err;
    struct aha_image image; /* decoded at 1/shrink */
    int shrink;
    bool is_whole;          /* the frame of its one face is the photo's */
    struct aha_point scale; /* full-size px per px of image */
    struct aha_analysis analysis;
};

/** Decode to cut; on failure the caller still releases both. */
enum aha_status photo_prepare(struct photo *photo) AHA_MUST_CHECK;

/** The regions of every face that was found, into the analysis's crops. */
enum aha_status photo_cut(struct photo *photo) AHA_MUST_CHECK;

/** Milliseconds of CLOCK_MONOTONIC. */
double pipeline_now_ms(void);

#endif
