// SPDX-License-Identifier: MIT
#include <check.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/process.h"
#include "tests/unit/suites.h"

enum { MANY_BYTES = 32 << 20, SOME_FDS = 5 };

START_TEST(memory_grows_with_what_is_touched)
{
    struct process process;
    long before;
    void *bytes;

    process_init(&process);
    before = process_resident_bytes(&process);
    ck_assert_int_gt(before, 0);
    bytes = mmap(NULL, MANY_BYTES, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    ck_assert_ptr_ne(bytes, MAP_FAILED);
    ck_assert_int_gt(process_resident_bytes(&process), before + MANY_BYTES / 2);
    (void)munmap(bytes, MANY_BYTES);
    process_fini(&process);
}
END_TEST

START_TEST(every_descriptor_counts)
{
    struct process process;
    int fds[SOME_FDS];
    int before;

    process_init(&process);
    before = process_open_fds(&process);
    ck_assert_int_gt(before, 2);
    for (int i = 0; i < SOME_FDS; i++) {
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        ck_assert_int_ge(fds[i], 0);
    }
    ck_assert_int_eq(process_open_fds(&process), before + SOME_FDS);
    for (int i = 0; i < SOME_FDS; i++) {
        (void)close(fds[i]);
    }
    ck_assert_int_eq(process_open_fds(&process), before);
    process_fini(&process);
}
END_TEST

START_TEST(without_proc)
{
    struct process process;

    process_init(&process);
    (void)close(process.statm);
    process.statm = -1;
    (void)closedir(process.fds);
    process.fds = NULL;
    ck_assert_int_eq(process_resident_bytes(&process), 0);
    ck_assert_int_eq(process_open_fds(&process), 0);
    process_fini(&process);
}
END_TEST

Suite *process_suite(void)
{
    Suite *suite = suite_create("process");
    TCase *tests = tcase_create("process");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, memory_grows_with_what_is_touched);
    tcase_add_test(tests, every_descriptor_counts);
    tcase_add_test(tests, without_proc);
    suite_add_tcase(suite, tests);
    return suite;
}
