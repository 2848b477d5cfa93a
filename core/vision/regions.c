// SPDX-License-Identifier: MIT
#include "core/vision/regions.h"

bool regions_frame(const struct aha_point *points,
                   const struct aha_point *face_template,
                   struct face_frame *out)
{
    struct face_frame frame;

    if (!align_similarity(points, face_template, AHA_N_LANDMARKS,
                          &frame.to_frame) ||
        !affine_invert(&frame.to_frame, &frame.to_photo)) {
        return false;
    }
    *out = frame;
    return true;
}

static struct aha_point anchor_of(const struct face_frame *frame,
                                  const struct aha_point *points,
                                  enum aha_anchor anchor)
{
    struct aha_point p = {0, 0};

    switch (anchor) {
    case AHA_ANCHOR_LEFT_EYE:
        p = points[AHA_LEFT_EYE];
        break;
    case AHA_ANCHOR_RIGHT_EYE:
        p = points[AHA_RIGHT_EYE];
        break;
    case AHA_ANCHOR_NOSE:
        p = points[AHA_NOSE];
        break;
    case AHA_ANCHOR_MOUTH:
        p.x = (points[AHA_MOUTH_LEFT].x + points[AHA_MOUTH_RIGHT].x) / 2;
        p.y = (points[AHA_MOUTH_LEFT].y + points[AHA_MOUTH_RIGHT].y) / 2;
        break;
    case AHA_ANCHOR_FRAME:
    case AHA_N_ANCHORS:
        return (struct aha_point){0.5F, 0.5F};
    }
    return affine_apply(&frame->to_frame, p);
}

struct affine regions_map(const struct face_frame *frame,
                          const struct aha_point *points,
                          const struct aha_region_info *region)
{
    struct aha_point centre = anchor_of(frame, points, region->anchor);
    struct affine crop_to_frame = {
        .a = region->size.x / (float)region->width,
        .tx = centre.x + region->offset.x - region->size.x / 2,
        .d = region->size.y / (float)region->height,
        .ty = centre.y + region->offset.y - region->size.y / 2,
    };

    return affine_compose(&frame->to_photo, &crop_to_frame);
}

void regions_quad(const struct affine *crop_to_photo,
                  const struct aha_region_info *region, float quad[4][2])
{
    float w = (float)region->width;
    float h = (float)region->height;
    const struct aha_point corners[4] = {{0, 0}, {w, 0}, {w, h}, {0, h}};

    for (int i = 0; i < 4; i++) {
        struct aha_point p = affine_apply(crop_to_photo, corners[i]);

        quad[i][0] = p.x;
        quad[i][1] = p.y;
    }
}
