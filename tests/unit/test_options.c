// SPDX-License-Identifier: MIT
#include <check.h>
#include <string.h>

#include "server/options.h"
#include "server/problem.h"
#include "tests/unit/suites.h"

static struct aha_options limits;
static struct request_options options;
static char detail[FAILURE_DETAIL];

static void begin(bool is_detection)
{
    options = options_default(&limits, is_detection);
    detail[0] = '\0';
}

static void reset(void)
{
    limits = aha_options_default();
    begin(false);
}

static bool set(const char *name, const char *value)
{
    return options_set(&options, name, value, sizeof detail, detail);
}

/* Each on fresh options: all refused, the parameter named, nothing changed. */
static void expect_values_refused(const char *name, const char *const *values)
{
    for (int i = 0; values[i] != NULL; i++) {
        bool is_detection = options.is_detection;
        struct request_options before;

        begin(is_detection);
        before = options;
        ck_assert_msg(!set(name, values[i]), "%s=%s", name, values[i]);
        ck_assert_ptr_nonnull(strstr(detail, name));
        before.seen = options.seen;
        ck_assert_mem_eq(&before, &options, sizeof options);
    }
}

START_TEST(defaults)
{
    ck_assert_int_eq(options.photo.max_faces, AHA_MAX_FACES);
    ck_assert(!options.photo.has_no_expression);
    ck_assert_uint_eq(options.reply.include, INCLUDE_DEFAULT);
    ck_assert_uint_eq(options.reply.include & INCLUDE_LOGITS, 0);
    ck_assert(!options.reply.is_normalized);
    ck_assert(!options.is_no_face_error);
    ck_assert_int_eq(options.reply.order, ORDER_SIZE);
    ck_assert_int_eq(options.reply.top_k, 0);
    begin(true);
    ck_assert(options.photo.has_no_expression);
}
END_TEST

START_TEST(good_values)
{
    ck_assert(set("max_faces", "3"));
    ck_assert(set("min_face_size", "40.5"));
    ck_assert(set("det_threshold", "0.25"));
    ck_assert(set("input", "aligned"));
    ck_assert(set("include", "pose,logits"));
    ck_assert(set("coords", "normalized"));
    ck_assert(set("on_no_face", "error"));
    ck_assert(set("sort", "left"));
    ck_assert(set("top_k", "2"));
    ck_assert_int_eq(options.photo.max_faces, 3);
    ck_assert(options.photo.min_face_size == 40.5F);
    ck_assert(options.photo.detection_threshold == 0.25F);
    ck_assert(options.photo.is_aligned);
    ck_assert_uint_eq(options.reply.include, INCLUDE_POSE | INCLUDE_LOGITS);
    ck_assert(options.reply.is_normalized);
    ck_assert(options.is_no_face_error);
    ck_assert_int_eq(options.reply.order, ORDER_LEFT);
    ck_assert_int_eq(options.reply.top_k, 2);
    begin(false);
    ck_assert(set("input", "image"));
    ck_assert(set("coords", "pixel"));
    ck_assert(set("on_no_face", "empty"));
    ck_assert(set("sort", "confidence"));
    ck_assert(!options.photo.is_aligned && !options.reply.is_normalized);
    ck_assert_int_eq(options.reply.order, ORDER_CONFIDENCE);
}
END_TEST

START_TEST(bad_numbers)
{
    expect_values_refused(
        "max_faces", (const char *[]){"", "0", "65", "1.5", "-1", "+1", "1e1",
                                      " 1", "1 ", "0x1", "nan", "inf", "1,",
                                      "..", "99999999999999999999999", NULL});
    expect_values_refused(
        "min_face_size",
        (const char *[]){"", "0.9", "100000.1", "1..2", ".", NULL});
    expect_values_refused(
        "det_threshold",
        (const char *[]){"0", "0.009", "1", "0,5", "-0.5", NULL});
    expect_values_refused("top_k",
                          (const char *[]){"0", "1.5", "8", "all", NULL});
    begin(false);
    ck_assert(!set("max_faces", NULL));
}
END_TEST

START_TEST(bad_words)
{
    static const char *const values[] = {"",
                                         "Pixel",
                                         "pixel ",
                                         "pixels",
                                         "pixe",
                                         "pixel,normalized",
                                         "pixel normalized",
                                         NULL};

    expect_values_refused("coords", values);
    expect_values_refused("input", values);
    expect_values_refused("on_no_face", values);
    expect_values_refused("sort", values);
    ck_assert(!set("sort", NULL));
}
END_TEST

START_TEST(lists)
{
    expect_values_refused(
        "include",
        (const char *[]){"pose,", ",pose", ",", "pose,,timing", "pose,pose",
                         "pose, timing", "Pose", "pose timing", "all", NULL});
    begin(false);
    ck_assert(!set("include", NULL));
    begin(false);
    ck_assert(set("include", ""));
    ck_assert_uint_eq(options.reply.include, 0);
    begin(false);
    ck_assert(set("include", "landmarks,pose,quality,attention,attention_map,"
                             "evidence,logits,timing"));
    ck_assert_uint_eq(options.reply.include, 255);
    begin(false);
    ck_assert(set("include", "attention_map"));
    ck_assert_uint_eq(options.reply.include,
                      INCLUDE_ATTENTION_MAP | INCLUDE_ATTENTION);
    begin(false);
    ck_assert(set("include", "evidence"));
    ck_assert_uint_eq(options.reply.include,
                      INCLUDE_EVIDENCE | INCLUDE_ATTENTION);
}
END_TEST

START_TEST(detection_takes_less)
{
    begin(true);
    ck_assert(set("include", "landmarks,pose,quality,timing"));
    ck_assert(set("max_faces", "1"));
    ck_assert(set("coords", "normalized"));
    expect_values_refused("include", (const char *[]){"attention", "logits",
                                                      "pose,evidence", NULL});
    ck_assert_ptr_null(strstr(detail, "attention"));
    begin(true);
    ck_assert(!set("top_k", "1"));
    ck_assert_ptr_nonnull(strstr(detail, "no parameter top_k"));
    ck_assert(!set("input", "aligned"));
    ck_assert(!options.photo.is_aligned);
}
END_TEST

START_TEST(servers_limit_stands)
{
    limits.max_faces = 5;
    begin(false);
    ck_assert(!set("max_faces", "6"));
    ck_assert_ptr_nonnull(strstr(detail, "5"));
    begin(false);
    ck_assert(set("max_faces", "5"));
}
END_TEST

START_TEST(twice_and_unknown)
{
    char name[300];

    ck_assert(set("max_faces", "3"));
    ck_assert(!set("max_faces", "3"));
    ck_assert_ptr_nonnull(strstr(detail, "twice"));
    ck_assert(!set("faces", "3"));
    ck_assert_ptr_nonnull(strstr(detail, "min_face_size"));
    ck_assert_ptr_nonnull(strstr(detail, " and top_k"));
    ck_assert(!set("", "3"));
    ck_assert(!set("max_face", "3"));
    ck_assert(!set("max_facess", "3"));
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    ck_assert(!set(name, "1"));
    ck_assert_uint_lt(strlen(detail), sizeof detail);
}
END_TEST

Suite *options_suite(void)
{
    Suite *suite = suite_create("options");
    TCase *tests = tcase_create("options");

    tcase_add_checked_fixture(tests, reset, NULL);
    tcase_add_test(tests, defaults);
    tcase_add_test(tests, good_values);
    tcase_add_test(tests, bad_numbers);
    tcase_add_test(tests, bad_words);
    tcase_add_test(tests, lists);
    tcase_add_test(tests, detection_takes_less);
    tcase_add_test(tests, servers_limit_stands);
    tcase_add_test(tests, twice_and_unknown);
    suite_add_tcase(suite, tests);
    return suite;
}
