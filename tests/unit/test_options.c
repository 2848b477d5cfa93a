// SPDX-License-Identifier: MIT
#include <check.h>
#include <string.h>

#include "server/options.h"
#include "tests/unit/suites.h"

static struct aha_options options;
static struct options_seen seen;
static char detail[200];

static void reset(void)
{
    options = aha_options_default();
    seen = (struct options_seen){0};
    detail[0] = '\0';
}

static bool set(const char *name, const char *value)
{
    return options_set(&options, &seen, name, value, sizeof detail, detail);
}

START_TEST(good_values)
{
    ck_assert(set("max_faces", "3"));
    ck_assert(set("min_face_size", "40.5"));
    ck_assert(set("det_threshold", "0.25"));
    ck_assert_int_eq(options.max_faces, 3);
    ck_assert(options.min_face_size == 40.5F);
    ck_assert(options.detection_threshold == 0.25F);
}
END_TEST

START_TEST(bad_values)
{
    static const char *const values[] = {
        "",   "0",   "65",  "1.5", "-1", "+1", "1e1",
        " 1", "0x1", "nan", "inf", "1,", "..", "99999999999999999999999"};

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        reset();
        ck_assert_msg(!set("max_faces", values[i]), "%s", values[i]);
        ck_assert_ptr_nonnull(strstr(detail, "max_faces"));
        ck_assert_int_eq(options.max_faces, AHA_MAX_FACES);
    }
    reset();
    ck_assert(!set("max_faces", NULL));
}
END_TEST

START_TEST(servers_limit_stands)
{
    options.max_faces = 5;
    ck_assert(!set("max_faces", "6"));
    seen.max_faces = false;
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
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    ck_assert(!set(name, "1"));
}
END_TEST

Suite *options_suite(void)
{
    Suite *suite = suite_create("options");
    TCase *tests = tcase_create("options");

    tcase_add_checked_fixture(tests, reset, NULL);
    tcase_add_test(tests, good_values);
    tcase_add_test(tests, bad_values);
    tcase_add_test(tests, servers_limit_stands);
    tcase_add_test(tests, twice_and_unknown);
    suite_add_tcase(suite, tests);
    return suite;
}
