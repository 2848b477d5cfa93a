// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/safetensors.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { CAPACITY = 4096 };

/* A file in memory: this header and so many zero bytes. */
static size_t build(unsigned char *out, const char *header, size_t data_bytes)
{
    size_t n = strlen(header);

    ck_assert_uint_le(8 + n + data_bytes, CAPACITY);
    for (int i = 0; i < 8; i++) {
        out[i] = (unsigned char)((uint64_t)n >> (8 * i));
    }
    memcpy(out + 8, header, n);
    memset(out + 8 + n, 0, data_bytes);
    return 8 + n + data_bytes;
}

static enum aha_status open_header(const char *header, size_t data_bytes,
                                   struct aha_error *err)
{
    unsigned char bytes[CAPACITY];
    size_t n = build(bytes, header, data_bytes);
    struct safetensors *file = NULL;
    enum aha_status status = safetensors_open_bytes(bytes, n, &file, err);

    safetensors_close(file);
    return status;
}

static const char good[] =
    "{\"__metadata__\":{\"kind\":\"test\"},"
    "\"b\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[4,28]},"
    "\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]}}";

START_TEST(good_file)
{
    unsigned char bytes[CAPACITY];
    size_t n = build(bytes, good, 28);
    const float third = 3.5F;
    struct safetensors *file = NULL;
    int dims[2] = {2, -1};
    float *values = NULL;

    memcpy(bytes + n - 24 + 8, &third, sizeof third);
    bytes[n - 28 + 1] = 0x3c; /* 1.0 as a half */
    ck_assert_int_eq(safetensors_open_bytes(bytes, n, &file, NULL), AHA_OK);
    ck_assert_str_eq(safetensors_metadata(file, "kind"), "test");
    ck_assert_ptr_null(safetensors_metadata(file, "other"));
    ck_assert_ptr_null(safetensors_find(file, "__metadata__"));
    ck_assert_int_eq(safetensors_read(file, "b", 2, dims, &values, NULL),
                     AHA_OK);
    ck_assert_int_eq(dims[1], 3);
    ck_assert(values[2] == third && values[0] == 0);
    free(values);
    dims[0] = 2;
    ck_assert_int_eq(safetensors_read(file, "a", 1, dims, &values, NULL),
                     AHA_OK);
    ck_assert(values[0] == 1.0F && values[1] == 0);
    free(values);
    safetensors_close(file);
}
END_TEST

START_TEST(wrong_questions)
{
    unsigned char bytes[CAPACITY];
    size_t n = build(bytes, good, 28);
    struct aha_error err = {AHA_OK, ""};
    struct safetensors *file = NULL;
    int dims[2] = {3, 2};
    float *values = NULL;

    bytes[n - 1] = 0x7f; /* a NaN in b */
    bytes[n - 2] = 0xc0;
    ck_assert_int_eq(safetensors_open_bytes(bytes, n, &file, NULL), AHA_OK);
    ck_assert_int_eq(safetensors_read(file, "c", 2, dims, &values, &err),
                     AHA_ERR_WEIGHTS);
    ck_assert_ptr_nonnull(strstr(err.text, "tensor c is missing"));
    ck_assert_int_eq(safetensors_read(file, "b", 2, dims, &values, &err),
                     AHA_ERR_WEIGHTS);
    ck_assert_ptr_nonnull(strstr(err.text, "tensor b"));
    ck_assert_int_eq(safetensors_read(file, "b", 1, dims, &values, &err),
                     AHA_ERR_WEIGHTS);
    dims[0] = dims[1] = -1;
    ck_assert_int_eq(safetensors_read(file, "b", 2, dims, &values, &err),
                     AHA_ERR_WEIGHTS);
    ck_assert_ptr_nonnull(strstr(err.text, "finite"));
    ck_assert_ptr_null(values);
    safetensors_close(file);
}
END_TEST

START_TEST(refuses_broken_headers)
{
    static const struct {
        const char *header;
        size_t data_bytes;
        const char *word;
    } cases[] = {
        {"{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 9,
         "after the last tensor"},
        {"{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 7,
         "tensor t"},
        {"{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
         12, "hole"},
        {"{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
         "\"u\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
         12, "overlap"},
        {"{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8,
         "tensor t"},
        {"{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}", 8,
         "tensor t"},
        {"{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":"
         "[0,9223372036854775807]}}",
         8, "tensor t"},
        {"{\"t\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8,
         "12 bytes"},
        {"{\"t\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8,
         "dtype"},
        {"{\"t\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0,
         "shape"},
        {"{\"t\":{\"dtype\":\"F32\",\"shape\":[-1,-2],\"data_offsets\":[0,8]}}",
         8, "shape"},
        {"{\"t\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,2],\"data_offsets\":"
         "[0,8]}}",
         8, "shape"},
        {"{\"t\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,"
         "2147483647],\"data_offsets\":[0,8]}}",
         8, "tensor t"},
        {"{\"t\":{\"dtype\":\"F32\",\"shape\":\"2\",\"data_offsets\":[0,8]}}",
         8, "shape"},
        {"{\"t\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "tensor t"},
        {"{\"t\":[]}", 8, "tensor t"},
        {"{\"\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
         "name"},
        {"{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
         "\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}",
         16, "JSON"},
        {"[]", 0, "object"},
        {"{", 0, "JSON"},
        {"{} x", 0, "JSON"},
        {"", 0, "JSON"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aha_error err = {AHA_OK, ""};

        ck_assert_msg(open_header(cases[i].header, cases[i].data_bytes, &err) ==
                          AHA_ERR_WEIGHTS,
                      "%s", cases[i].header);
        ck_assert_msg(strstr(err.text, cases[i].word) != NULL, "%s not in: %s",
                      cases[i].word, err.text);
    }
}
END_TEST

START_TEST(truncated_at_every_byte)
{
    unsigned char bytes[CAPACITY];
    size_t n = build(bytes, good, 28);

    for (size_t k = 0; k < n; k++) {
        struct safetensors *file = NULL;
        /* On the heap, so that a sanitizer sees a step past the end. */
        unsigned char *cut = malloc(k == 0 ? 1 : k);

        memcpy(cut, bytes, k);
        ck_assert_int_eq(safetensors_open_bytes(cut, k, &file, NULL),
                         AHA_ERR_WEIGHTS);
        free(cut);
    }
}
END_TEST

START_TEST(huge_header_claims)
{
    unsigned char bytes[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct safetensors *file = NULL;

    ck_assert_int_eq(safetensors_open_bytes(bytes, sizeof bytes, &file, NULL),
                     AHA_ERR_WEIGHTS);
    memset(bytes + 1, 0, 7);
    ck_assert_int_eq(safetensors_open_bytes(bytes, sizeof bytes, &file, NULL),
                     AHA_ERR_WEIGHTS);
}
END_TEST

START_TEST(no_file)
{
    struct safetensors *file = NULL;
    char path[] = "/tmp/aha-empty-XXXXXX";
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(safetensors_open(path, &file, NULL), AHA_ERR_IO);
    (void)close(fd);
    (void)unlink(path);
    ck_assert_int_eq(safetensors_open(path, &file, NULL), AHA_ERR_IO);
    ck_assert_int_eq(safetensors_open("/tmp", &file, NULL), AHA_ERR_IO);
    ck_assert_ptr_null(file);
    safetensors_close(NULL);
}
END_TEST

Suite *safetensors_suite(void)
{
    Suite *suite = suite_create("safetensors");
    TCase *tests = tcase_create("safetensors");

    tcase_add_test(tests, good_file);
    tcase_add_test(tests, wrong_questions);
    tcase_add_test(tests, refuses_broken_headers);
    tcase_add_test(tests, truncated_at_every_byte);
    tcase_add_test(tests, huge_header_claims);
    tcase_add_test(tests, no_file);
    suite_add_tcase(suite, tests);
    return suite;
}
