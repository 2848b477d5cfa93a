// SPDX-License-Identifier: MIT
/*
 * With encode.c the only user of libvips. Every loader is opened lazily, so
 * that the header is judged before a pixel is decoded, and read from top to
 * bottom in strips, in the calling thread. libvips keeps one error text for all
 * threads: it is cleared here and never shown.
 */
#include "aha/image.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <vips/vips.h>

#include "core/alloc.h"
#include "core/vision/bounds.h"
#include "core/vision/format.h"
#include "core/vision/image_vips.h"
#include "core/vision/png_text.h"

enum {
    N_CHANNELS = 3,
    MAX_SIDE = 65535, /* a JPEG's; wide rows would be long strips */
    STRIP_ROWS = 16,  /* at most, what one step of reading decodes */
    STRIP_PIXELS = 1 << 18,
    LARGE_BYTES = 256 << 20, /* a decoder that may hold more runs alone */
    LARGE_WAIT_S = 2,        /* for another such to end */
    WHITE = 255,
};

/* Whoever decodes what may take a lot of memory: one at a time, so that this is
 * needed once and not by every worker. */
static pthread_mutex_t large = PTHREAD_MUTEX_INITIALIZER;

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

enum aha_status image_vips_init(const char *argv0, struct aha_error *err)
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

void image_vips_fini(void)
{
    vips_shutdown();
}

void image_vips_thread_fini(void)
{
    vips_thread_shutdown();
}

const char *image_vips_version(void)
{
    return VIPS_VERSION;
}

static enum aha_status damaged(enum aha_image_format format,
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

static enum aha_status check_size(int width, int height, int64_t max_pixels,
                                  struct aha_error *err)
{
    const int64_t million = 1000000;
    bool round = max_pixels >= million && max_pixels % million == 0;

    if (width > MAX_SIDE || height > MAX_SIDE) {
        return aha_error_set(err, AHA_ERR_TOO_LARGE,
                             "The image is %d x %d pixels; at most %d are "
                             "accepted either way.",
                             width, height, MAX_SIDE);
    }
    if ((int64_t)width * height <= max_pixels) {
        return AHA_OK;
    }
    return aha_error_set(
        err, AHA_ERR_TOO_LARGE,
        "The image is %d x %d pixels; at most %lld%s are accepted.", width,
        height, (long long)(round ? max_pixels / million : max_pixels),
        round ? " million" : "");
}

enum aha_status aha_image_probe(const void *bytes, size_t n_bytes,
                                int64_t max_pixels, unsigned formats,
                                struct aha_image_info *out,
                                struct aha_error *err)
{
    struct aha_image_info info = {.format = aha_image_sniff(bytes, n_bytes)};
    enum aha_status status = format_check(info.format, formats, err);
    VipsImage *image;
    int width, height;
    bool is_turned;

    if (status != AHA_OK) {
        return status;
    }
    if (info.format == AHA_IMAGE_WEBP &&
        format_webp_size(bytes, n_bytes, &width, &height) &&
        check_size(width, height, max_pixels, err) != AHA_OK) {
        return AHA_ERR_TOO_LARGE;
    }
    status = bounds_check(info.format, bytes, n_bytes, err);
    if (status != AHA_OK) {
        return status;
    }
    image = open_lazily(bytes, n_bytes, info.format, 1);
    if (image == NULL) {
        return damaged(info.format, err);
    }
    width = vips_image_get_width(image);
    height = vips_image_get_height(image);
    info.orientation = vips_image_get_orientation(image);
    g_object_unref(image);
    vips_error_clear();

    is_turned = info.orientation >= 5;
    info.width = is_turned ? height : width;
    info.height = is_turned ? width : height;
    if (check_size(info.width, info.height, max_pixels, err) != AHA_OK) {
        return AHA_ERR_TOO_LARGE;
    }
    *out = info;
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

/* Where stored pixels go in an upright image: bytes from the first one's
 * place, for one pixel along a stored row and for one row down. */
struct placing {
    ptrdiff_t origin;
    ptrdiff_t along;
    ptrdiff_t down;
};

/* Source: EXIF 2.32, tag 0x0112. */
static struct placing place(const struct aha_image *upright, int orientation)
{
    bool is_turned = orientation >= 5;
    bool flips_x = (orientation - 1) % 4 == 1 || (orientation - 1) % 4 == 2;
    bool flips_y = (orientation - 1) % 4 >= 2;
    ptrdiff_t row = (ptrdiff_t)N_CHANNELS * upright->width;
    ptrdiff_t x = flips_x ? -N_CHANNELS : N_CHANNELS;
    ptrdiff_t y = flips_y ? -row : row;

    return (struct placing){
        .origin = (flips_x ? row - N_CHANNELS : 0) +
                  (flips_y ? row * (upright->height - 1) : 0),
        .along = is_turned ? y : x,
        .down = is_turned ? x : y,
    };
}

static void store_row(uint8_t *to, ptrdiff_t step, const uint8_t *from, int n)
{
    if (step == N_CHANNELS) {
        memcpy(to, from, (size_t)n * N_CHANNELS);
        return;
    }
    for (int i = 0; i < n; i++) {
        to[i * step] = from[i * N_CHANNELS];
        to[i * step + 1] = from[i * N_CHANNELS + 1];
        to[i * step + 2] = from[i * N_CHANNELS + 2];
    }
}

/* Decode, strip by strip. */
static bool read_pixels(VipsImage *image, int orientation,
                        struct aha_image *upright)
{
    VipsRegion *region = vips_region_new(image);
    struct placing at = place(upright, orientation);
    VipsRect strip = {.width = vips_image_get_width(image)};
    int height = vips_image_get_height(image);
    int rows = CLAMP(STRIP_PIXELS / strip.width, 1, STRIP_ROWS);
    bool ok = region != NULL && upright->rgb != NULL;

    for (; ok && strip.top < height; strip.top += rows) {
        strip.height = MIN(rows, height - strip.top);
        ok = vips_region_prepare(region, &strip) == 0;
        for (int y = strip.top; ok && y < strip.top + strip.height; y++) {
            store_row(upright->rgb + at.origin + at.down * y, at.along,
                      VIPS_REGION_ADDR(region, 0, y), strip.width);
        }
    }
    if (region != NULL) {
        g_object_unref(region);
    }
    return ok;
}

static enum aha_status decode(const void *bytes, size_t n_bytes,
                              const struct aha_image_info *info, int shrink,
                              struct aha_image *out, struct aha_error *err)
{
    struct aha_image upright = {0};
    VipsImage *image;
    enum aha_status status;
    bool is_turned = info->orientation >= 5;

    image = open_lazily(bytes, n_bytes, info->format, shrink);
    if (image == NULL || !drop_long_profile(&image) || !flatten(&image) ||
        (!shrinks_on_load(info->format) && !average(&image, shrink)) ||
        !convert_colours(&image)) {
        status = damaged(info->format, err);
        goto out;
    }
    status = aha_image_init(
        &upright,
        is_turned ? vips_image_get_height(image) : vips_image_get_width(image),
        is_turned ? vips_image_get_width(image) : vips_image_get_height(image),
        err);
    if (status != AHA_OK) {
        goto out;
    }
    if (!read_pixels(image, info->orientation, &upright)) {
        status = damaged(info->format, err);
        goto out;
    }
    *out = upright;
    upright.rgb = NULL; /* moved to the caller */
out:
    aha_image_fini(&upright);
    if (image != NULL) {
        g_object_unref(image);
    }
    vips_error_clear();
    return status;
}

static bool lock_large(void)
{
    struct timespec until;

    /* The clock that ThreadSanitizer knows a lock with. */
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LARGE_WAIT_S;
    return pthread_mutex_timedlock(&large, &until) == 0;
}

enum aha_status aha_image_decode(const void *bytes, size_t n_bytes,
                                 const struct aha_image_info *info, int shrink,
                                 struct aha_image *out, struct aha_error *err)
{
    bool is_large = bounds_memory(info, bytes, n_bytes) > LARGE_BYTES;
    enum aha_status status;

    if (shrink != 1 && shrink != 2 && shrink != 4 && shrink != 8) {
        return aha_error_set(err, AHA_ERR_ARG, "No such shrink: %d.", shrink);
    }
    if (is_large && !lock_large()) {
        return aha_error_set(err, AHA_ERR_MEMORY,
                             "Other images are being decoded that take as much "
                             "memory; try again, or send one in another "
                             "format.");
    }
    status = decode(bytes, n_bytes, info, shrink, out, err);
    if (is_large) {
        (void)pthread_mutex_unlock(&large);
    }
    return status;
}

/* @return false when there is no such image */
static bool image_bytes(int width, int height, size_t *out)
{
    return width > 0 && height > 0 &&
           alloc_mul((size_t)width, (size_t)height, out) &&
           alloc_mul(*out, N_CHANNELS, out);
}

enum aha_status aha_image_init(struct aha_image *out, int width, int height,
                               struct aha_error *err)
{
    size_t n_bytes;
    uint8_t *rgb;

    if (!image_bytes(width, height, &n_bytes)) {
        return aha_error_set(err, AHA_ERR_ARG, "No such image: %d x %d pixels.",
                             width, height);
    }
    rgb = alloc_array(n_bytes, 1);
    if (rgb == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY,
                             "There is no memory for %d x %d pixels.", width,
                             height);
    }
    *out = (struct aha_image){.width = width, .height = height, .rgb = rgb};
    return AHA_OK;
}

void aha_image_fini(struct aha_image *image)
{
    size_t n_bytes;

    if (image == NULL) {
        return;
    }
    if (image->rgb != NULL &&
        image_bytes(image->width, image->height, &n_bytes)) {
        alloc_wipe(image->rgb, n_bytes);
    }
    free(image->rgb);
    *image = (struct aha_image){0};
}
