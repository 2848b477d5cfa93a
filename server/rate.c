// SPDX-License-Identifier: MIT
/*
 * DESIGN. A key's `next_ns` is when its bucket will be full again: each request
 * moves it one interval on, from now at the earliest. It may lie up to a second
 * ahead of now, which is the burst. A compare-and-swap that loses to another
 * thread looks again; each loss is another's win, so nobody waits.
 */
#include "server/rate.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const int64_t second_ns = 1000000000;

struct bucket {
    char name[KEYS_MAX_NAME];
    int64_t interval_ns; /* between requests; 0: no limit */
    _Atomic int64_t next_ns;
};

struct rate {
    int n;
    struct bucket buckets[];
};

static const struct bucket *find(const struct rate *rate, const char *name)
{
    for (int i = 0; rate != NULL && i < rate->n; i++) {
        if (strcmp(rate->buckets[i].name, name) == 0) {
            return &rate->buckets[i];
        }
    }
    return NULL;
}

struct rate *rate_create(const struct keys *keys, int usual,
                         const struct rate *earlier)
{
    int n = keys_count(keys); /* at most KEYS_MAX */
    struct rate *rate =
        calloc(1, sizeof *rate + (size_t)n * sizeof *rate->buckets);

    if (rate == NULL) {
        return NULL;
    }
    rate->n = n;
    for (int i = 0; i < n; i++) {
        struct bucket *bucket = &rate->buckets[i];
        const char *name = keys_name(keys, i);
        const struct bucket *before = find(earlier, name);
        int own = keys_rate(keys, i);
        int a_second = own < 0 ? usual : own;

        memcpy(bucket->name, name, strlen(name) + 1);
        bucket->interval_ns = a_second == 0 ? 0 : second_ns / a_second;
        atomic_init(&bucket->next_ns,
                    before == NULL ? 0 : atomic_load(&before->next_ns));
    }
    return rate;
}

void rate_destroy(struct rate *rate)
{
    free(rate);
}

bool rate_take(struct rate *rate, int key, double now_ms, int *retry_after_s)
{
    struct bucket *bucket = &rate->buckets[key];
    int64_t now_ns = (int64_t)(now_ms * 1e6);
    int64_t interval_ns = bucket->interval_ns;
    int64_t next_ns = atomic_load(&bucket->next_ns);
    int64_t moved_ns;

    if (interval_ns == 0) {
        return true;
    }
    do {
        int64_t from_ns = next_ns > now_ns ? next_ns : now_ns;
        int64_t early_ns;

        moved_ns = from_ns + interval_ns;
        early_ns = moved_ns - now_ns - second_ns;
        if (early_ns > 0) {
            *retry_after_s = (int)((early_ns + second_ns - 1) / second_ns);
            return false;
        }
    } while (
        !atomic_compare_exchange_weak(&bucket->next_ns, &next_ns, moved_ns));
    return true;
}
