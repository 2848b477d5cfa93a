// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/csv.h"
#include "tests/unit/suites.h"

static char path[] = "/tmp/aha-csv-XXXXXX";
static struct csv *csv;
static struct aha_error err;

/* Open a file of these bytes. */
static enum aha_status open_text(const char *text, size_t n)
{
    FILE *stream;
    int fd;

    memcpy(path + sizeof path - 7, "XXXXXX", 6); /* again */
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    stream = fdopen(fd, "wb");
    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(fwrite(text, 1, n, stream), n);
    ck_assert_int_eq(fclose(stream), 0);
    csv = NULL;
    return csv_open(path, &csv, &err);
}

static void close_text(void)
{
    csv_close(csv);
    ck_assert_int_eq(unlink(path), 0);
}

START_TEST(rows_are_split)
{
    static const struct {
        const char *row;
        int n;
        const char *fields[4];
    } cases[] = {
        {"a,b", 2, {"a", "b"}},
        {"", 1, {""}},
        {" a , b\t,", 3, {"a", "b", ""}},
        {"\"a,b\",c", 2, {"a,b", "c"}},
        {"\"say \"\"hi\"\"\" , x", 2, {"say \"hi\"", "x"}},
        {"\" kept \"", 1, {" kept "}},
        {"\"\",\"\"", 2, {"", ""}},
        {"\"no end", -1, {NULL}},
        {"\"a\"b,c", -1, {NULL}},
        {"1,2,3,4,5", -1, {NULL}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char row[64];
        char *fields[4];

        (void)snprintf(row, sizeof row, "%s", cases[i].row);
        ck_assert_msg(csv_split(row, fields, 4) == cases[i].n, "%s",
                      cases[i].row);
        for (int k = 0; k < cases[i].n; k++) {
            ck_assert_str_eq(fields[k], cases[i].fields[k]);
        }
    }
}
END_TEST

START_TEST(file_row_by_row)
{
    static const char text[] = "\xef\xbb\xbf"
                               "Emotion, Usage\r\n\r\n3,\"Public\"\r\n4,x,more";
    bool has_row = false;

    ck_assert_int_eq(open_text(text, sizeof text - 1), AHA_OK);
    ck_assert_int_eq(csv_column(csv, "emotion"), 0);
    ck_assert_int_eq(csv_column(csv, "usage"), 1);
    ck_assert_int_eq(csv_column(csv, "pixels"), -1);
    ck_assert_int_eq(csv_next(csv, 2, &has_row, &err), AHA_OK);
    ck_assert(has_row);
    ck_assert_int_eq(csv->line, 3);
    ck_assert_str_eq(csv->fields[1], "Public");
    ck_assert_int_eq(csv_next(csv, 2, &has_row, &err), AHA_OK);
    ck_assert(has_row);
    ck_assert_str_eq(csv->fields[2], "more");
    ck_assert_int_eq(csv_next(csv, 2, &has_row, &err), AHA_OK);
    ck_assert(!has_row);
    close_text();
}
END_TEST

START_TEST(bad_files)
{
    bool has_row = false;
    size_t n = (size_t)CSV_MAX_ROW + 9;
    char *wide = malloc(n);

    ck_assert_int_eq(open_text("", 0), AHA_ERR_DECODE);
    close_text();
    ck_assert_int_eq(open_text("a,b\n1\n", 6), AHA_OK);
    ck_assert_int_eq(csv_next(csv, 2, &has_row, &err), AHA_ERR_DECODE);
    ck_assert_ptr_nonnull(strstr(err.text, "line 2"));
    close_text();
    ck_assert_ptr_nonnull(wide);
    memset(wide, 'x', n);
    memcpy(wide, "a,b\n", 4);
    ck_assert_int_eq(open_text(wide, n), AHA_OK);
    ck_assert_int_eq(csv_next(csv, 2, &has_row, &err), AHA_ERR_DECODE);
    close_text();
    memset(wide, ',', n);
    ck_assert_int_eq(open_text(wide, 1000), AHA_ERR_DECODE);
    close_text();
    free(wide);
    ck_assert_int_eq(csv_open("/nowhere/at.all", &csv, &err), AHA_ERR_IO);
}
END_TEST

Suite *csv_suite(void)
{
    Suite *suite = suite_create("csv");
    TCase *tests = tcase_create("csv");

    tcase_add_test(tests, rows_are_split);
    tcase_add_test(tests, file_row_by_row);
    tcase_add_test(tests, bad_files);
    suite_add_tcase(suite, tests);
    return suite;
}
