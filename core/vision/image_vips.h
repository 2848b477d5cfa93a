// SPDX-License-Identifier: MIT
/*
 * image_vips.h - start and stop of libvips, for aha_init() alone.
 *
 * image.c and encode.c are the only users of libvips. Start it while the
 * process has one thread.
 */
#ifndef AHA_VISION_IMAGE_VIPS_H
#define AHA_VISION_IMAGE_VIPS_H

#include "aha/error.h"

/**
 * Start libvips: one thread a call, no cache, no log output, and no loader but
 * those of enum aha_image_format. Calling it again changes nothing.
 *
 * @return AHA_ERR_ENVIRONMENT when libvips cannot start.
 */
enum aha_status image_vips_init(const char *argv0,
                                struct aha_error *err) AHA_MUST_CHECK;

/** Nothing of image.h may be called after it. */
void image_vips_fini(void);

/** To be called by every thread that decoded, as it ends. */
void image_vips_thread_fini(void);

/** "8.14.1"; static storage. */
const char *image_vips_version(void);

#endif
