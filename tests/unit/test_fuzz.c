// SPDX-License-Identifier: MIT
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/targets.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

static const char *const names[] = {
#define TARGET(name) #name,
#include "tests/fuzz/targets.def"
#undef TARGET
};

enum { N_NAMES = sizeof names / sizeof *names };

/* Every kept case, and each cut in the middle; a broken promise aborts. */
START_TEST(kept_cases)
{
    const char *name = names[_i];
    fuzz_target_fn *run = fuzz_target(name);
    char folder[SUPPORT_MAX_PATH];
    struct dirent *entry;
    DIR *cases;
    int n = 0;

    (void)snprintf(folder, sizeof folder, "tests/fuzz/seeds/%s", name);
    cases = opendir(folder);
    ck_assert_msg(cases != NULL && run != NULL, "%s", folder);
    while ((entry = readdir(cases)) != NULL) {
        char path[2 * SUPPORT_MAX_PATH];
        unsigned char *bytes;
        size_t n_bytes;

        if (entry->d_name[0] == '.') {
            continue;
        }
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        bytes = support_read(path, &n_bytes);
        run(bytes, n_bytes);
        run(bytes, n_bytes / 2);
        free(bytes);
        n++;
    }
    (void)closedir(cases);
    run((const uint8_t *)"", 0);
    ck_assert_int_ge(n, 3);
}
END_TEST

START_TEST(unknown_target)
{
    ck_assert(fuzz_target("") == NULL);
    ck_assert(fuzz_target("images") == NULL);
}
END_TEST

Suite *fuzz_suite(void)
{
    Suite *suite = suite_create("fuzz");
    TCase *tests = tcase_create("fuzz");

    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, kept_cases, 0, N_NAMES);
    tcase_add_test(tests, unknown_target);
    suite_add_tcase(suite, tests);
    return suite;
}
