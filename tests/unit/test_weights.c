// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/weights.h"
#include "tests/unit/suites.h"

/* A file without tensors and with this metadata. */
static enum aha_status open_metadata(const char *metadata,
                                     struct aha_error *err)
{
    unsigned char bytes[1024] = {0};
    struct safetensors *file = NULL;
    struct document_node *config = NULL;
    enum aha_status status;
    int n = snprintf((char *)bytes + 8, sizeof bytes - 8,
                     "{\"__metadata__\":{%s}}", metadata);

    ck_assert_int_lt(n, (int)sizeof bytes - 8);
    bytes[0] = (unsigned char)(n & 255);
    bytes[1] = (unsigned char)(n >> 8);
    status = safetensors_open_bytes(bytes, 8 + (size_t)n, &file, err);
    if (status == AHA_OK) {
        status = weights_config(file, "detector", &config, err);
    }
    document_close(config);
    safetensors_close(file);
    return status;
}

START_TEST(metadata_is_checked)
{
    static const struct {
        const char *metadata;
        const char *word; /* NULL: it is good */
    } cases[] = {
        {"\"format\":\"aha\",\"format_version\":\"1\",\"kind\":\"detector\","
         "\"config\":\"{}\"",
         NULL},
        {"\"format\":\"pt\"", "\"format\" is \"pt\""},
        {"\"format\":\"aha\",\"format_version\":\"2\"", "format_version"},
        {"\"format\":\"aha\",\"format_version\":\"1\",\"kind\":\"mesh\"",
         "mesh"},
        {"\"format\":\"aha\",\"format_version\":\"1\",\"kind\":\"detector\"",
         "config"},
        {"\"format\":\"aha\",\"format_version\":\"1\",\"kind\":\"detector\","
         "\"config\":\"[]\"",
         "object"},
        {"\"format\":7", "\"format\" is no string"},
        {"\"format\":\"aha\",\"source\":[]", "\"source\" is no string"},
        {"", "format"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aha_error err = {AHA_OK, ""};
        enum aha_status status = open_metadata(cases[i].metadata, &err);

        if (cases[i].word == NULL) {
            ck_assert_int_eq(status, AHA_OK);
            continue;
        }
        ck_assert_int_eq(status, AHA_ERR_WEIGHTS);
        ck_assert_msg(strstr(err.text, cases[i].word) != NULL, "%s not in: %s",
                      cases[i].word, err.text);
    }
}
END_TEST

START_TEST(texts_are_bounded)
{
    static const char header[] = "{\"__metadata__\":{\"source\":\"a b c\"}}";
    unsigned char bytes[8 + sizeof header - 1] = {sizeof header - 1};
    struct aha_error err = {AHA_OK, ""};
    struct safetensors *file = NULL;
    char text[6] = "?";

    memcpy(bytes + 8, header, sizeof header - 1);
    ck_assert_int_eq(safetensors_open_bytes(bytes, sizeof bytes, &file, NULL),
                     AHA_OK);
    ck_assert_int_eq(weights_text(file, "source", 5, text, &err),
                     AHA_ERR_WEIGHTS);
    ck_assert_str_eq(text, "?");
    ck_assert_str_eq(err.text, "metadata \"source\" has 5 bytes, more than 4");
    ck_assert_int_eq(weights_text(file, "source", 6, text, &err), AHA_OK);
    ck_assert_str_eq(text, "a b c");
    ck_assert_int_eq(weights_text(file, "licence", 6, text, &err), AHA_OK);
    ck_assert_str_eq(text, "");
    safetensors_close(file);
}
END_TEST

START_TEST(blame_names_the_file)
{
    struct aha_error err = {AHA_ERR_WEIGHTS, "tensor a is missing"};
    char path[400];

    ck_assert_int_eq(weights_blame(&err, AHA_ERR_WEIGHTS, "models/x"),
                     AHA_ERR_WEIGHTS);
    ck_assert_str_eq(err.text, "models/x: tensor a is missing");
    memset(path, 'd', sizeof path);
    path[sizeof path - 1] = '\0';
    path[sizeof path - 2] = '!';
    ck_assert_int_eq(weights_blame(&err, AHA_ERR_IO, path), AHA_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "!: models/x: tensor a"));
    ck_assert_int_eq(weights_blame(NULL, AHA_ERR_IO, path), AHA_ERR_IO);
}
END_TEST

Suite *weights_suite(void)
{
    Suite *suite = suite_create("weights");
    TCase *tests = tcase_create("weights");

    tcase_add_test(tests, metadata_is_checked);
    tcase_add_test(tests, texts_are_bounded);
    tcase_add_test(tests, blame_names_the_file);
    suite_add_tcase(suite, tests);
    return suite;
}
