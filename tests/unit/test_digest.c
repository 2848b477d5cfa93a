// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "aha/digest.h"

#include "tests/unit/suites.h"

/* FIPS 180-4's own examples, and the empty message. */
START_TEST(sha256_of_known_messages)
{
    static const struct {
        const char *message;
        const char *digest;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb924"
             "27ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223"
                "b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039"
         "a33ce45964ff2167f6ecedd419db06c1"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char hex[AHA_SHA256_HEX] = "";

        aha_sha256_hex(cases[i].message, strlen(cases[i].message), hex);
        ck_assert_str_eq(hex, cases[i].digest);
    }
}
END_TEST

START_TEST(sha256_of_a_million_letters)
{
    enum { N = 1000000 };
    char *letters = malloc(N);
    char hex[AHA_SHA256_HEX] = "";

    ck_assert_ptr_nonnull(letters);
    memset(letters, 'a', N);
    aha_sha256_hex(letters, N, hex);
    ck_assert_str_eq(hex, "cdc76e5c9914fb9281a1c7e284d73e67"
                          "f1809a48a497200e046d39ccc7112cd0");
    free(letters);
}
END_TEST

START_TEST(sha256_of_nothing)
{
    char hex[AHA_SHA256_HEX] = "";

    aha_sha256_hex(NULL, 0, hex);
    ck_assert_int_eq(strncmp(hex, "e3b0c442", 8), 0);
}
END_TEST

START_TEST(equal_only_when_every_byte_is)
{
    unsigned char a[32];
    unsigned char b[32];

    memset(a, 0xA5, sizeof a);
    memcpy(b, a, sizeof b);
    ck_assert(aha_equal_secret(a, b, sizeof a));
    for (size_t i = 0; i < sizeof a; i++) {
        for (int bit = 0; bit < 8; bit++) {
            b[i] ^= (unsigned char)(1 << bit);
            ck_assert(!aha_equal_secret(a, b, sizeof a));
            ck_assert(aha_equal_secret(a, b, i));
            b[i] = a[i];
        }
    }
    ck_assert(aha_equal_secret(a, b, 0));
}
END_TEST

Suite *digest_suite(void)
{
    Suite *suite = suite_create("digest");
    TCase *tests = tcase_create("digest");

    tcase_add_test(tests, sha256_of_known_messages);
    tcase_add_test(tests, sha256_of_a_million_letters);
    tcase_add_test(tests, sha256_of_nothing);
    tcase_add_test(tests, equal_only_when_every_byte_is);
    suite_add_tcase(suite, tests);
    return suite;
}
