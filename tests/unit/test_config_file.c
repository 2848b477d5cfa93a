// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/config_file.h"
#include "server/config_print.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

/* Read n bytes as aha.conf, exactly as many as the reader may look at. */
static bool read_bytes(const char *text, size_t n, struct config_draft *draft,
                       char **said)
{
    char *copy = malloc(n > 0 ? n : 1);
    size_t length = 0;
    FILE *stream = open_memstream(said, &length);
    bool is_read;

    ck_assert(copy != NULL && stream != NULL);
    memcpy(copy, text, n);
    *draft = (struct config_draft){.errors = stream,
                                   .config.config_file = "aha.conf"};
    is_read = config_read_text(draft, copy, n);
    ck_assert_int_eq(fclose(stream), 0);
    free(copy);
    return is_read;
}

static void expect_good(const char *text, struct config_draft *draft)
{
    char *said = NULL;

    ck_assert_msg(read_bytes(text, strlen(text), draft, &said), "%s: %s", text,
                  said);
    ck_assert_str_eq(said, "");
    free(said);
}

static void expect_bad(const char *text, size_t n, const char *start,
                       const char *word)
{
    struct config_draft draft;
    char *said = NULL;

    ck_assert_msg(!read_bytes(text, n, &draft, &said), "accepted: %s", text);
    ck_assert_msg(strncmp(said, start, strlen(start)) == 0, "%s: %s", text,
                  said);
    ck_assert_msg(strstr(said, word) != NULL, "%s not in: %s", word, said);
    ck_assert_ptr_eq(strchr(said, '\n'), said + strlen(said) - 1);
    free(said);
}

static void refuse(const char *text, const char *word)
{
    expect_bad(text, strlen(text), "aha serve: aha.conf:1: ", word);
}

START_TEST(values)
{
    struct config_draft draft;

    expect_good("", &draft);
    expect_good("\n\n \t\n# a comment [x] = \\ \"\n  # another", &draft);
    expect_good("port = 1\nworkers=2\r\n\tmax-faces\t=\t3\t# three\n"
                "models = /srv/mod\xc3\xa8les",
                &draft);
    ck_assert_int_eq(draft.config.port, 1);
    ck_assert_int_eq(draft.config.workers, 2);
    ck_assert_int_eq(draft.config.max_faces, 3);
    ck_assert_str_eq(draft.config.models, "/srv/mod\xc3\xa8les");
    expect_good("models = \"a b#c = \\\"d\\\\\" # end\n", &draft);
    ck_assert_str_eq(draft.config.models, "a b#c = \"d\\");
    expect_good("models = \"\"\nport = \"80\" \nlog-format = \"\"", &draft);
    ck_assert_str_eq(draft.config.models, "");
    ck_assert_int_eq(draft.config.port, 80);
    expect_good("models = a=b", &draft);
    ck_assert_str_eq(draft.config.models, "a=b");
}
END_TEST

START_TEST(mistakes)
{
    refuse("[server]", "no sections");
    refuse("port", "key = value");
    refuse("port 80", "key = value");
    refuse("port: 80", "key = value");
    refuse("= 80", "key = value");
    refuse("port # = 80", "key = value");
    refuse("port =", "port: the value is missing");
    refuse("port = # 80", "port: the value is missing");
    refuse("port = 80#x", "port: a value with \", \\ or #");
    refuse("models = a\"b", "double quotes; it takes a path");
    refuse("models = a\\b", "double quotes");
    refuse("models = a b", "after the value");
    refuse("models = \"a\" b", "after the value");
    refuse("models = \"a\"b", "after the value");
    refuse("models = \"a\"#b", "after the value");
    refuse("models = \"a", "closing double quote");
    refuse("models = \"a\\", "\\ stands before");
    refuse("models = \"a\\\"", "closing double quote");
    refuse("models = \"a\\n\"", "\\ stands before");
    refuse("port = http", "port takes a whole number from 0 to 65535, not "
                          "'http'");
    refuse("port = \"\"", "port takes");
    refuse("formats = jpeg,jpg", "formats takes some of jpeg, png");
    refuse("prot = 80", "no setting prot; did you mean port?");
    refuse("max_faces = 8", "did you mean max-faces?");
    refuse("colour = blue", "no setting colour; see aha serve --help");
    refuse("PORT = 80", "no setting PORT");
    refuse("\xef\xbb\xbfport = 80", "no setting");
    refuse("config = other.conf", "command line or in AHA_CONFIG");
    refuse("port = \xff", "not UTF-8");
    refuse("port = 80\r\r\n", "not UTF-8");
    refuse("port = 80\x1b", "not UTF-8");
    expect_bad("port = 80\0\n", 11, "aha serve: aha.conf:1: ", "not UTF-8");
    expect_bad("#\n\nport = 1\n#\nport = 1\n", 23,
               "aha serve: aha.conf:5: ", "port stands on line 3 already");
}
END_TEST

START_TEST(bounds)
{
    char line[CONFIG_MAX_LINE + 2];
    char value[CONFIG_MAX_TEXT + 16] = "models = ";
    struct config_draft draft;
    char *said = NULL;

    memset(line, '#', sizeof line);
    line[CONFIG_MAX_LINE] = '\n';
    ck_assert(read_bytes(line, CONFIG_MAX_LINE + 1, &draft, &said));
    free(said);
    line[CONFIG_MAX_LINE] = '\r';
    line[CONFIG_MAX_LINE + 1] = '\n';
    ck_assert(read_bytes(line, CONFIG_MAX_LINE + 2, &draft, &said));
    free(said);
    line[CONFIG_MAX_LINE] = '#';
    expect_bad(line, CONFIG_MAX_LINE + 1, "aha serve: aha.conf:1: ", "longer");
    memset(value + 9, 'a', CONFIG_MAX_TEXT);
    ck_assert(read_bytes(value, 9 + CONFIG_MAX_TEXT - 1, &draft, &said));
    ck_assert_uint_eq(strlen(draft.config.models), CONFIG_MAX_TEXT - 1);
    free(said);
    expect_bad(value, 9 + CONFIG_MAX_TEXT,
               "aha serve: aha.conf:1: ", "models takes at most 511 bytes");
}
END_TEST

/* Whatever stands there: it is read, or one line says where it is wrong. */
START_TEST(noise)
{
    static const char *const words[] = {
        "port",  "=",    " ",    "\t",      "#",    "\"",     "\\",   "\n",
        "\r\n",  "8",    "[a]",  "formats", "jpeg", "models", "\xc3", "\xa8",
        "bind ", "::1",  ",",    "-",       "max-", "faces",  "\x01", "= ",
        "port=", "\n\n", "= \"", "\\\"",    "= 1",  "0",      "aha",  "unix:/",
    };
    uint32_t state = 20201;

    for (int round = 0; round < 20000; round++) {
        struct config_draft draft;
        char text[128];
        size_t n = 0;
        char *said = NULL;

        for (int i = 0; i < 12; i++) {
            int place = (int)((support_random(&state) + 1) * 16);
            const char *word = words[place & 31];

            memcpy(text + n, word, strlen(word));
            n += strlen(word);
        }
        if (read_bytes(text, n, &draft, &said)) {
            ck_assert_str_eq(said, "");
        } else {
            ck_assert_ptr_eq(strstr(said, "aha serve: aha.conf:"), said);
            ck_assert_ptr_eq(strchr(said, '\n'), said + strlen(said) - 1);
        }
        free(said);
    }
}
END_TEST

/* What is printed reads back the same, whatever the texts hold. */
START_TEST(round_trip)
{
    struct config_draft draft, again;
    char *text = NULL;
    size_t n = 0;
    FILE *stream;

    expect_good("port = 0\nmodels = \"\\\\ \\\" # = \xc3\xa8\\\\\"\n"
                "overload-status = 429\nformats = gif\nbind = unix:/a\n",
                &draft);
    for (int i = 0; i < config_n_keys; i++) {
        struct config_from from = {CONFIG_FROM_DEFAULT, 0};

        if (config_keys[i].kind != CONFIG_GROUP) {
            ck_assert(config_set(&draft, &config_keys[i], from,
                                 config_keys[i].value));
        }
    }
    (void)snprintf(draft.config.config_file, CONFIG_MAX_TEXT, "aha.conf");
    memset(draft.config.tls_key, '\\', CONFIG_MAX_TEXT - 1);
    memset(draft.config.tls_cert, '"', CONFIG_MAX_TEXT - 1);
    ck_assert_int_eq(draft.config.overload_status, 429);
    stream = open_memstream(&text, &n);
    config_print(&draft, stream);
    ck_assert_int_eq(fclose(stream), 0);
    expect_good(text, &again);
    ck_assert_mem_eq(&again.config, &draft.config, sizeof draft.config);
    free(text);
}
END_TEST

/* Read the file there; what it says is the caller's to free. */
static bool read_path(const char *path, char **said)
{
    size_t length = 0;
    FILE *stream = open_memstream(said, &length);
    struct config_draft draft = {.errors = stream};
    bool is_read;

    (void)snprintf(draft.config.config_file, CONFIG_MAX_TEXT, "%s", path);
    is_read = config_read_file(&draft);
    ck_assert_int_eq(fclose(stream), 0);
    return is_read;
}

START_TEST(files)
{
    char path[] = "/tmp/aha-test-XXXXXX";
    int descriptor = mkstemp(path);
    char *said = NULL;

    ck_assert_int_ge(descriptor, 0);
    ck_assert(read_path(path, &said));
    free(said);
    for (int i = 0; i < CONFIG_MAX_FILE; i += 16) {
        ck_assert_int_eq(write(descriptor, "###############\n", 16), 16);
    }
    ck_assert(read_path(path, &said));
    free(said);
    ck_assert_int_eq(write(descriptor, "\n", 1), 1);
    ck_assert(!read_path(path, &said));
    ck_assert_ptr_nonnull(strstr(said, "larger than 64 KiB"));
    free(said);
    (void)close(descriptor);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert(!read_path(path, &said));
    ck_assert_ptr_nonnull(strstr(said, path));
    ck_assert_ptr_nonnull(strstr(said, "is not there"));
    free(said);
    ck_assert(!read_path("/tmp", &said));
    ck_assert_ptr_nonnull(strstr(said, "/tmp cannot be read"));
    free(said);
}
END_TEST

START_TEST(no_memory)
{
    char path[] = "/tmp/aha-test-XXXXXX";
    int descriptor = mkstemp(path);
    char *said = NULL;
    bool is_read;

    ck_assert_int_ge(descriptor, 0);
    (void)close(descriptor);
    (void)support_fail_allocation(1);
    is_read = read_path(path, &said);
    ck_assert(support_fail_allocation(0));
    ck_assert(!is_read);
    ck_assert_ptr_nonnull(strstr(said, "memory"));
    free(said);
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

Suite *config_file_suite(void)
{
    Suite *suite = suite_create("config_file");
    TCase *tests = tcase_create("config_file");

    tcase_add_test(tests, values);
    tcase_add_test(tests, mistakes);
    tcase_add_test(tests, bounds);
    tcase_add_test(tests, noise);
    tcase_add_test(tests, round_trip);
    tcase_add_test(tests, files);
    tcase_add_test(tests, no_memory);
    suite_add_tcase(suite, tests);
    return suite;
}
