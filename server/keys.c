// SPDX-License-Identifier: MIT
#include "server/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aha/digest.h"

enum { HASH_DIGITS = 64, HASH_TEXT };

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

/* ---- the file */

/* The whole file as text; *mode is the file's. @return NULL or what is wrong */
static const char *read_text(const char *path, char text[KEYS_MAX_FILE + 2],
                             mode_t *mode)
{
    /* Not to be held up by a pipe, of which nothing would be read anyway. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat about;
    size_t n = 0;
    ssize_t n_read = 1;

    if (fd < 0) {
        return errno == ENOENT   ? "there is no such file"
               : errno == EACCES ? "not permitted to read it"
                                 : "the file cannot be opened";
    }
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        (void)close(fd);
        return "this is no regular file";
    }
    while (n <= KEYS_MAX_FILE && n_read > 0) {
        n_read = read(fd, text + n, KEYS_MAX_FILE + 1 - n);
        n += n_read > 0 ? (size_t)n_read : 0;
    }
    (void)close(fd);
    if (n_read < 0) {
        return "the file cannot be read";
    }
    if (n > KEYS_MAX_FILE) {
        return "the file is larger than 131072 bytes";
    }
    if (memchr(text, '\0', n) != NULL) {
        return "this is no text file";
    }
    text[n] = '\0';
    *mode = about.st_mode;
    return NULL;
}

enum aha_status keys_load(const char *path, struct keys **out,
                          struct aha_error *err)
{
    enum aha_status status = AHA_OK;
    struct keys *keys = calloc(1, sizeof *keys);
    char *text = malloc(KEYS_MAX_FILE + 2);
    const char *problem;
    mode_t mode = 0;

    if (keys == NULL || text == NULL) {
        status = aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
        goto out;
    }
    problem = read_text(path, text, &mode);
    if (problem != NULL) {
        status = aha_error_set(err, AHA_ERR_IO, "%.80s: %s", path, problem);
        goto out;
    }
    keys->is_exposed = (mode & S_IROTH) != 0;
    status = parse(keys, path, text, err);
    if (status == AHA_OK) {
        *out = keys;
        keys = NULL; /* moved to the caller */
    }
out:
    free(text);
    keys_destroy(keys);
    return status;
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
    uint32_t found = 0; /* the index plus one; hashes are unique */

    aha_sha256_hex(presented, n, hash);
    for (int i = 0; i < keys->n; i++) {
        uint32_t differs = 0;

        for (int k = 0; k < HASH_DIGITS; k++) {
            differs |= (uint8_t)(keys->keys[i].hash[k] ^ hash[k]);
        }
        /* differs is 0 to 255, so only 0 - 1 has the bits above: no branch */
        found |= (uint32_t)(i + 1) & (0U - ((differs - 1) >> 31));
    }
    return (int)found - 1;
}

const char *keys_name(const struct keys *keys, int key)
{
    return keys->keys[key].name;
}

int keys_rate(const struct keys *keys, int key)
{
    return keys->keys[key].rate;
}
