// SPDX-License-Identifier: MIT
/*
 * png_text.h - PNG files without the texts in them.
 *
 * No text of a photo is of use here, and one that is packed costs a decoder
 * seconds and a thousand times its bytes. Pure; safe from any thread.
 */
#ifndef AHA_CORE_VISION_PNG_TEXT_H
#define AHA_CORE_VISION_PNG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/** Whether a PNG has a tEXt, zTXt or iTXt chunk. */
bool png_has_text(const void *bytes, size_t n_bytes);

/**
 * Copy a PNG but for its texts, also one that is cut short; what is no chunk is
 * copied as it is.
 *
 * Source: Portable Network Graphics (third edition), 5.3 and 11.3.3.
 *
 * @param out  n_bytes
 *
 * @return how many bytes of `out` are used
 */
size_t png_without_text(const void *bytes, size_t n_bytes, void *out);

#endif
