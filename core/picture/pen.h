// SPDX-License-Identifier: MIT
/*
 * pen.h - what a scene is drawn with: on pixels, or as SVG.
 *
 * All coordinates and lengths are of the upright, full-size photo, px. One
 * thread a pen.
 */
#ifndef AHA_PICTURE_PEN_H
#define AHA_PICTURE_PEN_H

#include "core/picture/style.h"

struct pen;

struct pen_kind {
    /** What follows belongs together. @param title  says what it is */
    void (*begin)(struct pen *pen, const char *title);
    void (*end)(struct pen *pen);

    void (*box)(struct pen *pen, const struct aha_box *box, float radius,
                struct color color, float opacity);

    /** A closed line through four corners. */
    void (*outline)(struct pen *pen, const struct aha_point corners[4],
                    float thickness, struct color color);

    void (*dot)(struct pen *pen, struct aha_point centre, float radius,
                struct color color);

    /** @param at  the left end of the base line */
    void (*text)(struct pen *pen, struct aha_point at, float size,
                 struct color color, const char *text);

    /** As canvas_heat. */
    void (*heat)(struct pen *pen, const float quad[4][2], const float *map,
                 int width, int height, float glow);
};

/** First member of whatever draws. */
struct pen {
    const struct pen_kind *kind;
};

#endif
