// SPDX-License-Identifier: MIT
#include "server/config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    KIND_GROUP,
    KIND_TEXT,
    KIND_INTEGER,
};

struct key {
    enum kind kind;
    const char *flag; /* or the group's title */
    size_t offset;    /* of the field in struct config */
    const char *text; /* default of a text */
    int64_t value;    /* default of an integer */
    int64_t low;
    int64_t high;
    const char *help;
};

static const struct key keys[] = {
#define GROUP(title) {.kind = KIND_GROUP, .flag = title},
#define TEXT(field, name, value_, help_)                                       \
    {.kind = KIND_TEXT,                                                        \
     .flag = name,                                                             \
     .offset = offsetof(struct config, field),                                 \
     .text = value_,                                                           \
     .help = help_},
#define INTEGER(field, name, value_, low_, high_, help_)                       \
    {.kind = KIND_INTEGER,                                                     \
     .flag = name,                                                             \
     .offset = offsetof(struct config, field),                                 \
     .value = value_,                                                          \
     .low = low_,                                                              \
     .high = high_,                                                            \
     .help = help_},
#include "server/config.def"
#undef GROUP
#undef TEXT
#undef INTEGER
};

enum { N_KEYS = sizeof keys / sizeof *keys, MAX_ENV = 64 };

static void env_name(const struct key *key, char out[MAX_ENV])
{
    size_t n = 0;

    memcpy(out, "AHA_", 4);
    for (n = 4; key->flag[n - 4] != '\0' && n < MAX_ENV - 1; n++) {
        unsigned char c = (unsigned char)key->flag[n - 4];

        out[n] = c == '-' ? '_' : (char)toupper(c);
    }
    out[n] = '\0';
}

static void print_help(FILE *output)
{
    (void)fputs(
        "usage: aha serve [OPTION]...\n\n"
        "Answer photos over HTTP: POST /v1/analyze. /livez, /readyz and "
        "/metrics are for\nthe platform. SIGTERM finishes what was "
        "accepted, then stops.\n",
        output);
    for (int i = 0; i < N_KEYS; i++) {
        const struct key *key = &keys[i];
        char env[MAX_ENV];

        if (key->kind == KIND_GROUP) {
            (void)fprintf(output, "\n%s\n", key->flag);
            continue;
        }
        env_name(key, env);
        (void)fprintf(output, "  --%-20s %s\n  %22s ", key->flag, key->help,
                      "");
        if (key->kind == KIND_INTEGER) {
            (void)fprintf(output, "[%" PRId64 "] ", key->value);
        } else if (key->text[0] != '\0') {
            (void)fprintf(output, "[%s] ", key->text);
        }
        (void)fprintf(output, "$%s\n", env);
    }
    (void)fputs("\nA flag wins over its environment variable.\n", output);
}

static bool set_integer(const struct key *key, const char *source,
                        const char *text, struct config *config, FILE *errors)
{
    char *end = NULL;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < key->low ||
        value > key->high) {
        (void)fprintf(errors,
                      "aha serve: %s takes a whole number from %" PRId64
                      " to %" PRId64 ", not '%s'\n",
                      source, key->low, key->high, text);
        return false;
    }
    *(int64_t *)(void *)((char *)config + key->offset) = value;
    return true;
}

static bool set_text(const struct key *key, const char *source,
                     const char *text, struct config *config, FILE *errors)
{
    if (strlen(text) >= CONFIG_MAX_TEXT) {
        (void)fprintf(errors, "aha serve: %s takes at most %d bytes\n", source,
                      CONFIG_MAX_TEXT - 1);
        return false;
    }
    memcpy((char *)config + key->offset, text, strlen(text) + 1);
    return true;
}

static bool set(const struct key *key, const char *source, const char *text,
                struct config *config, FILE *errors)
{
    return key->kind == KIND_INTEGER
               ? set_integer(key, source, text, config, errors)
               : set_text(key, source, text, config, errors);
}

static bool read_environment(struct config *config, FILE *errors)
{
    for (int i = 0; i < N_KEYS; i++) {
        const struct key *key = &keys[i];
        char name[MAX_ENV];
        const char *text;

        if (key->kind == KIND_GROUP) {
            continue;
        }
        env_name(key, name);
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread yet */
        text = getenv(name);
        if (text != NULL && !set(key, name, text, config, errors)) {
            return false;
        }
    }
    return true;
}

static const struct key *find_flag(const char *name, size_t n)
{
    for (int i = 0; i < N_KEYS; i++) {
        if (keys[i].kind != KIND_GROUP && strlen(keys[i].flag) == n &&
            memcmp(keys[i].flag, name, n) == 0) {
            return &keys[i];
        }
    }
    return NULL;
}

/* --flag value or --flag=value; *i moves past what was used. */
static bool read_flag(int argc, char **argv, int *i, struct config *config,
                      FILE *errors)
{
    const char *argument = argv[*i];
    const char *equals = strchr(argument, '=');
    size_t n = equals == NULL ? strlen(argument) : (size_t)(equals - argument);
    const struct key *key = n > 2 && memcmp(argument, "--", 2) == 0
                                ? find_flag(argument + 2, n - 2)
                                : NULL;
    char source[MAX_ENV];

    if (key == NULL) {
        (void)fprintf(errors,
                      "aha serve: there is no option %s; see aha serve "
                      "--help\n",
                      argument);
        return false;
    }
    (void)snprintf(source, sizeof source, "--%s", key->flag);
    if (equals != NULL) {
        return set(key, source, equals + 1, config, errors);
    }
    if (*i + 1 >= argc) {
        (void)fprintf(errors, "aha serve: %s needs a value\n", source);
        return false;
    }
    (*i)++;
    return set(key, source, argv[*i], config, errors);
}

static bool check(const struct config *config, FILE *errors)
{
    if (strcmp(config->log_format, "") != 0 &&
        strcmp(config->log_format, "json") != 0 &&
        strcmp(config->log_format, "pretty") != 0) {
        (void)fprintf(errors,
                      "aha serve: --log-format is json or pretty, not '%s'\n",
                      config->log_format);
        return false;
    }
    return true;
}

enum config_result config_parse(int argc, char **argv, struct config *out,
                                FILE *output, FILE *errors)
{
    struct config config = {0};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(output);
            return CONFIG_HELP;
        }
    }
    for (int i = 0; i < N_KEYS; i++) {
        if (keys[i].kind == KIND_INTEGER) {
            *(int64_t *)(void *)((char *)&config + keys[i].offset) =
                keys[i].value;
        } else if (keys[i].kind == KIND_TEXT) {
            (void)set_text(&keys[i], "", keys[i].text, &config, errors);
        }
    }
    if (!read_environment(&config, errors)) {
        return CONFIG_BAD;
    }
    for (int i = 1; i < argc; i++) {
        if (!read_flag(argc, argv, &i, &config, errors)) {
            return CONFIG_BAD;
        }
    }
    if (!check(&config, errors)) {
        return CONFIG_BAD;
    }
    *out = config;
    return CONFIG_RUN;
}
