// SPDX-License-Identifier: MIT
#include "core/blas.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cblas.h>

#include "core/cpu.h"

enum { PARALLEL_PTHREAD = 1 }; /* openblas_get_parallel(): 0 serial, 2 OpenMP */

/* Exported by OpenBLAS builds that choose their kernel at run time. */
extern void gotoblas_dynamic_init(void);
extern void gotoblas_dynamic_quit(void);

/* Exported by its pthread builds: ends the threads that it started. */
extern int blas_thread_shutdown_(void); /* NOLINT: its name */

static const char *deserved_core(void)
{
    switch (cpu_level()) {
    case CPU_AVX512:
    case CPU_AVX512_VNNI:
    case CPU_AVX512_AMX:
        return "SkylakeX";
    case CPU_AVX2:
    case CPU_AVX2_VNNI:
        return "Haswell";
    case CPU_BASE:
    case CPU_NEON:
        break;
    }
    return NULL;
}

static bool is_old_core(const char *name)
{
    static const char *const old[] = {
        "Prescott",  "Core2",  "Katmai",     "Banias",  "Coppermine",
        "Northwood", "Penryn", "Dunnington", "Nehalem", "Sandybridge"};

    for (size_t i = 0; i < sizeof old / sizeof *old; i++) {
        if (strcmp(name, old[i]) == 0) {
            return true;
        }
    }
    return false;
}

static enum aha_status choose_core(struct aha_error *err)
{
    const char *wanted = deserved_core();

    /* One thread runs: the environment may be read and written. */
    /* NOLINTNEXTLINE(concurrency-mt-unsafe) */
    if (wanted == NULL || getenv("OPENBLAS_CORETYPE") != NULL ||
        !is_old_core(openblas_get_corename())) {
        return AHA_OK;
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe) */
    if (setenv("OPENBLAS_CORETYPE", wanted, 1) != 0) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    gotoblas_dynamic_quit();
    gotoblas_dynamic_init();
    if (is_old_core(openblas_get_corename())) {
        return aha_error_set(err, AHA_ERR_ENVIRONMENT,
                             "OpenBLAS insists on its %s kernel; start with "
                             "OPENBLAS_CORETYPE=%s",
                             openblas_get_corename(), wanted);
    }
    return AHA_OK;
}

/* Whole numbers, so that every order of summation gives the same product. */
static bool known_product_holds(void)
{
    enum { M = 19, N = 33, K = 27 };
    float a[M * K];
    float b[K * N];
    float c[M * N];

    for (int i = 0; i < M * K; i++) {
        a[i] = (float)(i * 7 % 11 - 5);
    }
    for (int i = 0; i < K * N; i++) {
        b[i] = (float)(i * 5 % 13 - 6);
    }
    for (int i = 0; i < M * N; i++) {
        c[i] = NAN; /* beta = 0 must not read C */
    }
    blas_gemm(M, N, K, a, K, b, N, c, N);
    for (int i = 0; i < M; i++) {
        for (int j = 0; j < N; j++) {
            float sum = 0;

            for (int k = 0; k < K; k++) {
                sum += a[i * K + k] * b[k * N + j];
            }
            if (!(c[i * N + j] == sum)) {
                return false;
            }
        }
    }
    return true;
}

enum aha_status blas_init(struct aha_error *err)
{
    enum aha_status status;

    if (openblas_get_parallel() != PARALLEL_PTHREAD) {
        return aha_error_set(err, AHA_ERR_ENVIRONMENT,
                             "this OpenBLAS is not the pthread build; install "
                             "libopenblas0-pthread and check the library path");
    }
    status = choose_core(err);
    if (status != AHA_OK) {
        return status;
    }
    openblas_set_num_threads(1);
    if (blas_thread_shutdown_() != 0) {
        return aha_error_set(err, AHA_ERR_ENVIRONMENT,
                             "OpenBLAS's threads do not end");
    }
    if (!known_product_holds()) {
        return aha_error_set(err, AHA_ERR_ENVIRONMENT,
                             "OpenBLAS computes wrong products with its %s "
                             "kernel; try another OPENBLAS_CORETYPE",
                             openblas_get_corename());
    }
    return AHA_OK;
}

const char *blas_core_name(void)
{
    return openblas_get_corename();
}

void blas_gemm(int m, int n, int k, const float *a, int lda, const float *b,
               int ldb, float *c, int ldc)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0F, a,
                lda, b, ldb, 0.0F, c, ldc);
}

void blas_gemv(int m, int n, const float *a, const float *x, float beta,
               float *y)
{
    cblas_sgemv(CblasRowMajor, CblasNoTrans, m, n, 1.0F, a, n, x, 1, beta, y,
                1);
}
