// SPDX-License-Identifier: MIT
#include "core/weights.h"

#include <string.h>

static enum aha_status expect(const struct safetensors *file, const char *key,
                              const char *wanted, struct aha_error *err)
{
    const char *value = safetensors_metadata(file, key);

    if (value == NULL || strcmp(value, wanted) != 0) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "metadata \"%s\" is \"%.40s\", not \"%s\"", key,
                             value == NULL ? "" : value, wanted);
    }
    return AHA_OK;
}

enum aha_status weights_config(const struct safetensors *file, const char *kind,
                               struct document_node **out,
                               struct aha_error *err)
{
    const char *text = safetensors_metadata(file, "config");
    enum aha_status status = expect(file, "format", "aha", err);

    if (status == AHA_OK) {
        status = expect(file, "format_version", "1", err);
    }
    if (status == AHA_OK) {
        status = expect(file, "kind", kind, err);
    }
    if (status != AHA_OK) {
        return status;
    }
    if (text == NULL) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "metadata \"config\" is missing");
    }
    return document_open(text, strlen(text), out, err);
}

enum aha_status weights_text(const struct safetensors *file, const char *key,
                             size_t capacity, char *out, struct aha_error *err)
{
    const char *text = safetensors_metadata(file, key);
    size_t n;

    if (text == NULL) {
        text = "";
    }
    n = strlen(text);
    if (n >= capacity) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "metadata \"%s\" has %zu bytes, more than %zu",
                             key, n, capacity - 1);
    }
    memcpy(out, text, n + 1);
    return AHA_OK;
}

enum aha_status weights_blame(struct aha_error *err, enum aha_status status,
                              const char *path)
{
    struct aha_error inner;
    size_t n = strlen(path);
    size_t room = AHA_ERROR_TEXT / 3;

    if (err == NULL) {
        return status;
    }
    inner = *err;
    return aha_error_set(err, status, "%s%s: %s", n > room ? "..." : "",
                         n > room ? path + n - room : path, inner.text);
}
