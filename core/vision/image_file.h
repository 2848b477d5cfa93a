// SPDX-License-Identifier: MIT
/*
 * image_file.h - image.h for whoever decodes the same bytes more than once.
 *
 * A file is used by one thread at a time.
 */
#ifndef AHA_VISION_IMAGE_FILE_H
#define AHA_VISION_IMAGE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "aha/image.h"

#include "core/vision/apart.h"

/** All zero is none. */
struct image_file {
    const void *bytes; /* borrowed until it is closed */
    size_t n_bytes;
    struct aha_image_info info;
    struct apart_child child;
};

/** As aha_image_probe; to be released with image_close. */
enum aha_status image_open(const void *bytes, size_t n_bytes,
                           int64_t max_pixels, unsigned formats,
                           struct image_file *out,
                           struct aha_error *err) AHA_MUST_CHECK;

/** As aha_image_decode. */
enum aha_status image_decode(struct image_file *file, int shrink,
                             struct aha_image *out,
                             struct aha_error *err) AHA_MUST_CHECK;

void image_close(struct image_file *file);

#endif
