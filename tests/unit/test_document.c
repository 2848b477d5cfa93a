// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/document.h"
#include "tests/unit/suites.h"

static struct document_node *parse(const char *text)
{
    struct document_node *root = NULL;
    struct aha_error err = {AHA_OK, ""};

    ck_assert_msg(document_open(text, strlen(text), &root, &err) == AHA_OK,
                  "%s: %s", text, err.text);
    return root;
}

START_TEST(refuses_what_is_no_object)
{
    static const char *const texts[] = {"",
                                        "{",
                                        "[1]",
                                        "7",
                                        "null",
                                        "{\"a\":1,\"a\":2}",
                                        "{\"a\":NaN}",
                                        "{} {}",
                                        "{\"a\":1,}",
                                        "{\"a\":\"\xff\"}",
                                        "{\"a\":\"\\u0000\"}",
                                        "{'a':1}"};
    char deep[5000];

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct document_node *root = NULL;

        ck_assert_msg(document_open(texts[i], strlen(texts[i]), &root, NULL) ==
                          AHA_ERR_WEIGHTS,
                      "%s", texts[i]);
        ck_assert_ptr_null(root);
    }
    memset(deep, '[', sizeof deep);
    memcpy(deep, "{\"a\":", 5);
    ck_assert_int_eq(
        document_open(deep, sizeof deep, &(struct document_node *){NULL}, NULL),
        AHA_ERR_WEIGHTS);
}
END_TEST

START_TEST(types_and_ranges)
{
    struct document_node *root =
        parse("{\"i\": 5, \"r\": 2.5, \"s\": \"text\", \"a\": [1, 2, 3], "
              "\"m\": [1, \"x\"], \"big\": 99999999999, \"t\": true}");
    struct aha_error err = {AHA_OK, ""};
    int64_t i = -1;
    float r = -1;
    bool t = false;
    char s[5];
    int a[3];
    float b[3];

    ck_assert_int_eq(document_int(root, "i", 5, 5, &i, &err), AHA_OK);
    ck_assert_int_eq(i, 5);
    ck_assert_int_eq(document_int(root, "i", 6, 9, &i, &err), AHA_ERR_WEIGHTS);
    ck_assert_ptr_nonnull(strstr(err.text, "\"i\" is 5, outside 6..9"));
    ck_assert_int_eq(document_int(root, "r", 0, 9, &i, &err), AHA_ERR_WEIGHTS);
    ck_assert_int_eq(document_int(root, "none", 0, 9, &i, &err),
                     AHA_ERR_WEIGHTS);
    ck_assert_int_eq(document_real(root, "r", 0, 9, &r, &err), AHA_OK);
    ck_assert(r == 2.5F);
    ck_assert_int_eq(document_real(root, "i", 0, 9, &r, &err), AHA_OK);
    ck_assert_int_eq(document_real(root, "s", 0, 9, &r, &err), AHA_ERR_WEIGHTS);
    ck_assert_int_eq(document_real(root, "r", 3, 9, &r, &err), AHA_ERR_WEIGHTS);
    ck_assert_int_eq(document_bool(root, "t", &t, &err), AHA_OK);
    ck_assert(t);
    ck_assert_int_eq(document_bool(root, "none", &t, &err), AHA_OK);
    ck_assert(!t);
    ck_assert_int_eq(document_bool(root, "i", &t, &err), AHA_ERR_WEIGHTS);
    ck_assert_int_eq(document_string(root, "s", 5, s, &err), AHA_OK);
    ck_assert_str_eq(s, "text");
    ck_assert_int_eq(document_string(root, "s", 4, s, &err), AHA_ERR_WEIGHTS);
    ck_assert_int_eq(document_ints(root, "a", 1, 3, 3, a, &err), AHA_OK);
    ck_assert_int_eq(document_ints(root, "a", 1, 3, 2, a, &err),
                     AHA_ERR_WEIGHTS);
    ck_assert_int_eq(document_ints(root, "a", 2, 3, 3, a, &err),
                     AHA_ERR_WEIGHTS);
    ck_assert_int_eq(document_reals(root, "a", 0, 3, 3, b, &err), AHA_OK);
    ck_assert_int_eq(document_reals(root, "m", 0, 3, 2, b, &err),
                     AHA_ERR_WEIGHTS);
    document_close(root);
    document_close(NULL);
}
END_TEST

static bool count_two(void *data, const char *key,
                      const struct document_node *value)
{
    int *n = data;

    ck_assert_ptr_nonnull(key);
    ck_assert_ptr_nonnull(value);
    return ++*n < 2;
}

START_TEST(walking)
{
    struct document_node *root = parse("{\"a\": {\"x\": 1, \"y\": 2, \"z\": "
                                       "3}, \"b\": [\"q\", [4, 5]]}");
    const struct document_node *b = document_member(root, "b");
    int64_t values[2];
    int n = 0;

    ck_assert_int_eq(document_count(root), 2);
    ck_assert_int_eq(document_count(b), 2);
    ck_assert_int_eq(document_count(document_item(b, 0)), -1);
    ck_assert_int_eq(document_count(NULL), -1);
    ck_assert(document_is_object(root));
    ck_assert(!document_is_object(b));
    ck_assert(!document_is_object(NULL));
    ck_assert_ptr_null(document_item(b, 2));
    ck_assert_ptr_null(document_item(b, -1));
    ck_assert_ptr_null(document_item(root, 0));
    ck_assert_ptr_null(document_member(b, "q"));
    ck_assert_ptr_null(document_member(NULL, "q"));
    ck_assert_str_eq(document_text(document_item(b, 0)), "q");
    ck_assert_ptr_null(document_text(b));
    ck_assert_int_eq(document_int_array(document_item(b, 1), 0, 9, 2, values),
                     2);
    ck_assert_int_eq(values[1], 5);
    ck_assert_int_eq(document_int_array(document_item(b, 1), 0, 9, 1, values),
                     -1);
    ck_assert_int_eq(document_int_array(document_item(b, 1), 0, 4, 2, values),
                     -1);
    ck_assert_int_eq(document_int_array(root, 0, 9, 2, values), -1);
    document_each(document_member(root, "a"), count_two, &n);
    ck_assert_int_eq(n, 2); /* it stopped when told to */
    document_each(b, count_two, &n);
    ck_assert_int_eq(n, 2);
    document_close(root);
}
END_TEST

Suite *document_suite(void)
{
    Suite *suite = suite_create("document");
    TCase *tests = tcase_create("document");

    tcase_add_test(tests, refuses_what_is_no_object);
    tcase_add_test(tests, types_and_ranges);
    tcase_add_test(tests, walking);
    suite_add_tcase(suite, tests);
    return suite;
}
