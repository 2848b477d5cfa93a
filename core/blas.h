// SPDX-License-Identifier: MIT
/*
 * blas.h - the only user of OpenBLAS.
 *
 * blas_init() runs once while the process has one thread; the products may
 * then be called from any thread. All matrices are row-major fp32.
 */
#ifndef AHA_CORE_BLAS_H
#define AHA_CORE_BLAS_H

#include "aha/error.h"

/**
 * One thread, the right flavour, the kernel this CPU deserves, and a known
 * product to prove it.
 *
 * OpenBLAS builds older than the processor fall back to its oldest kernel. If
 * that happened and OPENBLAS_CORETYPE is not set by the user, it is set here
 * and OpenBLAS is asked to choose again.
 */
enum aha_status blas_init(struct aha_error *err) AHA_MUST_CHECK;

/** The kernel family in use, e.g. "SkylakeX". Static storage. */
const char *blas_core_name(void);

/** C [m, n] = A [m, k] B [k, n]; ld* are row strides in floats. */
void blas_gemm(int m, int n, int k, const float *a, int lda, const float *b,
               int ldb, float *c, int ldc);

/** y [m] = A [m, n] x [n] + beta y. */
void blas_gemv(int m, int n, const float *a, const float *x, float beta,
               float *y);

#endif
