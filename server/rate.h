// SPDX-License-Identifier: MIT
/*
 * rate.h - so many requests a second and key, and a burst of one second's.
 *
 * One time a key is all it keeps (the generic cell rate algorithm), in an
 * atomic, so that any thread may ask without a lock.
 */
#ifndef AHA_SERVER_RATE_H
#define AHA_SERVER_RATE_H

#include <stdbool.h>

#include "server/keys.h"

struct rate;

/**
 * Limits for these keys.
 *
 * @param keys     borrowed during this call only
 * @param usual    requests a second of keys without a rate of their own; 0: no
 *                 limit
 * @param earlier  keys of the same name go on where these are; NULL: all start
 *                 rested. May be in use by other threads.
 *
 * @return NULL when memory ran out
 */
struct rate *rate_create(const struct keys *keys, int usual,
                         const struct rate *earlier);

/** NULL is fine. */
void rate_destroy(struct rate *rate);

/**
 * Take one request's share.
 *
 * @param key            index into the keys that the limits were made for
 * @param now_ms         of the monotonic clock
 * @param retry_after_s  when refused: whole seconds, at least 1, until there is
 *                       a share again; else untouched
 *
 * @return whether the request may go on
 */
bool rate_take(struct rate *rate, int key, double now_ms, int *retry_after_s);

#endif
