// SPDX-License-Identifier: MIT
#include "server/parse.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "server/base64.h"
#include "server/parse_json.h"

/* Room for many photos too many, so that the client hears which limit it is. */
static const struct parse_bounds of_photos = {.containers = 1024,
                                              .values = 4096};

/* From after a string's first quote to after its last. */
static const char *skip_string(const char *text, const char *end)
{
    while ((text = memchr(text, '"', (size_t)(end - text))) != NULL) {
        size_t n_escapes = 0;

        while (text[-1 - (ptrdiff_t)n_escapes] == '\\') {
            n_escapes++;
        }
        text++;
        if (n_escapes % 2 == 0) {
            return text;
        }
    }
    return end;
}

static bool is_within(const char *text, size_t n, struct parse_bounds bounds)
{
    const char *end = text + n;
    size_t containers = 0;
    size_t values = 0;

    while (text < end) {
        char c = *text++;

        if (c == '"') {
            text = skip_string(text, end);
        } else if (c == '[' || c == '{') {
            containers++;
        } else if (c == ',') {
            values++;
        }
    }
    return containers <= bounds.containers && values <= bounds.values;
}

json_t *parse_object(struct job *job, const void *bytes, size_t n,
                     struct parse_bounds bounds)
{
    json_error_t where = {.text = ""};
    json_t *root;

    if (n > 0 && !is_within(bytes, n, bounds)) {
        failure_set(
            &job->failure, PROBLEM_MALFORMED_JSON,
            "The body has more JSON values than are read; large tensors "
            "go into binary data.");
        return NULL;
    }
    root = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL && json_error_code(&where) == json_error_out_of_memory) {
        failure_set(&job->failure, PROBLEM_OVERLOADED,
                    "There is no memory for this body now.");
    } else if (root == NULL) {
        failure_set(&job->failure, PROBLEM_MALFORMED_JSON,
                    "The body is no valid JSON in UTF-8: line %d, column %d.",
                    where.line, where.column);
    } else if (!json_is_object(root)) {
        json_decref(root);
        root = NULL;
        failure_set(&job->failure, PROBLEM_MALFORMED_JSON,
                    "The body must be a JSON object.");
    }
    return root;
}

/* Every member must be one of two names. */
static bool has_only(struct job *job, json_t *object, const char *what,
                     const char *first, const char *second)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        if (strcmp(key, first) != 0 &&
            (second == NULL || strcmp(key, second) != 0)) {
            failure_set(&job->failure, PROBLEM_MALFORMED_JSON,
                        "%s has no member %.40s; it takes %s%s%s.", what, key,
                        first, second == NULL ? "" : " and ",
                        second == NULL ? "" : second);
            return false;
        }
    }
    return true;
}

static bool set_option(struct job *job, const char *name, const char *text)
{
    char detail[FAILURE_DETAIL];

    if (options_set(&job->options, name, text, sizeof detail, detail)) {
        return true;
    }
    failure_set(&job->failure, PROBLEM_INVALID_PARAMETER, "%s", detail);
    return false;
}

/* ["pose", "timing"] as "pose,timing"; false when it is no such list. */
static bool join_words(json_t *array, size_t capacity, char *out)
{
    size_t used = 0;
    size_t i;
    json_t *item;

    out[0] = '\0';
    json_array_foreach(array, i, item)
    {
        size_t n = json_string_length(item);

        if (!json_is_string(item) || n == 0 || n + 2 > capacity - used ||
            strchr(json_string_value(item), ',') != NULL) {
            return false;
        }
        if (i > 0) {
            out[used++] = ',';
        }
        memcpy(out + used, json_string_value(item), n + 1);
        used += n;
    }
    return true;
}

static bool read_option(struct job *job, const char *name, json_t *value)
{
    char text[OPTION_MAX_TEXT] = "";

    if (json_is_string(value)) {
        return set_option(job, name, json_string_value(value));
    }
    if (json_is_integer(value)) {
        (void)snprintf(text, sizeof text, "%lld", json_integer_value(value));
    } else if (json_is_real(value)) {
        (void)snprintf(text, sizeof text, "%.17g", json_real_value(value));
    } else if (!json_is_array(value) || !join_words(value, sizeof text, text)) {
        failure_set(&job->failure, PROBLEM_INVALID_PARAMETER,
                    "The option %.40s must be a number, a string or a list of "
                    "strings.",
                    name);
        return false;
    }
    return set_option(job, name, text);
}

static bool read_options(struct job *job, json_t *options)
{
    const char *name;
    json_t *value;

    if (options == NULL) {
        return true;
    }
    if (!json_is_object(options)) {
        failure_set(&job->failure, PROBLEM_MALFORMED_JSON,
                    "\"options\" must be an object.");
        return false;
    }
    json_object_foreach(options, name, value)
    {
        if (!read_option(job, name, value)) {
            return false;
        }
    }
    return true;
}

/* {"base64": "..."}, also as a data URL, into the task's empty upload. */
static bool read_image(const struct task *task, json_t *image,
                       struct upload *out, struct failure *failure)
{
    json_t *value = json_object_get(image, "base64");
    const char *text = json_string_value(value);
    size_t n = json_string_length(value);
    size_t skip = text == NULL ? 0 : base64_data_url(text, n);
    size_t size = 0;

    if (text == NULL || json_object_size(image) != 1) {
        failure_set(failure, PROBLEM_MALFORMED_JSON,
                    "An image must be an object with one member, a string "
                    "\"base64\".");
        return false;
    }
    if (!base64_size(text + skip, n - skip, &size)) {
        size = 0;
    }
    switch (upload_reserve(out, size)) {
    case UPLOAD_OK:
        break;
    case UPLOAD_TOO_LARGE:
        task_too_large(task, out->max_bytes, failure);
        return false;
    case UPLOAD_NO_MEMORY:
        failure_set(failure, PROBLEM_OVERLOADED,
                    "There is no memory for this upload now.");
        return false;
    }
    if (size == 0 || !base64_decode(text + skip, n - skip, out->bytes)) {
        failure_set(failure, PROBLEM_MALFORMED_JSON,
                    "\"base64\" must be an image in RFC 4648 base64, with its "
                    "padding.");
        return false;
    }
    out->n_bytes = size;
    return true;
}

bool parse_photo(struct job *job)
{
    struct upload *body = &job->entry.upload;
    struct upload photo = {.max_bytes = job->max_photo_bytes,
                           .budget = body->budget};
    json_t *root = parse_object(job, body->bytes, body->n_bytes, of_photos);
    json_t *image = json_object_get(root, "image");
    bool is_read = false;

    if (root == NULL) {
        return false;
    }
    if (image == NULL) {
        failure_set(&job->failure, PROBLEM_MISSING_FILE,
                    "The JSON body must have a member \"image\".");
    } else {
        is_read = has_only(job, root, "The body", "image", "options") &&
                  read_options(job, json_object_get(root, "options")) &&
                  read_image(&job->entry, image, &photo, &job->failure);
    }
    json_decref(root);
    if (!is_read) {
        upload_drop(&photo);
        return false;
    }
    upload_drop(body);
    *body = photo;
    return true;
}

static bool read_images(struct job *job, json_t *images, int max_images)
{
    size_t i;
    json_t *image;

    if (json_array_size(images) == 0) {
        failure_set(&job->failure, PROBLEM_MISSING_FILE,
                    "The JSON body must have a list \"images\" with at least "
                    "one image.");
        return false;
    }
    json_array_foreach(images, i, image)
    {
        struct task *task = job_add_task(job, max_images);

        if (task == NULL) {
            return false;
        }
        /* One that is broken fails alone. */
        (void)read_image(task, image, &task->upload, &task->failure);
    }
    return true;
}

bool parse_photos(struct job *job, int max_images)
{
    struct upload *body = &job->entry.upload;
    json_t *root = parse_object(job, body->bytes, body->n_bytes, of_photos);
    bool is_read;

    if (root == NULL) {
        return false;
    }
    is_read = has_only(job, root, "The body", "images", "options") &&
              read_options(job, json_object_get(root, "options")) &&
              read_images(job, json_object_get(root, "images"), max_images);
    json_decref(root);
    upload_drop(body);
    return is_read;
}
