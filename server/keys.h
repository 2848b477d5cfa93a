// SPDX-License-Identifier: MIT
/*
 * keys.h - the API keys that are let in, from a file that holds only hashes.
 *
 * A line of the file is a key: `NAME:SHA256[:RATE]`, the hash in 64
 * hexadecimal digits, the rate in whole requests a second (0: no limit). Blank
 * lines and lines that begin with # are skipped. A key for it:
 *
 *   key=$(openssl rand -hex 32)
 *   printf 'cameras:%s\n' $(printf %s "$key" | sha256sum | cut -c 1-64)
 *
 * Immutable once loaded, so any thread may look.
 */
#ifndef AHA_SERVER_KEYS_H
#define AHA_SERVER_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "aha/error.h"

enum {
    KEYS_MAX = 1024,
    KEYS_MAX_NAME = 33,     /* 32 of A-Z a-z 0-9 . _ - and the end */
    KEYS_MAX_FILE = 131072, /* bytes: room for as many of the longest */
    KEYS_MAX_RATE = 100000, /* requests a second */
};

struct keys;

/**
 * Read a key file.
 *
 * @param out  release with keys_destroy; written on success only
 *
 * @return AHA_ERR_IO or AHA_ERR_TOO_LARGE when it cannot be read, AHA_ERR_ARG
 *         when a line is wrong or there is no key in it; the sentence names
 *         file and line, and nothing of what stands there
 */
enum aha_status keys_load(const char *path, struct keys **out,
                          struct aha_error *err) AHA_MUST_CHECK;

/** NULL is fine. */
void keys_destroy(struct keys *keys);

/** Whether every user of this machine could read the file: worth a warning. */
bool keys_is_exposed(const struct keys *keys);

int keys_count(const struct keys *keys);

/**
 * Which key this is.
 *
 * Its hash is compared with every key's, whole, so that the time taken tells
 * nothing but how long the presented text is.
 *
 * @param presented  n bytes, as the client sent them
 *
 * @return 0 to keys_count - 1, or -1
 */
int keys_find(const struct keys *keys, const char *presented, size_t n);

/** The name, for logs and metrics; lives as long as the keys. */
const char *keys_name(const struct keys *keys, int key);

/** The key's own rate, 0 for no limit, or -1 when the line gives none. */
int keys_rate(const struct keys *keys, int key);

#endif
