// SPDX-License-Identifier: MIT
/*
 * picture.h - an analysis for the eye: boxes, landmarks, probabilities, and
 * where the network looked.
 *
 * Pure functions of their arguments, without state; safe from many threads at
 * once. They take finished analyses: those of aha_analyze or aha_infer.
 */
#ifndef AHA_PICTURE_H
#define AHA_PICTURE_H

#include <stddef.h>

#include "aha/error.h"
#include "aha/image.h"
#include "aha/pipeline.h"

enum aha_picture_format {
    AHA_PICTURE_PNG,
    AHA_PICTURE_WEBP,
    AHA_PICTURE_SVG,
    AHA_N_PICTURE_FORMATS,
};

/** "png", "webp" or "svg"; static storage. */
const char *aha_picture_format_name(enum aha_picture_format format);

/**
 * A stand-alone SVG of the size of the upright photo, to be laid over it. It
 * holds no pixel of the photo, no script, no style and no reference. Texts are
 * escaped. Everything has a title to hover over.
 *
 * @param out  heap bytes the caller frees, NUL-terminated; written on success
 *             only
 *
 * @return AHA_ERR_MEMORY
 */
enum aha_status aha_picture_svg(const struct aha_analysis *analysis,
                                const struct aha_model_info *info, char **out,
                                size_t *n_bytes,
                                struct aha_error *err) AHA_MUST_CHECK;

/**
 * Paint on the photo.
 *
 * @param photo  the upright photo that was analysed, at any size
 *
 * @return AHA_ERR_ARG when there is no photo
 */
enum aha_status aha_picture_draw(struct aha_image *photo,
                                 const struct aha_analysis *analysis,
                                 const struct aha_model_info *info,
                                 struct aha_error *err) AHA_MUST_CHECK;

/**
 * The annotated picture of a photo as a file's bytes: decode, paint, encode, or
 * the SVG, for which the photo is not read.
 *
 * @param bytes     the photo that was analysed; may be NULL for SVG
 * @param max_side  longest side of the picture, px; larger photos are shrunk
 *                  by 2, 4 or 8; those under 640 px are enlarged by a whole
 *                  number, so that the texts can be read
 * @param out       heap bytes the caller frees; written on success only
 *
 * @return as aha_image_decode, aha_image_encode, aha_picture_svg
 */
enum aha_status aha_picture_make(const void *bytes, size_t n_bytes,
                                 const struct aha_analysis *analysis,
                                 const struct aha_model_info *info,
                                 enum aha_picture_format format, int max_side,
                                 void **out, size_t *n_out,
                                 struct aha_error *err) AHA_MUST_CHECK;

/**
 * What the networks saw, on one sheet: on the left the photo with boxes,
 * landmarks and regions, on the right a row for each of the first 16 faces with
 * every region as it was cut, the same under its attention map, and a bar as
 * long as its weight.
 *
 * @param pictures  those of the same call of aha_inspect
 * @param out       to be released with aha_image_fini; written on success only
 */
enum aha_status aha_picture_sheet(const struct aha_analysis *analysis,
                                  const struct aha_model_info *info,
                                  const struct aha_inspection *pictures,
                                  struct aha_image *out,
                                  struct aha_error *err) AHA_MUST_CHECK;

#endif
