// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/config.h"
#include "tests/unit/suites.h"

enum { MAX_ARGS = 8 };

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
    expect_bad((const char *[]){"--port", NULL}, "needs a value");
    expect_bad((const char *[]){"--port=", NULL}, "whole number");
    expect_bad((const char *[]){"--port=80x", NULL}, "80x");
    expect_bad((const char *[]){"--port=65536", NULL}, "0 to 65535");
    expect_bad((const char *[]){"--port=99999999999999999999", NULL},
               "whole number");
    expect_bad((const char *[]){"--log-format=xml", NULL}, "json or pretty");
    memset(long_text, 'a', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    expect_bad((const char *[]){"--models", long_text, NULL}, "--models");
}
END_TEST

START_TEST(help_names_every_variable)
{
    struct config config;
    char *said = NULL;

    ck_assert_int_eq(
        parse((const char *[]){"--port", "x", "--help", NULL}, &config, &said),
        CONFIG_HELP);
    ck_assert_ptr_nonnull(strstr(said, "$AHA_GRACE_PERIOD_S"));
    ck_assert_ptr_nonnull(strstr(said, "--max-faces"));
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
    tcase_add_test(tests, help_names_every_variable);
    suite_add_tcase(suite, tests);
    return suite;
}
