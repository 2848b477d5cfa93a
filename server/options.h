// SPDX-License-Identifier: MIT
/*
 * options.h - the parameters of a request, parsed strictly.
 *
 * Pure; safe from any thread.
 */
#ifndef AHA_SERVER_OPTIONS_H
#define AHA_SERVER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "aha/pipeline.h"

enum { OPTION_MAX_TEXT = 128 }; /* longest name or value worth reading */

/** Parts of an answer, as bits. */
enum include {
    INCLUDE_LANDMARKS = 1 << 0,
    INCLUDE_POSE = 1 << 1,
    INCLUDE_QUALITY = 1 << 2,
    INCLUDE_ATTENTION = 1 << 3,
    INCLUDE_ATTENTION_MAP = 1 << 4,
    INCLUDE_EVIDENCE = 1 << 5,
    INCLUDE_LOGITS = 1 << 6,
    INCLUDE_TIMING = 1 << 7,
    INCLUDE_DEFAULT = INCLUDE_LANDMARKS | INCLUDE_POSE | INCLUDE_QUALITY |
                      INCLUDE_ATTENTION | INCLUDE_EVIDENCE | INCLUDE_TIMING,
};

enum face_order {
    ORDER_SIZE, /* largest first */
    ORDER_CONFIDENCE,
    ORDER_LEFT, /* from the left edge of the photo */
};

/** What the answer shall look like. */
struct reply_options {
    unsigned include;   /* bits of enum include */
    bool is_normalized; /* coordinates as shares of width and height */
    enum face_order order;
    int top_k; /* only so many probabilities; 0: all */
};

struct request_options {
    struct aha_options photo;
    struct reply_options reply;
    bool is_no_face_error;
    bool is_detection; /* in: the request is about faces alone */
    unsigned seen;     /* which parameters were given already */
};

/** The defaults, within the server's limits. */
struct request_options options_default(const struct aha_options *limits,
                                       bool is_detection);

/**
 * Take one name and value into the options.
 *
 * @param options  max_faces may only be lowered
 * @param value    NULL when the name stands alone
 * @param detail   what is wrong, a sentence, written on failure
 *
 * @return false for an unknown or repeated name or a value out of range
 */
bool options_set(struct request_options *options, const char *name,
                 const char *value, size_t detail_bytes, char *detail);

#endif
