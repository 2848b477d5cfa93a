// SPDX-License-Identifier: MIT
#include "tests/unit/support_json.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *support_json(char *text)
{
    json_error_t where;
    json_t *root;

    ck_assert_ptr_nonnull(text);
    root = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    ck_assert_msg(root != NULL, "%s in %s", where.text, text);
    free(text);
    return root;
}

const json_t *support_find(const json_t *root, const char *path)
{
    while (root != NULL && *path != '\0') {
        size_t n = strcspn(path, ".");
        char key[64];

        ck_assert_uint_lt(n, sizeof key);
        memcpy(key, path, n);
        key[n] = '\0';
        root = json_is_array(root)
                   ? json_array_get(root, strtoul(key, NULL, 10))
                   : json_object_get(root, key);
        path += n + (path[n] == '.' ? 1 : 0);
    }
    return root;
}

const json_t *support_at(const json_t *root, const char *path)
{
    const json_t *value = support_find(root, path);

    ck_assert_msg(value != NULL, "%s is missing", path);
    return value;
}

double support_number(const json_t *root, const char *path)
{
    const json_t *value = support_at(root, path);

    ck_assert_msg(json_is_number(value), "%s is no number", path);
    return json_number_value(value);
}

const char *support_string(const json_t *root, const char *path)
{
    const json_t *value = support_at(root, path);

    ck_assert_msg(json_is_string(value), "%s is no string", path);
    return json_string_value(value);
}

void support_expect_keys(const json_t *root, const char *path, const char *keys)
{
    /* Only the iteration wants what is not const. */
    json_t *object = json_copy((json_t *)(uintptr_t)support_at(root, path));
    char found[1024] = "";
    const char *key;
    json_t *value;

    ck_assert_msg(json_is_object(object), "%s is no object", path);
    json_object_foreach(object, key, value)
    {
        size_t n = strlen(found);

        (void)snprintf(found + n, sizeof found - n, "%s%s", n > 0 ? " " : "",
                       key);
    }
    json_decref(object);
    ck_assert_str_eq(found, keys);
}
