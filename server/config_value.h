// SPDX-License-Identifier: MIT
/*
 * config_value.h - what one value may be. Pure functions of their arguments,
 * safe from any thread.
 */
#ifndef AHA_SERVER_CONFIG_VALUE_H
#define AHA_SERVER_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/config_keys.h"

/**
 * Whether a setting takes this value.
 *
 * @param number  the value of an integer, written when it is taken; 0 of texts
 */
bool config_accepts(const struct config_key *key, const char *text,
                    int64_t *number);

/** Whether n bytes are UTF-8 without control characters. */
bool config_is_text(const char *text, size_t n);

/**
 * The checks of config.def's TEXT rows: an address to listen on; "", * or a
 * web origin as browsers write it; "" or a SHA-256.
 */
bool config_is_address(const char *text);
bool config_is_origin(const char *text);
bool config_is_digest(const char *text);

#endif
