// SPDX-License-Identifier: MIT
/*
 * support.h - what several suites need: fixtures, golden tensors, random
 * numbers that are the same on every run.
 */
#ifndef AHA_TESTS_UNIT_SUPPORT_H
#define AHA_TESTS_UNIT_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aha/pipeline.h"

#include "core/safetensors.h"

enum { SUPPORT_MAX_PATH = 512 };

/** Path of a fixture; `out` has SUPPORT_MAX_PATH bytes. */
const char *support_data(const char *name, char *out);

/** Path of a weight file. */
const char *support_model(const char *name, char *out);

/** A whole file, the caller frees; fails the test when it is not there. */
unsigned char *support_read(const char *path, size_t *n);

/** A tensor of this file of any shape up to rank 4; the caller frees. */
float *support_tensor(const struct safetensors *file, const char *name,
                      size_t *n);

/** Largest absolute difference; NaN anywhere gives infinity. */
double support_max_diff(const float *a, const float *b, size_t n);

/** Uniform in [-1, 1), from a state that starts at any number but 0. */
float support_random(uint32_t *state);

void support_fill(float *out, size_t n, uint32_t *state);

/**
 * Allocations by our own code so far, on any thread; what libraries allocate
 * is not counted.
 */
unsigned long support_allocations(void);

/**
 * Let the n-th allocation from now on fail, once; 0 calls it off.
 *
 * @return whether the last one asked for has failed
 */
bool support_fail_allocation(unsigned long n);

/** Bytes that were wiped so far, on any thread, by explicit_bzero. */
unsigned long support_wiped_bytes(void);

/** A function that gives heap text, the same on every call. */
typedef char *support_writer_fn(void);

/**
 * Let each of its allocations fail in turn: it gives its whole text or NULL.
 * Fails the test when it does not, or allocates hardly at all.
 */
void support_expect_all_or_none(support_writer_fn *write);

/** A pipeline of the bundled weights and one session. */
void support_open(struct aha_pipeline **pipeline, struct aha_session **session);

#endif
