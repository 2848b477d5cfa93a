// SPDX-License-Identifier: MIT
/*
 * common.h - what the verbs share: opening the networks, reading a file, the
 * options that every look at a photo takes. One thread.
 */
#ifndef AHA_CLI_COMMON_H
#define AHA_CLI_COMMON_H

#include <stdbool.h>
#include <stddef.h>

#include "aha/pipeline.h"

enum {
    EXIT_OK = 0,
    EXIT_SOME_FAILED = 1, /* at least one photo could not be answered */
    EXIT_USAGE = 2,
};

/** A pipeline with one session of it. */
struct engine {
    struct aha_pipeline *pipeline;
    struct aha_session *session;
    const struct aha_model_info *info;
};

/**
 * Bring everything up from a folder of weights.
 *
 * @param models  NULL: look where they usually are
 *
 * @return false after saying on stderr what is wrong and what to do
 */
bool engine_open(struct engine *engine, const char *models);

void engine_close(struct engine *engine);

/**
 * Read a whole file, at most max_bytes.
 *
 * @param out  caller frees
 *
 * @return NULL, or a sentence (static) that says what is wrong
 */
const char *file_read(const char *path, size_t max_bytes, unsigned char **out,
                      size_t *n_bytes);

enum { FILE_MAX_BYTES = 256 << 20 };

/**
 * Parse a decimal number within [low, high].
 *
 * @return false after saying on stderr which option is wrong
 */
bool number_parse(const char *option, const char *text, double low, double high,
                  double *out);

#endif
