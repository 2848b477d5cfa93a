// SPDX-License-Identifier: MIT
#include "aha/pipeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/pipeline_parts.h"
#include "core/vision/quality.h"
#include "core/vision/regions.h"

enum {
    MIN_SIDE = 16,      /* px; nothing smaller can hold a face */
    DETECT_SIDE = 1280, /* px; the detector sees at least this much */
    SURE_SIDE = 32,     /* px; a box that the mesh tells a face from */
    MAX_SHRINK = 8,
};

static const float MIN_LANDMARK_CONFIDENCE = 0.5F;
static const float MAY_BE_FACE = 0.02F; /* the same, of too few px to say */
static const float SAME_FACE_IOU = 0.5F;

struct aha_options aha_options_default(void)
{
    return (struct aha_options){
        .max_pixels = 50000000,
        .formats = AHA_FORMATS_DEFAULT,
        .max_faces = AHA_MAX_FACES,
        .min_face_size = 16.0F,
        .detection_threshold = 0.2F,
    };
}

const char *aha_skip_reason_name(enum aha_skip_reason reason)
{
    static const char *const names[AHA_N_SKIP_REASONS] = {
        [AHA_SKIP_TOO_SMALL] = "too_small",
        [AHA_SKIP_NO_LANDMARKS] = "no_landmarks",
        [AHA_SKIP_MAX_FACES] = "exceeds_max_faces",
    };

    return names[reason];
}

static enum aha_status check_header(struct photo *photo)
{
    struct aha_image_info *info = &photo->analysis.image;
    enum aha_status status =
        image_open(photo->bytes, photo->n_bytes, photo->options->max_pixels,
                   photo->options->formats, &photo->file, photo->err);

    if (status != AHA_OK) {
        return status;
    }
    *info = photo->file.info;
    if (info->width < MIN_SIDE || info->height < MIN_SIDE) {
        return aha_error_set(
            photo->err, AHA_ERR_TOO_SMALL,
            "The image is %d x %d pixels; at least %d x %d are "
            "needed to hold a face.",
            info->width, info->height, MIN_SIDE, MIN_SIDE);
    }
    return AHA_OK;
}

static int detection_shrink(const struct aha_image_info *info)
{
    int longer = info->width > info->height ? info->width : info->height;
    int shrink = 1;

    while (shrink < MAX_SHRINK && longer / (2 * shrink) >= DETECT_SIDE) {
        shrink *= 2;
    }
    return shrink;
}

static void scale_point(struct aha_point *p, struct aha_point s)
{
    p->x *= s.x;
    p->y *= s.y;
}

static void scale_box(struct aha_box *box, struct aha_point s)
{
    box->x *= s.x;
    box->width *= s.x;
    box->y *= s.y;
    box->height *= s.y;
}

static void scale_detection(struct detection *detection, struct aha_point s)
{
    scale_box(&detection->box, s);
    scale_point(&detection->left_eye, s);
    scale_point(&detection->right_eye, s);
}

/* The mesh on the picture that suits the face; all in full-size px. */
static bool find_landmarks(const struct photo *photo,
                           const struct detection *full, float least_confidence,
                           struct landmark_result *out)
{
    const struct picture *picture = photo_picture(photo, &full->box);
    struct aha_point s = picture->scale;
    struct detection detection = *full;
    struct landmark_result found;

    scale_detection(&detection, (struct aha_point){1 / s.x, 1 / s.y});
    if (!landmark_run(photo->session->landmarker, &picture->image, &detection,
                      &found) ||
        found.confidence < least_confidence) {
        return false;
    }
    scale_box(&found.box, s);
    for (int k = 0; k < AHA_N_LANDMARKS; k++) {
        scale_point(&found.points[k], s);
    }
    *out = found;
    return true;
}

/*
 * The detector works on a small picture; if a face in it is too small for the
 * crops, the photo is to be decoded again, as large as the smallest face needs.
 * Most small detections are no faces, and the mesh tells that from little.
 */
static int detail_shrink(const struct photo *photo, int n)
{
    int shrink = photo->view.shrink;

    for (int i = 0; i < n; i++) {
        const struct detection *full = &photo->session->detections[i];
        float side = photo_shorter_side(&full->box);
        bool is_sure = side / (float)photo->view.shrink >= SURE_SIDE;
        struct landmark_result found;
        int needed = shrink;

        while (needed > 1 && side / (float)needed < PHOTO_DETAIL_SIDE) {
            needed /= 2;
        }
        if (needed < shrink && side >= photo->options->min_face_size &&
            find_landmarks(photo, full,
                           is_sure ? MIN_LANDMARK_CONFIDENCE : MAY_BE_FACE,
                           &found)) {
            shrink = needed;
        }
    }
    return shrink;
}

static void skip(struct photo *photo, const struct aha_box *box,
                 enum aha_skip_reason reason)
{
    struct aha_analysis *analysis = &photo->analysis;

    if (analysis->n_skipped < AHA_MAX_FACES) {
        analysis->skipped[analysis->n_skipped].box = *box;
        analysis->skipped[analysis->n_skipped].reason = reason;
        analysis->n_skipped++;
    }
}

static float overlap(const struct aha_box *a, const struct aha_box *b)
{
    float w = fminf(a->x + a->width, b->x + b->width) - fmaxf(a->x, b->x);
    float h = fminf(a->y + a->height, b->y + b->height) - fmaxf(a->y, b->y);
    float both = fmaxf(w, 0) * fmaxf(h, 0);

    return both / (a->width * a->height + b->width * b->height - both);
}

/* Two candidates may settle on one face; the first, larger one stands. */
static bool is_known(const struct aha_session *session, int n,
                     const struct landmark_result *landmarks)
{
    for (int i = 0; i < n; i++) {
        if (overlap(&session->landmarks[i].box, &landmarks->box) >
            SAME_FACE_IOU) {
            return true;
        }
    }
    return false;
}

static struct aha_box clip(struct aha_box box,
                           const struct aha_image_info *info)
{
    float x0 = fmaxf(box.x, 0);
    float y0 = fmaxf(box.y, 0);
    float x1 = fminf(box.x + box.width, (float)info->width);
    float y1 = fminf(box.y + box.height, (float)info->height);

    return (struct aha_box){x0, y0, fmaxf(x1 - x0, 0), fmaxf(y1 - y0, 0)};
}

static void keep_face(struct photo *photo, const struct aha_box *box,
                      const struct detection *full,
                      const struct landmark_result *found)
{
    const struct aha_model_info *info =
        expression_info(photo->session->pipeline->expression);
    const struct picture *picture = photo_picture(photo, box);
    struct aha_analysis *analysis = &photo->analysis;
    struct aha_face *face = &analysis->faces[analysis->n_faces++].face;
    struct face_frame frame;

    face->box = *box;
    face->detection_confidence = full->confidence;
    face->landmark_confidence = found->confidence;
    face->pose = found->pose;
    memcpy(face->landmarks, found->points, sizeof face->landmarks);
    if (regions_frame(found->points, info->face_template, &frame)) {
        frame.to_photo = photo_map_to(picture, &frame.to_photo);
        quality_measure(&picture->image, &frame, photo_shorter_side(&full->box),
                        &face->pose, &face->quality);
    }
}

static void place_landmarks(struct photo *photo, int n)
{
    struct aha_session *session = photo->session;
    struct aha_analysis *analysis = &photo->analysis;

    for (int i = 0; i < n; i++) {
        const struct detection *full = &session->detections[i];
        struct aha_box box = clip(full->box, &analysis->image);
        struct landmark_result found;

        if (photo_shorter_side(&full->box) < photo->options->min_face_size) {
            skip(photo, &box, AHA_SKIP_TOO_SMALL);
            continue;
        }
        if (analysis->n_faces >= photo->options->max_faces) {
            skip(photo, &box, AHA_SKIP_MAX_FACES);
            continue;
        }
        if (!find_landmarks(photo, full, MIN_LANDMARK_CONFIDENCE, &found)) {
            skip(photo, &box, AHA_SKIP_NO_LANDMARKS);
            continue;
        }
        if (is_known(session, analysis->n_faces, &found)) {
            continue;
        }
        session->landmarks[analysis->n_faces] = found;
        keep_face(photo, &box, full, &found);
    }
}

static enum aha_status find_faces(struct photo *photo)
{
    const struct aha_options *options = photo->options;
    struct aha_session *session = photo->session;
    const struct picture *view = &photo->view;
    enum aha_status status = photo_decode(
        photo, detection_shrink(&photo->analysis.image), &photo->view);
    double start = clock_now_ms();
    int n;
    int shrink;

    if (status != AHA_OK) {
        return status;
    }
    n = detector_run(
        session->detector, &view->image, options->detection_threshold,
        options->min_face_size / view->scale.x, session->detections);
    for (int i = 0; i < n; i++) {
        scale_detection(&session->detections[i], view->scale);
    }
    shrink = detail_shrink(photo, n);
    photo->analysis.timing.detect_ms += clock_now_ms() - start;
    if (shrink < view->shrink) {
        status = photo_decode(photo, shrink, &photo->detail);
        if (status != AHA_OK) {
            return status;
        }
    }
    photo->analysis.faces =
        alloc_array((size_t)(n < AHA_MAX_FACES ? n : AHA_MAX_FACES),
                    sizeof *photo->analysis.faces);
    if (photo->analysis.faces == NULL) {
        return aha_error_set(photo->err, AHA_ERR_MEMORY, "out of memory");
    }
    start = clock_now_ms();
    place_landmarks(photo, n);
    photo->analysis.timing.detect_ms += clock_now_ms() - start;
    return AHA_OK;
}

/* The photo is one face, aligned already: its frame is the photo's. */
static enum aha_status take_whole(struct photo *photo)
{
    enum aha_status status = photo_decode(photo, 1, &photo->view);

    if (status != AHA_OK) {
        return status;
    }
    photo->analysis.faces = alloc_array(1, sizeof *photo->analysis.faces);
    if (photo->analysis.faces == NULL) {
        return aha_error_set(photo->err, AHA_ERR_MEMORY, "out of memory");
    }
    photo->analysis.n_faces = 1;
    photo->is_whole = true;
    return AHA_OK;
}

/*
 * The photo is one face, cut out: the mesh is placed on all of it and a border.
 * Where it sees no face, the photo counts as aligned.
 */
static enum aha_status take_crop(struct photo *photo)
{
    struct aha_session *session = photo->session;
    enum aha_status status = take_whole(photo);
    float w = (float)photo->view.image.width;
    float h = (float)photo->view.image.height;
    struct detection all = {
        .box = {0, 0, w, h},
        .confidence = 1,
        .left_eye = {w, h / 2},
        .right_eye = {0, h / 2},
    };
    double start = clock_now_ms();

    if (status != AHA_OK) {
        return status;
    }
    if (find_landmarks(photo, &all, MIN_LANDMARK_CONFIDENCE,
                       &session->landmarks[0])) {
        photo->is_whole = false;
        photo->analysis.n_faces = 0;
        keep_face(photo, &all.box, &all, &session->landmarks[0]);
    }
    photo->analysis.timing.detect_ms += clock_now_ms() - start;
    return AHA_OK;
}

static enum aha_status take_faces(struct photo *photo)
{
    if (photo->options->is_aligned) {
        return take_whole(photo);
    }
    return photo->options->is_cropped ? take_crop(photo) : find_faces(photo);
}

enum aha_status photo_prepare(struct photo *photo)
{
    enum aha_status status = check_header(photo);

    if (status == AHA_OK) {
        status = take_faces(photo);
    }
    if (status == AHA_OK && !photo->options->has_no_expression) {
        status = photo_cut(photo);
    }
    return status;
}

enum aha_status aha_prepare(struct aha_session *session, const void *bytes,
                            size_t n_bytes, const struct aha_options *options,
                            struct aha_analysis *out, struct aha_error *err)
{
    struct photo photo = {.session = session,
                          .bytes = bytes,
                          .n_bytes = n_bytes,
                          .options = options,
                          .err = err};
    enum aha_status status = photo_prepare(&photo);

    photo_drop_pictures(&photo);
    if (status != AHA_OK) {
        aha_analysis_fini(&photo.analysis);
        return status;
    }
    *out = photo.analysis;
    return AHA_OK;
}

enum aha_status aha_analyze(struct aha_session *session, const void *bytes,
                            size_t n_bytes, const struct aha_options *options,
                            struct aha_analysis *out, struct aha_error *err)
{
    enum aha_status status =
        aha_prepare(session, bytes, n_bytes, options, out, err);

    if (status == AHA_OK && !options->has_no_expression) {
        aha_infer(session, (struct aha_analysis *const[]){out}, 1);
    }
    return status;
}
