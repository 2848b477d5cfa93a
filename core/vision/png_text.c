// SPDX-License-Identifier: MIT
#include "core/vision/png_text.h"

#include <stdint.h>
#include <string.h>

enum {
    SIGNATURE = 8,
    TYPE_AT = 4,   /* in a chunk, after the length of its data */
    OVERHEAD = 12, /* length, type and checksum */
    TYPE_LENGTH = 4,
};

/* Bytes of the chunk at `at`, or of all that follows where there is none. */
static size_t chunk_length(const uint8_t *bytes, size_t n_bytes, size_t at)
{
    size_t left = n_bytes - at;
    size_t n;

    if (left < OVERHEAD) {
        return left;
    }
    n = (size_t)bytes[at] << 24 | (size_t)bytes[at + 1] << 16 |
        (size_t)bytes[at + 2] << 8 | bytes[at + 3];
    return n > left - OVERHEAD ? left : n + OVERHEAD;
}

static bool is_text(const uint8_t *chunk, size_t n)
{
    const uint8_t *type = chunk + TYPE_AT;

    return n >= OVERHEAD && (memcmp(type, "tEXt", TYPE_LENGTH) == 0 ||
                             memcmp(type, "zTXt", TYPE_LENGTH) == 0 ||
                             memcmp(type, "iTXt", TYPE_LENGTH) == 0);
}

bool png_has_text(const void *bytes, size_t n_bytes)
{
    const uint8_t *from = bytes;
    size_t n;

    for (size_t at = SIGNATURE; at < n_bytes; at += n) {
        n = chunk_length(from, n_bytes, at);
        if (is_text(from + at, n)) {
            return true;
        }
    }
    return false;
}

size_t png_without_text(const void *bytes, size_t n_bytes, void *out)
{
    const uint8_t *from = bytes;
    uint8_t *to = out;
    size_t used = n_bytes < SIGNATURE ? n_bytes : SIGNATURE;
    size_t n;

    memcpy(to, from, used);
    for (size_t at = SIGNATURE; at < n_bytes; at += n) {
        n = chunk_length(from, n_bytes, at);
        if (!is_text(from + at, n)) {
            memcpy(to + used, from + at, n);
            used += n;
        }
    }
    return used;
}
