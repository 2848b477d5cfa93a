// SPDX-License-Identifier: MIT
/*
 * upright.h - rows as they are stored in, an upright image out.
 */
#ifndef AHA_VISION_UPRIGHT_H
#define AHA_VISION_UPRIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aha/image.h"

struct upright {
    struct aha_image image; /* owned */
    int orientation;        /* EXIF, 1..8 */
    int n_stored;           /* pixels of a stored row */
    /* Bytes from the image's first to where the next stored row begins, for
     * one pixel along it and for one row down. */
    ptrdiff_t next;
    ptrdiff_t along;
    ptrdiff_t down;
};

/**
 * @param width   of what is stored, at least 1 px
 * @param height
 * @param out     its orientation is given
 *
 * @return AHA_ERR_MEMORY.
 */
enum aha_status upright_start(struct upright *out, int width, int height,
                              struct aha_error *err) AHA_MUST_CHECK;

/** Put the next `n` rows in their place; never more than there were to be. */
void upright_rows(struct upright *upright, const uint8_t *rgb, size_t stride,
                  int n);

#endif
