// SPDX-License-Identifier: MIT
#include "core/vision/quality.h"

#include <math.h>

enum { SIDE = 36 }; /* px of the window */

static const float BYTE_MAX = 255.0F;

/* The window in the face frame. */
static const struct aha_point CENTRE = {0.5F, 0.55F};
static const float WINDOW = 0.75F;

/* Where a flag begins, and where its factor of the score reaches 0 or 1. */
static const float HALF_SHARP = 0.2F; /* edges' ratio of sharpness .5 */
static const float BLURRED_BELOW = 0.5F;
static const float DARK_BELOW = 0.2F;
static const float BRIGHT_ABOVE = 0.8F;
static const float WELL_LIT = 0.35F; /* from black, and from white */
static const float SMALL_BELOW = 32; /* px */
static const float LARGE = 64;       /* px */
static const float TURNED_YAW = 30;  /* degrees */
static const float TURNED_PITCH = 20;
static const float LOST_YAW = 45;
static const float LOST_PITCH = 30;

/* One step of 8-bit luma, squared: what even a blank picture may vary by. */
static const float NOISE = 1.5e-5F;

static void cut_window(const struct aha_image *photo,
                       const struct face_frame *frame, float *out)
{
    struct aha_point centre = affine_apply(&frame->to_photo, CENTRE);
    float side = WINDOW * hypotf(frame->to_photo.a, frame->to_photo.c);
    /* upright whatever the face's turn: edges are edges, and this is fast */
    struct affine map = {
        .a = side / SIDE,
        .tx = centre.x - side / 2,
        .d = side / SIDE,
        .ty = centre.y - side / 2,
    };

    align_warp_luma(photo, &map, SIDE, SIDE, ALIGN_BORDER_REPEAT, 1 / BYTE_MAX,
                    0, out);
}

static float mean_of(const float *window)
{
    float sum = 0;

    for (int i = 0; i < SIDE * SIDE; i++) {
        sum += window[i];
    }
    return sum / (SIDE * SIDE);
}

static float variance_of(const float *window, float mean)
{
    float sum = 0;

    for (int i = 0; i < SIDE * SIDE; i++) {
        sum += (window[i] - mean) * (window[i] - mean);
    }
    return sum / (SIDE * SIDE);
}

/* Mean square of the Laplacian where it has all four neighbours. */
static float edges_of(const float *window)
{
    float sum = 0;

    for (int j = 1; j < SIDE - 1; j++) {
        for (int i = 1; i < SIDE - 1; i++) {
            const float *at = window + (ptrdiff_t)SIDE * j + i;
            float edge = 4 * at[0] - at[-1] - at[1] - at[-SIDE] - at[SIDE];

            sum += edge * edge;
        }
    }
    return sum / ((SIDE - 2) * (SIDE - 2));
}

static float clamp_share(float value)
{
    return fminf(fmaxf(value, 0), 1);
}

static float square(float value)
{
    return value * value;
}

static unsigned flag_if(bool is_set, enum aha_quality_flag flag)
{
    return is_set ? 1U << flag : 0;
}

void quality_measure(const struct aha_image *photo,
                     const struct face_frame *frame, float face_px,
                     const struct aha_pose *pose, struct aha_quality *out)
{
    float window[SIDE * SIDE];
    float yaw = fabsf(pose->yaw);
    float pitch = fabsf(pose->pitch);
    float light;
    float mean;

    cut_window(photo, frame, window);
    mean = mean_of(window);
    light = fminf(mean, 1 - mean);
    out->brightness = clamp_share(mean);
    out->sharpness =
        1 -
        exp2f(-sqrtf(edges_of(window) / (variance_of(window, mean) + NOISE)) /
              HALF_SHARP);
    out->flags =
        flag_if(face_px < SMALL_BELOW, AHA_QUALITY_SMALL) |
        flag_if(out->sharpness < BLURRED_BELOW, AHA_QUALITY_BLURRED) |
        flag_if(mean < DARK_BELOW, AHA_QUALITY_DARK) |
        flag_if(mean > BRIGHT_ABOVE, AHA_QUALITY_BRIGHT) |
        flag_if(yaw > TURNED_YAW || pitch > TURNED_PITCH, AHA_QUALITY_TURNED);
    out->score = out->sharpness * clamp_share(light / WELL_LIT) *
                 clamp_share(face_px / LARGE) *
                 clamp_share(1 - square(yaw / LOST_YAW)) *
                 clamp_share(1 - square(pitch / LOST_PITCH));
}
