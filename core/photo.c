// SPDX-License-Identifier: MIT
/*
 * The pictures of one photo: a small one that faces are searched in, and one
 * with detail for those that are too small in it.
 */
#include <math.h>

#include "core/pipeline_parts.h"

float photo_shorter_side(const struct aha_box *box)
{
    return fminf(box->width, box->height);
}

enum aha_status photo_decode(struct photo *photo, int shrink,
                             struct picture *out)
{
    const struct aha_image_info *info = &photo->analysis.image;
    double start = clock_now_ms();
    enum aha_status status =
        image_decode(&photo->file, shrink, &out->image, photo->err);

    if (status == AHA_OK) {
        out->shrink = shrink;
        out->scale.x = (float)info->width / (float)out->image.width;
        out->scale.y = (float)info->height / (float)out->image.height;
    }
    photo->analysis.timing.decode_ms += clock_now_ms() - start;
    return status;
}

const struct picture *photo_picture(const struct photo *photo,
                                    const struct aha_box *box)
{
    bool is_small =
        photo_shorter_side(box) / (float)photo->view.shrink < PHOTO_DETAIL_SIDE;

    return is_small && photo->detail.image.rgb != NULL ? &photo->detail
                                                       : &photo->view;
}

struct affine photo_map_to(const struct picture *picture,
                           const struct affine *map)
{
    struct affine to_picture = {.a = 1 / picture->scale.x,
                                .d = 1 / picture->scale.y};

    return affine_compose(&to_picture, map);
}

void photo_drop_pictures(struct photo *photo)
{
    image_close(&photo->file);
    aha_image_fini(&photo->view.image);
    aha_image_fini(&photo->detail.image);
}
