// SPDX-License-Identifier: MIT
/*
 * apart.h - decoder.h in a process of its own for each call.
 *
 * Off until aha_image_isolate(), which is defined here; then safe from many
 * threads at once.
 */
#ifndef AHA_VISION_APART_H
#define AHA_VISION_APART_H

#include <stdbool.h>
#include <stddef.h>

#include "aha/image.h"

#include "core/vision/decoder.h"

bool apart_is_on(void);

/** As decoder_header; what is written is a possible image's. */
enum aha_status apart_header(const void *bytes, size_t n_bytes,
                             struct aha_image_info *info,
                             struct aha_error *err) AHA_MUST_CHECK;

/** As decoder_pixels; there are no more rows, nor longer ones, than the image
 * has. */
enum aha_status apart_pixels(const void *bytes, size_t n_bytes,
                             const struct aha_image_info *info, int shrink,
                             const struct decoder_sink *sink,
                             struct aha_error *err) AHA_MUST_CHECK;

#endif
