// SPDX-License-Identifier: MIT
/*
 * targets.h - parsers of outside bytes, each as a function that takes any
 * bytes at all and aborts when what comes out breaks the parser's promise.
 *
 * `make check` replays the cases of tests/fuzz/seeds through them, `make fuzz`
 * lets libFuzzer look for new ones. One thread; aha_init() was called.
 */
#ifndef AHA_TESTS_FUZZ_TARGETS_H
#define AHA_TESTS_FUZZ_TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void fuzz_target_fn(const uint8_t *bytes, size_t n);

#define TARGET(name) fuzz_target_fn fuzz_##name;
#include "tests/fuzz/targets.def"
#undef TARGET

/** NULL when there is no such target. */
fuzz_target_fn *fuzz_target(const char *name);

/** Ends the process with a core where `holds` is false. */
#define FUZZ_EXPECT(holds) fuzz_expect((holds), #holds, __FILE__, __LINE__)

void fuzz_expect(bool holds, const char *what, const char *file, int line);

/** The bytes on the heap, so that a sanitizer sees reads past their end. */
void *fuzz_copy(const void *bytes, size_t n);

/** The same with a final NUL; the caller frees either. */
char *fuzz_text(const uint8_t *bytes, size_t n);

#endif
