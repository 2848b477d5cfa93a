// SPDX-License-Identifier: MIT
/*
 * face.h - where the faces are: boxes and five landmarks.
 *
 * Plain data, no ownership. Coordinates are pixels of the upright, full-size
 * photo; pixel (0, 0) covers [0, 1) x [0, 1). Left and right are the subject's.
 */
#ifndef AHA_FACE_H
#define AHA_FACE_H

struct aha_point {
    float x;
    float y;
};

struct aha_box {
    float x; /* left edge */
    float y; /* top edge */
    float width;
    float height;
};

/** The five points of the similarity, in the order of the template. */
enum aha_landmark {
    AHA_LEFT_EYE,
    AHA_RIGHT_EYE,
    AHA_NOSE,
    AHA_MOUTH_LEFT,
    AHA_MOUTH_RIGHT,
    AHA_N_LANDMARKS,
};

/** "left_eye", "right_eye", "nose", "mouth_left", "mouth_right". */
const char *aha_landmark_name(enum aha_landmark landmark);

struct aha_face {
    struct aha_box box;         /* clipped to the photo */
    float detection_confidence; /* the detector's, [0, 1] */
    float landmark_confidence;  /* the mesh's face flag, [0, 1] */
    struct aha_point landmarks[AHA_N_LANDMARKS];
};

#endif
