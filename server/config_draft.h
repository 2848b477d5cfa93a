// SPDX-License-Identifier: MIT
/*
 * config_draft.h - the settings while they are gathered: each value with the
 * place it came from. Belongs to config_parse's stack; one thread.
 */
#ifndef AHA_SERVER_CONFIG_DRAFT_H
#define AHA_SERVER_CONFIG_DRAFT_H

#include <stdbool.h>
#include <stdio.h>

#include "server/config.h"
#include "server/config_keys.h"

enum {
    CONFIG_MAX_PLACE = CONFIG_MAX_TEXT + 2 * CONFIG_MAX_NAME,
    CONFIG_MAX_ECHO = 64,
};

/** Who named a value, the weakest first. */
enum config_origin {
    CONFIG_FROM_DEFAULT,
    CONFIG_FROM_FILE,
    CONFIG_FROM_ENVIRONMENT,
    CONFIG_FROM_FLAG,
};

struct config_from {
    enum config_origin origin;
    int line; /* of the file, from 1 */
};

struct config_draft {
    struct config config;
    struct config_from from[CONFIG_MAX_KEYS]; /* in config_keys' order */
    bool wants_print;
    FILE *errors; /* borrowed */
};

/** A text cut and without what a terminal would act on, for a sentence. */
const char *config_echo(const char *text, char out[CONFIG_MAX_ECHO]);

/** Where a value was named: "--port", "AHA_PORT", "aha.conf:3: port",
 *  "the default". */
const char *config_place(const struct config_draft *draft,
                         const struct config_key *key, struct config_from from,
                         char out[CONFIG_MAX_PLACE]);

/**
 * Check a value, and take it unless a stronger origin has named one.
 *
 * @return false when it is not accepted: errors has a sentence
 */
bool config_set(struct config_draft *draft, const struct config_key *key,
                struct config_from from, const char *text);

#endif
