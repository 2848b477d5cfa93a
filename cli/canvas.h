// SPDX-License-Identifier: MIT
/*
 * canvas.h - drawing on an RGB image: just enough for a contact sheet.
 *
 * Everything is clipped to the image. Not for two threads on one image.
 */
#ifndef AHA_CLI_CANVAS_H
#define AHA_CLI_CANVAS_H

#include <stdint.h>

#include "aha/image.h"

struct color {
    uint8_t r;
    uint8_t g;
    uint8_t b;
};

void canvas_fill(struct aha_image *image, int x, int y, int width, int height,
                 struct color color);

/** A line of this thickness, px, between two points. */
void canvas_line(struct aha_image *image, float x0, float y0, float x1,
                 float y1, int thickness, struct color color);

/** A filled disc. */
void canvas_dot(struct aha_image *image, float x, float y, float radius,
                struct color color);

/** Another image, enlarged or shrunk to width x height, nearest pixel. */
void canvas_paste(struct aha_image *image, const struct aha_image *other, int x,
                  int y, int width, int height);

/**
 * Lay a map of values in [0, 1] over a rectangle as heat: cold blue to hot
 * red, half transparent, stretched between the map's own extremes.
 */
void canvas_heat(struct aha_image *image, const float *map, int map_width,
                 int map_height, int x, int y, int width, int height);

#endif
