// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/accept.h"
#include "tests/unit/suites.h"

static const unsigned photo =
    1U << MEDIA_JSON | 1U << MEDIA_PNG | 1U << MEDIA_WEBP | 1U << MEDIA_SVG;
static const unsigned batch = 1U << MEDIA_JSON | 1U << MEDIA_NDJSON;

START_TEST(names_are_distinct)
{
    for (int i = 0; i < N_MEDIA; i++) {
        ck_assert_ptr_nonnull(strchr(media_name((enum media)i), '/'));
        for (int k = 0; k < i; k++) {
            ck_assert_str_ne(media_name((enum media)i),
                             media_name((enum media)k));
        }
    }
}
END_TEST

static const struct {
    const char *header;
    int chosen;
} rows[] = {
    {NULL, MEDIA_JSON},
    {"*/*", MEDIA_JSON},
    {"application/json", MEDIA_JSON},
    {"image/png", MEDIA_PNG},
    {"IMAGE/Png", MEDIA_PNG},
    {"image/svg+xml", MEDIA_SVG},
    {"image/*", MEDIA_PNG},
    {"Image/*", MEDIA_PNG},
    {"application/*", MEDIA_JSON},
    {"text/html, image/webp", MEDIA_WEBP},
    {"  ,, image/webp ,", MEDIA_WEBP},
    /* quality */
    {"image/webp, image/png;q=0.9", MEDIA_WEBP},
    {"image/webp;q=0.1, image/png;q=0.9", MEDIA_PNG},
    {"image/png;q=0.2 , application/json ;\tq=0.3", MEDIA_JSON},
    {"image/png;Q=0.2,image/webp;Q=0.3", MEDIA_WEBP},
    {"image/png;q=0.999,image/webp;q=1.000", MEDIA_WEBP},
    {"application/json;charset=utf-8;q=0.1, image/png;q=0.2", MEDIA_PNG},
    {"image/png;quality=0", MEDIA_PNG},
    {"image/png, application/json", MEDIA_JSON}, /* ties: the first offer */
    {"image/png;q=0.5, application/json;q=0.5", MEDIA_JSON},
    {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
     MEDIA_JSON},
    /* the most specific range speaks, wherever it stands */
    {"*/*;q=0.1, image/svg+xml", MEDIA_SVG},
    {"image/svg+xml;q=0.2, */*;q=0.1", MEDIA_SVG},
    {"image/*;q=0.8, image/png;q=0", MEDIA_WEBP},
    {"image/png;q=0, image/*;q=0.8", MEDIA_WEBP},
    {"*/*, application/json;q=0", MEDIA_PNG},
    {"*/*, application/json;q=0, image/*;q=0", -1},
    {"image/*;q=0.3, */*;q=0.9", MEDIA_JSON},
    {"image/*;q=0.9, */*;q=0.3", MEDIA_PNG},
    /* nothing that is there */
    {"text/html", -1},
    {"application/json;q=0", -1},
    {"application/json;q=0.000", -1},
    {"*/*;q=0", -1},
    {"application/x-ndjson", -1},
    {"application/octet-stream", -1},
    /* garbage */
    {",", -1},
    {";", -1},
    {";;;q=1", -1},
    {"q=1", -1},
    {"/", -1},
    {"*", -1},
    {"**/*", -1},
    {"*/png", -1},
    {"*/*x", -1},
    {"image/", -1},
    {"image", -1},
    {"image/pn", -1},
    {"image/pngx", -1},
    {"image/png/x", -1},
    {"imagex*", -1},
    {"application/jsonp", -1},
    {"\xff\xfe", -1},
    {"image/png;q=2", -1},
    {"image/png;q=-1", -1},
    {"image/png;q=nan", -1},
    {"image/png;q=inf", -1},
    {"image/png;q=", -1},
    {"image/png;q=,application/json", MEDIA_JSON},
    {"image/png;q", MEDIA_PNG},
    {"image/png;", MEDIA_PNG},
};

START_TEST(the_best_offer_is_chosen)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int chosen = accept_choose(rows[i].header, photo);

        ck_assert_msg(chosen == rows[i].chosen, "%s chose %d", rows[i].header,
                      chosen);
    }
    ck_assert_int_eq(accept_choose("application/x-ndjson", batch),
                     MEDIA_NDJSON);
    ck_assert_int_eq(accept_choose("application/*", batch), MEDIA_JSON);
    ck_assert_int_eq(accept_choose("image/png", batch), -1);
    ck_assert_int_eq(accept_choose("*/*", 1U << MEDIA_SVG), MEDIA_SVG);
    ck_assert_int_eq(accept_choose(NULL, 0), -1);
}
END_TEST

START_TEST(long_headers_are_read_whole)
{
    static const char range[] = "text/plain;q=0.1,";
    enum { TIMES = 4000 };
    size_t n = sizeof range - 1;
    char *header = malloc(TIMES * n + 16);

    ck_assert_ptr_nonnull(header);
    for (size_t i = 0; i < TIMES; i++) {
        memcpy(header + i * n, range, n);
    }
    memcpy(header + TIMES * n, "image/webp", sizeof "image/webp");
    ck_assert_int_eq(accept_choose(header, photo), MEDIA_WEBP);
    memset(header, ';', TIMES * n);
    ck_assert_int_eq(accept_choose(header, photo), -1);
    memset(header, 'a', TIMES * n);
    ck_assert_int_eq(accept_choose(header, photo), -1);
    free(header);
}
END_TEST

START_TEST(no_end_of_a_header_is_overrun)
{
    static const char whole[] = "image/png;q=0.5, */*;q=0.1";

    for (size_t n = 0; n < sizeof whole; n++) {
        char *header = strndup(whole, n); /* ends where the heap block does */

        ck_assert_ptr_nonnull(header);
        ck_assert_int_lt(accept_choose(header, photo), N_MEDIA);
        free(header);
    }
}
END_TEST

Suite *accept_suite(void)
{
    Suite *suite = suite_create("accept");
    TCase *tests = tcase_create("accept");

    tcase_add_test(tests, names_are_distinct);
    tcase_add_test(tests, the_best_offer_is_chosen);
    tcase_add_test(tests, long_headers_are_read_whole);
    tcase_add_test(tests, no_end_of_a_header_is_overrun);
    suite_add_tcase(suite, tests);
    return suite;
}
