// SPDX-License-Identifier: MIT
/*
 * support_json.h - for suites that read what the daemon writes.
 */
#ifndef AHA_TESTS_UNIT_SUPPORT_JSON_H
#define AHA_TESTS_UNIT_SUPPORT_JSON_H

#include <jansson.h>

/** Takes and frees the text; fails the test when it is no JSON. */
json_t *support_json(char *text);

/**
 * The value at a path of keys and places in lists, "faces.0.box.x"; fails the
 * test when there is none.
 */
const json_t *support_at(const json_t *root, const char *path);

/** The same, or NULL. */
const json_t *support_find(const json_t *root, const char *path);

double support_number(const json_t *root, const char *path);

const char *support_string(const json_t *root, const char *path);

/** The keys of an object, or of the root for "", in order: "a b c". */
void support_expect_keys(const json_t *root, const char *path,
                         const char *keys);

#endif
