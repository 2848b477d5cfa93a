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

/** @return whether all of it was sent; nothing can be told after it if not */
bool talk_give(int fd, const void *bytes, size_t n_bytes, double until_ms);

/** @return whether all of it came */
bool talk_take(int fd, void *bytes, size_t n_bytes, double until_ms);

/** Send a descriptor over a packet socket. @return whether it was sent */
bool talk_give_socket(int over, int fd, double until_ms);

/**
 * Wait for one that is sent so.
 *
 * @param fd  the caller's to close; -1 when none came
 *
 * @return false when there will be no more
 */
bool talk_take_socket(int over, int *fd);

#endif
