// SPDX-License-Identifier: MIT
/*
 * decoder.h - what libvips does of image.h, in the calling thread.
 *
 * decoder.c and encode.c are the only users of libvips. Its callers have
 * checked the format and the bounds of the bytes. Safe from many threads at
 * once after decoder_init().
 */
#ifndef AHA_VISION_DECODER_H
#define AHA_VISION_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aha/image.h"

/**
 * Start libvips: one thread a call, no cache, no log output, and no loader but
 * those of enum aha_image_format. While the process has one thread; calling it
 * again changes nothing.
 *
 * @return AHA_ERR_ENVIRONMENT when libvips cannot start.
 */
enum aha_status decoder_init(const char *argv0,
                             struct aha_error *err) AHA_MUST_CHECK;

/** Nothing of image.h may be called after it. */
void decoder_fini(void);

/** To be called by every thread that decoded, as it ends. */
void decoder_thread_fini(void);

/** "8.14.1"; static storage. */
const char *decoder_version(void);

/** AHA_ERR_DECODE, with the sentence that a client gets. */
enum aha_status decoder_damaged(enum aha_image_format format,
                                struct aha_error *err);

/**
 * Read the header.
 *
 * @param info  its format is given; the rest is written on success only
 *
 * @return AHA_ERR_DECODE when it is broken.
 */
enum aha_status decoder_header(const void *bytes, size_t n_bytes,
                               struct aha_image_info *info,
                               struct aha_error *err) AHA_MUST_CHECK;

/** Where pixels go as they come, in the image's order and orientation. */
struct decoder_sink {
    void *data;
    /* Once, before rows. */
    enum aha_status (*start)(void *data, int width, int height,
                             struct aha_error *err);
    /* The next rows, RGB, one every `stride` bytes; at most as many as
     * decoder_strip_rows says. @return false to have no more */
    bool (*rows)(void *data, const uint8_t *rgb, size_t stride, int n);
};

int decoder_strip_rows(int width);

/**
 * As aha_image_decode, for a shrink that there is.
 *
 * @return also what sink->start returned; AHA_ERR_DECODE where rows did not go
 *         on.
 */
enum aha_status decoder_pixels(const void *bytes, size_t n_bytes,
                               const struct aha_image_info *info, int shrink,
                               const struct decoder_sink *sink,
                               struct aha_error *err) AHA_MUST_CHECK;

#endif
