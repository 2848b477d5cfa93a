// SPDX-License-Identifier: MIT
#include <check.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/blas.h"
#include "core/cpu.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { N_THREADS = 8, N_ROUNDS = 300, SIDE = 300, MAX = 70 };

START_TEST(gemm_random_shapes)
{
    static float a[MAX * MAX], b[MAX * MAX], c[MAX * MAX];
    uint32_t state = 5;

    for (int round = 0; round < 200; round++) {
        int m = 1 + round * 7 % MAX;
        int n = 1 + round * 13 % MAX;
        int k = 1 + round * 29 % MAX;

        support_fill(a, sizeof a / sizeof *a, &state);
        support_fill(b, sizeof b / sizeof *b, &state);
        for (int i = 0; i < MAX * MAX; i++) {
            c[i] = NAN; /* beta is 0: what was there must not matter */
        }
        blas_gemm(m, n, k, a, MAX, b, MAX, c, MAX);
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double sum = 0;

                for (int q = 0; q < k; q++) {
                    sum += (double)a[i * MAX + q] * (double)b[q * MAX + j];
                }
                ck_assert(fabs(sum - (double)c[i * MAX + j]) < 1e-5);
            }
        }
        ck_assert(n == MAX || isnan(c[n])); /* nothing beyond the row */
    }
}
END_TEST

static float matrix[SIDE * SIDE];
static float vector[SIDE];
static float product[SIDE];

/* Whole numbers, so that the product is exact whatever the order. */
static void *hammer(void *data)
{
    long wrong = 0;
    float y[SIDE];

    (void)data;
    for (int round = 0; round < N_ROUNDS; round++) {
        blas_gemv(SIDE, SIDE, matrix, vector, 0, y);
        wrong += memcmp(y, product, sizeof y) != 0;
    }
    return (void *)wrong;
}

START_TEST(gemv_from_many_threads)
{
    pthread_t threads[N_THREADS];

    for (int i = 0; i < SIDE * SIDE; i++) {
        matrix[i] = (float)(i * 7 % 17 - 8);
    }
    for (int i = 0; i < SIDE; i++) {
        vector[i] = (float)(i * 5 % 11 - 5);
    }
    for (int i = 0; i < SIDE; i++) {
        product[i] = 0;
        for (int j = 0; j < SIDE; j++) {
            product[i] += matrix[i * SIDE + j] * vector[j];
        }
    }
    for (int i = 0; i < N_THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, hammer, NULL), 0);
    }
    for (int i = 0; i < N_THREADS; i++) {
        void *wrong = NULL;

        ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
        ck_assert_ptr_null(wrong);
    }
}
END_TEST

START_TEST(kernel_suits_the_processor)
{
    /* OpenBLAS must not have fallen back to its oldest kernel. */
    if (cpu_level() >= CPU_AVX2) {
        ck_assert_str_ne(blas_core_name(), "Prescott");
        ck_assert_str_ne(blas_core_name(), "Nehalem");
    }
}
END_TEST

Suite *blas_suite(void)
{
    Suite *suite = suite_create("blas");
    TCase *tests = tcase_create("blas");

    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, gemm_random_shapes);
    tcase_add_test(tests, gemv_from_many_threads);
    tcase_add_test(tests, kernel_suits_the_processor);
    suite_add_tcase(suite, tests);
    return suite;
}
