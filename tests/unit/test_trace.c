// SPDX-License-Identifier: MIT
#include <check.h>
#include <string.h>

#include "server/trace.h"
#include "tests/unit/suites.h"

#define ID   "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"

static bool is_hex(const char *text, size_t n)
{
    return strlen(text) == n && strspn(text, "0123456789abcdef") == n;
}

START_TEST(goes_on_with_the_callers)
{
    struct trace trace;
    char text[TRACE_TEXT];

    trace_begin(&trace, "00-" ID "-" SPAN "-01");
    ck_assert_str_eq(trace.id, ID);
    ck_assert_str_eq(trace.parent, SPAN);
    ck_assert(is_hex(trace.span, 16));
    ck_assert_str_ne(trace.span, SPAN);
    ck_assert(trace.is_sampled);
    trace_text(&trace, text);
    ck_assert_uint_eq(strlen(text), TRACE_TEXT - 1);
    ck_assert_int_eq(strncmp(text, "00-" ID "-", 36), 0);
    ck_assert_int_eq(strncmp(text + 36, trace.span, 16), 0);
    ck_assert_str_eq(text + 52, "-01");
}
END_TEST

START_TEST(flags)
{
    static const struct {
        const char *header;
        const char *sent;
    } cases[] = {
        {"00-" ID "-" SPAN "-00", "-00"},
        {"00-" ID "-" SPAN "-02", "-02"},
        {"00-" ID "-" SPAN "-03", "-03"},
        {"00-" ID "-" SPAN "-ff", "-03"},
        {"00-" ID "-" SPAN "-fc", "-00"},
        {"cc-" ID "-" SPAN "-01", "-01"},
        {"cc-" ID "-" SPAN "-02", "-00"},
        {"cc-" ID "-" SPAN "-ff-x", "-01"},
        {"01-" ID "-" SPAN "-01-what", "-01"},
        {"fe-" ID "-" SPAN "-01-", "-01"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trace trace;
        char text[TRACE_TEXT];

        trace_begin(&trace, cases[i].header);
        trace_text(&trace, text);
        ck_assert_msg(strcmp(trace.id, ID) == 0, "%s", cases[i].header);
        ck_assert_str_eq(text + 52, cases[i].sent);
        ck_assert_int_eq(text[1], '0');
    }
}
END_TEST

START_TEST(invalid_begins_a_new_one)
{
    static const char *const headers[] = {
        NULL,
        "",
        "00",
        "00-" ID "-" SPAN "-0",
        "00-" ID "-" SPAN "-",
        "00-" ID "-" SPAN "-0g",
        "00-" ID "-" SPAN "-01 ",
        "00-" ID "-" SPAN "-01-more",
        "01-" ID "-" SPAN "-01more",
        "cc-" ID "-" SPAN "-x1",
        " 00-" ID "-" SPAN "-01",
        "ff-" ID "-" SPAN "-01",
        "0x-" ID "-" SPAN "-01",
        "0-" ID "-" SPAN "-01",
        "00_" ID "-" SPAN "-01",
        "00-" ID "_" SPAN "-01",
        "00-" ID "-" SPAN "_01",
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" ID "-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01",
        "00-" ID "-B7AD6B7169203331-01",
        "00-" ID "-" SPAN "-0A",
        "00-0af7651916cd43dd8448eb211c80319-" SPAN "-011",
        "00-.af7651916cd43dd8448eb211c80319c-" SPAN "-01",
    };

    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        const char *header = headers[i];
        struct trace trace;
        char text[TRACE_TEXT];

        trace_begin(&trace, header);
        ck_assert_msg(strcmp(trace.id, ID) != 0, "%s", header);
        ck_assert(is_hex(trace.id, 32));
        ck_assert(is_hex(trace.span, 16));
        ck_assert_str_eq(trace.parent, "");
        ck_assert(!trace.is_sampled);
        trace_text(&trace, text);
        ck_assert_str_eq(text + 52, "-02");
    }
}
END_TEST

START_TEST(every_cut_is_invalid)
{
    const char whole[] = "00-" ID "-" SPAN "-01";

    for (size_t n = 0; n < sizeof whole - 1; n++) {
        char *header = strndup(whole, n);
        struct trace trace;

        trace_begin(&trace, header);
        ck_assert_msg(strcmp(trace.id, ID) != 0, "%zu bytes", n);
        free(header);
    }
}
END_TEST

START_TEST(spans_and_ids_differ)
{
    struct trace one;
    struct trace two;

    for (int i = 0; i < 1000; i++) {
        trace_begin(&one, NULL);
        trace_begin(&two, NULL);
        ck_assert_str_ne(one.id, two.id);
        ck_assert_str_ne(one.span, two.span);
        ck_assert_int_ne(strncmp(one.id, one.span, 16), 0);
    }
}
END_TEST

Suite *trace_suite(void)
{
    Suite *suite = suite_create("trace");
    TCase *tests = tcase_create("trace");

    tcase_add_test(tests, goes_on_with_the_callers);
    tcase_add_test(tests, flags);
    tcase_add_test(tests, invalid_begins_a_new_one);
    tcase_add_test(tests, every_cut_is_invalid);
    tcase_add_test(tests, spans_and_ids_differ);
    suite_add_tcase(suite, tests);
    return suite;
}
