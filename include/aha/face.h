// SPDX-License-Identifier: MIT
/*
 * face.h - where the faces are and how well they can be seen.
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

/**
 * Where the head points, degrees, 0 for a face that looks into the camera:
 * yaw > 0 to the subject's left, pitch > 0 up, roll > 0 clockwise in the photo.
 */
struct aha_pose {
    float yaw;
    float pitch;
    float roll;
};

/** What may make an answer doubtful. */
enum aha_quality_flag {
    AHA_QUALITY_SMALL,
    AHA_QUALITY_BLURRED,
    AHA_QUALITY_DARK,
    AHA_QUALITY_BRIGHT,
    AHA_QUALITY_TURNED, /* yaw or pitch too far from the camera */
    AHA_N_QUALITY_FLAGS,
};

/** "small", "blurred", "dark", "bright" or "turned"; static storage. */
const char *aha_quality_flag_name(enum aha_quality_flag flag);

/** How well the face can be seen; numbers in [0, 1], 1 is best. */
struct aha_quality {
    float score;
    float sharpness;
    float brightness; /* mean luma of the face, 0 black, 1 white */
    unsigned flags;   /* bit `1 << enum aha_quality_flag` */
};

struct aha_face {
    struct aha_box box;         /* clipped to the photo */
    float detection_confidence; /* the detector's, [0, 1] */
    float landmark_confidence;  /* the mesh's face flag, [0, 1] */
    struct aha_point landmarks[AHA_N_LANDMARKS];
    struct aha_pose pose;
    struct aha_quality quality;
};

#endif
