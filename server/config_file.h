// SPDX-License-Identifier: MIT
/*
 * config_file.h - the configuration file: lines of `key = value`.
 *
 * A value is bare, or in double quotes with \" and \\ in it; bare it holds no
 * space, quote, backslash or #. # begins a comment, at the start of a line or
 * after a value and a space. The text is UTF-8; a key stands once; there are
 * no sections. Every bound is below.
 */
#ifndef AHA_SERVER_CONFIG_FILE_H
#define AHA_SERVER_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "server/config_draft.h"

enum {
    CONFIG_MAX_FILE = 65536, /* bytes */
    CONFIG_MAX_LINE = 2048,  /* bytes, without the line's end */
};

/**
 * Read the file at draft->config.config_file into the draft.
 *
 * @return false when it cannot be read or a line is wrong: errors has a
 *         sentence that begins with the file and the line
 */
bool config_read_file(struct config_draft *draft);

/** The same of n bytes that were read from there. */
bool config_read_text(struct config_draft *draft, const char *text, size_t n);

#endif
