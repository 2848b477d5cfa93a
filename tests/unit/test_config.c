// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/config.h"
#include "tests/unit/suites.h"

enum { MAX_ARGS = 8, MAX_FLAG = 64 };

/* Parse flags (NULL ends them); the text of either stream is left in `said`. */
static enum config_result parse(const char *const *flags, struct config *config,
                                char **said)
{
    char *argv[MAX_ARGS + 1];
    int argc = 1;
    size_t n = 0;
    FILE *stream = open_memstream(said, &n);
    enum config_result result;

    argv[0] = strdup("serve");
    for (; flags[argc - 1] != NULL; argc++) {
        argv[argc] = strdup(flags[argc - 1]);
    }
    result = config_parse(argc, argv, config, stream, stream);
    ck_assert_int_eq(fclose(stream), 0);
    for (int i = 0; i < argc; i++) {
        free(argv[i]);
    }
    return result;
}

static void expect_bad(const char *const *flags, const char *word)
{
    struct config config;
    char *said = NULL;

    ck_assert_int_eq(parse(flags, &config, &said), CONFIG_BAD);
    ck_assert_msg(strstr(said, word) != NULL, "%s not in: %s", word, said);
    ck_assert_ptr_eq(strchr(said, '\n'), said + strlen(said) - 1);
    free(said);
}

START_TEST(defaults)
{
    struct config config;
    char *said = NULL;

    ck_assert_int_eq(parse((const char *[]){NULL}, &config, &said), CONFIG_RUN);
    ck_assert_int_eq(config.port, 8080);
    ck_assert_int_eq(config.max_source_bytes, 10 << 20);
    ck_assert_str_eq(config.bind, "0.0.0.0");
    ck_assert_str_eq(config.admin_bind, "127.0.0.1");
    ck_assert_str_eq(config.formats, "jpeg,png,webp");
    ck_assert_int_eq(config.overload_status, 503);
    ck_assert_str_eq(config.config_file, "");
    ck_assert_str_eq(said, "");
    free(said);
}
END_TEST

START_TEST(flag_wins_over_environment)
{
    struct config config;
    char *said = NULL;

    ck_assert_int_eq(setenv("AHA_MAX_QUEUE_SIZE", "7", 1), 0);
    ck_assert_int_eq(setenv("AHA_WORKERS", "3", 1), 0);
    ck_assert_int_eq(parse((const char *[]){"--workers=5", "--port", "0", NULL},
                           &config, &said),
                     CONFIG_RUN);
    ck_assert_int_eq(config.max_queue_size, 7);
    ck_assert_int_eq(config.workers, 5);
    ck_assert_int_eq(config.port, 0);
    free(said);
    ck_assert_int_eq(setenv("AHA_WORKERS", "lots", 1), 0);
    expect_bad((const char *[]){NULL}, "AHA_WORKERS");
    ck_assert_int_eq(unsetenv("AHA_WORKERS"), 0);
    ck_assert_int_eq(unsetenv("AHA_MAX_QUEUE_SIZE"), 0);
}
END_TEST

START_TEST(mistakes_are_named)
{
    char long_text[CONFIG_MAX_TEXT + 20];

    expect_bad((const char *[]){"--nothing", "1", NULL}, "--nothing");
    expect_bad((const char *[]){"port", NULL}, "port");
    expect_bad((const char *[]){"--", NULL}, "no option --;");
    expect_bad((const char *[]){"", NULL}, "no option ;");
    expect_bad((const char *[]){"--port", NULL}, "needs a value");
    expect_bad((const char *[]){"--config", NULL}, "needs a value");
    expect_bad((const char *[]){"--port=", NULL}, "whole number");
    expect_bad((const char *[]){"--port=80x", NULL}, "80x");
    expect_bad((const char *[]){"--port=65536", NULL}, "0 to 65535");
    expect_bad((const char *[]){"--port=99999999999999999999", NULL},
               "whole number");
    expect_bad((const char *[]){"--log-format=xml", NULL}, "json or pretty");
    expect_bad((const char *[]){"--bind=nowhere", NULL},
               "--bind takes an IPv4 or IPv6 address");
    expect_bad((const char *[]){"--formats=jpeg,bmp", NULL}, "not 'jpeg,bmp'");
    expect_bad((const char *[]){"--overload-status=500", NULL}, "503 or 429");
    expect_bad((const char *[]){"--models", "a\nb", NULL}, "control");
    expect_bad((const char *[]){"--print-config=yes", NULL}, "no option");
    memset(long_text, 'a', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    expect_bad((const char *[]){"--models", long_text, NULL}, "--models");
    expect_bad((const char *[]){long_text, NULL}, "aaa...;");
}
END_TEST

START_TEST(names_are_suggested)
{
    expect_bad((const char *[]){"--prot=1", NULL},
               "no option --prot=1; did you mean --port?");
    expect_bad((const char *[]){"-port", "1", NULL}, "did you mean --port?");
    expect_bad((const char *[]){"--max_faces", NULL}, "mean --max-faces?");
    expect_bad((const char *[]){"--confg", "x", NULL}, "mean --config?");
    expect_bad((const char *[]){"--colour", NULL}, "see aha serve --help");
}
END_TEST

static void expect_variable(const char *name, const char *value,
                            const char *word)
{
    ck_assert_int_eq(setenv(name, value, 1), 0);
    if (word != NULL) {
        expect_bad((const char *[]){NULL}, word);
    } else {
        struct config config;
        char *said = NULL;

        ck_assert_int_eq(parse((const char *[]){NULL}, &config, &said),
                         CONFIG_RUN);
        ck_assert_str_eq(said, "");
        free(said);
    }
    ck_assert_int_eq(unsetenv(name), 0);
}

START_TEST(misspelt_variables)
{
    char long_name[3 * CONFIG_MAX_TEXT];

    expect_variable("AHA_PROT", "1",
                    "no setting AHA_PROT; did you mean "
                    "AHA_PORT?");
    expect_variable("AHA_MAX_FACE", "1", "AHA_MAX_FACES?");
    expect_variable("AHA_port", "1", "AHA_PORT?");
    expect_variable("AHA_MAX-FACES", "1", "AHA_MAX_FACES?");
    expect_variable("AHA_CONFG", "x", "AHA_CONFIG?");
    expect_variable("AHA_TEST_DATA", "tests/data", NULL);
    expect_variable("AHA_SERVICE_HOST", "10.0.0.1", NULL);
    expect_variable("AHA_PORT_8080_TCP", "tcp://10.0.0.1:8080", NULL);
    expect_variable("AHA_", "x", NULL);
    expect_variable("AHA", "x", NULL);
    expect_variable("AHAPORTS", "x", NULL);
    expect_variable("AHA_PORT", "tcp://10.0.0.1:8080", "AHA_PORT takes");
    expect_variable("AHA_CONFIG", "", NULL);
    expect_variable("AHA_CONFIG", "/nowhere/aha.conf", "/nowhere/aha.conf");
    memset(long_name, 'A', sizeof long_name);
    memcpy(long_name, "AHA_", 4);
    long_name[sizeof long_name - 1] = '\0';
    expect_variable(long_name, "x", NULL);
}
END_TEST

START_TEST(settings_that_need_another)
{
    expect_bad((const char *[]){"--tls-cert=c.pem", NULL},
               "--tls-cert needs tls-key");
    expect_bad((const char *[]){"--tls-key=k.pem", NULL},
               "--tls-key needs tls-cert");
    expect_bad((const char *[]){"--rate-limit=5", NULL},
               "--rate-limit needs api-key-file");
    expect_bad((const char *[]){"--max-buffered-bytes=70036135", NULL},
               "--max-buffered-bytes must be 70036136 at least");
    expect_bad((const char *[]){"--max-source-bytes=104857600",
                                "--max-buffered-bytes=279707306", NULL},
               "--max-buffered-bytes must be");
    expect_variable("AHA_RATE_LIMIT", "5", "AHA_RATE_LIMIT needs");
}
END_TEST

START_TEST(settings_that_have_another)
{
    struct config config;
    char *said = NULL;

    ck_assert_int_eq(
        parse((const char *[]){"--tls-cert=c.pem", "--tls-key=k.pem",
                               "--rate-limit=5", "--api-key-file=keys", NULL},
              &config, &said),
        CONFIG_RUN);
    ck_assert_str_eq(config.tls_cert, "c.pem");
    ck_assert_int_eq(config.rate_limit, 5);
    free(said);
}
END_TEST

/* A file of this text; its path is left in `flag` behind --config=. */
static void write_file(const char *text, char flag[MAX_FLAG])
{
    FILE *stream;
    int descriptor;

    (void)snprintf(flag, MAX_FLAG, "--config=/tmp/aha-test-XXXXXX");
    descriptor = mkstemp(flag + 9);
    ck_assert_int_ge(descriptor, 0);
    stream = fdopen(descriptor, "w");
    ck_assert_ptr_nonnull(stream);
    ck_assert_int_ge(fputs(text, stream), 0);
    ck_assert_int_eq(fclose(stream), 0);
}

START_TEST(flag_environment_file_default)
{
    struct config config;
    char *said = NULL;
    char flag[MAX_FLAG];

    write_file("port = 1\nworkers = 1\nmax-faces = 1\n", flag);
    ck_assert_int_eq(setenv("AHA_PORT", "2", 1), 0);
    ck_assert_int_eq(setenv("AHA_WORKERS", "2", 1), 0);
    ck_assert_int_eq(
        parse((const char *[]){"--port=3", flag, NULL}, &config, &said),
        CONFIG_RUN);
    ck_assert_str_eq(said, "");
    ck_assert_int_eq(config.port, 3);
    ck_assert_int_eq(config.workers, 2);
    ck_assert_int_eq(config.max_faces, 1);
    ck_assert_int_eq(config.max_queue_size, 256);
    ck_assert_str_eq(config.config_file, flag + 9);
    free(said);
    ck_assert_int_eq(setenv("AHA_WORKERS", "many", 1), 0);
    expect_bad((const char *[]){"--workers=1", NULL}, "AHA_WORKERS takes");
    ck_assert_int_eq(unsetenv("AHA_WORKERS"), 0);
    ck_assert_int_eq(unsetenv("AHA_PORT"), 0);
    ck_assert_int_eq(unlink(flag + 9), 0);
}
END_TEST

START_TEST(file_by_variable)
{
    struct config config;
    char *said = NULL;
    char flag[MAX_FLAG];

    write_file("max-faces = 5", flag);
    ck_assert_int_eq(setenv("AHA_CONFIG", flag + 9, 1), 0);
    ck_assert_int_eq(parse((const char *[]){NULL}, &config, &said), CONFIG_RUN);
    ck_assert_int_eq(config.max_faces, 5);
    free(said);
    ck_assert_int_eq(parse((const char *[]){"--config=", NULL}, &config, &said),
                     CONFIG_RUN);
    ck_assert_int_eq(config.max_faces, 64);
    free(said);
    ck_assert_int_eq(unsetenv("AHA_CONFIG"), 0);
    ck_assert_int_eq(unlink(flag + 9), 0);
}
END_TEST

START_TEST(file_mistakes_are_named)
{
    char flag[MAX_FLAG];
    char word[MAX_FLAG + 64];

    write_file("# two\nport = x\n", flag);
    (void)snprintf(word, sizeof word, "%s:2: port takes a whole", flag + 9);
    expect_bad((const char *[]){"--port=1", flag, NULL}, word);
    ck_assert_int_eq(unlink(flag + 9), 0);
    write_file("tls-key = k.pem\n", flag);
    (void)snprintf(word, sizeof word, "%s:1: tls-key needs tls-cert", flag + 9);
    expect_bad((const char *[]){flag, NULL}, word);
    ck_assert_int_eq(unlink(flag + 9), 0);
}
END_TEST

START_TEST(print_config)
{
    struct config config = {.port = -1}, again;
    char *said = NULL, *read_back = NULL;
    char flag[MAX_FLAG], first[MAX_FLAG];

    write_file("port = 9\n", first);
    ck_assert_int_eq(setenv("AHA_WORKERS", "2", 1), 0);
    ck_assert_int_eq(parse((const char *[]){"--print-config", first,
                                            "--log-format=json", NULL},
                           &config, &said),
                     CONFIG_HELP);
    ck_assert_int_eq(config.port, -1); /* untouched */
    ck_assert_ptr_nonnull(strstr(said, "\n# from the default\nbind = "));
    ck_assert_ptr_nonnull(strstr(said, "\n# from AHA_WORKERS\nworkers = 2\n"));
    ck_assert_ptr_nonnull(
        strstr(said, "\n# from --log-format\nlog-format = \"json\"\n"));
    ck_assert_ptr_nonnull(strstr(said, ":1: port\nport = 9\n"));
    ck_assert_ptr_nonnull(strstr(said, first + 9));
    ck_assert_int_eq(unsetenv("AHA_WORKERS"), 0);
    write_file(said, flag);
    ck_assert_int_eq(parse((const char *[]){flag, NULL}, &again, &read_back),
                     CONFIG_RUN);
    ck_assert_int_eq(again.port, 9);
    ck_assert_int_eq(again.workers, 2);
    ck_assert_str_eq(again.log_format, "json");
    free(said);
    free(read_back);
    expect_bad((const char *[]){"--print-config", "--tls-key=k", NULL},
               "tls-cert");
    ck_assert_int_eq(unlink(first + 9), 0);
    ck_assert_int_eq(unlink(flag + 9), 0);
}
END_TEST

START_TEST(help_names_every_variable)
{
    struct config config;
    char *said = NULL;
    size_t n;

    ck_assert_int_eq(
        parse((const char *[]){"--port", "x", "--help", NULL}, &config, &said),
        CONFIG_HELP);
    ck_assert_ptr_nonnull(strstr(said, "$AHA_GRACE_PERIOD_S"));
    ck_assert_ptr_nonnull(strstr(said, "--max-faces"));
    ck_assert_ptr_nonnull(strstr(said, "--print-config"));
    ck_assert_ptr_nonnull(strstr(said, "$AHA_CONFIG"));
    for (const char *line = said; *line != '\0'; line += n + 1) {
        n = strcspn(line, "\n");
        ck_assert_msg(n <= 80, "%.*s", (int)n, line);
    }
    free(said);
}
END_TEST

Suite *config_suite(void)
{
    Suite *suite = suite_create("config");
    TCase *tests = tcase_create("config");

    tcase_add_test(tests, defaults);
    tcase_add_test(tests, flag_wins_over_environment);
    tcase_add_test(tests, mistakes_are_named);
    tcase_add_test(tests, names_are_suggested);
    tcase_add_test(tests, misspelt_variables);
    tcase_add_test(tests, settings_that_need_another);
    tcase_add_test(tests, settings_that_have_another);
    tcase_add_test(tests, flag_environment_file_default);
    tcase_add_test(tests, file_by_variable);
    tcase_add_test(tests, file_mistakes_are_named);
    tcase_add_test(tests, print_config);
    tcase_add_test(tests, help_names_every_variable);
    suite_add_tcase(suite, tests);
    return suite;
}
