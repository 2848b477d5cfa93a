// SPDX-License-Identifier: MIT
/*
 * base64.h - base64 back to bytes, by RFC 4648 section 4 and not a bit more:
 * the standard alphabet, padding where it belongs, no space, no stray bits.
 *
 * Pure: no allocation, no locks.
 */
#ifndef AHA_SERVER_BASE64_H
#define AHA_SERVER_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Bytes that n characters of base64 stand for, from length and padding alone.
 *
 * @param text  n characters, need not end in '\0'
 * @param out   exact when base64_decode accepts the text; written on success
 *              only
 *
 * @return whether the length can be right: a multiple of 4
 */
bool base64_size(const char *text, size_t n, size_t *out);

/**
 * Decode.
 *
 * @param out  base64_size bytes, which hold anything after a refusal; may be
 *             the text itself, to decode in place, but must not overlap it
 *             otherwise
 *
 * @return whether it was base64
 */
bool base64_decode(const char *text, size_t n, unsigned char *out);

/**
 * Characters before the base64 of a data URL (`data:image/jpeg;base64,`), 0
 * when the text does not begin like one of an image.
 */
size_t base64_data_url(const char *text, size_t n);

#endif
