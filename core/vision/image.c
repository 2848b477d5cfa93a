// SPDX-License-Identifier: MIT
/*
 * What is judged before a decoder sees the bytes, and who decodes: this thread,
 * or a process of its own.
 */
#include "aha/image.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/vision/bounds.h"
#include "core/vision/decoder.h"
#include "core/vision/format.h"
#include "core/vision/image_file.h"
#include "core/vision/upright.h"

enum {
    N_CHANNELS = 3,
    MAX_SIDE = 65535,        /* a JPEG's; wide rows would be long strips */
    LARGE_BYTES = 256 << 20, /* a decoder that may hold more runs alone */
    LARGE_WAIT_S = 2,        /* for another such to end */
};

/* Whoever decodes what may take a lot of memory: one at a time, so that this is
 * needed once and not by every worker. */
static pthread_mutex_t large = PTHREAD_MUTEX_INITIALIZER;

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

static enum aha_status read_header(struct image_file *file,
                                   struct aha_error *err)
{
    enum aha_status status;

    if (!apart_is_on()) {
        return decoder_header(file->bytes, file->n_bytes, &file->info, err);
    }
    status = apart_start(file->info.format, file->bytes, file->n_bytes,
                         &file->child, err);
    return status == AHA_OK ? apart_header(&file->child, &file->info, err)
                            : status;
}

enum aha_status image_open(const void *bytes, size_t n_bytes,
                           int64_t max_pixels, unsigned formats,
                           struct image_file *out, struct aha_error *err)
{
    struct image_file file = {
        bytes, n_bytes, .info = {.format = aha_image_sniff(bytes, n_bytes)}};
    enum aha_image_format format = file.info.format;
    enum aha_status status = format_check(format, formats, err);
    int width, height;

    if (status != AHA_OK) {
        return status;
    }
    if (format == AHA_IMAGE_WEBP &&
        format_webp_size(bytes, n_bytes, &width, &height) &&
        check_size(width, height, max_pixels, err) != AHA_OK) {
        return AHA_ERR_TOO_LARGE;
    }
    status = bounds_check(format, bytes, n_bytes, err);
    if (status == AHA_OK) {
        status = read_header(&file, err);
    }
    if (status == AHA_OK) {
        status = check_size(file.info.width, file.info.height, max_pixels, err);
    }
    if (status != AHA_OK) {
        image_close(&file);
        return status;
    }
    *out = file;
    return AHA_OK;
}

void image_close(struct image_file *file)
{
    apart_end(&file->child);
    *file = (struct image_file){0};
}

enum aha_status aha_image_probe(const void *bytes, size_t n_bytes,
                                int64_t max_pixels, unsigned formats,
                                struct aha_image_info *out,
                                struct aha_error *err)
{
    struct image_file file;
    enum aha_status status =
        image_open(bytes, n_bytes, max_pixels, formats, &file, err);

    if (status == AHA_OK) {
        *out = file.info;
        image_close(&file);
    }
    return status;
}

static enum aha_status start(void *data, int width, int height,
                             struct aha_error *err)
{
    return upright_start(data, width, height, err);
}

static bool rows(void *data, const uint8_t *rgb, size_t stride, int n)
{
    upright_rows(data, rgb, stride, n);
    return true;
}

static enum aha_status read_pixels(struct image_file *file, int shrink,
                                   const struct decoder_sink *sink,
                                   struct aha_error *err)
{
    enum aha_status status = AHA_OK;

    if (!apart_is_on()) {
        return decoder_pixels(file->bytes, file->n_bytes, &file->info, shrink,
                              sink, err);
    }
    if (!file->child.is_there) {
        status = apart_start(file->info.format, file->bytes, file->n_bytes,
                             &file->child, err);
    }
    return status == AHA_OK
               ? apart_pixels(&file->child, &file->info, shrink, sink, err)
               : status;
}

static enum aha_status decode(struct image_file *file, int shrink,
                              struct aha_image *out, struct aha_error *err)
{
    struct upright upright = {.orientation = file->info.orientation};
    const struct decoder_sink sink = {&upright, start, rows};
    enum aha_status status = read_pixels(file, shrink, &sink, err);

    if (status != AHA_OK) {
        aha_image_fini(&upright.image);
        return status;
    }
    *out = upright.image;
    return AHA_OK;
}

static bool lock_large(void)
{
    struct timespec until;

    /* The clock that ThreadSanitizer knows a lock with. */
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LARGE_WAIT_S;
    return pthread_mutex_timedlock(&large, &until) == 0;
}

enum aha_status image_decode(struct image_file *file, int shrink,
                             struct aha_image *out, struct aha_error *err)
{
    bool is_large =
        bounds_memory(&file->info, file->bytes, file->n_bytes) > LARGE_BYTES;
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
    status = decode(file, shrink, out, err);
    if (is_large) {
        (void)pthread_mutex_unlock(&large);
    }
    return status;
}

enum aha_status aha_image_decode(const void *bytes, size_t n_bytes,
                                 const struct aha_image_info *info, int shrink,
                                 struct aha_image *out, struct aha_error *err)
{
    struct image_file file = {bytes, n_bytes, .info = *info};
    enum aha_status status = image_decode(&file, shrink, out, err);

    image_close(&file);
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
