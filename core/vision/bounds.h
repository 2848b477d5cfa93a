// SPDX-License-Identifier: MIT
/*
 * bounds.h - files that are small and would be long work.
 *
 * What decoders take more than linear time or memory for is counted before they
 * see it, in one pass over the bytes. The bounds lie far above what cameras and
 * editors write. Pure; safe from any thread.
 */
#ifndef AHA_CORE_VISION_BOUNDS_H
#define AHA_CORE_VISION_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aha/image.h"

/**
 * AHA_ERR_DECODE, with a sentence, for a JPEG of too many segments (libjpeg
 * walks a list of those it keeps for each), of too many scans or of too many
 * for its pixels (each visits every pixel), for one that is arithmetic-coded
 * (what is missing of it is long work too), and for a WebP of too many frames
 * (libwebp walks a list of them for each).
 *
 * Source: ITU-T T.81, B.1 and B.2; RFC 9649, 2.7.1.
 */
enum aha_status bounds_check(enum aha_image_format format, const void *bytes,
                             size_t n_bytes,
                             struct aha_error *err) AHA_MUST_CHECK;

/**
 * Bytes that the decoder of an image may hold at once beside the rows that it
 * gives, at worst: the coefficients of a JPEG that keeps them, all of an
 * interlaced PNG, the prefix codes of a WebP that is or has a lossless part.
 * Those are tables of some 20 kB for every 4 x 4 pixels, if a file likes.
 *
 * Source: ITU-T T.81, G; Portable Network Graphics (third edition), 8; RFC
 * 9649, 3.7.2.2.
 */
uint64_t bounds_memory(const struct aha_image_info *info, const void *bytes,
                       size_t n_bytes);

/**
 * Whether a colour profile is of tables and curves, as cameras write them. One
 * of multiProcessElements has as many stages as it likes, each named by eight
 * bytes; a few hundred bytes of PNG would be minutes or gigabytes.
 *
 * Source: ICC.1:2022, 7.3, 9.2 and 10.16.
 */
bool bounds_profile(const void *bytes, size_t n_bytes);

#endif
