// SPDX-License-Identifier: MIT
#include "core/document.h"

#include <math.h>
#include <string.h>

#include <jansson.h>

/* A node is a json_t under another name, so that Jansson stays in here. */
static const json_t *as_json(const struct document_node *node)
{
    return (const json_t *)node;
}

static const struct document_node *as_node(const json_t *json)
{
    return (const struct document_node *)json;
}

enum aha_status document_open(const char *text, size_t n_bytes,
                              struct document_node **out, struct aha_error *err)
{
    json_error_t why = {.text = ""};
    json_t *root = json_loadb(text, n_bytes, JSON_REJECT_DUPLICATES, &why);

    if (root == NULL && json_error_code(&why) == json_error_out_of_memory) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    if (root == NULL) {
        return aha_error_set(err, AHA_ERR_WEIGHTS, "broken JSON at byte %d: %s",
                             why.position, why.text);
    }
    if (!json_is_object(root)) {
        json_decref(root);
        return aha_error_set(err, AHA_ERR_WEIGHTS, "the JSON is no object");
    }
    *out = (struct document_node *)root;
    return AHA_OK;
}

void document_close(struct document_node *document)
{
    json_decref((json_t *)document);
}

const struct document_node *document_member(const struct document_node *node,
                                            const char *key)
{
    return as_node(json_object_get(as_json(node), key));
}

const struct document_node *document_item(const struct document_node *node,
                                          int i)
{
    if (i < 0 || !json_is_array(as_json(node))) {
        return NULL;
    }
    return as_node(json_array_get(as_json(node), (size_t)i));
}

bool document_is_object(const struct document_node *node)
{
    return json_is_object(as_json(node));
}

int document_count(const struct document_node *node)
{
    size_t n;

    if (json_is_array(as_json(node))) {
        n = json_array_size(as_json(node));
    } else if (json_is_object(as_json(node))) {
        n = json_object_size(as_json(node));
    } else {
        return -1;
    }
    return n > INT32_MAX ? -1 : (int)n;
}

void document_each(const struct document_node *node, document_each_fn *visit,
                   void *data)
{
    const char *key;
    json_t *value;

    /* Jansson's iterator takes a mutable object but does not change it. */
    json_object_foreach((json_t *)(uintptr_t)node, key, value)
    {
        if (!visit(data, key, as_node(value))) {
            return;
        }
    }
}

static enum aha_status read_int(const json_t *json, const char *key,
                                int64_t low, int64_t high, int64_t *out,
                                struct aha_error *err)
{
    json_int_t value;

    if (!json_is_integer(json)) {
        return aha_error_set(err, AHA_ERR_WEIGHTS, "\"%s\" must be an integer",
                             key);
    }
    value = json_integer_value(json);
    if (value < low || value > high) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "\"%s\" is %lld, outside %lld..%lld", key,
                             (long long)value, (long long)low, (long long)high);
    }
    *out = value;
    return AHA_OK;
}

static enum aha_status read_real(const json_t *json, const char *key,
                                 double low, double high, float *out,
                                 struct aha_error *err)
{
    double value;

    if (!json_is_number(json)) {
        return aha_error_set(err, AHA_ERR_WEIGHTS, "\"%s\" must be a number",
                             key);
    }
    value = json_number_value(json);
    if (!isfinite(value) || value < low || value > high) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "\"%s\" is %g, outside %g..%g", key, value, low,
                             high);
    }
    *out = (float)value;
    return AHA_OK;
}

static enum aha_status find_array(const struct document_node *node,
                                  const char *key, int n, const json_t **out,
                                  struct aha_error *err)
{
    const json_t *array = json_object_get(as_json(node), key);

    if (!json_is_array(array) || json_array_size(array) != (size_t)n) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "\"%s\" must be an array of %d", key, n);
    }
    *out = array;
    return AHA_OK;
}

enum aha_status document_int(const struct document_node *node, const char *key,
                             int64_t low, int64_t high, int64_t *out,
                             struct aha_error *err)
{
    return read_int(json_object_get(as_json(node), key), key, low, high, out,
                    err);
}

enum aha_status document_ints(const struct document_node *node, const char *key,
                              int64_t low, int64_t high, int n, int *out,
                              struct aha_error *err)
{
    const json_t *array = NULL;
    enum aha_status status = find_array(node, key, n, &array, err);

    for (int i = 0; status == AHA_OK && i < n; i++) {
        int64_t value = 0;

        status = read_int(json_array_get(array, (size_t)i), key, low, high,
                          &value, err);
        out[i] = (int)value;
    }
    return status;
}

enum aha_status document_real(const struct document_node *node, const char *key,
                              double low, double high, float *out,
                              struct aha_error *err)
{
    return read_real(json_object_get(as_json(node), key), key, low, high, out,
                     err);
}

enum aha_status document_reals(const struct document_node *node,
                               const char *key, double low, double high, int n,
                               float *out, struct aha_error *err)
{
    const json_t *array = NULL;
    enum aha_status status = find_array(node, key, n, &array, err);

    for (int i = 0; status == AHA_OK && i < n; i++) {
        status = read_real(json_array_get(array, (size_t)i), key, low, high,
                           &out[i], err);
    }
    return status;
}

const char *document_borrow_string(const struct document_node *node,
                                   const char *key)
{
    return json_string_value(json_object_get(as_json(node), key));
}

enum aha_status document_bool(const struct document_node *node, const char *key,
                              bool *out, struct aha_error *err)
{
    const json_t *json = json_object_get(as_json(node), key);

    if (json != NULL && !json_is_boolean(json)) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "\"%s\" must be true or false", key);
    }
    *out = json_is_true(json);
    return AHA_OK;
}

enum aha_status document_string(const struct document_node *node,
                                const char *key, size_t capacity, char *out,
                                struct aha_error *err)
{
    const char *text = document_borrow_string(node, key);
    size_t n = text == NULL ? 0 : strlen(text);

    /* Jansson refuses \u0000 unless asked, so strlen sees it all. */
    if (n == 0 || n >= capacity) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "\"%s\" must be a string of 1 to %zu bytes", key,
                             capacity - 1);
    }
    memcpy(out, text, n + 1);
    return AHA_OK;
}

const char *document_text(const struct document_node *node)
{
    return json_string_value(as_json(node));
}

int document_int_array(const struct document_node *node, int64_t low,
                       int64_t high, int max, int64_t *out)
{
    int n = json_is_array(as_json(node)) ? document_count(node) : -1;

    if (n > max) {
        return -1;
    }
    for (int i = 0; i < n; i++) {
        if (read_int(json_array_get(as_json(node), (size_t)i), "", low, high,
                     &out[i], NULL) != AHA_OK) {
            return -1;
        }
    }
    return n;
}
