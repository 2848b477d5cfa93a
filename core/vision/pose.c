// SPDX-License-Identifier: MIT
#include "core/vision/pose.h"

#include <math.h>

enum {
    N_AXES = 3,
    N_STEPS = 16, /* enough for singular values a thousand times apart */
};

static const float MIN_DETERMINANT = 1e-4F; /* a head has .3, a plane 0 */
static const float FULL_TURN = 360.0F;
static const float DEGREES = 57.29577951F;

/* Points that hold still while the face moves: no mouth, brows or chin. */
const struct pose_point pose_head[POSE_N_POINTS] = {
    {33, -0.500F, -0.242F, -0.024F},  /* right eye, outer corner */
    {133, -0.192F, -0.227F, -0.080F}, /* inner */
    {362, 0.192F, -0.227F, -0.080F},  /* left eye, inner corner */
    {263, 0.500F, -0.242F, -0.024F},  /* outer */
    {168, 0.000F, -0.281F, -0.266F},  /* bridge of the nose */
    {6, 0.000F, -0.195F, -0.314F},    /* below it */
    {1, 0.000F, 0.201F, -0.488F},     /* tip of the nose */
    {2, 0.000F, 0.264F, -0.313F},     /* under it */
    {10, 0.000F, -0.794F, -0.224F},   /* top of the forehead */
    {54, -0.666F, -0.610F, 0.127F},   /* right side of the forehead */
    {284, 0.666F, -0.610F, 0.127F},   /* left */
    {127, -0.783F, -0.211F, 0.523F},  /* right temple */
    {356, 0.783F, -0.211F, 0.523F},   /* left */
    {234, -0.775F, -0.060F, 0.577F},  /* right cheek before the ear */
    {454, 0.775F, -0.060F, 0.577F},   /* left */
    {116, -0.708F, -0.066F, 0.115F},  /* right cheekbone */
    {345, 0.708F, -0.066F, 0.115F},   /* left */
};

/* m = sum of (p - mean p) q^T over points p of the mesh and q of the head. */
static void correlate(const float *mesh, float m[N_AXES][N_AXES])
{
    float mean[N_AXES] = {0};

    for (int i = 0; i < POSE_N_POINTS; i++) {
        for (int a = 0; a < N_AXES; a++) {
            mean[a] += mesh[N_AXES * pose_head[i].mesh + a] / POSE_N_POINTS;
        }
    }
    for (int i = 0; i < POSE_N_POINTS; i++) {
        const struct pose_point *q = &pose_head[i];

        for (int a = 0; a < N_AXES; a++) {
            float p = mesh[N_AXES * q->mesh + a] - mean[a];

            m[a][0] += p * q->x;
            m[a][1] += p * q->y;
            m[a][2] += p * q->z;
        }
    }
}

/* The matrix of cofactors: det(m) times the transposed inverse. @return det */
static float cofactors(const float m[N_AXES][N_AXES], float out[N_AXES][N_AXES])
{
    for (int i = 0; i < N_AXES; i++) {
        int i1 = (i + 1) % N_AXES;
        int i2 = (i + 2) % N_AXES;

        for (int j = 0; j < N_AXES; j++) {
            int j1 = (j + 1) % N_AXES;
            int j2 = (j + 2) % N_AXES;

            out[i][j] = m[i1][j1] * m[i2][j2] - m[i1][j2] * m[i2][j1];
        }
    }
    return m[0][0] * out[0][0] + m[0][1] * out[0][1] + m[0][2] * out[0][2];
}

/* Replace m by the rotation nearest to it. */
static bool to_rotation(float m[N_AXES][N_AXES])
{
    float inverse[N_AXES][N_AXES]; /* transposed, once divided by det */
    float norm = 0;
    float det;

    for (int i = 0; i < N_AXES * N_AXES; i++) {
        norm += m[i / N_AXES][i % N_AXES] * m[i / N_AXES][i % N_AXES];
    }
    norm = sqrtf(norm / N_AXES); /* a rotation's is 1 */
    if (!(norm > 0) || !isfinite(norm)) {
        return false;
    }
    for (int i = 0; i < N_AXES * N_AXES; i++) {
        m[i / N_AXES][i % N_AXES] /= norm;
    }
    for (int step = 0; step < N_STEPS; step++) {
        det = cofactors((const float(*)[N_AXES])m, inverse);
        if (!(det > MIN_DETERMINANT)) {
            return false;
        }
        for (int i = 0; i < N_AXES * N_AXES; i++) {
            float *value = &m[i / N_AXES][i % N_AXES];

            *value = (*value + inverse[i / N_AXES][i % N_AXES] / det) / 2;
        }
    }
    return true;
}

bool pose_from_mesh(const float *mesh, float turn, struct aha_pose *out)
{
    float m[N_AXES][N_AXES] = {{0}};
    float roll;

    correlate(mesh, m);
    if (!to_rotation(m) || !isfinite(turn)) {
        return false;
    }
    roll = (atan2f(m[1][0], m[0][0]) + turn) * DEGREES;
    out->yaw = atan2f(m[2][0], hypotf(m[0][0], m[1][0])) * DEGREES;
    out->pitch = atan2f(-m[2][1], m[2][2]) * DEGREES;
    out->roll = remainderf(roll, FULL_TURN);
    return true;
}
