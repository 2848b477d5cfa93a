// SPDX-License-Identifier: MIT
/*
 * style.h - the colours that every picture shares.
 *
 * Constants and pure functions; safe from any thread.
 */
#ifndef AHA_PICTURE_STYLE_H
#define AHA_PICTURE_STYLE_H

#include <stdint.h>

#include "aha/model.h"

struct color {
    uint8_t r;
    uint8_t g;
    uint8_t b;
};

static const struct color STYLE_PLATE = {16, 18, 27};
static const struct color STYLE_INK = {255, 255, 255};
static const struct color STYLE_DIM_INK = {214, 219, 232};
static const struct color STYLE_TRACK = {70, 75, 92}; /* of an empty bar */
static const struct color STYLE_POINT = {255, 255, 255};
static const struct color STYLE_SKIPPED = {190, 195, 208};

/** How opaque a plate is: the ink stays readable on white and on black. */
static const float STYLE_PLATE_OPACITY = 0.88F;

/** Of a label, by its place in the model's list; bright on a plate. */
struct color style_label(int label);

/** Of the outlines of a branch's regions. */
struct color style_branch(enum aha_branch branch);

/** Of an attention, 0 to 1: from violet over red to yellow. */
struct color style_heat(float attention);

/** How opaque the heat of this attention is. */
float style_heat_opacity(float attention);

#endif
