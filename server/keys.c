// SPDX-License-Identifier: MIT
#include "server/keys.h"

#include <stdlib.h>
#include <string.h>

#include "aha/digest.h"

#include "server/file.h"

enum { HASH_TEXT = AHA_SHA256_HEX, HASH_DIGITS = HASH_TEXT - 1 };

struct key {
    char name[KEYS_MAX_NAME];
    char hash[HASH_TEXT]; /* lower case */
    int rate;             /* -1: not given */
    int line;
};

struct keys {
    bool is_exposed;
    int n;
    struct key keys[KEYS_MAX];
};

/* ---- one line */

static bool parse_name(const char *text, size_t n, char out[KEYS_MAX_NAME])
{
    static const char fit[] = "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    if (n == 0 || n >= KEYS_MAX_NAME || strspn(text, fit) < n) {
        return false;
    }
    memcpy(out, text, n);
    out[n] = '\0';
    return true;
}

static bool parse_hash(const char *text, size_t n, char out[HASH_TEXT])
{
    if (n != HASH_DIGITS || strspn(text, "0123456789abcdefABCDEF") < n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = (char)(text[i] | 0x20); /* lower case; digits have the bit */
    }
    out[n] = '\0';
    return true;
}

static bool parse_rate(const char *text, int *out)
{
    size_t n = strlen(text);
    int value = 0;

    if (n == 0 || n > 6 || strspn(text, "0123456789") < n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        value = 10 * value + (text[i] - '0');
    }
    if (value > KEYS_MAX_RATE) {
        return false;
    }
    *out = value;
    return true;
}

/* @return NULL, or what is wrong with this line */
static const char *parse_line(const char *line, struct key *key)
{
    const char *hash = strchr(line, ':');
    const char *rate = hash == NULL ? NULL : strchr(hash + 1, ':');
    size_t n_hash;

    key->rate = -1;
    if (hash == NULL) {
        return "expected NAME:SHA256 or NAME:SHA256:RATE";
    }
    if (!parse_name(line, (size_t)(hash - line), key->name)) {
        return "a name is 1 to 32 of A-Z a-z 0-9 . _ -";
    }
    hash++;
    n_hash = rate == NULL ? strlen(hash) : (size_t)(rate - hash);
    if (!parse_hash(hash, n_hash, key->hash)) {
        return "the hash is not 64 hexadecimal digits";
    }
    if (rate != NULL && !parse_rate(rate + 1, &key->rate)) {
        return "the rate is not a whole number from 0 to 100000";
    }
    return NULL;
}

/* ---- all lines */

static const char *check_unique(const struct keys *keys, const struct key *key,
                                int *line)
{
    for (int i = 0; i < keys->n; i++) {
        *line = keys->keys[i].line;
        if (strcmp(keys->keys[i].name, key->name) == 0) {
            return "the name is already in line";
        }
        if (strcmp(keys->keys[i].hash, key->hash) == 0) {
            return "the hash is already in line";
        }
    }
    return NULL;
}

/* What a script makes of a variable that is not set: would let everybody in. */
static bool is_hash_of_nothing(const struct key *key)
{
    char nothing[HASH_TEXT];

    aha_sha256_hex("", 0, nothing);
    return strcmp(nothing, key->hash) == 0;
}

static enum aha_status add_line(struct keys *keys, const char *path, int number,
                                const char *line, struct aha_error *err)
{
    struct key key = {.line = number};
    const char *problem = parse_line(line, &key);
    int other = 0;

    if (problem == NULL && is_hash_of_nothing(&key)) {
        problem = "this is the hash of an empty key";
    }
    if (problem == NULL && keys->n == KEYS_MAX) {
        problem = "there are more than 1024 keys";
    }
    if (problem == NULL) {
        problem = check_unique(keys, &key, &other);
    }
    if (problem != NULL) {
        return other == 0 ? aha_error_set(err, AHA_ERR_ARG, "%.80s:%d: %s",
                                          path, number, problem)
                          : aha_error_set(err, AHA_ERR_ARG, "%.80s:%d: %s %d",
                                          path, number, problem, other);
    }
    keys->keys[keys->n++] = key;
    return AHA_OK;
}

/* Cut the next line off, without the blanks around it. */
static char *next_line(char **rest)
{
    char *line = *rest;
    char *end = line + strcspn(line, "\n");

    *rest = *end == '\0' ? NULL : end + 1;
    while (end > line && strchr(" \t\r", end[-1]) != NULL) {
        end--;
    }
    *end = '\0';
    return line + strspn(line, " \t");
}

static enum aha_status parse(struct keys *keys, const char *path, char *text,
                             struct aha_error *err)
{
    char *rest = text;

    for (int number = 1; rest != NULL; number++) {
        const char *line = next_line(&rest);

        if (line[0] != '\0' && line[0] != '#') {
            enum aha_status status = add_line(keys, path, number, line, err);

            if (status != AHA_OK) {
                return status;
            }
        }
    }
    if (keys->n == 0) {
        return aha_error_set(err, AHA_ERR_ARG, "%.80s: there is no key in it",
                             path);
    }
    return AHA_OK;
}

enum aha_status keys_load(const char *path, struct keys **out,
                          struct aha_error *err)
{
    struct file file = {0};
    struct keys *keys = calloc(1, sizeof *keys);
    enum aha_status status;

    if (keys == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    status = file_load(path, KEYS_MAX_FILE, &file, err);
    if (status == AHA_OK) {
        keys->is_exposed = file.is_exposed;
        status = parse(keys, path, file.text, err);
    }
    file_wipe(&file);
    if (status != AHA_OK) {
        keys_destroy(keys);
        return status;
    }
    *out = keys;
    return AHA_OK;
}

void keys_destroy(struct keys *keys)
{
    free(keys);
}

/* ---- looking a key up */

bool keys_is_exposed(const struct keys *keys)
{
    return keys->is_exposed;
}

int keys_count(const struct keys *keys)
{
    return keys->n;
}

int keys_find(const struct keys *keys, const char *presented, size_t n)
{
    char hash[HASH_TEXT];
    int found = 0; /* the index plus one; hashes are unique */

    aha_sha256_hex(presented, n, hash);
    for (int i = 0; i < keys->n; i++) {
        /* no branch: every key costs the same, found or not */
        found |= (i + 1) *
                 (int)aha_equal_secret(keys->keys[i].hash, hash, HASH_DIGITS);
    }
    return found - 1;
}

const char *keys_name(const struct keys *keys, int key)
{
    return keys->keys[key].name;
}

int keys_rate(const struct keys *keys, int key)
{
    return keys->keys[key].rate;
}
