// SPDX-License-Identifier: MIT
/*
 * options.h - the parameters of POST /v1/analyze, parsed strictly.
 *
 * Pure; safe from any thread.
 */
#ifndef AHA_SERVER_OPTIONS_H
#define AHA_SERVER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "aha/pipeline.h"

enum { OPTION_MAX_TEXT = 64 }; /* longest name or value worth reading */

/** Which options were given already; all false at the start. */
struct options_seen {
    bool max_faces;
    bool min_face_size;
    bool det_threshold;
};

/**
 * Take one name and value into the options.
 *
 * @param options    in: the server's limits; max_faces may only be lowered
 * @param value      NULL when the name stands alone
 * @param detail     what is wrong, a sentence, written on failure
 *
 * @return false for an unknown or repeated name or a value out of range
 */
bool options_set(struct aha_options *options, struct options_seen *seen,
                 const char *name, const char *value, size_t detail_bytes,
                 char *detail);

#endif
