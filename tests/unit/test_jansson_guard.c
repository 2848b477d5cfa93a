// SPDX-License-Identifier: MIT
#include <check.h>
#include <string.h>

#include <jansson.h>

#include "server/jansson_guard.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

static json_t *read_text(const char *text, json_error_t *why)
{
    *why = (json_error_t){.text = ""};
    return json_loadb(text, strlen(text), JSON_REJECT_DUPLICATES, why);
}

/*
 * Words have 15 bytes and the one that wants a larger buffer, which doubles at
 * 16, 32 and so on: a last quote, a byte that ends a number or is put back for
 * another reason, the letter of an escape.
 */
static const struct row {
    const char *text;
    bool is_right;
} rows[] = {
    {"[\"aaaaaaaaaaaaaa\"]", true},
    {"[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]", true},
    {"{\"aaaaaaaaaaaaaa\": {\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\": []}}", true},
    {"[\"aaaaaaaaaaaaa\\n\"]", true},
    {"[\"aaaaaaaaaa\\u00e9\"]", true},
    {"[\"aaaaaaaaaaaaa\xc3\xa9\"]", true},
    {"[123456789012345]", true},
    {"[1234567890123456, -0.23456789012345e+1]", true},
    {"[1.2345678901234]", true},
    {"[[[[[]]]], {\"a\": 1, \"b\": 2, \"c\": 3, \"d\": 4, \"e\": 5, \"f\": 6, "
     "\"g\": 7, \"h\": 8, \"i\": 9}, 1, 2, 3, 4, 5, 6, 7, 8, true, null]",
     true},
    {"[\"aaaaaaaaaaaaaa\n\"]", false},
    {"[\"aaaaaaaaaaaaaaaa", false},
    {"[trueaaaaaaaaaaa,", false},
    {"[1234567890123456789012345678901]", false},
    {"{\"a\": 123456789012345, \"a\": 2}", false},
};

START_TEST(every_allocation_may_fail)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text = rows[i].text;
        json_error_t why;
        unsigned long n = 0;
        json_t *wanted = read_text(text, &why);
        json_t *got;

        ck_assert_msg((wanted != NULL) == rows[i].is_right, "%s", text);
        do {
            (void)support_fail_allocation(++n);
            got = read_text(text, &why);
            if (support_fail_allocation(0)) {
                ck_assert_msg(got == NULL, "%s: allocation %lu", text, n);
                ck_assert_int_eq(json_error_code(&why),
                                 json_error_out_of_memory);
                continue;
            }
            break;
        } while (true);
        ck_assert_uint_gt(n, 3);
        ck_assert(json_equal(got, wanted) || !rows[i].is_right);
        ck_assert_int_ne(json_error_code(&why), json_error_out_of_memory);
        json_decref(got);
        json_decref(wanted);
    }
}
END_TEST

/* What was read is like any other value. */
START_TEST(values_live_on)
{
    json_error_t why;
    json_t *first = read_text("{\"a\": [1, 2, {\"b\": \"c\"}]}", &why);
    json_t *second = read_text("[1]", &why);
    json_t *made = json_string("made");
    json_t *none[2];

    (void)support_fail_allocation(1);
    none[0] = read_text("[1]", &why);
    (void)support_fail_allocation(1);
    none[1] = json_string("none");
    ck_assert(support_fail_allocation(0));
    ck_assert(none[0] == NULL && none[1] == NULL);
    json_decref(first);
    ck_assert_int_eq(json_array_append_new(second, made), 0);
    json_decref(second);
}
END_TEST

START_TEST(wipes)
{
    json_error_t why;
    unsigned long before = support_wiped_bytes();

    json_decref(read_text("[\"a long secret of a client\"]", &why));
    ck_assert_uint_ge(support_wiped_bytes() - before,
                      2 * strlen("a long secret of a client"));
}
END_TEST

Suite *jansson_guard_suite(void)
{
    Suite *suite = suite_create("jansson_guard");
    TCase *tests = tcase_create("jansson_guard");

    tcase_add_checked_fixture(tests, jansson_guard_init, NULL);
    tcase_add_test(tests, every_allocation_may_fail);
    tcase_add_test(tests, values_live_on);
    tcase_add_test(tests, wipes);
    suite_add_tcase(suite, tests);
    return suite;
}
