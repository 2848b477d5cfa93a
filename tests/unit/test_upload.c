// SPDX-License-Identifier: MIT
#include <check.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "server/upload.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { FIRST = 4 * 1024, N_THREADS = 4 };

static char piece[FIRST];

static void make_piece(void)
{
    memset(piece, 'x', sizeof piece);
}

START_TEST(bytes_are_bounded)
{
    struct upload upload = {.max_bytes = 2500};

    ck_assert_int_eq(upload_append(&upload, piece, 2000), UPLOAD_OK);
    ck_assert_int_eq(upload_append(&upload, piece, 501), UPLOAD_TOO_LARGE);
    ck_assert_int_eq(upload_append(&upload, piece, SIZE_MAX), UPLOAD_TOO_LARGE);
    ck_assert_uint_eq(upload.n_bytes, 2000);
    ck_assert_int_eq(upload_append(&upload, piece, 500), UPLOAD_OK);
    ck_assert_int_eq(upload_append(&upload, NULL, 0), UPLOAD_OK);
    ck_assert_int_eq(upload_append(&upload, piece, 1), UPLOAD_TOO_LARGE);
    ck_assert_uint_eq(upload.n_bytes, 2500);
    ck_assert_uint_le(upload.capacity, 2500);
    upload_drop(&upload);
    ck_assert_ptr_null(upload.bytes);
    ck_assert_uint_eq(upload.n_bytes, 0);
    ck_assert_uint_eq(upload.max_bytes, 2500);
    upload_drop(&upload);
}
END_TEST

START_TEST(room_is_bounded)
{
    struct upload upload = {.max_bytes = 2500};

    ck_assert_int_eq(upload_reserve(&upload, 2501), UPLOAD_TOO_LARGE);
    ck_assert_int_eq(upload_reserve(&upload, SIZE_MAX), UPLOAD_TOO_LARGE);
    ck_assert_ptr_null(upload.bytes);
    ck_assert_int_eq(upload_reserve(&upload, 0), UPLOAD_OK);
    ck_assert_int_eq(upload_append(&upload, "abc", 3), UPLOAD_OK);
    ck_assert_int_eq(upload_reserve(&upload, 2500), UPLOAD_OK);
    ck_assert_uint_eq(upload.capacity, 2500);
    ck_assert_uint_eq(upload.n_bytes, 3);
    ck_assert_mem_eq(upload.bytes, "abc", 3);
    ck_assert_int_eq(upload_reserve(&upload, 10), UPLOAD_OK);
    ck_assert_uint_eq(upload.capacity, 2500);
    upload_drop(&upload);
}
END_TEST

START_TEST(growth_keeps_every_byte)
{
    enum { N = 300000 };
    struct upload upload = {.max_bytes = N};

    for (int i = 0; i < N; i++) {
        unsigned char byte = (unsigned char)(i * 7 % 251);

        if (upload_append(&upload, &byte, 1) != UPLOAD_OK) {
            ck_abort_msg("byte %d", i);
        }
    }
    ck_assert_uint_eq(upload.n_bytes, N);
    for (int i = 0; i < N; i++) {
        if (upload.bytes[i] != i * 7 % 251) {
            ck_abort_msg("byte %d", i);
        }
    }
    upload_drop(&upload);
}
END_TEST

START_TEST(budget_is_shared)
{
    struct upload_budget budget = {.max_bytes = 3 * FIRST};
    struct upload uploads[4];

    for (int i = 0; i < 4; i++) {
        uploads[i] =
            (struct upload){.max_bytes = 10 * FIRST, .budget = &budget};
    }
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(upload_append(&uploads[i], piece, 10), UPLOAD_OK);
    }
    ck_assert_uint_eq(atomic_load(&budget.used_bytes), 3 * FIRST);
    ck_assert_int_eq(upload_append(&uploads[3], piece, 1), UPLOAD_NO_MEMORY);
    ck_assert_int_eq(upload_reserve(&uploads[3], 1), UPLOAD_NO_MEMORY);
    ck_assert_ptr_null(uploads[3].bytes);
    /* What fits the room there is goes on; what does not stays as it was. */
    ck_assert_int_eq(upload_append(&uploads[0], piece, 10), UPLOAD_OK);
    ck_assert_int_eq(upload_append(&uploads[0], piece, FIRST),
                     UPLOAD_NO_MEMORY);
    ck_assert_uint_eq(uploads[0].n_bytes, 20);
    ck_assert_mem_eq(uploads[0].bytes, piece, 20);
    ck_assert_uint_eq(atomic_load(&budget.used_bytes), 3 * FIRST);
    upload_drop(&uploads[1]);
    ck_assert_int_eq(upload_append(&uploads[3], piece, 1), UPLOAD_OK);
    for (int i = 0; i < 4; i++) {
        upload_drop(&uploads[i]);
    }
    ck_assert_uint_eq(atomic_load(&budget.used_bytes), 0);
}
END_TEST

START_TEST(budget_counts_what_is_held)
{
    struct upload_budget budget = {.max_bytes = SIZE_MAX};
    struct upload small = {.max_bytes = 100, .budget = &budget};
    struct upload large = {.max_bytes = SIZE_MAX, .budget = &budget};

    ck_assert_int_eq(upload_append(&small, piece, 1), UPLOAD_OK);
    ck_assert_uint_eq(atomic_load(&budget.used_bytes), 100);
    /* More than there is, and a sum that would wrap around. */
    ck_assert_int_eq(upload_reserve(&large, SIZE_MAX), UPLOAD_NO_MEMORY);
    ck_assert_int_eq(upload_reserve(&large, SIZE_MAX - 50), UPLOAD_NO_MEMORY);
    ck_assert_uint_eq(atomic_load(&budget.used_bytes), 100);
    ck_assert_int_eq(upload_reserve(&large, 1000), UPLOAD_OK);
    ck_assert_int_eq(upload_reserve(&large, 3000), UPLOAD_OK);
    ck_assert_uint_eq(atomic_load(&budget.used_bytes), 3100);
    upload_drop(&large);
    upload_drop(&small);
    ck_assert_uint_eq(atomic_load(&budget.used_bytes), 0);
}
END_TEST

START_TEST(what_is_left_behind_is_wiped)
{
    struct upload upload = {.max_bytes = 4 * FIRST};
    unsigned long before = support_wiped_bytes();

    ck_assert_int_eq(upload_append(&upload, piece, FIRST), UPLOAD_OK);
    ck_assert_uint_eq(support_wiped_bytes(), before);
    ck_assert_int_eq(upload_append(&upload, piece, 1), UPLOAD_OK);
    ck_assert_uint_eq(support_wiped_bytes(), before + FIRST);
    upload_drop(&upload);
    ck_assert_uint_eq(support_wiped_bytes(), before + 3 * FIRST);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    struct upload_budget budget = {.max_bytes = 10 * FIRST};
    struct upload upload = {.max_bytes = 4 * FIRST, .budget = &budget};
    enum upload_result result;

    (void)support_fail_allocation(1);
    result = upload_append(&upload, piece, 1);
    ck_assert(support_fail_allocation(0));
    ck_assert_int_eq(result, UPLOAD_NO_MEMORY);
    ck_assert_ptr_null(upload.bytes);
    ck_assert_uint_eq(atomic_load(&budget.used_bytes), 0);
    ck_assert_int_eq(upload_append(&upload, piece, 100), UPLOAD_OK);
    (void)support_fail_allocation(1);
    result = upload_reserve(&upload, 2 * FIRST);
    ck_assert(support_fail_allocation(0));
    ck_assert_int_eq(result, UPLOAD_NO_MEMORY);
    ck_assert_uint_eq(upload.n_bytes, 100);
    ck_assert_mem_eq(upload.bytes, piece, 100);
    ck_assert_uint_eq(atomic_load(&budget.used_bytes), FIRST);
    upload_drop(&upload);
    ck_assert_uint_eq(atomic_load(&budget.used_bytes), 0);
}
END_TEST

/* @return NULL, or any pointer when more was granted than there is */
static void *fill_and_drop(void *data)
{
    struct upload_budget *budget = data;

    for (int i = 0; i < 500; i++) {
        struct upload upload = {.max_bytes = 4 * FIRST, .budget = budget};

        for (int k = 0; k < 4; k++) {
            (void)upload_append(&upload, piece, FIRST);
        }
        if (upload.capacity > budget->max_bytes) {
            return data;
        }
        upload_drop(&upload);
    }
    return NULL;
}

START_TEST(budget_among_threads_returns_to_zero)
{
    struct upload_budget budget = {.max_bytes = 5 * FIRST};
    pthread_t threads[N_THREADS];

    for (int i = 0; i < N_THREADS; i++) {
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, fill_and_drop, &budget), 0);
    }
    for (int i = 0; i < N_THREADS; i++) {
        void *result = NULL;

        ck_assert_int_eq(pthread_join(threads[i], &result), 0);
        ck_assert_ptr_null(result);
    }
    ck_assert_uint_eq(atomic_load(&budget.used_bytes), 0);
}
END_TEST

Suite *upload_suite(void)
{
    Suite *suite = suite_create("upload");
    TCase *tests = tcase_create("upload");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, make_piece, NULL);
    tcase_add_test(tests, bytes_are_bounded);
    tcase_add_test(tests, room_is_bounded);
    tcase_add_test(tests, growth_keeps_every_byte);
    tcase_add_test(tests, budget_is_shared);
    tcase_add_test(tests, budget_counts_what_is_held);
    tcase_add_test(tests, what_is_left_behind_is_wiped);
    tcase_add_test(tests, every_allocation_may_fail);
    tcase_add_test(tests, budget_among_threads_returns_to_zero);
    suite_add_tcase(suite, tests);
    return suite;
}
