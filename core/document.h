// SPDX-License-Identifier: MIT
/*
 * document.h - strict typed reading of the JSON inside weight files.
 *
 * The only user of Jansson in core. Every getter checks type and range and
 * says which key is wrong. A node is borrowed from its document. Reading one
 * document from several threads is safe.
 */
#ifndef AHA_CORE_DOCUMENT_H
#define AHA_CORE_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aha/error.h"

struct document_node;

/**
 * Parse a document: one object, no duplicate keys, valid UTF-8.
 *
 * @param out  release with document_close; written on success only
 */
enum aha_status document_open(const char *text, size_t n_bytes,
                              struct document_node **out,
                              struct aha_error *err) AHA_MUST_CHECK;

void document_close(struct document_node *document);

/** Member of an object, or NULL when it is absent or node is no object. */
const struct document_node *document_member(const struct document_node *node,
                                            const char *key);

/** Element of an array, or NULL. */
const struct document_node *document_item(const struct document_node *node,
                                          int i);

bool document_is_object(const struct document_node *node);

/** Elements of an array or members of an object; -1 for anything else. */
int document_count(const struct document_node *node);

/** Called for each member; false stops the walk. */
typedef bool document_each_fn(void *data, const char *key,
                              const struct document_node *value);

/** Visit an object's members in file order; nothing for anything else. */
void document_each(const struct document_node *node, document_each_fn *visit,
                   void *data);

/** An integer within [low, high]. */
enum aha_status document_int(const struct document_node *node, const char *key,
                             int64_t low, int64_t high, int64_t *out,
                             struct aha_error *err) AHA_MUST_CHECK;

/** As document_int for an array of exactly n. */
enum aha_status document_ints(const struct document_node *node, const char *key,
                              int64_t low, int64_t high, int n, int *out,
                              struct aha_error *err) AHA_MUST_CHECK;

/** A finite number within [low, high]. */
enum aha_status document_real(const struct document_node *node, const char *key,
                              double low, double high, float *out,
                              struct aha_error *err) AHA_MUST_CHECK;

/** As document_real for an array of exactly n. */
enum aha_status document_reals(const struct document_node *node,
                               const char *key, double low, double high, int n,
                               float *out,
                               struct aha_error *err) AHA_MUST_CHECK;

/** true or false; false where the key is absent. */
enum aha_status document_bool(const struct document_node *node, const char *key,
                              bool *out, struct aha_error *err) AHA_MUST_CHECK;

/** A string of 1..capacity-1 bytes without NUL, copied out. */
enum aha_status document_string(const struct document_node *node,
                                const char *key, size_t capacity, char *out,
                                struct aha_error *err) AHA_MUST_CHECK;

/** This node's integers, when it is an array of at most max of them within
 * [low, high]; the count, or -1. */
int document_int_array(const struct document_node *node, int64_t low,
                       int64_t high, int max, int64_t *out);

/** A string, borrowed from the document, or NULL when absent or no string. */
const char *document_borrow_string(const struct document_node *node,
                                   const char *key);

/** This node's own string, or NULL. */
const char *document_text(const struct document_node *node);

#endif
