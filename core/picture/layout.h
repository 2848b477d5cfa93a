// SPDX-License-Identifier: MIT
/*
 * layout.h - where the plates with the answers stand in a picture.
 *
 * Pure function; safe from any thread. Everything is in px of the full-size
 * photo.
 */
#ifndef AHA_PICTURE_LAYOUT_H
#define AHA_PICTURE_LAYOUT_H

#include <stdbool.h>

#include "aha/pipeline.h"

enum { LAYOUT_HEADLINE = AHA_MAX_NAME + 16 };

/** Parts of a plate, in sizes of its text. */
static const float LAYOUT_PAD = 0.5F;
static const float LAYOUT_HEAD = 1.3F;   /* height of the headline */
static const float LAYOUT_ROW = 0.98F;   /* height of a label's row */
static const float LAYOUT_SMALL = 0.76F; /* text of a row */
static const float LAYOUT_GAP = 0.45F;   /* between a row's parts */
static const float LAYOUT_BAR = 0.42F;   /* height of a bar */

/** What stands beside one face. */
struct plate {
    struct aha_box box; /* inside the photo */
    float size;         /* of the text */
    float names;        /* width of the labels' column; 0 when not full */
    float percents;     /* width of the last column; 0 when not full */
    bool is_full;       /* a bar a label, else one bar for all */
    char headline[LAYOUT_HEADLINE]; /* "happiness 98 %" */
};

/** A text size for things that belong to no face. */
float layout_size(const struct aha_image_info *photo, float scale);

/**
 * Find a place for every face's plate: beside the face, over as little of the
 * other faces and plates as can be; where it is narrow the plate is a small
 * one.
 *
 * @param scale   picture px per photo px; no text is smaller than can be read
 * @param plates  one a face
 */
void layout_plates(const struct aha_analysis *analysis,
                   const struct aha_model_info *info, float scale,
                   struct plate plates[AHA_MAX_FACES]);

#endif
