// SPDX-License-Identifier: MIT
#include "aha/picture.h"

#include "core/picture/canvas.h"

enum {
    MAX_SHRINK = 8,
    READABLE_SIDE = 640, /* px; a smaller picture is enlarged to this */
    MAX_ENLARGEMENT = 16,
};

const char *aha_picture_format_name(enum aha_picture_format format)
{
    static const char *const names[AHA_N_PICTURE_FORMATS] = {
        [AHA_PICTURE_PNG] = "png",
        [AHA_PICTURE_WEBP] = "webp",
        [AHA_PICTURE_SVG] = "svg",
    };

    return names[format];
}

static int longer_side(int width, int height)
{
    return width > height ? width : height;
}

static int shrink_to(const struct aha_image_info *info, int max_side)
{
    int longer = longer_side(info->width, info->height);
    int shrink = 1;

    while (shrink < MAX_SHRINK && longer / shrink > max_side) {
        shrink *= 2;
    }
    return shrink;
}

/* Texts cannot be read on a photo of a few pixels. */
static enum aha_status enlarge(struct aha_image *photo, int max_side,
                               struct aha_error *err)
{
    int longer = longer_side(photo->width, photo->height);
    int factor = 1;
    struct aha_image large;
    enum aha_status status;

    while (factor < MAX_ENLARGEMENT && longer * factor < READABLE_SIDE &&
           longer * (factor + 1) <= max_side) {
        factor++;
    }
    if (factor == 1) {
        return AHA_OK;
    }
    status = aha_image_init(&large, photo->width * factor,
                            photo->height * factor, err);
    if (status != AHA_OK) {
        return status;
    }
    canvas_enlarge(&large, photo);
    aha_image_fini(photo);
    *photo = large;
    return AHA_OK;
}

enum aha_status aha_picture_make(const void *bytes, size_t n_bytes,
                                 const struct aha_analysis *analysis,
                                 const struct aha_model_info *info,
                                 enum aha_picture_format format, int max_side,
                                 void **out, size_t *n_out,
                                 struct aha_error *err)
{
    struct aha_image photo = {0};
    char *svg = NULL;
    enum aha_status status;

    if (format == AHA_PICTURE_SVG) {
        status = aha_picture_svg(analysis, info, &svg, n_out, err);
        if (status == AHA_OK) {
            *out = svg;
        }
        return status;
    }
    status =
        aha_image_decode(bytes, n_bytes, &analysis->image,
                         shrink_to(&analysis->image, max_side), &photo, err);
    if (status == AHA_OK) {
        status = enlarge(&photo, max_side, err);
    }
    if (status == AHA_OK) {
        status = aha_picture_draw(&photo, analysis, info, err);
    }
    if (status == AHA_OK) {
        status = aha_image_encode(
            &photo, format == AHA_PICTURE_PNG ? AHA_IMAGE_PNG : AHA_IMAGE_WEBP,
            out, n_out, err);
    }
    aha_image_fini(&photo);
    return status;
}
