// SPDX-License-Identifier: MIT
#include <check.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/file.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

static char path[64];
static struct file file;
static struct aha_error err;

static void make_file(void)
{
    int fd;

    (void)snprintf(path, sizeof path, "/tmp/aha-file-XXXXXX");
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "five\n", 5), 5);
    (void)close(fd);
    err = (struct aha_error){AHA_OK, ""};
}

static void remove_file(void)
{
    file_wipe(&file);
    (void)unlink(path);
}

START_TEST(whole_text)
{
    ck_assert_int_eq(file_load(path, 5, &file, &err), AHA_OK);
    ck_assert_uint_eq(file.n, 5);
    ck_assert_str_eq(file.text, "five\n");
    ck_assert(!file.is_exposed);
    file_wipe(&file);
    ck_assert_ptr_null(file.text);
    file_wipe(&file);
    ck_assert_int_eq(chmod(path, 0644), 0);
    ck_assert_int_eq(file_load(path, 100000, &file, &err), AHA_OK);
    ck_assert(file.is_exposed);
    ck_assert_uint_eq(file.n, 5);
}
END_TEST

START_TEST(empty)
{
    ck_assert_int_eq(truncate(path, 0), 0);
    ck_assert_int_eq(file_load(path, 5, &file, &err), AHA_OK);
    ck_assert_str_eq(file.text, "");
}
END_TEST

static void refuses(const char *name, enum aha_status status, const char *word)
{
    ck_assert_int_eq(file_load(name, 4, &file, &err), status);
    ck_assert_msg(strstr(err.text, name) != NULL &&
                      strstr(err.text, word) != NULL,
                  "%s", err.text);
    ck_assert_ptr_null(file.text);
}

START_TEST(refused)
{
    refuses(path, AHA_ERR_TOO_LARGE, "more than 4 bytes");
    refuses("/nowhere/at/all", AHA_ERR_IO, "is not there");
    refuses("/tmp", AHA_ERR_IO, "no regular file");
    refuses("/dev/zero", AHA_ERR_IO, "no regular file");
    ck_assert_int_eq(truncate(path, 0), 0);
    ck_assert_int_eq(truncate(path, 3), 0); /* three times '\0' */
    refuses(path, AHA_ERR_IO, "no text");
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0); /* must not wait for a writer */
    refuses(path, AHA_ERR_IO, "no regular file");
}
END_TEST

START_TEST(no_memory)
{
    support_fail_allocation(1);
    ck_assert_int_eq(file_load(path, 5, &file, &err), AHA_ERR_MEMORY);
    ck_assert(support_fail_allocation(0));
    ck_assert_ptr_null(file.text);
}
END_TEST

Suite *file_suite(void)
{
    Suite *suite = suite_create("file");
    TCase *tests = tcase_create("file");

    tcase_add_checked_fixture(tests, make_file, remove_file);
    tcase_add_test(tests, whole_text);
    tcase_add_test(tests, empty);
    tcase_add_test(tests, refused);
    tcase_add_test(tests, no_memory);
    suite_add_tcase(suite, tests);
    return suite;
}
