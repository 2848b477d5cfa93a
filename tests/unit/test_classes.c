// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdio.h>

#include "cli/classes.h"
#include "tests/unit/suites.h"

START_TEST(names)
{
    for (int c = 0; c < N_CLASSES; c++) {
        ck_assert_int_eq(class_from_name(class_name((enum face_class)c)), c);
    }
    ck_assert_int_eq(class_from_name("Angry"), CLASS_ANGER);
    ck_assert_int_eq(class_from_name("HAPPY"), CLASS_HAPPINESS);
    ck_assert_int_eq(class_from_name("sad"), CLASS_SADNESS);
    ck_assert_int_eq(class_from_name("contempt"), CLASS_OTHER);
    ck_assert_int_eq(class_from_name("happ"), CLASS_UNKNOWN);
    ck_assert_int_eq(class_from_name(""), CLASS_UNKNOWN);
}
END_TEST

/* a d f h s u n by CLASS_..., o other, - unknown */
static void check_numbers(enum class_numbers numbers, const char *expected)
{
    static const char letters[] = "adfhsuno-";

    for (int i = 0; expected[i] != '\0'; i++) {
        char text[16];

        (void)snprintf(text, sizeof text, "%d", i);
        ck_assert_int_eq(letters[class_from_number(numbers, text)],
                         expected[i]);
    }
}

START_TEST(numbers)
{
    check_numbers(NUMBERS_FER2013, "adfhsun---");
    check_numbers(NUMBERS_RAFDB, "-ufdhsan--");
    check_numbers(NUMBERS_CKPLUS, "naodfhsu--");
    check_numbers(NUMBERS_AFFECTNET, "nhsufdaoooo--");
    ck_assert_int_eq(class_from_number(NUMBERS_FER2013, "-1"), CLASS_UNKNOWN);
    ck_assert_int_eq(class_from_number(NUMBERS_FER2013, "1x"), CLASS_UNKNOWN);
    ck_assert_int_eq(class_from_number(NUMBERS_FER2013, ""), CLASS_UNKNOWN);
    ck_assert_int_eq(class_from_number(NUMBERS_FER2013, "99999999999999999999"),
                     CLASS_UNKNOWN);
    ck_assert_int_eq(class_from_number(NUMBERS_RAFDB, "-9223372036854775808"),
                     CLASS_UNKNOWN);
}
END_TEST

Suite *classes_suite(void)
{
    Suite *suite = suite_create("classes");
    TCase *tests = tcase_create("classes");

    tcase_add_test(tests, names);
    tcase_add_test(tests, numbers);
    suite_add_tcase(suite, tests);
    return suite;
}
