// SPDX-License-Identifier: MIT
#include "server/config.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/body.h"
#include "server/config_draft.h"
#include "server/config_file.h"
#include "server/config_keys.h"
#include "server/config_print.h"

static bool set_defaults(struct config_draft *draft)
{
    for (int i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];
        struct config_from from = {CONFIG_FROM_DEFAULT, 0};

        if (key->kind != CONFIG_GROUP &&
            !config_set(draft, key, from, key->value)) {
            return false;
        }
    }
    return true;
}

static bool refuse_flag(const char *argument, FILE *errors)
{
    const char *name = argument + strspn(argument, "-");
    char word[CONFIG_MAX_NAME];
    char echo[CONFIG_MAX_ECHO];
    const struct config_key *near;

    (void)snprintf(word, sizeof word, "%.*s", (int)strcspn(name, "="), name);
    near = config_nearest(word);
    (void)config_echo(argument, echo);
    if (near == NULL) {
        (void)fprintf(errors,
                      "aha serve: there is no option %s; see aha serve "
                      "--help\n",
                      echo);
    } else {
        (void)fprintf(errors,
                      "aha serve: there is no option %s; did you mean --%s?\n",
                      echo, near->name);
    }
    return false;
}

/* --flag value or --flag=value; *i moves past what was used. */
static bool read_flag(int argc, char **argv, int *i, struct config_draft *draft)
{
    const struct config_from from = {CONFIG_FROM_FLAG, 0};
    const char *argument = argv[*i];
    size_t n = strcspn(argument, "=");
    char name[CONFIG_MAX_NAME] = "";
    const struct config_key *key;

    if (strcmp(argument, "--print-config") == 0) {
        draft->wants_print = true;
        return true;
    }
    if (n > 2 && n < sizeof name && strncmp(argument, "--", 2) == 0) {
        memcpy(name, argument + 2, n - 2);
    }
    key = config_find(name);
    if (key == NULL) {
        return refuse_flag(argument, draft->errors);
    }
    if (argument[n] == '=') {
        return config_set(draft, key, from, argument + n + 1);
    }
    if (*i + 1 >= argc) {
        (void)fprintf(draft->errors, "aha serve: --%s needs a value\n", name);
        return false;
    }
    (*i)++;
    return config_set(draft, key, from, argv[*i]);
}

/* "AHA_NAME=..." is a setting, or clearly somebody else's */
static bool check_variable(const char *entry, FILE *errors)
{
    size_t n = strcspn(entry, "=");
    char name[CONFIG_MAX_NAME], word[CONFIG_MAX_NAME], right[CONFIG_MAX_NAME];
    const struct config_key *near;

    if (n >= sizeof name || strncmp(entry, "AHA_", 4) != 0) {
        return true;
    }
    memcpy(name, entry, n);
    name[n] = '\0';
    for (size_t i = 4; i <= n; i++) {
        word[i - 4] =
            name[i] == '_' ? '-' : (char)tolower((unsigned char)name[i]);
    }
    near = config_nearest(word);
    if (near == NULL) {
        return true;
    }
    config_env_name(near, right);
    if (strcmp(right, name) == 0) {
        return true;
    }
    (void)config_echo(name, word);
    (void)fprintf(errors,
                  "aha serve: there is no setting %s; did you mean %s?\n", word,
                  right);
    return false;
}

static bool read_environment(struct config_draft *draft)
{
    const struct config_from from = {CONFIG_FROM_ENVIRONMENT, 0};

    for (int i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];
        char name[CONFIG_MAX_NAME];
        const char *text;

        if (key->kind == CONFIG_GROUP) {
            continue;
        }
        config_env_name(key, name);
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread yet */
        text = getenv(name);
        if (text != NULL && !config_set(draft, key, from, text)) {
            return false;
        }
    }
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        if (!check_variable(*entry, draft->errors)) {
            return false;
        }
    }
    return true;
}

/* A setting that cannot stand as the others are; always false. */
static bool refuse_pair(const struct config_draft *draft, const char *name,
                        const char *sentence)
{
    const struct config_key *key = config_find(name);
    char place[CONFIG_MAX_PLACE];

    (void)fprintf(
        draft->errors, "aha serve: %s %s\n",
        config_place(draft, key, draft->from[key - config_keys], place),
        sentence);
    return false;
}

/* What uploads of one request may hold for a moment: a growing body has its
   bytes twice, and JSON spells three of a photo with four. */
static int64_t one_request(const struct config *config)
{
    int64_t bytes = config->max_source_bytes > config->max_request_bytes
                        ? config->max_source_bytes
                        : config->max_request_bytes;

    return 2 * (bytes / 3 * 4 + BODY_OVERHEAD);
}

static bool check_buffered(const struct config_draft *draft)
{
    char sentence[CONFIG_MAX_ECHO * 4];
    long long least = one_request(&draft->config);

    if (draft->config.max_buffered_bytes >= least) {
        return true;
    }
    (void)snprintf(sentence, sizeof sentence,
                   "must be %lld at least, what one request of "
                   "max-source-bytes or max-request-bytes may take",
                   least);
    return refuse_pair(draft, "max-buffered-bytes", sentence);
}

/* What no value says alone. */
static bool check_together(const struct config_draft *draft)
{
    const struct config *config = &draft->config;

    if (config->tls_cert[0] != '\0' && config->tls_key[0] == '\0') {
        return refuse_pair(draft, "tls-cert", "needs tls-key as well");
    }
    if (config->tls_key[0] != '\0' && config->tls_cert[0] == '\0') {
        return refuse_pair(draft, "tls-key", "needs tls-cert as well");
    }
    if (config->rate_limit != 0 && config->api_key_file[0] == '\0') {
        return refuse_pair(draft, "rate-limit",
                           "needs api-key-file as well, for it counts by key");
    }
    return check_buffered(draft);
}

enum config_result config_parse(int argc, char **argv, struct config *out,
                                FILE *output, FILE *errors)
{
    struct config_draft draft = {.errors = errors};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            config_print_help(output);
            return CONFIG_HELP;
        }
    }
    if (!set_defaults(&draft)) {
        return CONFIG_BAD;
    }
    for (int i = 1; i < argc; i++) {
        if (!read_flag(argc, argv, &i, &draft)) {
            return CONFIG_BAD;
        }
    }
    if (!read_environment(&draft)) {
        return CONFIG_BAD;
    }
    if (draft.config.config_file[0] != '\0' && !config_read_file(&draft)) {
        return CONFIG_BAD;
    }
    if (!check_together(&draft)) {
        return CONFIG_BAD;
    }
    if (draft.wants_print) {
        config_print(&draft, output);
        return CONFIG_HELP;
    }
    *out = draft.config;
    return CONFIG_RUN;
}
