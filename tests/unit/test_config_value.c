// SPDX-License-Identifier: MIT
#include <check.h>
#include <string.h>

#include "server/config_keys.h"
#include "server/config_value.h"
#include "tests/unit/suites.h"

static void expect(bool (*check)(const char *), bool is_right,
                   const char *const *texts)
{
    for (; *texts != NULL; texts++) {
        ck_assert_msg(check(*texts) == is_right, "%s", *texts);
    }
}

START_TEST(addresses)
{
    char longest[5 + 109] = "unix:/";

    memset(longest + 6, 'a', 106);
    expect(config_is_address, true,
           (const char *[]){"0.0.0.0", "127.0.0.1", "::", "::1", "fe80::1",
                            "localhost", "unix:/run/aha.sock", longest, NULL});
    expect(config_is_address, false,
           (const char *[]){"", "nowhere", "256.0.0.1", "1.2.3", "[::1]",
                            "127.0.0.1:80", "unix:", "unix:aha.sock", " ::1",
                            NULL});
    longest[5 + 107] = 'a'; /* with its 0 one more than a socket's path has */
    ck_assert(!config_is_address(longest));
}
END_TEST

START_TEST(origins)
{
    expect(config_is_origin, true,
           (const char *[]){"", "*", "https://example.org", "http://localhost",
                            "http://localhost:3000", "http://127.0.0.1:1",
                            "https://[::1]:65535", "https://[2001:db8::1]",
                            "app-x+y.z://abc", NULL});
    expect(config_is_origin, false,
           (const char *[]){"null",
                            "example.org",
                            "https://",
                            "https:///",
                            "https://example.org/",
                            "https://example.org/a",
                            "https://example.org?a",
                            "https://Example.org",
                            "HTTPS://example.org",
                            "https://example.org:",
                            "https://example.org:0",
                            "https://example.org:080",
                            "https://example.org:65536",
                            "https://example.org:99999999999999999999",
                            "https://example.org:8x",
                            "https://a:b@c",
                            "https://a b",
                            "https://[::1",
                            "https://[]",
                            "https://[::1]x",
                            "https://[example]",
                            "https://[0000:0000:0000:0000:0000:0000:0000:0000:"
                            "0000:0000]",
                            "https://a,https://b",
                            "**",
                            "* ",
                            "://a",
                            "1a://b",
                            NULL});
}
END_TEST

START_TEST(digests)
{
    char digest[66];

    ck_assert(config_is_digest(""));
    memset(digest, 'a', sizeof digest);
    digest[64] = '\0';
    ck_assert(config_is_digest(digest));
    digest[63] = 'A';
    ck_assert(!config_is_digest(digest));
    digest[63] = '\0';
    ck_assert(!config_is_digest(digest));
    digest[63] = digest[64] = '0';
    digest[65] = '\0';
    ck_assert(!config_is_digest(digest));
}
END_TEST

START_TEST(utf8)
{
    static const char *const good[] = {
        "",
        "a ~",
        "\xc2\x80\xdf\xbf",
        "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf",
        "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
    };
    static const char *const bad[] = {
        "\t",
        "\n",
        "\x1b[1m",
        "\x7f",
        "\x80",
        "\xc1\x80",
        "\xc3",
        "\xc3(",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xe2\x82",
        "\xe2\x82\xc0",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert_msg(config_is_text(good[i], strlen(good[i])), "good %zu", i);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(!config_is_text(bad[i], strlen(bad[i])), "bad %zu", i);
    }
    ck_assert(!config_is_text("a\0b", 3));
}
END_TEST

static bool accepts(const char *name, const char *text)
{
    int64_t number = -7;
    bool is_taken = config_accepts(config_find(name), text, &number);

    ck_assert_msg(is_taken || number == -7, "%s wrote on failure", name);
    return is_taken;
}

START_TEST(integers)
{
    int64_t number = 0;

    ck_assert(config_accepts(config_find("port"), "65535", &number));
    ck_assert_int_eq(number, 65535);
    ck_assert(accepts("port", "0"));
    ck_assert(accepts("port", "-0"));
    ck_assert(!accepts("port", "-1"));
    ck_assert(!accepts("port", "65536"));
    ck_assert(!accepts("port", ""));
    ck_assert(!accepts("port", "-"));
    ck_assert(!accepts("port", "+1"));
    ck_assert(!accepts("port", " 1"));
    ck_assert(!accepts("port", "1 "));
    ck_assert(!accepts("port", "0x10"));
    ck_assert(!accepts("port", "1e3"));
    ck_assert(!accepts("port", "99999999999999999999"));
    ck_assert(config_accepts(config_find("overload-status"), "429", &number));
    ck_assert_int_eq(number, 429);
    ck_assert(accepts("overload-status", "503"));
    ck_assert(!accepts("overload-status", "500"));
    ck_assert(!accepts("overload-status", "0503"));
    ck_assert(!accepts("overload-status", ""));
    ck_assert(!accepts("overload-status", "503|429"));
}
END_TEST

START_TEST(choices_and_lists)
{
    ck_assert(accepts("log-format", ""));
    ck_assert(accepts("log-format", "json"));
    ck_assert(accepts("log-format", "pretty"));
    ck_assert(!accepts("log-format", "JSON"));
    ck_assert(!accepts("log-format", "jso"));
    ck_assert(!accepts("log-format", "json|pretty"));
    ck_assert(accepts("formats", "jpeg"));
    ck_assert(accepts("formats", "avif,heif,tiff,gif,webp,png,jpeg"));
    ck_assert(!accepts("formats", ""));
    ck_assert(!accepts("formats", ","));
    ck_assert(!accepts("formats", "jpeg,"));
    ck_assert(!accepts("formats", ",jpeg"));
    ck_assert(!accepts("formats", "jpeg,,png"));
    ck_assert(!accepts("formats", "jpeg, png"));
    ck_assert(!accepts("formats", "jpeg,png,jpeg"));
    ck_assert(!accepts("formats", "jpg"));
    ck_assert(!accepts("formats", "svg"));
    ck_assert(!accepts("formats", "jpeg|png"));
}
END_TEST

static void expect_accepted(const char *name, const char *phrase)
{
    char accepted[CONFIG_MAX_ACCEPTED];

    config_accepted(config_find(name), accepted);
    ck_assert_str_eq(accepted, phrase);
}

START_TEST(what_is_accepted)
{
    expect_accepted("port", "a whole number from 0 to 65535");
    expect_accepted("overload-status", "503 or 429");
    expect_accepted("log-format", "json or pretty");
    expect_accepted("formats", "some of jpeg, png, webp, gif, tiff, heif and "
                               "avif, each once, with commas between");
    expect_accepted("tls-cert", "a path");
    expect_accepted("bind", "an IPv4 or IPv6 address, localhost or unix:/path");
}
END_TEST

/* Every default is accepted, every name can be written in every place. */
START_TEST(table)
{
    for (int i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];
        char name[CONFIG_MAX_NAME];

        if (key->kind == CONFIG_GROUP) {
            ck_assert_ptr_null(config_find(key->name));
            continue;
        }
        ck_assert_ptr_eq(config_find(key->name), key);
        ck_assert_ptr_eq(config_nearest(key->name), key);
        ck_assert_msg(accepts(key->name, key->value), "%s", key->name);
        ck_assert_uint_eq(strspn(key->name, "abcdefghijklmnopqrstuvwxyz"
                                            "0123456789-"),
                          strlen(key->name));
        config_env_name(key, name);
        ck_assert_uint_eq(strlen(name), strlen(key->name) + 4);
        ck_assert_uint_ge(strlen(key->help), 5);
    }
}
END_TEST

static void expect_nearest(const char *name, const char *meant)
{
    const struct config_key *near = config_nearest(name);

    ck_assert_msg((near == NULL) == (meant == NULL) &&
                      (near == NULL || strcmp(near->name, meant) == 0),
                  "%s gives %s", name, near == NULL ? "nothing" : near->name);
}

START_TEST(nearest)
{
    char long_name[3 * CONFIG_MAX_NAME];

    expect_nearest("prot", "port");
    expect_nearest("por", "port");
    expect_nearest("ports", "port");
    expect_nearest("max_faces", "max-faces");
    expect_nearest("model", "models");
    expect_nearest("request-timeout", "request-timeout-ms");
    expect_nearest("max-source-byte", "max-source-bytes");
    expect_nearest("confg", "config");
    expect_nearest("tls-cret", "tls-cert");
    expect_nearest("", NULL);
    expect_nearest("p", NULL);
    expect_nearest("host", NULL);
    expect_nearest("test-data", NULL);
    expect_nearest("service-port", NULL);
    expect_nearest("port-8080-tcp", NULL);
    expect_nearest("Where it listens", NULL);
    memset(long_name, 'p', sizeof long_name);
    for (size_t n = 0; n < sizeof long_name; n++) {
        long_name[n] = '\0';
        expect_nearest(long_name, NULL);
        long_name[n] = 'p';
    }
}
END_TEST

Suite *config_value_suite(void)
{
    Suite *suite = suite_create("config_value");
    TCase *tests = tcase_create("config_value");

    tcase_add_test(tests, addresses);
    tcase_add_test(tests, origins);
    tcase_add_test(tests, digests);
    tcase_add_test(tests, utf8);
    tcase_add_test(tests, integers);
    tcase_add_test(tests, choices_and_lists);
    tcase_add_test(tests, what_is_accepted);
    tcase_add_test(tests, table);
    tcase_add_test(tests, nearest);
    suite_add_tcase(suite, tests);
    return suite;
}
