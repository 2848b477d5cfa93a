// SPDX-License-Identifier: MIT
/*
 * Every loader is opened lazily, so that the header is judged before a pixel is
 * decoded, and read from top to bottom in strips, in the calling thread.
 * libvips keeps one error text for all threads: it is cleared here and never
 * shown.
 */
#include "core/vision/decoder.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <vips/vips.h>

#include "core/alloc.h"
#include "core/vision/bounds.h"
#include "core/vision/format.h"
#include "core/vision/png_text.h"

enum {
    N_CHANNELS = 3,
    STRIP_ROWS = 16, /* at most, what one step of reading decodes */
    STRIP_PIXELS = 1 << 18,
    WHITE = 255,
};

/* All that ever runs; which formats are accepted is the caller's choice. */
static const char *const loaders[] = {
    "VipsForeignLoadJpegSource", "VipsForeignLoadPngSource",
    "VipsForeignLoadWebpSource", "VipsForeignLoadNsgifSource",
    "VipsForeignLoadTiffSource", "VipsForeignLoadHeifSource"};

static void drop_log(const gchar *domain, GLogLevelFlags level,
                     const gchar *message, gpointer data)
{
    (void)domain;
    (void)level;
    (void)message;
    (void)data;
}

enum aha_status decoder_init(const char *argv0, struct aha_error *err)
{
    if (VIPS_INIT(argv0) != 0) {
        vips_error_clear();
        return aha_error_set(err, AHA_ERR_ENVIRONMENT,
                             "libvips cannot be started.");
    }
    g_log_set_handler(
        "VIPS", G_LOG_LEVEL_MASK | G_LOG_FLAG_FATAL | G_LOG_FLAG_RECURSION,
        drop_log, NULL);
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    vips_cache_set_max_mem(0);
    vips_cache_set_max_files(0);
    vips_block_untrusted_set(TRUE);
    vips_operation_block_set("VipsForeignLoad", TRUE);
    for (size_t i = 0; i < sizeof loaders / sizeof *loaders; i++) {
        vips_operation_block_set(loaders[i], FALSE);
    }
    return AHA_OK;
}

void decoder_fini(void)
{
    vips_shutdown();
}

void decoder_thread_fini(void)
{
    vips_thread_shutdown();
}

const char *decoder_version(void)
{
    return VIPS_VERSION;
}

enum aha_status decoder_damaged(enum aha_image_format format,
                                struct aha_error *err)
{
    vips_error_clear();
    return aha_error_set(err, AHA_ERR_DECODE,
                         "The %s image is damaged or incomplete.",
                         format_title(format));
}

/* One that does not shrink as it loads. @return as libvips */
static int load_whole(VipsSource *source, enum aha_image_format format,
                      VipsImage **out)
{
    int (*load)(VipsSource *, VipsImage **, ...) = NULL;

    switch (format) {
    case AHA_IMAGE_PNG:
        load = vips_pngload_source;
        break;
    case AHA_IMAGE_GIF:
        load = vips_gifload_source;
        break;
    case AHA_IMAGE_TIFF:
        load = vips_tiffload_source;
        break;
    case AHA_IMAGE_HEIF:
    case AHA_IMAGE_AVIF:
        load = vips_heifload_source;
        break;
    default:
        return -1;
    }
    return load(source, out, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                VIPS_FAIL_ON_TRUNCATED, NULL);
}

static bool shrinks_on_load(enum aha_image_format format)
{
    return format == AHA_IMAGE_JPEG || format == AHA_IMAGE_WEBP;
}

/* A blob's end. */
static int wipe(void *bytes, void *area)
{
    alloc_wipe(bytes, ((VipsArea *)area)->length);
    free(bytes);
    return 0;
}

/* NULL without memory. */
static VipsSource *open_bytes(const void *bytes, size_t n_bytes,
                              enum aha_image_format format)
{
    VipsSource *source;
    VipsBlob *blob;
    uint8_t *copy;

    if (format != AHA_IMAGE_PNG || !png_has_text(bytes, n_bytes)) {
        return vips_source_new_from_memory(bytes, n_bytes);
    }
    copy = alloc_array(n_bytes, 1);
    if (copy == NULL) {
        return NULL;
    }
    blob = vips_blob_new(wipe, copy, png_without_text(bytes, n_bytes, copy));
    source = vips_source_new_from_blob(blob);
    vips_area_unref(VIPS_AREA(blob));
    return source;
}

/* Header only; pixels are decoded when they are asked for. NULL on failure. */
static VipsImage *open_lazily(const void *bytes, size_t n_bytes,
                              enum aha_image_format format, int shrink)
{
    VipsSource *source = open_bytes(bytes, n_bytes, format);
    VipsImage *image = NULL;
    int failed;

    if (source == NULL) {
        return NULL;
    }
    if (format == AHA_IMAGE_JPEG) {
        failed = vips_jpegload_source(source, &image, "shrink", shrink,
                                      "access", VIPS_ACCESS_SEQUENTIAL,
                                      "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
    } else if (format == AHA_IMAGE_WEBP) {
        failed = vips_webpload_source(source, &image, "scale", 1.0 / shrink,
                                      "access", VIPS_ACCESS_SEQUENTIAL,
                                      "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
    } else {
        failed = load_whole(source, format, &image);
    }
    g_object_unref(source);
    return failed == 0 ? image : NULL;
}

enum aha_status decoder_header(const void *bytes, size_t n_bytes,
                               struct aha_image_info *info,
                               struct aha_error *err)
{
    VipsImage *image = open_lazily(bytes, n_bytes, info->format, 1);
    int width, height;
    bool is_turned;

    if (image == NULL) {
        return decoder_damaged(info->format, err);
    }
    width = vips_image_get_width(image);
    height = vips_image_get_height(image);
    info->orientation = vips_image_get_orientation(image);
    g_object_unref(image);
    vips_error_clear();

    is_turned = info->orientation >= 5;
    info->width = is_turned ? height : width;
    info->height = is_turned ? width : height;
    return AHA_OK;
}

/* Put what a step made in the place of what it was made from. */
static bool replace(VipsImage **image, VipsImage *const *made, int failed)
{
    if (failed != 0) {
        return false;
    }
    g_object_unref(*image);
    *image = *made;
    return true;
}

/* Without its colour profile, if that is more work than a photo's is; a CMYK
 * image would be looked at through it even where it is not asked for. */
static bool drop_long_profile(VipsImage **image)
{
    VipsImage *made = NULL;
    const void *profile;
    size_t n_bytes;

    if (vips_image_get_typeof(*image, VIPS_META_ICC_NAME) == 0 ||
        (vips_image_get_blob(*image, VIPS_META_ICC_NAME, &profile, &n_bytes) ==
             0 &&
         bounds_profile(profile, n_bytes))) {
        return true;
    }
    if (!replace(image, &made, vips_copy(*image, &made, NULL))) {
        return false;
    }
    (void)vips_image_remove(*image, VIPS_META_ICC_NAME);
    return true;
}

static bool flatten(VipsImage **image)
{
    VipsImage *made = NULL;
    double white = WHITE;
    VipsArrayDouble *background;
    int failed;

    if (!vips_image_hasalpha(*image)) {
        return true;
    }
    if (vips_image_get_format(*image) == VIPS_FORMAT_USHORT) {
        white = UINT16_MAX;
    }
    background = vips_array_double_new(&white, 1);
    failed = vips_flatten(*image, &made, "background", background, "max_alpha",
                          white, NULL);
    vips_area_unref(VIPS_AREA(background));
    return replace(image, &made, failed);
}

/* For formats that cannot shrink as they load. */
static bool average(VipsImage **image, int shrink)
{
    VipsImage *made = NULL;
    int x = MIN(shrink, vips_image_get_width(*image));
    int y = MIN(shrink, vips_image_get_height(*image));

    return replace(image, &made, vips_shrink(*image, &made, x, y, NULL));
}

/* To 8-bit sRGB of three bands. */
static bool convert_colours(VipsImage **image)
{
    VipsImage *made = NULL;

    /* A profile that does not work is passed over. */
    if (vips_image_get_typeof(*image, VIPS_META_ICC_NAME) != 0) {
        (void)replace(image, &made,
                      vips_icc_transform(*image, &made, "srgb", "embedded",
                                         TRUE, "depth", 8, NULL));
    }
    made = NULL;
    return replace(image, &made,
                   vips_colourspace(*image, &made, VIPS_INTERPRETATION_sRGB,
                                    NULL)) &&
           vips_image_get_bands(*image) == N_CHANNELS &&
           vips_image_get_format(*image) == VIPS_FORMAT_UCHAR;
}

/* Decode, strip by strip. */
static bool read_rows(VipsImage *image, const struct decoder_sink *sink)
{
    VipsRegion *region = vips_region_new(image);
    VipsRect strip = {.width = vips_image_get_width(image)};
    int height = vips_image_get_height(image);
    int rows = decoder_strip_rows(strip.width);
    bool ok = region != NULL;

    for (; ok && strip.top < height; strip.top += rows) {
        strip.height = MIN(rows, height - strip.top);
        ok = vips_region_prepare(region, &strip) == 0 &&
             sink->rows(sink->data, VIPS_REGION_ADDR(region, 0, strip.top),
                        VIPS_REGION_LSKIP(region), strip.height);
    }
    if (region != NULL) {
        g_object_unref(region);
    }
    return ok;
}

int decoder_strip_rows(int width)
{
    return CLAMP(STRIP_PIXELS / width, 1, STRIP_ROWS);
}

enum aha_status decoder_pixels(const void *bytes, size_t n_bytes,
                               const struct aha_image_info *info, int shrink,
                               const struct decoder_sink *sink,
                               struct aha_error *err)
{
    VipsImage *image = open_lazily(bytes, n_bytes, info->format, shrink);
    enum aha_status status;

    if (image == NULL || !drop_long_profile(&image) || !flatten(&image) ||
        (!shrinks_on_load(info->format) && !average(&image, shrink)) ||
        !convert_colours(&image)) {
        status = decoder_damaged(info->format, err);
        goto out;
    }
    status = sink->start(sink->data, vips_image_get_width(image),
                         vips_image_get_height(image), err);
    if (status == AHA_OK && !read_rows(image, sink)) {
        status = decoder_damaged(info->format, err);
    }
out:
    if (image != NULL) {
        g_object_unref(image);
    }
    vips_error_clear();
    return status;
}
