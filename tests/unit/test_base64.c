// SPDX-License-Identifier: MIT
#include <check.h>
#include <string.h>

#include "server/base64.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The plainest encoder, bit by bit. */
static size_t encode(const unsigned char *bytes, size_t n, char *out)
{
    size_t length = 0;

    for (size_t bit = 0; bit < 8 * n; bit += 6) {
        unsigned value = 0;

        for (size_t i = bit; i < bit + 6; i++) {
            value =
                2 * value + (i < 8 * n ? bytes[i / 8] >> (7 - i % 8) & 1U : 0U);
        }
        out[length++] = alphabet[value];
    }
    while (length % 4 != 0) {
        out[length++] = '=';
    }
    out[length] = '\0';
    return length;
}

static bool decodes(const char *text, const char *expected)
{
    unsigned char out[64];
    size_t n = 0;

    return base64_size(text, strlen(text), &n) && n <= sizeof out &&
           base64_decode(text, strlen(text), out) &&
           (expected == NULL ||
            (n == strlen(expected) && memcmp(out, expected, n) == 0));
}

START_TEST(the_standards_own)
{
    ck_assert(decodes("", ""));
    ck_assert(decodes("Zg==", "f"));
    ck_assert(decodes("Zm8=", "fo"));
    ck_assert(decodes("Zm9v", "foo"));
    ck_assert(decodes("Zm9vYg==", "foob"));
    ck_assert(decodes("Zm9vYmE=", "fooba"));
    ck_assert(decodes("Zm9vYmFy", "foobar"));
}
END_TEST

/* Into exactly as many bytes as were promised: a sanitizer sees one more. */
START_TEST(every_length)
{
    uint32_t state = 1;

    for (size_t n = 0; n <= 300; n++) {
        unsigned char bytes[300];
        char text[404];
        size_t n_text;
        size_t n_out = 999;
        unsigned char *out = malloc(n + (n == 0));

        for (size_t i = 0; i < n; i++) {
            bytes[i] = (unsigned char)(128 + 127 * support_random(&state));
        }
        n_text = encode(bytes, n, text);
        ck_assert(base64_size(text, n_text, &n_out));
        ck_assert_uint_eq(n_out, n);
        ck_assert(base64_decode(text, n_text, out));
        ck_assert_int_eq(memcmp(out, bytes, n), 0);
        ck_assert(base64_decode(text, n_text, (unsigned char *)text));
        ck_assert_int_eq(memcmp(text, bytes, n), 0);
        free(out);
    }
}
END_TEST

START_TEST(every_cut_is_refused)
{
    static const char text[] = "AAECAwQFBgcICQ==";
    unsigned char out[12];

    for (size_t n = 0; n < sizeof text - 1; n++) {
        size_t size = 999;
        bool is_whole = n % 4 == 0;

        ck_assert_int_eq(base64_size(text, n, &size), is_whole);
        ck_assert_int_eq(size == 999, !is_whole);
        ck_assert_int_eq(base64_decode(text, n, out), is_whole);
    }
}
END_TEST

START_TEST(every_byte_everywhere)
{
    for (size_t at = 0; at < 12; at++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[] = "AAAAAAAAAAAA";
            unsigned char out[9];
            bool is_good = byte != 0 && strchr(alphabet, byte) != NULL;

            text[at] = (char)byte;
            is_good = is_good || (at == 11 && byte == '=');
            ck_assert_msg(base64_decode(text, 12, out) == is_good,
                          "byte %d at %zu", byte, at);
        }
    }
}
END_TEST

START_TEST(stray_bits_and_padding)
{
    static const char *const bad[] = {
        "Zh==", "Zm9=",   "Zg=",       "Zg",   "Z===",     "====",  "=",
        "==",   "A=A=",   "=AAA",      "A===", "Zg==Zg==", "Zm9v=", "Zg=A",
        "Zg= ", "Zm9v\n", "Zm9v Zm9v", "Zm-v", "Zm_v",     "AA==A",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(!decodes(bad[i], NULL), "%s", bad[i]);
    }
    /* of the 64 possible last characters exactly those without stray bits */
    for (int i = 0; i < 64; i++) {
        char one[] = "A?==";
        char two[] = "AA?=";

        one[1] = alphabet[i];
        two[2] = alphabet[i];
        ck_assert_int_eq(decodes(one, NULL), i % 16 == 0);
        ck_assert_int_eq(decodes(two, NULL), i % 4 == 0);
    }
}
END_TEST

static size_t data_url(const char *text)
{
    return base64_data_url(text, strlen(text));
}

START_TEST(data_urls)
{
    ck_assert_uint_eq(data_url("data:image/jpeg;base64,Zg=="), 23);
    ck_assert_uint_eq(data_url("data:image/png;base64,"), 22);
    ck_assert_uint_eq(data_url("data:image/svg+xml;charset=utf-8;base64,Zg=="),
                      40);
    ck_assert_uint_eq(data_url(""), 0);
    ck_assert_uint_eq(data_url("Zg=="), 0);
    ck_assert_uint_eq(data_url("data:image/;base64"), 0);
    ck_assert_uint_eq(data_url("data:image/png,Zg=="), 0);
    ck_assert_uint_eq(data_url("data:text/plain;base64,Zg=="), 0);
    ck_assert_uint_eq(data_url("data:image/base64,Zg=="), 0);
    ck_assert_uint_eq(base64_data_url("data:image/png;base64,", 21), 0);
}
END_TEST

Suite *base64_suite(void)
{
    Suite *suite = suite_create("base64");
    TCase *tests = tcase_create("base64");

    tcase_add_test(tests, the_standards_own);
    tcase_add_test(tests, every_length);
    tcase_add_test(tests, every_cut_is_refused);
    tcase_add_test(tests, every_byte_everywhere);
    tcase_add_test(tests, stray_bits_and_padding);
    tcase_add_test(tests, data_urls);
    suite_add_tcase(suite, tests);
    return suite;
}
