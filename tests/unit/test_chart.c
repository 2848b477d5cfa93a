// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/chart.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

START_TEST(texts_are_escaped)
{
    static const struct chart_ink ink = {"#000000", 12, false, false};
    char path[] = "/tmp/aha-chart-XXXXXX";
    int fd = mkstemp(path);
    struct chart chart;
    unsigned char *text;
    size_t n = 0;

    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    ck_assert(chart_open(&chart, path, 90, 60, "a<b>"));
    chart_box(&chart, 1, 2, 3, 4, "#ff0000", "\"q\"\1");
    chart_line(&chart, 0, 0, 1.5, 2, &ink);
    chart_text(&chart, 5, 6, CHART_END, &ink, "%s %d %%", "<script>&", 7);
    ck_assert(chart_close(&chart));
    text = support_read(path, &n);
    text = realloc(text, n + 1);
    ck_assert_ptr_nonnull(text);
    text[n] = '\0';
    ck_assert_ptr_nonnull(strstr((char *)text, "<title>a&lt;b&gt;</title>"));
    ck_assert_ptr_nonnull(strstr((char *)text, "&quot;q&quot; <"));
    ck_assert_ptr_nonnull(strstr((char *)text, ">&lt;script&gt;&amp; 7 %<"));
    ck_assert_ptr_nonnull(strstr((char *)text, "\"0.00,0.00 1.50,2.00\""));
    ck_assert_ptr_nonnull(strstr((char *)text, "</svg>"));
    free(text);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert(!chart_open(&chart, "/nowhere/at.all", 1, 1, ""));
}
END_TEST

START_TEST(full_disk_is_told)
{
    struct chart chart;

    ck_assert(chart_open(&chart, "/dev/full", 90, 60, "chart"));
    ck_assert(!chart_close(&chart));
}
END_TEST

Suite *chart_suite(void)
{
    Suite *suite = suite_create("chart");
    TCase *tests = tcase_create("chart");

    tcase_add_test(tests, texts_are_escaped);
    tcase_add_test(tests, full_disk_is_told);
    suite_add_tcase(suite, tests);
    return suite;
}
