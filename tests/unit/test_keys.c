// SPDX-License-Identifier: MIT
#include <check.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aha/digest.h"

#include "server/keys.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

/* SHA-256 of "abc", from the standard that defines it */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define NOTHING                                                                \
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static char path[64];
static struct keys *keys;
static struct aha_error err;

static void make_file(void)
{
    int fd;

    (void)snprintf(path, sizeof path, "/tmp/aha-keys-XXXXXX");
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    keys = NULL;
    err = (struct aha_error){AHA_OK, ""};
}

static void remove_file(void)
{
    keys_destroy(keys);
    (void)unlink(path);
}

static enum aha_status load(const char *text, size_t n)
{
    FILE *stream = fopen(path, "w");

    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(fwrite(text, 1, n, stream), n);
    ck_assert_int_eq(fclose(stream), 0);
    keys_destroy(keys);
    keys = NULL;
    return keys_load(path, &keys, &err);
}

/* `count` lines of keys "secret0" ... */
static char *many(int count)
{
    char *text = malloc((size_t)count * 96 + 1);
    size_t n = 0;

    for (int i = 0; i < count; i++) {
        char secret[24];
        char hash[65];

        (void)snprintf(secret, sizeof secret, "secret%d", i);
        aha_sha256_hex(secret, strlen(secret), hash);
        n += (size_t)snprintf(text + n, 96, "n%d:%s\n", i, hash);
    }
    return text;
}

START_TEST(good_file)
{
    static const char text[] =
        "# who may ask\n"
        "\n"
        "cameras:" ABC "\n"
        "  "
        "Lab_2.b-x:E7CF3EF4F17C3999A94F2C6F612E8A888E5B1026878E4E19398B23BD38E"
        "C221A:50 \r\n"
        "\t# trailing\n"
        "open:688787d8ff144c502c7f5cffaafe2cc588d86079f9de88304c26b0cb99ce91c6:"
        "0";

    ck_assert_msg(load(text, sizeof text - 1) == AHA_OK, "%s", err.text);
    ck_assert_int_eq(keys_count(keys), 3);
    ck_assert_int_eq(keys_find(keys, "abc", 3), 0);
    ck_assert_int_eq(keys_find(keys, "Password", 8), 1);
    ck_assert_int_eq(keys_find(keys, "asd", 3), 2);
    ck_assert_str_eq(keys_name(keys, 1), "Lab_2.b-x");
    ck_assert_int_eq(keys_rate(keys, 0), -1);
    ck_assert_int_eq(keys_rate(keys, 1), 50);
    ck_assert_int_eq(keys_rate(keys, 2), 0);
}
END_TEST

START_TEST(wrong_keys)
{
    static const char text[] = "cameras:" ABC "\n";
    char *big = calloc(1, 100000);

    ck_assert_int_eq(load(text, sizeof text - 1), AHA_OK);
    ck_assert_int_eq(keys_find(keys, "", 0), -1);
    ck_assert_int_eq(keys_find(keys, "ab", 2), -1);
    ck_assert_int_eq(keys_find(keys, "abd", 3), -1);
    ck_assert_int_eq(keys_find(keys, "abc", 4), -1); /* with its end */
    ck_assert_int_eq(keys_find(keys, "abc\n", 4), -1);
    ck_assert_int_eq(keys_find(keys, ABC, 64), -1); /* the hash is no key */
    ck_assert_int_eq(keys_find(keys, big, 100000), -1);
    free(big);
}
END_TEST

START_TEST(bad_lines)
{
    static const struct {
        const char *line;
        const char *word;
    } cases[] = {
        {"cameras", "expected NAME:SHA256"},
        {ABC, "expected NAME:SHA256"},
        {":" ABC, "a name is"},
        {"a b:" ABC, "a name is"},
        {"caf\xc3\xa9:" ABC, "a name is"},
        {"n23456789012345678901234567890123:" ABC, "a name is"},
        {"a:", "64 hexadecimal"},
        {"a: " ABC, "64 hexadecimal"},
        {"a:" ABC "0", "64 hexadecimal"},
        {"a:secretsecretsecret", "64 hexadecimal"},
        {"a:gg7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
         "64 hexadecimal"},
        {"a:" ABC ":", "whole number"},
        {"a:" ABC ":-1", "whole number"},
        {"a:" ABC ":1.5", "whole number"},
        {"a:" ABC ":100001", "whole number"},
        {"a:" ABC ":9999999", "whole number"},
        {"a:" ABC ":5:5", "whole number"},
        {"a:" NOTHING, "empty key"},
        {"cam:" ABC, "the hash is already in line 2"},
        {"first:" NOTHING, "empty key"},
        {"first:e7cf3ef4f17c3999a94f2c6f612e8a888e5b1026878e4e19398b23bd38ec22"
         "1a",
         "the name is already in line 2"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[400];
        char where[80];
        int n = snprintf(text, sizeof text, "#\nfirst:" ABC "\n%s\n",
                         cases[i].line);

        ck_assert_msg(load(text, (size_t)n) == AHA_ERR_ARG, "%s", text);
        (void)snprintf(where, sizeof where, "%s:3: ", path);
        ck_assert_msg(strncmp(err.text, where, strlen(where)) == 0 &&
                          strstr(err.text, cases[i].word) != NULL,
                      "%s: %s", cases[i].line, err.text);
        ck_assert_msg(strstr(err.text, "secretsecret") == NULL &&
                          strstr(err.text, "ba7816bf") == NULL,
                      "%s", err.text);
        ck_assert_ptr_null(keys);
    }
}
END_TEST

START_TEST(longest_name)
{
    static const char text[] = "n2345678901234567890123456789012:" ABC "\n";

    ck_assert_msg(load(text, sizeof text - 1) == AHA_OK, "%s", err.text);
    ck_assert_uint_eq(strlen(keys_name(keys, 0)), 32);
}
END_TEST

START_TEST(bad_files)
{
    char *text = malloc(KEYS_MAX_FILE + 1);

    ck_assert_int_eq(load("", 0), AHA_ERR_ARG);
    ck_assert_ptr_nonnull(strstr(err.text, "no key"));
    ck_assert_int_eq(load("# nobody\n\n", 10), AHA_ERR_ARG);
    ck_assert_int_eq(keys_load("/nowhere/keys", &keys, &err), AHA_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "/nowhere/keys"));
    memset(text, '\n', KEYS_MAX_FILE + 1);
    memcpy(text, "cameras:" ABC, 72);
    ck_assert_int_eq(load(text, KEYS_MAX_FILE), AHA_OK);
    ck_assert_int_eq(load(text, KEYS_MAX_FILE + 1), AHA_ERR_TOO_LARGE);
    free(text);
}
END_TEST

START_TEST(as_many_as_allowed)
{
    char *text = many(KEYS_MAX + 1);
    char *last = strstr(text, "n1024:");

    ck_assert_int_eq(load(text, strlen(text)), AHA_ERR_ARG);
    ck_assert_ptr_nonnull(strstr(err.text, ":1025: there are more than 1024"));
    ck_assert_msg(load(text, (size_t)(last - text)) == AHA_OK, "%s", err.text);
    ck_assert_int_eq(keys_count(keys), KEYS_MAX);
    for (int i = 0; i < KEYS_MAX; i += 31) {
        char secret[24];
        int n = snprintf(secret, sizeof secret, "secret%d", i);

        ck_assert_int_eq(keys_find(keys, secret, (size_t)n), i);
    }
    ck_assert_int_eq(keys_find(keys, "secret1024", 10), -1);
    free(text);
}
END_TEST

START_TEST(exposed)
{
    static const char text[] = "cameras:" ABC "\n";

    ck_assert_int_eq(load(text, sizeof text - 1), AHA_OK);
    ck_assert(!keys_is_exposed(keys));
    ck_assert_int_eq(chmod(path, 0644), 0);
    ck_assert_int_eq(load(text, sizeof text - 1), AHA_OK);
    ck_assert(keys_is_exposed(keys));
}
END_TEST

START_TEST(no_memory)
{
    static const char text[] = "cameras:" ABC "\n";
    unsigned long n = 1;

    ck_assert_int_eq(load(text, sizeof text - 1), AHA_OK);
    keys_destroy(keys);
    keys = NULL;
    for (; n < 10; n++) {
        enum aha_status status;

        support_fail_allocation(n);
        status = keys_load(path, &keys, &err);
        if (!support_fail_allocation(0)) {
            break;
        }
        ck_assert_int_eq(status, AHA_ERR_MEMORY);
        ck_assert_ptr_null(keys);
    }
    ck_assert_ptr_nonnull(keys);
    ck_assert_uint_gt(n, 1);
}
END_TEST

Suite *keys_suite(void)
{
    Suite *suite = suite_create("keys");
    TCase *tests = tcase_create("keys");

    tcase_add_checked_fixture(tests, make_file, remove_file);
    tcase_add_test(tests, good_file);
    tcase_add_test(tests, wrong_keys);
    tcase_add_test(tests, bad_lines);
    tcase_add_test(tests, longest_name);
    tcase_add_test(tests, bad_files);
    tcase_add_test(tests, as_many_as_allowed);
    tcase_add_test(tests, exposed);
    tcase_add_test(tests, no_memory);
    suite_add_tcase(suite, tests);
    return suite;
}
