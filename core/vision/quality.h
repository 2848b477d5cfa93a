// SPDX-License-Identifier: MIT
/*
 * quality.h - how well a face can be seen (MODEL.md section 4.2).
 *
 * Pure arithmetic, no allocation. Safe from any thread.
 */
#ifndef AHA_VISION_QUALITY_H
#define AHA_VISION_QUALITY_H

#include "aha/face.h"
#include "aha/image.h"

#include "core/vision/regions.h"

/**
 * Judge one face.
 *
 * Sharpness and brightness are read from an upright window of the face that is
 * resampled to 36 x 36 px, about the detail the network was trained on, so that
 * a small face is not blurred for being small.
 *
 * @param photo    decoded, at any scale
 * @param frame    of the face, in that image's px
 * @param face_px  shorter side of the face's box, px of the full-size photo
 */
void quality_measure(const struct aha_image *photo,
                     const struct face_frame *frame, float face_px,
                     const struct aha_pose *pose, struct aha_quality *out);

#endif
