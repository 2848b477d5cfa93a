// SPDX-License-Identifier: MIT
#include "server/config_keys.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "server/config_value.h"

#define CONFIG_ADDRESS "an IPv4 or IPv6 address, localhost or unix:/path"

#define KEY(kind_, field, name_, value_, help_)                                \
    .kind = kind_, .name = name_, .offset = offsetof(struct config, field),    \
    .value = value_, .help = help_

const struct config_key config_keys[] = {
#define GROUP(title) {.kind = CONFIG_GROUP, .name = title},
#define INTEGER(field, flag, value, low_, high_, help)                         \
    {KEY(CONFIG_INTEGER, field, flag, #value, help), .low = low_,              \
     .high = high_},
#define NUMBER(field, flag, value, choices, help)                              \
    {KEY(CONFIG_NUMBER, field, flag, #value, help), .accepts = choices},
#define PATH(field, flag, help) {KEY(CONFIG_PATH, field, flag, "", help)},
#define CHOICE(field, flag, value, choices, help)                              \
    {KEY(CONFIG_CHOICE, field, flag, value, help), .accepts = choices},
#define LIST(field, flag, value, choices, help)                                \
    {KEY(CONFIG_LIST, field, flag, value, help), .accepts = choices},
#define TEXT(field, flag, value, check_, accepts_, help)                       \
    {KEY(CONFIG_TEXT, field, flag, value, help), .accepts = accepts_,          \
     .check = check_},
#include "server/config.def"
};

const int config_n_keys = sizeof config_keys / sizeof *config_keys;

_Static_assert(sizeof config_keys <= CONFIG_MAX_KEYS * sizeof *config_keys,
               "config.def has outgrown its bound");

bool config_is_integer(const struct config_key *key)
{
    return key->kind == CONFIG_INTEGER || key->kind == CONFIG_NUMBER;
}

bool config_is_file(const struct config_key *key)
{
    return key->kind != CONFIG_GROUP &&
           key->offset == offsetof(struct config, config_file);
}

void config_env_name(const struct config_key *key, char out[CONFIG_MAX_NAME])
{
    size_t n = 4;

    memcpy(out, "AHA_", n);
    for (const char *c = key->name; *c != '\0' && n < CONFIG_MAX_NAME - 1;
         c++) {
        out[n++] = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    }
    out[n] = '\0';
}

const struct config_key *config_find(const char *name)
{
    for (int i = 0; i < config_n_keys; i++) {
        if (config_keys[i].kind != CONFIG_GROUP &&
            strcmp(config_keys[i].name, name) == 0) {
            return &config_keys[i];
        }
    }
    return NULL;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters to add, take away, change or swap with the next, each once, to make
 * one name of the other; both are shorter than CONFIG_MAX_NAME. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][CONFIG_MAX_NAME];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    size_t n = strlen(b);

    for (size_t j = 0; j <= n; j++) {
        last[j] = j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t *spare = before;

        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t change = a[i - 1] == b[j - 1] ? 0 : 1;

            row[j] =
                least(least(last[j] + 1, row[j - 1] + 1), last[j - 1] + change);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
                a[i - 2] == b[j - 1]) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
        before = last;
        last = row;
        row = spare;
    }
    return last[n];
}

const struct config_key *config_nearest(const char *name)
{
    const struct config_key *found = NULL;
    size_t best = 4; /* more than three letters off is another word */

    if (strlen(name) >= CONFIG_MAX_NAME) {
        return NULL;
    }
    for (int i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];
        size_t off =
            key->kind == CONFIG_GROUP ? best : distance(name, key->name);

        if (off < best && off * 3 <= strlen(key->name)) {
            best = off;
            found = key;
        }
    }
    return found;
}

/* "a|b|c" as "a, b or c", the last link being the caller's */
static void enumerate(const char *choices, const char *last, char *out,
                      size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    while (used < size) {
        size_t n = strcspn(choices, "|");
        const char *link = choices[n] == '\0'                     ? ""
                           : strchr(choices + n + 1, '|') == NULL ? last
                                                                  : ", ";

        used += (size_t)snprintf(out + used, size - used, "%.*s%s", (int)n,
                                 choices, link);
        if (choices[n] == '\0') {
            return;
        }
        choices += n + 1;
    }
}

void config_accepted(const struct config_key *key,
                     char out[CONFIG_MAX_ACCEPTED])
{
    char names[CONFIG_MAX_ACCEPTED / 2];

    switch (key->kind) {
    case CONFIG_INTEGER:
        (void)snprintf(out, CONFIG_MAX_ACCEPTED,
                       "a whole number from %" PRId64 " to %" PRId64, key->low,
                       key->high);
        return;
    case CONFIG_NUMBER:
    case CONFIG_CHOICE:
        enumerate(key->accepts, " or ", out, CONFIG_MAX_ACCEPTED);
        return;
    case CONFIG_LIST:
        enumerate(key->accepts, " and ", names, sizeof names);
        (void)snprintf(out, CONFIG_MAX_ACCEPTED,
                       "some of %s, each once, with commas between", names);
        return;
    case CONFIG_TEXT:
        (void)snprintf(out, CONFIG_MAX_ACCEPTED, "%s", key->accepts);
        return;
    default:
        (void)snprintf(out, CONFIG_MAX_ACCEPTED, "a path");
        return;
    }
}
