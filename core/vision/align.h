// SPDX-License-Identifier: MIT
/*
 * align.h - region align (ALG): similarity, and one resample from the photo.
 *
 * Pure arithmetic, no allocation. Safe from any thread.
 */
#ifndef AHA_VISION_ALIGN_H
#define AHA_VISION_ALIGN_H

#include <stdbool.h>

#include "aha/face.h"
#include "aha/image.h"

/**
 * An affine map q = [a b; c d] p + [tx ty]. All maps here go from the smaller
 * world (frame, crop) to the photo.
 */
struct affine {
    float a, b, tx;
    float c, d, ty;
};

struct aha_point affine_apply(const struct affine *map, struct aha_point p);

/** first, then second. */
struct affine affine_compose(const struct affine *second,
                             const struct affine *first);

/** @return false when the map has no inverse; *out untouched */
bool affine_invert(const struct affine *map, struct affine *out);

/**
 * The similarity that takes `from` nearest to `to` in the least-squares
 * sense, without reflection.
 *
 * Source: Umeyama, IEEE TPAMI 13(4), 1991, equations 39-43, in two dimensions.
 *
 * @return false when the points coincide or are not finite; *out untouched
 */
bool align_similarity(const struct aha_point *from, const struct aha_point *to,
                      int n, struct affine *out);

/** What a resample does outside the photo. */
enum align_border {
    ALIGN_BORDER_REPEAT, /* the nearest pixel of the border */
    ALIGN_BORDER_ZERO,   /* black */
};

/**
 * Resample the photo into an RGB crop, one plane after another.
 *
 * Bilinear; where one crop pixel covers more than one photo pixel, the mean of
 * a regular grid of bilinear samples, one a photo pixel and axis at least.
 * Values are value * scale + bias of the 0..255 sample.
 *
 * @param crop_to_photo  from crop coordinates (pixel (0,0) is [0,1) x [0,1))
 * @param out            [3, height, width]
 */
void align_warp_rgb(const struct aha_image *photo,
                    const struct affine *crop_to_photo, int width, int height,
                    enum align_border border, float scale, float bias,
                    float *out);

/** The same, Rec. 601 luma only: out is [height, width]. */
void align_warp_luma(const struct aha_image *photo,
                     const struct affine *crop_to_photo, int width, int height,
                     enum align_border border, float scale, float bias,
                     float *out);

#endif
