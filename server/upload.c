// SPDX-License-Identifier: MIT
#include "server/upload.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 4 * 1024 };

static bool budget_take(struct upload_budget *budget, size_t n)
{
    size_t used;

    if (budget == NULL) {
        return true;
    }
    used = atomic_fetch_add(&budget->used_bytes, n);
    if (used <= budget->max_bytes && n <= budget->max_bytes - used) {
        return true;
    }
    atomic_fetch_sub(&budget->used_bytes, n);
    return false;
}

static void release(struct upload *upload)
{
    if (upload->bytes != NULL) {
        explicit_bzero(upload->bytes, upload->capacity);
        free(upload->bytes);
        if (upload->budget != NULL) {
            atomic_fetch_sub(&upload->budget->used_bytes, upload->capacity);
        }
    }
}

/* A new home for the bytes; the old one is wiped, which realloc would not. */
static enum upload_result grow(struct upload *upload, size_t capacity)
{
    unsigned char *bytes;

    if (!budget_take(upload->budget, capacity)) {
        return UPLOAD_NO_MEMORY;
    }
    bytes = malloc(capacity);
    if (bytes == NULL) {
        if (upload->budget != NULL) {
            atomic_fetch_sub(&upload->budget->used_bytes, capacity);
        }
        return UPLOAD_NO_MEMORY;
    }
    if (upload->n_bytes > 0) {
        memcpy(bytes, upload->bytes, upload->n_bytes);
    }
    release(upload);
    upload->bytes = bytes;
    upload->capacity = capacity;
    return UPLOAD_OK;
}

enum upload_result upload_reserve(struct upload *upload, size_t n)
{
    if (n > upload->max_bytes) {
        return UPLOAD_TOO_LARGE;
    }
    return n <= upload->capacity ? UPLOAD_OK : grow(upload, n);
}

enum upload_result upload_append(struct upload *upload, const void *bytes,
                                 size_t n)
{
    if (n > upload->max_bytes - upload->n_bytes) {
        return UPLOAD_TOO_LARGE;
    }
    if (n > upload->capacity - upload->n_bytes) {
        size_t wanted = upload->n_bytes + n;
        size_t capacity =
            upload->capacity == 0 ? FIRST_CAPACITY : 2 * upload->capacity;
        enum upload_result result;

        capacity = capacity < wanted ? wanted : capacity;
        capacity = capacity < upload->max_bytes ? capacity : upload->max_bytes;
        result = grow(upload, capacity);
        if (result != UPLOAD_OK) {
            return result;
        }
    }
    if (n > 0) {
        memcpy(upload->bytes + upload->n_bytes, bytes, n);
        upload->n_bytes += n;
    }
    return UPLOAD_OK;
}

void upload_drop(struct upload *upload)
{
    release(upload);
    upload->bytes = NULL;
    upload->n_bytes = 0;
    upload->capacity = 0;
}
