// SPDX-License-Identifier: MIT
/*
 * format.h - what an image format is called, and which are accepted.
 *
 * Constants and pure functions; safe from any thread.
 */
#ifndef AHA_VISION_FORMAT_H
#define AHA_VISION_FORMAT_H

#include <stdint.h>

#include "aha/image.h"

/** The name as people write it: "JPEG", "WebP"; static storage. */
const char *format_title(enum aha_image_format format);

/**
 * AHA_OK for a format of the set, else AHA_ERR_UNSUPPORTED with a sentence that
 * names the set.
 *
 * @param formats  at least one format
 */
enum aha_status format_check(enum aha_image_format format, unsigned formats,
                             struct aha_error *err) AHA_MUST_CHECK;

/** n bytes, at most 4, of which the first counts least. */
uint32_t format_little(const unsigned char *bytes, int n);

/**
 * The size of a WebP by its first chunk. libvips takes memory for all of it
 * before it tells the size.
 *
 * @param width, height  written on success only
 *
 * @return false when there is no chunk that says it
 *
 * Source: RFC 9649, 2.5 to 2.7.
 */
bool format_webp_size(const void *bytes, size_t n_bytes, int *width,
                      int *height);

#endif
