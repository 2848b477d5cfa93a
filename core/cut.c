// SPDX-License-Identifier: MIT
/*
 * From decoded pixels to the expression network's input: the face frame of
 * every face, its regions resampled once. The buffers that the second half of
 * an analysis needs are taken here, so that it cannot fail.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "aha/pipeline.h"

#include "core/alloc.h"
#include "core/pipeline_parts.h"
#include "core/vision/quality.h"
#include "core/vision/regions.h"

enum {
    MIN_PLANE = 16, /* px, side of a plane of aha_prepare_crops */
    MAX_PLANE = 1024,
};

static const float BYTE_MAX = 255.0F;

static enum aha_status take_buffers(struct photo *photo)
{
    const struct expression *net = photo->session->pipeline->expression;
    struct aha_analysis *analysis = &photo->analysis;
    size_t n = (size_t)analysis->n_faces;

    if (n == 0) {
        return AHA_OK;
    }
    analysis->n_crop_bytes = n * expression_crop_floats(net) * sizeof(float);
    analysis->crops = alloc_floats(n * expression_crop_floats(net));
    analysis->maps = alloc_floats(n * expression_map_floats(net));
    if (analysis->crops == NULL || analysis->maps == NULL) {
        return aha_error_set(photo->err, AHA_ERR_MEMORY, "out of memory");
    }
    return AHA_OK;
}

/* Every region of one face, straight from the decoded photo. */
static void cut_regions(struct photo *photo, int i,
                        const struct face_frame *frame,
                        const struct aha_point *points)
{
    const struct expression *net = photo->session->pipeline->expression;
    const struct aha_model_info *info = expression_info(net);
    struct aha_face_result *result = &photo->analysis.faces[i];
    float *crops =
        photo->analysis.crops + (size_t)i * expression_crop_floats(net);
    struct expression_pixel pixel = expression_pixel(net);
    const struct picture *picture = photo_picture(photo, &result->face.box);

    for (int k = 0; k < info->n_regions; k++) {
        const struct aha_region_info *region = &info->regions[k];
        struct affine map = regions_map(frame, points, region);

        regions_quad(&map, region, result->regions[k].quad);
        map = photo_map_to(picture, &map);
        align_warp_luma(&picture->image, &map, region->width, region->height,
                        ALIGN_BORDER_REPEAT, pixel.scale, pixel.bias,
                        crops + expression_crop_offset(net, k));
    }
}

static void cut_face(struct photo *photo, int i)
{
    const struct expression *net = photo->session->pipeline->expression;
    const struct aha_point *points = photo->session->landmarks[i].points;
    size_t n = expression_crop_floats(net);
    struct face_frame frame;

    if (regions_frame(points, expression_info(net)->face_template, &frame)) {
        cut_regions(photo, i, &frame, points);
    } else {
        memset(photo->analysis.crops + (size_t)i * n, 0, n * sizeof(float));
    }
}

/* The decoded image is the face frame of face i. */
static void cut_whole(struct photo *photo, int i)
{
    const struct aha_image *image = &photo->view.image;
    const struct expression *net = photo->session->pipeline->expression;
    const struct aha_point *places = expression_info(net)->face_template;
    struct aha_face *face = &photo->analysis.faces[i].face;
    float w = (float)image->width;
    float h = (float)image->height;
    struct face_frame frame = {.to_frame = {.a = 1 / w, .d = 1 / h},
                               .to_photo = {.a = w, .d = h}};

    face->box = (struct aha_box){0, 0, w, h};
    face->detection_confidence = 1;
    face->landmark_confidence = 1;
    for (int k = 0; k < AHA_N_LANDMARKS; k++) {
        face->landmarks[k] =
            (struct aha_point){places[k].x * w, places[k].y * h};
    }
    quality_measure(image, &frame, fminf(w, h), &face->pose, &face->quality);
    cut_regions(photo, i, &frame, face->landmarks);
}

enum aha_status photo_cut(struct photo *photo)
{
    enum aha_status status = take_buffers(photo);
    double start = clock_now_ms();

    for (int i = 0; status == AHA_OK && i < photo->analysis.n_faces; i++) {
        if (photo->is_whole) {
            cut_whole(photo, i);
        } else {
            cut_face(photo, i);
        }
    }
    photo->analysis.timing.align_ms = clock_now_ms() - start;
    return status;
}

static void store_plane(const float *luma, struct aha_image *image)
{
    size_t n = (size_t)image->width * (size_t)image->height;

    for (size_t i = 0; i < n; i++) {
        float v = fminf(fmaxf(luma[i], 0), 1) * BYTE_MAX + 0.5F;

        memset(image->rgb + 3 * i, (int)v, 3);
    }
}

enum aha_status aha_prepare_crops(struct aha_session *session,
                                  const float *luma, int n, int height,
                                  int width, struct aha_analysis *out,
                                  struct aha_error *err)
{
    struct photo photo = {
        .session = session, .view = {.shrink = 1, .scale = {1, 1}}, .err = err};
    struct aha_analysis *analysis = &photo.analysis;
    double start = clock_now_ms();
    enum aha_status status;

    if (n < 1 || n > AHA_MAX_FACES || height < MIN_PLANE ||
        height > MAX_PLANE || width < MIN_PLANE || width > MAX_PLANE) {
        return aha_error_set(err, AHA_ERR_ARG,
                             "Aligned faces are 1 to %d planes of %d to %d "
                             "pixels a side.",
                             AHA_MAX_FACES, MIN_PLANE, MAX_PLANE);
    }
    analysis->image.width = width;
    analysis->image.height = height;
    analysis->image.orientation = 1;
    analysis->faces = alloc_array((size_t)n, sizeof *analysis->faces);
    if (analysis->faces == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    analysis->n_faces = n;
    status = take_buffers(&photo);
    if (status == AHA_OK) {
        status = aha_image_init(&photo.view.image, width, height, err);
    }
    for (int i = 0; status == AHA_OK && i < n; i++) {
        store_plane(luma + (size_t)i * (size_t)width * (size_t)height,
                    &photo.view.image);
        cut_whole(&photo, i);
    }
    photo_drop_pictures(&photo);
    if (status != AHA_OK) {
        aha_analysis_fini(analysis);
        return status;
    }
    analysis->timing.align_ms = clock_now_ms() - start;
    *out = *analysis;
    return AHA_OK;
}
