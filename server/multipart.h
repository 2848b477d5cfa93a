// SPDX-License-Identifier: MIT
/*
 * multipart.h - a strict reader of multipart/form-data (RFC 7578, RFC 2046)
 * whose bytes come in pieces of any size.
 *
 * Our own, since libmicrohttpd's cannot tell an empty part from the beginning
 * of the next, cannot be fed without a connection, and leaves pieces of photos
 * in buffers that it does not wipe. This one keeps no byte of a part: they are
 * handed on where they lie.
 *
 * Pure: no allocation after its creation, no locks. A reader belongs to one
 * thread at a time.
 */
#ifndef AHA_SERVER_MULTIPART_H
#define AHA_SERVER_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

struct multipart;

enum multipart_result {
    MULTIPART_OK,
    MULTIPART_MALFORMED, /* what came is no form, or not of this boundary */
    MULTIPART_STOPPED,   /* a callback wanted no more */
    MULTIPART_NO_MEMORY,
};

/** What is told of the parts, in order; false stops the reader. */
struct multipart_callbacks {
    /** A part begins. `name` ends in '\0' and is there during the call only. */
    bool (*begin)(void *data, const char *name);
    /** More of it; n is at least 1. An empty part has none. */
    bool (*bytes)(void *data, const char *bytes, size_t n);
    /** It is there as a whole. */
    bool (*end)(void *data);
};

/**
 * A reader of one body.
 *
 * @param content_type  the header's value; NULL when there was none
 * @param callbacks     copied
 * @param data          passed to the callbacks
 *
 * @return MULTIPART_MALFORMED when the type is another or has no boundary of 1
 *         to 70 characters that RFC 2046 allows; MULTIPART_NO_MEMORY
 */
enum multipart_result multipart_create(
    struct multipart **out, const char *content_type,
    const struct multipart_callbacks *callbacks, void *data);

/** Wipe and free. NULL is fine. */
void multipart_destroy(struct multipart *multipart);

/**
 * Read the next n bytes of the body.
 *
 * Up to 1 KiB before the first boundary and whatever follows the last one are
 * passed over. A part's headers, at most 16 lines and 2 KiB, must name it.
 *
 * @return anything but MULTIPART_OK stays so, whatever is fed then
 */
enum multipart_result multipart_feed(struct multipart *multipart,
                                     const char *bytes, size_t n);

/** Whether the last boundary has come, and nothing was wrong. */
bool multipart_is_whole(const struct multipart *multipart);

#endif
