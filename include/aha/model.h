// SPDX-License-Identifier: MIT
/*
 * model.h - what the loaded expression network says of itself.
 *
 * A model is immutable after loading and may be read from any thread.
 */
#ifndef AHA_MODEL_H
#define AHA_MODEL_H

#include <stdint.h>

#include "aha/digest.h"
#include "aha/face.h"

enum {
    AHA_MAX_LABELS = 16,
    AHA_MAX_REGIONS = 16,
    AHA_MAX_NAME = 32,
    AHA_MAX_TEXT = 256,
    AHA_MAX_ACCURACIES = 8,
};

enum aha_branch {
    AHA_BRANCH_GLOBAL,
    AHA_BRANCH_LOCAL,
    AHA_BRANCH_MIXTURE,
    AHA_N_BRANCHES,
};

/** "global", "local" or "mixture"; static storage. */
const char *aha_branch_name(enum aha_branch branch);

/** What a region is centred on, besides its offset. */
enum aha_anchor {
    AHA_ANCHOR_FRAME, /* the middle of the face frame */
    AHA_ANCHOR_LEFT_EYE,
    AHA_ANCHOR_RIGHT_EYE,
    AHA_ANCHOR_NOSE,
    AHA_ANCHOR_MOUTH, /* the mean of both corners */
    AHA_N_ANCHORS,
};

/** One region of the face, MODEL.md section 1. */
struct aha_region_info {
    char name[AHA_MAX_NAME];
    enum aha_branch branch;
    enum aha_anchor anchor;
    struct aha_point offset; /* of the centre from the anchor, frame units */
    struct aha_point size;   /* frame units */
    int width;               /* network input, px */
    int height;              /* network input, px */
    int map_width;           /* attention map; 0 when the net has none */
    int map_height;          /* attention map; 0 when the net has none */
};

struct aha_model_info {
    char name[AHA_MAX_NAME];
    char version[AHA_MAX_NAME];
    char license[AHA_MAX_NAME];
    char source[AHA_MAX_TEXT];        /* who made it of what, or "" */
    char training_data[AHA_MAX_TEXT]; /* "" when the file does not say */
    char sha256[AHA_SHA256_HEX];      /* of the whole file, lower-case hex */
    int n_labels;
    char labels[AHA_MAX_LABELS][AHA_MAX_NAME];
    struct aha_point face_template[AHA_N_LANDMARKS]; /* frame units */
    int n_regions;
    struct aha_region_info regions[AHA_MAX_REGIONS];
    int64_t n_parameters;
    int64_t multiply_adds; /* per face */
    float temperature;
    float uncertain_below; /* `uncertain` is set under this probability */
    int n_accuracies;
    struct {
        char data[AHA_MAX_NAME * 2]; /* "FER-2013 PublicTest" */
        float percent;
    } accuracies[AHA_MAX_ACCURACIES];
};

#endif
