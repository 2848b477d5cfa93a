// SPDX-License-Identifier: MIT
/*
 * apart.h - decoder.h in a process of its own for each image.
 *
 * Off until aha_image_isolate(), which is defined here; then safe from many
 * threads at once, each with its own children.
 */
#ifndef AHA_VISION_APART_H
#define AHA_VISION_APART_H

#include <stdbool.h>
#include <stddef.h>

#include "aha/image.h"

#include "core/vision/decoder.h"

/** A process that has an image's bytes; all zero is none. */
struct apart_child {
    bool is_there;
    int fd;
    enum aha_image_format format;
    double start_ms;
    double until_ms; /* it is not heard any longer */
};

bool apart_is_on(void);

/**
 * Start a process and give it the bytes, which are not kept.
 *
 * @param out  to be released with apart_end whatever is returned
 */
enum aha_status apart_start(enum aha_image_format format, const void *bytes,
                            size_t n_bytes, struct apart_child *out,
                            struct aha_error *err) AHA_MUST_CHECK;

/** As decoder_header; what is written is a possible image's. */
enum aha_status apart_header(const struct apart_child *child,
                             struct aha_image_info *info,
                             struct aha_error *err) AHA_MUST_CHECK;

/** As decoder_pixels; there are no more rows, nor longer ones, than the image
 * has. */
enum aha_status apart_pixels(const struct apart_child *child,
                             const struct aha_image_info *info, int shrink,
                             const struct decoder_sink *sink,
                             struct aha_error *err) AHA_MUST_CHECK;

void apart_end(struct apart_child *child);

#endif
