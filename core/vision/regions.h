// SPDX-License-Identifier: MIT
/*
 * regions.h - where the regions of one face lie in the photo (MODEL.md 1).
 *
 * Pure arithmetic, no allocation. Safe from any thread.
 */
#ifndef AHA_VISION_REGIONS_H
#define AHA_VISION_REGIONS_H

#include <stdbool.h>

#include "aha/model.h"

#include "core/vision/align.h"

/** The face frame of one face, both ways. */
struct face_frame {
    struct affine to_frame; /* photo px to frame units */
    struct affine to_photo;
};

/**
 * @param points         the five landmarks, photo px
 * @param face_template  their places in the frame
 *
 * @return false when the points do not span a face
 */
bool regions_frame(const struct aha_point *points,
                   const struct aha_point *face_template,
                   struct face_frame *out);

/** From the region's crop pixels to the photo. */
struct affine regions_map(const struct face_frame *frame,
                          const struct aha_point *points,
                          const struct aha_region_info *region);

/** The region's corners in the photo: tl, tr, br, bl of the crop. */
void regions_quad(const struct affine *crop_to_photo,
                  const struct aha_region_info *region, float quad[4][2]);

#endif
