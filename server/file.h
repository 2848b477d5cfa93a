// SPDX-License-Identifier: MIT
/*
 * file.h - a small file that the operator wrote, read whole.
 */
#ifndef AHA_SERVER_FILE_H
#define AHA_SERVER_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "aha/error.h"

struct file {
    char *text; /* n bytes, none of them '\0', and the end */
    size_t n;
    bool is_exposed; /* every user of this machine could read it */
};

/**
 * Read a regular file of text.
 *
 * @param out  release with file_wipe; written on success only
 *
 * @return AHA_ERR_IO with a sentence that names the file, AHA_ERR_TOO_LARGE
 *         when it has more than max_bytes
 */
enum aha_status file_load(const char *path, size_t max_bytes, struct file *out,
                          struct aha_error *err) AHA_MUST_CHECK;

/** Overwrite and free the text; a second call does nothing. */
void file_wipe(struct file *file);

#endif
