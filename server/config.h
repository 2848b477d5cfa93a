// SPDX-License-Identifier: MIT
/*
 * config.h - the daemon's settings, from flags, then environment, then the
 * configuration file, then defaults. Read once at start by main, while there
 * is one thread; immutable after.
 */
#ifndef AHA_SERVER_CONFIG_H
#define AHA_SERVER_CONFIG_H

#include <stdint.h>
#include <stdio.h>

enum { CONFIG_MAX_TEXT = 512 };

/** One field a row of config.def; a text is valid UTF-8 of one line. */
struct config {
#define GROUP(title)
#define INTEGER(field, flag, value, low, high, help) int64_t field;
#define NUMBER(field, flag, value, choices, help)    int64_t field;
#define PATH(field, flag, help)                      char field[CONFIG_MAX_TEXT];
#define CHOICE(field, flag, value, choices, help)    char field[CONFIG_MAX_TEXT];
#define LIST(field, flag, value, choices, help)      char field[CONFIG_MAX_TEXT];
#define TEXT(field, flag, value, check, accepts, help)                         \
    char field[CONFIG_MAX_TEXT];
#include "server/config.def"
};

enum config_result {
    CONFIG_RUN,  /* go on with these settings */
    CONFIG_HELP, /* --help or --print-config: `output` has it, stop well */
    CONFIG_BAD,  /* a sentence on `errors` says which setting is wrong */
};

/**
 * Settle every setting. A value must be valid wherever it is given, also
 * where a stronger place overrides it. Of AHA_ variables that are no setting,
 * those that look like a misspelt one are refused, others are not ours.
 *
 * @param argc, argv  from the verb's own name on
 * @param out         written on CONFIG_RUN only
 * @param errors      gets one line on CONFIG_BAD, nothing otherwise
 */
enum config_result config_parse(int argc, char **argv, struct config *out,
                                FILE *output, FILE *errors);

#endif
