// SPDX-License-Identifier: MIT
/*
 * config.h - the daemon's settings, from flags, then environment, then
 * defaults. Read once at start by main; immutable after.
 */
#ifndef AHA_SERVER_CONFIG_H
#define AHA_SERVER_CONFIG_H

#include <stdint.h>
#include <stdio.h>

enum { CONFIG_MAX_TEXT = 256 };

/** One field a row of config.def. */
struct config {
#define GROUP(title)
#define TEXT(field, flag, value, help)               char field[CONFIG_MAX_TEXT];
#define INTEGER(field, flag, value, low, high, help) int64_t field;
#include "server/config.def"
#undef GROUP
#undef TEXT
#undef INTEGER
};

enum config_result {
    CONFIG_RUN,  /* go on with these settings */
    CONFIG_HELP, /* --help was printed */
    CONFIG_BAD,  /* a sentence on `errors` says which setting is wrong */
};

/**
 * @param argc, argv  from the verb's own name on
 * @param out         written on CONFIG_RUN only
 */
enum config_result config_parse(int argc, char **argv, struct config *out,
                                FILE *output, FILE *errors);

#endif
