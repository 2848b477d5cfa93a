// SPDX-License-Identifier: MIT
/*
 * canvas.h - anti-aliased painting on an RGB image.
 *
 * Coordinates are pixels; pixel (0, 0) covers [0, 1) x [0, 1). Everything is
 * clipped to the image, and what is not a number is not painted. Not for two
 * threads on one image.
 */
#ifndef AHA_PICTURE_CANVAS_H
#define AHA_PICTURE_CANVAS_H

#include "aha/image.h"

#include "core/picture/style.h"

/** A filled rectangle with round corners. @param opacity  0 to 1 */
void canvas_box(struct aha_image *image, const struct aha_box *box,
                float radius, struct color color, float opacity);

/** A line with square ends. */
void canvas_line(struct aha_image *image, struct aha_point from,
                 struct aha_point to, float thickness, struct color color);

/** A filled disc. */
void canvas_dot(struct aha_image *image, struct aha_point centre, float radius,
                struct color color);

/** One line of text. @param at  the left end of its base line */
void canvas_text(struct aha_image *image, struct aha_point at, float size,
                 struct color color, const char *text);

/** Another image, enlarged or shrunk to width x height, nearest pixel. */
void canvas_paste(struct aha_image *image, const struct aha_image *other, int x,
                  int y, int width, int height);

/**
 * Another image, enlarged to the whole of this one, bilinear.
 *
 * @param image  no smaller than the other
 */
void canvas_enlarge(struct aha_image *image, const struct aha_image *other);

/**
 * An attention map as heat over a parallelogram, between its cells' centres
 * bilinear.
 *
 * @param quad  corners: top left, top right, bottom right, bottom left
 * @param map   [height, width] in [0, 1]
 * @param glow  0 to 1: how much of the heat is seen
 */
void canvas_heat(struct aha_image *image, const float quad[4][2],
                 const float *map, int width, int height, float glow);

/** The same map at a place of the quad. @param u, v  0 to 1 */
float canvas_map_at(const float *map, int width, int height, float u, float v);

#endif
