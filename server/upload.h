// SPDX-License-Identifier: MIT
/*
 * upload.h - bytes that came from a client: bounded, counted against the
 * memory that all uploads may take together, wiped when they are released.
 *
 * An upload belongs to one thread at a time; a budget is shared.
 */
#ifndef AHA_SERVER_UPLOAD_H
#define AHA_SERVER_UPLOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/** What all uploads of the daemon may hold at once. */
struct upload_budget {
    size_t max_bytes;
    atomic_size_t used_bytes;
};

struct upload {
    unsigned char *bytes;
    size_t n_bytes;
    size_t capacity;
    size_t max_bytes;
    struct upload_budget *budget; /* NULL: none */
};

enum upload_result {
    UPLOAD_OK,
    UPLOAD_TOO_LARGE, /* more than max_bytes */
    UPLOAD_NO_MEMORY, /* the budget, or the machine's memory, is used up */
};

/** Keep more bytes; on failure the upload is as it was. */
enum upload_result upload_append(struct upload *upload, const void *bytes,
                                 size_t n);

/** Make room for n bytes in all, at most max_bytes. */
enum upload_result upload_reserve(struct upload *upload, size_t n);

/** Wipe and release the bytes; the limits stay. */
void upload_drop(struct upload *upload);

#endif
