// SPDX-License-Identifier: MIT
#include "tests/fuzz/targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

fuzz_target_fn *fuzz_target(const char *name)
{
    static const struct {
        const char *name;
        fuzz_target_fn *run;
    } targets[] = {
#define TARGET(name) {#name, fuzz_##name},
#include "tests/fuzz/targets.def"
#undef TARGET
    };

    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        if (strcmp(targets[i].name, name) == 0) {
            return targets[i].run;
        }
    }
    return NULL;
}

void fuzz_expect(bool holds, const char *what, const char *file, int line)
{
    if (!holds) {
        (void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
        abort();
    }
}

void *fuzz_copy(const void *bytes, size_t n)
{
    void *copy = malloc(n == 0 ? 1 : n);

    FUZZ_EXPECT(copy != NULL);
    if (n > 0) {
        memcpy(copy, bytes, n);
    }
    return copy;
}

char *fuzz_text(const uint8_t *bytes, size_t n)
{
    char *text = malloc(n + 1);

    FUZZ_EXPECT(text != NULL);
    if (n > 0) {
        memcpy(text, bytes, n);
    }
    text[n] = '\0';
    return text;
}
