// SPDX-License-Identifier: MIT
/*
 * access.h - who may ask, and how often: API keys with their rates, from a file
 * that can be read again while requests come in. Safe from any thread.
 */
#ifndef AHA_SERVER_ACCESS_H
#define AHA_SERVER_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "aha/error.h"

struct access;

enum access_result {
    ACCESS_GRANTED,
    ACCESS_UNKNOWN, /* no such key */
    ACCESS_LIMITED, /* the key's rate is used up */
};

/**
 * @param path  of the key file, borrowed for as long as the result lives
 * @param rate  requests a second of keys without one of their own; 0: no limit
 * @param out   release with access_destroy; written on success only
 */
enum aha_status access_create(struct access **out, const char *path, int rate,
                              struct aha_error *err) AHA_MUST_CHECK;

/** NULL is fine. */
void access_destroy(struct access *access);

/** Read the file again; on failure the old keys stay, and err says why. */
enum aha_status access_reload(struct access *access,
                              struct aha_error *err) AHA_MUST_CHECK;

/** Whether every user of this machine could read the file. */
bool access_is_exposed(struct access *access);

/**
 * Let one request in, or not.
 *
 * @param name           capacity bytes: the key's name when it is known
 * @param retry_after_s  written with ACCESS_LIMITED
 */
enum access_result access_check(struct access *access, const char *presented,
                                size_t n, size_t capacity, char *name,
                                int *retry_after_s);

#endif
