// SPDX-License-Identifier: MIT
/*
 * image.h - bytes in, upright 8-bit sRGB out, within limits.
 *
 * Pure functions of their arguments; safe from many threads at once after
 * aha_init(). An image owns its pixels until aha_image_fini().
 */
#ifndef AHA_IMAGE_H
#define AHA_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aha/error.h"

enum aha_image_format {
    AHA_IMAGE_UNKNOWN,
    AHA_IMAGE_JPEG,
    AHA_IMAGE_PNG,
    AHA_IMAGE_WEBP,
    AHA_IMAGE_GIF,
    AHA_IMAGE_TIFF,
    AHA_IMAGE_HEIF, /* HEVC inside, as telephones write it */
    AHA_IMAGE_AVIF,
};

enum { AHA_N_IMAGE_FORMATS = AHA_IMAGE_AVIF + 1 };

/** Sets of formats have bit `1U << format`; these are taken unless told. */
#define AHA_FORMATS_DEFAULT                                                    \
    (1U << AHA_IMAGE_JPEG | 1U << AHA_IMAGE_PNG | 1U << AHA_IMAGE_WEBP)

/** What the header says, before any pixel is decoded. */
struct aha_image_info {
    enum aha_image_format format;
    int width;       /* upright, full size, px */
    int height;      /* upright, full size, px */
    int orientation; /* EXIF, 1..8; 1 = stored upright */
};

/** Interleaved RGB, rows without padding: stride is 3 * width bytes. */
struct aha_image {
    int width;
    int height;
    uint8_t *rgb; /* owned; NULL when width is 0 */
};

#define AHA_FORMATS_ALL ((1U << AHA_N_IMAGE_FORMATS) - 2U)

/** "jpeg", "png", "webp", "gif", "tiff", "heif", "avif", else "unknown"; static
 * storage. */
const char *aha_image_format_name(enum aha_image_format format);

/**
 * The format of this name, as aha_image_format_name writes it.
 *
 * @return false for any other name; *out is untouched
 */
bool aha_image_format_parse(const char *name, enum aha_image_format *out);

/** Tell the format from the first bytes alone; reads at most 64. */
enum aha_image_format aha_image_sniff(const void *bytes, size_t n_bytes);

/**
 * Read the header and check it against the limits.
 *
 * @param max_pixels  refuse more than this many pixels, full size
 * @param formats     the set that is accepted, AHA_FORMATS_DEFAULT or other
 * @param out         written on success only
 *
 * @return AHA_ERR_UNSUPPORTED when the bytes are of no accepted format, with a
 *         sentence that names those, AHA_ERR_DECODE when the header is broken,
 *         AHA_ERR_TOO_LARGE.
 */
enum aha_status aha_image_probe(const void *bytes, size_t n_bytes,
                                int64_t max_pixels, unsigned formats,
                                struct aha_image_info *out,
                                struct aha_error *err) AHA_MUST_CHECK;

/**
 * Decode to upright sRGB: EXIF orientation applied, ICC profile applied, alpha
 * flattened on white, grey, CMYK and 16-bit converted. Of several frames or
 * pages the first is taken, of a HEIF or AVIF collection its primary picture.
 * A truncated file is AHA_ERR_DECODE, never a half-grey picture.
 *
 * @param info    what aha_image_probe said of the same bytes
 * @param shrink  1, 2, 4 or 8: decode at 1/shrink of the size where the
 *                format can (JPEG, WebP); others are averaged down after
 * @param out     to be released with aha_image_fini; written on success only
 */
enum aha_status aha_image_decode(const void *bytes, size_t n_bytes,
                                 const struct aha_image_info *info, int shrink,
                                 struct aha_image *out,
                                 struct aha_error *err) AHA_MUST_CHECK;

/** How decoders are kept apart; what is NULL is not called. */
struct aha_isolation {
    double limit_ms;  /* for all that is done with an image; more than 0 */
    size_t max_bytes; /* that such a process may hold; 0: no limit */
    /* In the process that starts decoders, before it does; what it returns is
     * handed to who isolates. */
    unsigned (*seal_nursery)(void);
    /* In a decoder's process, before it gets a byte; it answers on `fd`. False:
     * without that it must not decode, which is AHA_ERR_MEMORY. */
    bool (*seal_decoder)(int fd);
};

/**
 * From now on read every header and decode every image in a process of its own,
 * which knows of no other image and ends after it. Decoding is then also
 * AHA_ERR_CRASH when the process ended before its answer, AHA_ERR_TIMEOUT when
 * it took longer than the limit and was ended, AHA_ERR_MEMORY when none could
 * be started, AHA_ERR_ENVIRONMENT when none ever will be.
 *
 * These processes come from a small one, the nursery, which is started here and
 * ends with the caller's process. To be called once, after aha_init(), while
 * the process has one thread, and before it takes memory that need not be
 * copied.
 *
 * @param seals  what seal_nursery returned, or 0; NULL if it is not asked
 *
 * @return AHA_ERR_ENVIRONMENT when no process can be started, or it cannot be
 *         limited.
 */
enum aha_status aha_image_isolate(const struct aha_isolation *how,
                                  unsigned *seals,
                                  struct aha_error *err) AHA_MUST_CHECK;

/** Whether aha_image_isolate's nursery has ended, for good. */
bool aha_image_is_nursery_lost(void);

/** A black image of this size; the caller releases it with aha_image_fini. */
enum aha_status aha_image_init(struct aha_image *out, int width, int height,
                               struct aha_error *err) AHA_MUST_CHECK;

/** Wipe and free the pixels; NULL and empty are fine. */
void aha_image_fini(struct aha_image *image);

/**
 * Encode as PNG or WebP (lossy, quality 90), without metadata.
 *
 * @param out      heap bytes the caller frees; written on success only
 */
enum aha_status aha_image_encode(const struct aha_image *image,
                                 enum aha_image_format format, void **out,
                                 size_t *n_bytes,
                                 struct aha_error *err) AHA_MUST_CHECK;

/** Write a PNG file. @return AHA_ERR_IO when it cannot be written. */
enum aha_status aha_image_write_png(const struct aha_image *image,
                                    const char *path,
                                    struct aha_error *err) AHA_MUST_CHECK;

#endif
