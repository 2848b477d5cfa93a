// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "core/vision/png_text.h"
#include "tests/unit/suites.h"

#define SIGNATURE   "\x89PNG\r\n\x1a\n"
#define HEADER      "\0\0\0\2IHDRab1234"
#define PLAIN       "\0\0\0\3tEXta\0b1234"
#define PACKED      "\0\0\0\1zTXta1234"
#define WIDE        "\0\0\0\0iTXt1234"
#define END         "\0\0\0\0IEND1234"
#define BYTES(text) (text), sizeof(text) - 1

static uint8_t out[256];

static void expect(const char *png, size_t n, const char *wanted,
                   size_t n_wanted)
{
    ck_assert_uint_le(n, sizeof out);
    ck_assert_int_eq(png_has_text(png, n), n != n_wanted);
    ck_assert_uint_eq(png_without_text(png, n, out), n_wanted);
    ck_assert_mem_eq(out, wanted, n_wanted);
}

START_TEST(texts_go)
{
    expect(BYTES(SIGNATURE HEADER PLAIN PACKED WIDE END),
           BYTES(SIGNATURE HEADER END));
    expect(BYTES(SIGNATURE PACKED), BYTES(SIGNATURE));
    expect(BYTES(SIGNATURE HEADER END PLAIN), BYTES(SIGNATURE HEADER END));
}
END_TEST

START_TEST(all_else_stays)
{
    expect(BYTES(SIGNATURE HEADER END), BYTES(SIGNATURE HEADER END));
    expect(BYTES(SIGNATURE HEADER END "rest"),
           BYTES(SIGNATURE HEADER END "rest"));
}
END_TEST

START_TEST(texts_that_are_cut_go)
{
    expect(BYTES(SIGNATURE HEADER "\0\0\0\5tEXta1234"),
           BYTES(SIGNATURE HEADER));
    expect(BYTES(SIGNATURE "\xff\xff\xff\xfftEXta1234" END), BYTES(SIGNATURE));
    /* Of this one not even the type is certain. */
    expect(BYTES(SIGNATURE "\0\0\0\0tEXt123"),
           BYTES(SIGNATURE "\0\0\0\0tEXt123"));
}
END_TEST

START_TEST(cut_anywhere)
{
    static const char whole[] = SIGNATURE HEADER PLAIN END;

    for (size_t n = 0; n < sizeof whole - 1; n++) {
        size_t used = png_without_text(whole, n, out);

        ck_assert_uint_le(used, n);
        ck_assert_int_eq(png_has_text(whole, n), used < n);
    }
}
END_TEST

Suite *png_text_suite(void)
{
    Suite *suite = suite_create("png_text");
    TCase *tests = tcase_create("png_text");

    tcase_add_test(tests, texts_go);
    tcase_add_test(tests, all_else_stays);
    tcase_add_test(tests, texts_that_are_cut_go);
    tcase_add_test(tests, cut_anywhere);
    suite_add_tcase(suite, tests);
    return suite;
}
