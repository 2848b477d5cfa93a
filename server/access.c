// SPDX-License-Identifier: MIT
/*
 * DESIGN. The mutex guards both pointers; a check holds it for the microseconds
 * of a hash and its comparisons. Reading the file happens outside it.
 */
#include "server/access.h"

#include <stdio.h>
#include <stdlib.h>

#include "server/keys.h"
#include "server/rate.h"
#include "server/thread.h"

struct access {
    const char *path;
    int usual_rate;
    pthread_mutex_t mutex;
    struct keys *keys;
    struct rate *rate;
};

enum aha_status access_reload(struct access *access, struct aha_error *err)
{
    struct keys *keys = NULL;
    struct keys *old_keys;
    struct rate *rate;
    struct rate *old_rate;
    enum aha_status status = keys_load(access->path, &keys, err);

    if (status != AHA_OK) {
        return status;
    }
    rate = rate_create(keys, access->usual_rate, access->rate);
    if (rate == NULL) {
        keys_destroy(keys);
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    THREAD_CHECK(pthread_mutex_lock(&access->mutex));
    old_keys = access->keys;
    old_rate = access->rate;
    access->keys = keys;
    access->rate = rate;
    THREAD_CHECK(pthread_mutex_unlock(&access->mutex));
    keys_destroy(old_keys);
    rate_destroy(old_rate);
    return AHA_OK;
}

enum aha_status access_create(struct access **out, const char *path, int rate,
                              struct aha_error *err)
{
    struct access *access = calloc(1, sizeof *access);
    enum aha_status status;

    if (access == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    access->path = path;
    access->usual_rate = rate;
    THREAD_CHECK(pthread_mutex_init(&access->mutex, NULL));
    status = access_reload(access, err);
    if (status != AHA_OK) {
        access_destroy(access);
        return status;
    }
    *out = access;
    return AHA_OK;
}

void access_destroy(struct access *access)
{
    if (access != NULL) {
        keys_destroy(access->keys);
        rate_destroy(access->rate);
        THREAD_CHECK(pthread_mutex_destroy(&access->mutex));
        free(access);
    }
}

bool access_is_exposed(struct access *access)
{
    bool is_exposed;

    THREAD_CHECK(pthread_mutex_lock(&access->mutex));
    is_exposed = keys_is_exposed(access->keys);
    THREAD_CHECK(pthread_mutex_unlock(&access->mutex));
    return is_exposed;
}

enum access_result access_check(struct access *access, const char *presented,
                                size_t n, size_t capacity, char *name,
                                int *retry_after_s)
{
    enum access_result result = ACCESS_UNKNOWN;
    int key;

    THREAD_CHECK(pthread_mutex_lock(&access->mutex));
    key = keys_find(access->keys, presented, n);
    if (key >= 0) {
        (void)snprintf(name, capacity, "%s", keys_name(access->keys, key));
        result = rate_take(access->rate, key, thread_now_ms(), retry_after_s)
                     ? ACCESS_GRANTED
                     : ACCESS_LIMITED;
    }
    THREAD_CHECK(pthread_mutex_unlock(&access->mutex));
    return result;
}
