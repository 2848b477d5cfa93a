// SPDX-License-Identifier: MIT
/*
 * talk.h - what a decoder's process and whoever asks it say to each other, over
 * a stream socket.
 *
 * The asker sends a greeting and the bytes, then requests, each after the last
 * one's answer. Pixels follow an answer in pieces, each behind the number of
 * its rows, an int; after the last one an enum aha_status, which is not above
 * 0. All is the same program's, so it goes as it lies in memory.
 */
#ifndef AHA_VISION_TALK_H
#define AHA_VISION_TALK_H

#include <stdbool.h>
#include <stddef.h>

#include "aha/image.h"

struct talk_greeting {
    size_t n_bytes;
};

struct talk_request {
    struct aha_image_info info; /* for a header the format alone */
    int shrink;                 /* 0: the header is wanted */
};

struct talk_answer {
    enum aha_status status; /* AHA_OK, _DECODE or _MEMORY */
    struct aha_image_info info;
    int width; /* of the pixels, if they were asked for */
    int height;
};

/** Milliseconds of CLOCK_MONOTONIC. */
double talk_now_ms(void);

/** Wait for poll's events. @return whether they, or an end, came in time */
bool talk_wait(int fd, short events, double until_ms);

/** Whether errno says that a call has to wait or was interrupted. */
bool talk_may_try_again(void);

/** @return whether all of it was sent; nothing can be told after it if not */
bool talk_give(int fd, const void *bytes, size_t n_bytes, double until_ms);

/** @return whether all of it came */
bool talk_take(int fd, void *bytes, size_t n_bytes, double until_ms);

#endif
