// SPDX-License-Identifier: MIT
/*
 * fuzz.c - libFuzzer's side: AHA_FUZZ names the target. tests/fuzz/run.sh
 * builds and starts it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "aha/aha.h"

#include "tests/fuzz/targets.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static fuzz_target_fn *target;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *name = getenv("AHA_FUZZ");
    struct aha_error err = {AHA_OK, ""};

    (void)argc;
    target = name == NULL ? NULL : fuzz_target(name);
    if (target == NULL) {
        (void)fprintf(stderr, "AHA_FUZZ names no target of targets.def\n");
        exit(EXIT_FAILURE);
    }
    if (aha_init((*argv)[0], &err) != AHA_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        exit(EXIT_FAILURE);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    target(bytes, n);
    return 0;
}
