// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>

#include "aha/pipeline.h"

#include "core/alloc.h"
#include "core/pipeline_parts.h"
#include "core/vision/align.h"

/* Planes of any values to RGB bytes: value times scale plus bias, clamped. */
static enum aha_status picture_from(const float *const planes[3], int width,
                                    int height, float scale, float bias,
                                    struct aha_image *out,
                                    struct aha_error *err)
{
    enum aha_status status = aha_image_init(out, width, height, err);
    size_t n = (size_t)width * (size_t)height;

    for (size_t i = 0; status == AHA_OK && i < n; i++) {
        for (int c = 0; c < 3; c++) {
            float v = planes[c][i] * scale + bias + 0.5F;

            out->rgb[3 * i + (size_t)c] = (uint8_t)(v < 0     ? 0
                                                    : v > 255 ? 255
                                                              : v);
        }
    }
    return status;
}

static enum aha_status picture_photo(const struct photo *photo, int max_side,
                                     struct aha_inspection *out)
{
    const struct aha_image_info *info = &photo->analysis.image;
    const struct aha_image *image = photo->detail.image.rgb != NULL
                                        ? &photo->detail.image
                                        : &photo->view.image;
    int longer = info->width > info->height ? info->width : info->height;
    float ratio = fminf((float)max_side / (float)longer, 1.0F);
    int width = (int)fmaxf((float)info->width * ratio, 1);
    int height = (int)fmaxf((float)info->height * ratio, 1);
    struct affine map = {.a = (float)image->width / (float)width,
                         .d = (float)image->height / (float)height};
    size_t plane = (size_t)width * (size_t)height;
    float *values = alloc_floats(3 * plane);
    enum aha_status status;

    if (values == NULL) {
        return aha_error_set(photo->err, AHA_ERR_MEMORY, "out of memory");
    }
    align_warp_rgb(image, &map, width, height, ALIGN_BORDER_REPEAT, 1, 0,
                   values);
    status = picture_from(
        (const float *const[3]){values, values + plane, values + 2 * plane},
        width, height, 1, 0, &out->photo, photo->err);
    out->photo_scale = ratio;
    free(values);
    return status;
}

static enum aha_status picture_crops(const struct photo *photo,
                                     struct aha_inspection *out)
{
    const struct expression *net = photo->session->pipeline->expression;
    const struct aha_model_info *info = expression_info(net);
    struct expression_pixel pixel = expression_pixel(net);
    int n = photo->analysis.n_faces * info->n_regions;
    enum aha_status status = AHA_OK;

    out->crops = alloc_array((size_t)n, sizeof *out->crops);
    if (out->crops == NULL) {
        return aha_error_set(photo->err, AHA_ERR_MEMORY, "out of memory");
    }
    out->n_crops = n;
    for (int i = 0; status == AHA_OK && i < n; i++) {
        int k = i % info->n_regions;
        const float *crop =
            photo->analysis.crops +
            (size_t)(i / info->n_regions) * expression_crop_floats(net) +
            expression_crop_offset(net, k);

        status = picture_from((const float *const[3]){crop, crop, crop},
                              info->regions[k].width, info->regions[k].height,
                              1 / pixel.scale, -pixel.bias / pixel.scale,
                              &out->crops[i], photo->err);
    }
    return status;
}

enum aha_status aha_inspect(struct aha_session *session, const void *bytes,
                            size_t n_bytes, const struct aha_options *options,
                            int max_side, struct aha_analysis *out,
                            struct aha_inspection *pictures,
                            struct aha_error *err)
{
    struct photo photo = {.session = session,
                          .bytes = bytes,
                          .n_bytes = n_bytes,
                          .options = options,
                          .err = err};
    struct aha_inspection made = {0};
    enum aha_status status = AHA_ERR_ARG;

    if (max_side < 64 || max_side > 8192) {
        return aha_error_set(err, status, "max_side must be 64..8192");
    }
    status = photo_prepare(&photo);
    if (status == AHA_OK) {
        status = picture_photo(&photo, max_side, &made);
    }
    if (status == AHA_OK) {
        status = picture_crops(&photo, &made);
    }
    photo_drop_pictures(&photo);
    if (status != AHA_OK) {
        aha_analysis_fini(&photo.analysis);
        aha_inspection_fini(&made);
        return status;
    }
    *out = photo.analysis;
    *pictures = made;
    aha_infer(session, (struct aha_analysis *const[]){out}, 1);
    return AHA_OK;
}

void aha_inspection_fini(struct aha_inspection *pictures)
{
    if (pictures == NULL) {
        return;
    }
    for (int i = 0; i < pictures->n_crops; i++) {
        aha_image_fini(&pictures->crops[i]);
    }
    free(pictures->crops);
    aha_image_fini(&pictures->photo);
    *pictures = (struct aha_inspection){0};
}
