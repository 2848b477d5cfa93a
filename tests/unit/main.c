// SPDX-License-Identifier: MIT
/*
 * main.c - runs every suite of suites.def; CK_RUN_SUITE=name runs one.
 */
#include <check.h>
#include <stdlib.h>

#include "aha/aha.h"

#include "tests/unit/suites.h"

int main(int argc, char **argv)
{
    struct aha_error err = {AHA_OK, ""};
    SRunner *runner;
    int failed;

    (void)argc;
    if (aha_init(argv[0], &err) != AHA_OK) {
        (void)fprintf(stderr, "unit: %s\n", err.text);
        return EXIT_FAILURE;
    }
    runner = srunner_create(NULL);
#define SUITE(name) srunner_add_suite(runner, name##_suite());
#include "tests/unit/suites.def"
#undef SUITE
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    aha_fini();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
