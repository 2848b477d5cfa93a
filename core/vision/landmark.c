// SPDX-License-Identifier: MIT
#include "core/vision/landmark.h"

#include <math.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/graph/graph.h"
#include "core/vision/align.h"
#include "core/vision/pose.h"
#include "core/weights.h"

enum {
    SIDE = 192, /* px of the network's input */
    N_POINTS = POSE_MESH_POINTS,
    POINT_FLOATS = 3, /* x, y, z */
    RIGHT_EYE_OUTER = 33,
    RIGHT_EYE_INNER = 133,
    LEFT_EYE_INNER = 362,
    LEFT_EYE_OUTER = 263,
    NOSE_TIP = 1,
    MOUTH_RIGHT = 61,
    MOUTH_LEFT = 291,
};

static const float ROI_SCALE = 1.5F;
static const float BYTE_MAX = 255.0F;

struct landmarker {
    struct graph *graph;
    int points;
    int flag;
};

struct landmark_session {
    const struct landmarker *landmarker;
    struct graph_plan *plan;
    float *workspace;
    float points[N_POINTS * POINT_FLOATS]; /* of the last pass, crop px */
    struct aha_point mesh[N_POINTS];       /* the same, image px */
};

/* A turned square of the image. */
struct roi {
    struct aha_point centre;
    float side;  /* px of the image */
    float angle; /* radians, of the eyes' line */
};

static enum aha_status find_outputs(struct landmarker *landmarker,
                                    struct aha_error *err)
{
    struct graph_shape in = graph_input(landmarker->graph);

    landmarker->points = graph_output(landmarker->graph, "points");
    landmarker->flag = graph_output(landmarker->graph, "flag");
    if (landmarker->points < 0 || landmarker->flag < 0 || in.c != 3 ||
        in.h != SIDE || in.w != SIDE) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "a landmark network takes 3 x %d x %d and has "
                             "outputs \"points\" and \"flag\"",
                             SIDE, SIDE);
    }
    return AHA_OK;
}

static enum aha_status check_outputs(const struct landmarker *landmarker,
                                     struct aha_error *err)
{
    struct graph_plan *plan = NULL;
    struct graph_shape points = {0};
    struct graph_shape flag = {0};
    enum aha_status status = graph_plan_create(&plan, landmarker->graph, 1);

    if (status == AHA_OK) {
        status = graph_plan_resize(plan, SIDE, SIDE);
    }
    if (status == AHA_OK) {
        points = graph_plan_shape(plan, landmarker->points);
        flag = graph_plan_shape(plan, landmarker->flag);
    }
    graph_plan_destroy(plan);
    if (points.c * points.h * points.w != N_POINTS * POINT_FLOATS ||
        flag.c * flag.h * flag.w != 1) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "the outputs are not %d points and one flag",
                             N_POINTS);
    }
    return status;
}

enum aha_status landmarker_create(struct landmarker **out, const char *path,
                                  struct aha_error *err)
{
    struct landmarker *landmarker = alloc_array(1, sizeof *landmarker);
    enum aha_status status;

    if (landmarker == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    status = graph_open(&landmarker->graph, path, "landmarks", err);
    if (status == AHA_OK) {
        status = find_outputs(landmarker, err);
        if (status == AHA_OK) {
            status = check_outputs(landmarker, err);
        }
        if (status != AHA_OK) {
            status = weights_blame(err, status, path);
        }
    }
    if (status != AHA_OK) {
        landmarker_destroy(landmarker);
        return status;
    }
    *out = landmarker;
    return AHA_OK;
}

void landmarker_destroy(struct landmarker *landmarker)
{
    if (landmarker != NULL) {
        graph_destroy(landmarker->graph);
        free(landmarker);
    }
}

enum aha_status landmark_session_create(struct landmark_session **out,
                                        const struct landmarker *landmarker)
{
    struct landmark_session *session = alloc_array(1, sizeof *session);
    enum aha_status status;

    if (session == NULL) {
        return AHA_ERR_MEMORY;
    }
    session->landmarker = landmarker;
    status = graph_plan_create(&session->plan, landmarker->graph, 1);
    if (status == AHA_OK) {
        status = graph_plan_resize(session->plan, SIDE, SIDE);
    }
    if (status == AHA_OK) {
        session->workspace = alloc_floats(graph_plan_floats(session->plan));
    }
    if (session->workspace == NULL) {
        landmark_session_destroy(session);
        return AHA_ERR_MEMORY;
    }
    *out = session;
    return AHA_OK;
}

void landmark_session_destroy(struct landmark_session *session)
{
    if (session != NULL) {
        graph_plan_destroy(session->plan);
        free(session->workspace);
        free(session);
    }
}

/* From the network's pixels to the image's. */
static struct affine roi_map(const struct roi *roi)
{
    float unit = roi->side / SIDE;
    float c = cosf(roi->angle) * unit;
    float s = sinf(roi->angle) * unit;

    return (struct affine){
        .a = c,
        .b = -s,
        .tx = roi->centre.x - (c - s) * SIDE / 2,
        .c = s,
        .d = c,
        .ty = roi->centre.y - (s + c) * SIDE / 2,
    };
}

/* @return the face flag's probability; the mesh is left in the session */
static float run_pass(struct landmark_session *session,
                      const struct aha_image *image, const struct roi *roi)
{
    const struct landmarker *landmarker = session->landmarker;
    struct affine map = roi_map(roi);
    const float *points = session->points;
    float flag;

    align_warp_rgb(image, &map, SIDE, SIDE, ALIGN_BORDER_ZERO, 1 / BYTE_MAX, 0,
                   graph_plan_input(session->plan, session->workspace, 0));
    graph_run(session->plan, session->workspace, 1);
    graph_plan_read(session->plan, session->workspace, 0, landmarker->points,
                    session->points);
    graph_plan_read(session->plan, session->workspace, 0, landmarker->flag,
                    &flag);
    for (int i = 0; i < N_POINTS; i++) {
        struct aha_point p = {points[i * POINT_FLOATS],
                              points[i * POINT_FLOATS + 1]};

        session->mesh[i] = affine_apply(&map, p);
    }
    return 1.0F / (1.0F + expf(-flag));
}

static struct aha_point middle(struct aha_point a, struct aha_point b)
{
    return (struct aha_point){(a.x + b.x) / 2, (a.y + b.y) / 2};
}

static struct aha_point right_eye(const struct landmark_session *session)
{
    return middle(session->mesh[RIGHT_EYE_OUTER],
                  session->mesh[RIGHT_EYE_INNER]);
}

static struct aha_point left_eye(const struct landmark_session *session)
{
    return middle(session->mesh[LEFT_EYE_INNER], session->mesh[LEFT_EYE_OUTER]);
}

/* The box of all points in axes turned by `angle`. */
static struct aha_box bounds(const struct landmark_session *session,
                             float angle)
{
    float c = cosf(angle);
    float s = sinf(angle);
    float x0 = INFINITY;
    float y0 = INFINITY;
    float x1 = -INFINITY;
    float y1 = -INFINITY;

    for (int i = 0; i < N_POINTS; i++) {
        float x = c * session->mesh[i].x + s * session->mesh[i].y;
        float y = -s * session->mesh[i].x + c * session->mesh[i].y;

        x0 = fminf(x0, x);
        y0 = fminf(y0, y);
        x1 = fmaxf(x1, x);
        y1 = fmaxf(y1, y);
    }
    return (struct aha_box){x0, y0, x1 - x0, y1 - y0};
}

/* Where to look again: around the first pass's mesh, the eyes level. */
static struct roi second_roi(const struct landmark_session *session)
{
    struct aha_point right = right_eye(session);
    struct aha_point left = left_eye(session);
    float angle = atan2f(left.y - right.y, left.x - right.x);
    struct aha_box box = bounds(session, angle);
    float x = box.x + box.width / 2;
    float y = box.y + box.height / 2;

    return (struct roi){
        .centre = {cosf(angle) * x - sinf(angle) * y,
                   sinf(angle) * x + cosf(angle) * y},
        .side = ROI_SCALE * fmaxf(box.width, box.height),
        .angle = angle,
    };
}

static bool is_sane(const struct roi *roi)
{
    return isfinite(roi->centre.x) && isfinite(roi->centre.y) &&
           isfinite(roi->angle) && roi->side > 1 && isfinite(roi->side);
}

bool landmark_run(struct landmark_session *session,
                  const struct aha_image *image,
                  const struct detection *detection,
                  struct landmark_result *out)
{
    const struct aha_box *box = &detection->box;
    struct roi roi = {
        .centre = {box->x + box->width / 2, box->y + box->height / 2},
        .side = ROI_SCALE * fmaxf(box->width, box->height),
        .angle = atan2f(detection->left_eye.y - detection->right_eye.y,
                        detection->left_eye.x - detection->right_eye.x),
    };
    struct aha_pose pose;
    float confidence;

    if (!is_sane(&roi)) {
        return false;
    }
    (void)run_pass(session, image, &roi);
    roi = second_roi(session);
    if (!is_sane(&roi)) {
        return false;
    }
    confidence = run_pass(session, image, &roi);
    if (!pose_from_mesh(session->points, roi.angle, &pose)) {
        return false;
    }
    roi = second_roi(session);
    if (!is_sane(&roi) || !isfinite(confidence)) {
        return false;
    }
    out->confidence = confidence;
    out->box = bounds(session, 0);
    out->points[AHA_LEFT_EYE] = left_eye(session);
    out->points[AHA_RIGHT_EYE] = right_eye(session);
    out->points[AHA_NOSE] = session->mesh[NOSE_TIP];
    out->points[AHA_MOUTH_LEFT] = session->mesh[MOUTH_LEFT];
    out->points[AHA_MOUTH_RIGHT] = session->mesh[MOUTH_RIGHT];
    out->pose = pose;
    return true;
}
