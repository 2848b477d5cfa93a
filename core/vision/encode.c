// SPDX-License-Identifier: MIT
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <vips/vips.h>

#include "aha/image.h"

#include "core/vision/format.h"

enum {
    N_CHANNELS = 3,
    PNG_COMPRESSION = 6,
    WEBP_QUALITY = 90,
};

/* Our pixels as libvips sees them, tagged as sRGB. NULL on failure. */
static VipsImage *wrap_pixels(const struct aha_image *image)
{
    size_t n_bytes = N_CHANNELS * (size_t)image->width * (size_t)image->height;
    VipsImage *made = vips_image_new_from_memory(image->rgb, n_bytes,
                                                 image->width, image->height,
                                                 N_CHANNELS, VIPS_FORMAT_UCHAR);
    VipsImage *tagged = NULL;

    if (made == NULL) {
        return NULL;
    }
    if (vips_copy(made, &tagged, "interpretation", VIPS_INTERPRETATION_sRGB,
                  NULL) != 0) {
        tagged = NULL;
    }
    g_object_unref(made);
    return tagged;
}

enum aha_status aha_image_encode(const struct aha_image *image,
                                 enum aha_image_format format, void **out,
                                 size_t *n_bytes, struct aha_error *err)
{
    VipsImage *pixels = NULL;
    void *encoded = NULL;
    size_t n_encoded = 0;
    int failed = -1;

    if (image->rgb == NULL) {
        return aha_error_set(err, AHA_ERR_ARG, "There is no image to encode.");
    }
    if (format != AHA_IMAGE_PNG && format != AHA_IMAGE_WEBP) {
        return aha_error_set(err, AHA_ERR_ARG, "Images are not written as %s.",
                             format_title(format));
    }
    pixels = wrap_pixels(image);
    if (pixels != NULL && format == AHA_IMAGE_PNG) {
        failed =
            vips_pngsave_buffer(pixels, &encoded, &n_encoded, "compression",
                                PNG_COMPRESSION, "strip", TRUE, NULL);
    } else if (pixels != NULL) {
        failed = vips_webpsave_buffer(pixels, &encoded, &n_encoded, "Q",
                                      WEBP_QUALITY, "strip", TRUE, NULL);
    }
    if (pixels != NULL) {
        g_object_unref(pixels);
    }
    vips_error_clear();
    if (failed != 0) {
        return aha_error_set(err, AHA_ERR_MEMORY,
                             "The %s image cannot be made.",
                             format_title(format));
    }
    *out = encoded;
    *n_bytes = n_encoded;
    return AHA_OK;
}

static bool write_file(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    bool ok;

    if (file == NULL) {
        return false;
    }
    ok = fwrite(bytes, 1, n, file) == n;
    return fclose(file) == 0 && ok;
}

enum aha_status aha_image_write_png(const struct aha_image *image,
                                    const char *path, struct aha_error *err)
{
    void *bytes = NULL;
    size_t n = 0;
    enum aha_status status =
        aha_image_encode(image, AHA_IMAGE_PNG, &bytes, &n, err);

    if (status == AHA_OK && !write_file(path, bytes, n)) {
        status = aha_error_set(err, AHA_ERR_IO,
                               "The image cannot be written to %s.", path);
    }
    free(bytes);
    return status;
}
