// SPDX-License-Identifier: MIT
#include "tests/unit/support.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *join(const char *variable, const char *otherwise,
                        const char *name, char *out)
{
    const char *folder = getenv(variable);

    (void)snprintf(out, SUPPORT_MAX_PATH, "%s/%s",
                   folder == NULL ? otherwise : folder, name);
    return out;
}

const char *support_data(const char *name, char *out)
{
    return join("AHA_TEST_DATA", "tests/data", name, out);
}

const char *support_model(const char *name, char *out)
{
    return join("AHA_MODELS", "models", name, out);
}

unsigned char *support_read(const char *path, size_t *n)
{
    FILE *stream = fopen(path, "rb");
    unsigned char *bytes;
    long size;

    ck_assert_msg(stream != NULL, "%s is missing", path);
    ck_assert_int_eq(fseek(stream, 0, SEEK_END), 0);
    size = ftell(stream);
    ck_assert_int_gt(size, 0);
    rewind(stream);
    bytes = malloc((size_t)size);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)size, stream), (size_t)size);
    (void)fclose(stream);
    *n = (size_t)size;
    return bytes;
}

float *support_tensor(const struct safetensors *file, const char *name,
                      size_t *n)
{
    const struct safetensor *tensor = safetensors_find(file, name);
    struct aha_error err = {AHA_OK, ""};
    int dims[TENSOR_MAX_RANK] = {-1, -1, -1, -1};
    float *values = NULL;

    ck_assert_msg(tensor != NULL, "no tensor %s", name);
    ck_assert_msg(safetensors_read(file, name, tensor->rank, dims, &values,
                                   &err) == AHA_OK,
                  "%s", err.text);
    *n = tensor->n_elements;
    return values;
}

double support_max_diff(const float *a, const float *b, size_t n)
{
    double most = 0;

    for (size_t i = 0; i < n; i++) {
        double diff = fabs((double)a[i] - (double)b[i]);

        if (!(diff <= most)) {
            most = isnan(diff) ? (double)INFINITY : diff;
        }
    }
    return most;
}

float support_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return (float)(*state >> 8) * 0x1p-23F - 1.0F;
}

void support_fill(float *out, size_t n, uint32_t *state)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = support_random(state);
    }
}

void support_open(struct aha_pipeline **pipeline, struct aha_session **session)
{
    struct aha_error err = {AHA_OK, ""};
    const char *folder = getenv("AHA_MODELS");

    ck_assert_msg(aha_pipeline_open(pipeline,
                                    folder == NULL ? "models" : folder,
                                    &err) == AHA_OK,
                  "%s", err.text);
    ck_assert_msg(aha_session_create(session, *pipeline, &err) == AHA_OK, "%s",
                  err.text);
}

void support_expect_all_or_none(support_writer_fn *write)
{
    char *whole = write();
    unsigned long n = 0;
    bool has_failed;

    do {
        char *text;

        (void)support_fail_allocation(++n);
        text = write();
        has_failed = support_fail_allocation(0); /* before Check allocates */
        ck_assert_msg(text == NULL ? has_failed : strcmp(text, whole) == 0,
                      "allocation %lu: %s", n, text);
        free(text);
    } while (has_failed);
    free(whole);
    ck_assert_uint_gt(n, 10);
}
