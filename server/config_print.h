// SPDX-License-Identifier: MIT
/*
 * config_print.h - the settings for a person: --help and --print-config.
 */
#ifndef AHA_SERVER_CONFIG_PRINT_H
#define AHA_SERVER_CONFIG_PRINT_H

#include <stdio.h>

#include "server/config_draft.h"

/** Every flag by group, with its default and its variable. */
void config_print_help(FILE *output);

/**
 * The settings as they are, in the form of the configuration file; where each
 * came from stands in a comment.
 */
void config_print(const struct config_draft *draft, FILE *output);

#endif
