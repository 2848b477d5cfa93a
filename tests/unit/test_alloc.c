// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "tests/unit/suites.h"

START_TEST(overflow_is_refused)
{
    size_t out = 7;

    ck_assert(!alloc_mul(SIZE_MAX / 2 + 1, 2, &out));
    ck_assert(!alloc_add(SIZE_MAX, 1, &out));
    ck_assert_uint_eq(out, 7);
    ck_assert(alloc_mul(SIZE_MAX / 2, 2, &out));
    ck_assert_uint_eq(out, SIZE_MAX - 1);
    ck_assert(alloc_mul(0, SIZE_MAX, &out));
    ck_assert_uint_eq(out, 0);
    ck_assert(alloc_add(SIZE_MAX, 0, &out));
    ck_assert_uint_eq(out, SIZE_MAX);
    ck_assert_ptr_null(alloc_floats(SIZE_MAX / 4 + 1));
    ck_assert_ptr_null(alloc_floats(SIZE_MAX / 4));
}
END_TEST

START_TEST(floats_are_aligned)
{
    for (size_t n = 0; n < 100; n++) {
        float *values = alloc_floats(n);

        ck_assert_ptr_nonnull(values);
        ck_assert_uint_eq((uintptr_t)values % AHA_ALIGNMENT, 0);
        memset(values, 0xff, n * sizeof *values);
        free(values);
    }
}
END_TEST

START_TEST(arrays_are_zero)
{
    unsigned char *bytes = alloc_array(100, 3);
    static const unsigned char zeros[300];

    ck_assert_mem_eq(bytes, zeros, 300);
    memset(bytes, 1, 300);
    alloc_wipe(bytes, 300);
    ck_assert_mem_eq(bytes, zeros, 300);
    free(bytes);
    alloc_wipe(NULL, 0);
}
END_TEST

Suite *alloc_suite(void)
{
    Suite *suite = suite_create("alloc");
    TCase *tests = tcase_create("alloc");

    tcase_add_test(tests, overflow_is_refused);
    tcase_add_test(tests, floats_are_aligned);
    tcase_add_test(tests, arrays_are_zero);
    suite_add_tcase(suite, tests);
    return suite;
}
