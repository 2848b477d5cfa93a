// SPDX-License-Identifier: MIT
/*
 * config_keys.h - config.def as a table: names, and what each setting takes.
 * Constants and pure functions, safe from any thread.
 */
#ifndef AHA_SERVER_CONFIG_KEYS_H
#define AHA_SERVER_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/config.h"

enum {
    CONFIG_MAX_KEYS = 64,
    CONFIG_MAX_NAME = 64, /* of a flag, key or variable, with its 0 */
    CONFIG_MAX_ACCEPTED = 192,
};

enum config_kind {
    CONFIG_GROUP, /* a heading, no setting */
    CONFIG_INTEGER,
    CONFIG_NUMBER,
    CONFIG_PATH,
    CONFIG_CHOICE,
    CONFIG_LIST,
    CONFIG_TEXT,
};

/** A row of config.def; what its kind has not is 0 or NULL. */
struct config_key {
    enum config_kind kind;
    const char *name;  /* of flag and file key, or the group's title */
    size_t offset;     /* of the field in struct config */
    const char *value; /* the default, as one would write it */
    int64_t low;
    int64_t high;
    const char *accepts; /* choices with | between, or a phrase */
    bool (*check)(const char *text);
    const char *help;
};

extern const struct config_key config_keys[];
extern const int config_n_keys;

/** Whether the field is an int64_t, else it is a text. */
bool config_is_integer(const struct config_key *key);

/** Whether it names the configuration file, where it cannot stand itself. */
bool config_is_file(const struct config_key *key);

/** The environment's name of a setting: max-faces is AHA_MAX_FACES. */
void config_env_name(const struct config_key *key, char out[CONFIG_MAX_NAME]);

/** The setting of exactly this name, or NULL. */
const struct config_key *config_find(const char *name);

/**
 * The setting that somebody who typed this name most likely meant: at most
 * three letters added, lost, changed or swapped, and at most a third of them.
 *
 * @return NULL when nothing is near
 */
const struct config_key *config_nearest(const char *name);

/** What a setting takes, to follow "takes ": "a whole number from 0 to 9". */
void config_accepted(const struct config_key *key,
                     char out[CONFIG_MAX_ACCEPTED]);

#endif
