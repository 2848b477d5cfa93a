// SPDX-License-Identifier: MIT
#include <check.h>

#include "cli/score.h"
#include "tests/unit/suites.h"

static struct score score;

static void near(double value, double expected)
{
    ck_assert_double_eq_tol(value, expected, 1e-6);
}

/* Rows: truth. Columns: answer. */
static void fill(int n, const int confusion[3][3], float confidence)
{
    for (int t = 0; t < n; t++) {
        for (int a = 0; a < n; a++) {
            for (int i = 0; i < confusion[t][a]; i++) {
                score_answer(&score, t, a, confidence);
            }
        }
    }
}

START_TEST(known_confusion)
{
    static const int confusion[3][3] = {{5, 1, 0}, {2, 2, 0}, {1, 0, 9}};
    struct score_summary sum;
    struct score_class class;

    score_init(&score, 3, true);
    fill(3, confusion, 0.5F);
    sum = score_summary(&score);
    ck_assert_int_eq(sum.n, 20);
    ck_assert_int_eq(sum.n_right, 16);
    ck_assert_int_eq(score.confusion[1][0], 2);
    near(sum.accuracy, 0.8);
    near(sum.mean_class_accuracy, (5.0 / 6 + 0.5 + 0.9) / 3);
    near(sum.macro_f1, (10.0 / 14 + 4.0 / 7 + 18.0 / 19) / 3);
    class = score_class(&score, 0);
    ck_assert_int_eq(class.n, 6);
    near(class.recall, 5.0 / 6);
    near(class.precision, 5.0 / 8);
    near(class.f1, 10.0 / 14);
}
END_TEST

START_TEST(missing_faces_count_by_choice)
{
    static const int confusion[3][3] = {{3, 0, 0}, {1, 0, 0}, {0, 0, 0}};

    for (int is_wrong = 0; is_wrong < 2; is_wrong++) {
        struct score_summary sum;

        score_init(&score, 3, is_wrong == 1);
        fill(2, confusion, 0.75F);
        score_missing(&score, 0);
        sum = score_summary(&score);
        ck_assert_int_eq(sum.n_missing, 1);
        ck_assert_int_eq(sum.n, 4 + is_wrong);
        near(sum.accuracy, 3.0 / (4 + is_wrong));
        near(score_class(&score, 0).recall, 3.0 / (3 + is_wrong));
        /* the third class does not occur and weighs nothing */
        near(sum.mean_class_accuracy, 3.0 / (3 + is_wrong) / 2);
    }
}
END_TEST

START_TEST(calibration_by_hand)
{
    score_init(&score, 2, true);
    /* bin 13 of 15, [.8667, .9333): 2 answers of .9, one of them right */
    score_answer(&score, 0, 0, 0.9F);
    score_answer(&score, 0, 1, 0.9F);
    /* bin 9, [.6, .6667): 3 of .6, all right; the edge belongs upward */
    score_answer(&score, 1, 1, 0.6F);
    score_answer(&score, 1, 1, 0.6F);
    score_answer(&score, 1, 1, 0.6F);
    ck_assert_int_eq(score.bins[13].n, 2);
    ck_assert_int_eq(score.bins[9].n, 3);
    near(score_summary(&score).calibration_error, (2 * 0.4 + 3 * 0.4) / 5);
    /* certainty itself falls into the last bin */
    score_answer(&score, 1, 1, 1.0F);
    ck_assert_int_eq(score.bins[14].n, 1);
    near(score_summary(&score).calibration_error, (2 * 0.4 + 3 * 0.4) / 6);
}
END_TEST

START_TEST(nothing_is_no_division)
{
    struct score_summary sum;

    score_init(&score, 7, false);
    score_missing(&score, 3);
    sum = score_summary(&score);
    ck_assert_int_eq(sum.n, 0);
    ck_assert_int_eq(sum.n_missing, 1);
    near(sum.accuracy, 0);
    near(sum.macro_f1, 0);
    near(sum.calibration_error, 0);
}
END_TEST

Suite *score_suite(void)
{
    Suite *suite = suite_create("score");
    TCase *tests = tcase_create("score");

    tcase_add_test(tests, known_confusion);
    tcase_add_test(tests, missing_faces_count_by_choice);
    tcase_add_test(tests, calibration_by_hand);
    tcase_add_test(tests, nothing_is_no_division);
    suite_add_tcase(suite, tests);
    return suite;
}
