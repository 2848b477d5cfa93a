// SPDX-License-Identifier: MIT
/*
 * aha.h - start and stop of the library, and what was built.
 *
 * aha_init() is called once, first thing in main, before any other thread
 * exists; everything else in include/aha may be called after it.
 */
#ifndef AHA_AHA_H
#define AHA_AHA_H

#include "aha/error.h"

/** What the library runs on, for logs and `aha version`. Static strings. */
struct aha_build_info {
    const char *version;   /* of this library, "0.1.0" */
    const char *blas_core; /* OpenBLAS kernel family in use, "SkylakeX" */
    const char *kernels;   /* our own kernels' instruction set, "avx2" */
    const char *vips;      /* libvips version */
    const char *compiler;
};

/**
 * Bring up OpenBLAS (one thread, the kernel this CPU deserves), our own
 * kernels and libvips.
 *
 * Must run while the process has one thread. May set OPENBLAS_CORETYPE in the
 * environment when OpenBLAS did not know this processor.
 *
 * @param argv0  the program's name as main got it; libvips wants it
 *
 * @return AHA_ERR_ENVIRONMENT when OpenBLAS is a flavour that is wrong or slow
 *         under several threads, or computes a known product wrongly.
 */
enum aha_status aha_init(const char *argv0,
                         struct aha_error *err) AHA_MUST_CHECK;

/** Release what aha_init took; no other call may follow. */
void aha_fini(void);

/** To be called by every thread that used a session, as it ends. */
void aha_thread_fini(void);

/** Valid after aha_init(). */
struct aha_build_info aha_build_info(void);

#endif
