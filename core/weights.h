// SPDX-License-Identifier: MIT
/*
 * weights.h - the project's own metadata on top of safetensors (MODEL.md 2).
 */
#ifndef AHA_CORE_WEIGHTS_H
#define AHA_CORE_WEIGHTS_H

#include <stddef.h>

#include "aha/error.h"

#include "core/document.h"
#include "core/safetensors.h"

/**
 * Check format, version and kind, and parse the configuration.
 *
 * @param kind  "detector", "landmarks" or "expression"
 * @param out   release with document_close; written on success only
 *
 * @return AHA_ERR_WEIGHTS saying what the file is instead.
 */
enum aha_status weights_config(const struct safetensors *file, const char *kind,
                               struct document_node **out,
                               struct aha_error *err) AHA_MUST_CHECK;

/**
 * Copy a metadata text out; "" when the file has none.
 *
 * @param capacity  bytes of out, with the final NUL
 * @param out       written on success only
 *
 * @return AHA_ERR_WEIGHTS naming the key when the text is longer.
 */
enum aha_status weights_text(const struct safetensors *file, const char *key,
                             size_t capacity, char *out,
                             struct aha_error *err) AHA_MUST_CHECK;

/**
 * Put a file's name before an error's text, so that a person sees which of
 * several weight files is meant. @return err's status, or `status` without err
 */
enum aha_status weights_blame(struct aha_error *err, enum aha_status status,
                              const char *path);

#endif
