// SPDX-License-Identifier: MIT
/*
 * pose.h - where the head points, from the mesh (MODEL.md section 4.1).
 *
 * Pure arithmetic, no allocation. Safe from any thread.
 */
#ifndef AHA_VISION_POSE_H
#define AHA_VISION_POSE_H

#include <stdbool.h>

#include "aha/face.h"

enum {
    POSE_MESH_POINTS = 468,
    POSE_N_POINTS = 17,
};

/** A point of the mean head: the mesh point that it is, and its place. */
struct pose_point {
    int mesh;
    float x; /* to the right in the photo, the subject's left */
    float y; /* down */
    float z; /* away from the camera */
};

/** The mean head, looking into the camera; the eyes' outer corners 1 apart. */
extern const struct pose_point pose_head[POSE_N_POINTS];

/**
 * The rotation that takes the mean head nearest to a mesh in the least-squares
 * sense, as `roll (yaw (pitch (head)))`.
 *
 * Source: Kabsch, Acta Cryst. A32, 1976; the nearest rotation by the Newton
 * iteration for the polar factor, Higham, SIAM J. Sci. Stat. Comput. 7, 1986.
 *
 * @param mesh  [POSE_MESH_POINTS, 3] x, y, z of one scale, e.g. crop px
 * @param turn  radians, clockwise, by which the mesh's picture lies in the
 *              photo; added to the roll
 *
 * @return false when the mesh is no head: flat, mirrored or not finite; *out
 *         untouched
 */
bool pose_from_mesh(const float *mesh, float turn, struct aha_pose *out);

#endif
