// SPDX-License-Identifier: MIT
/*
 * file.h - what each bench program reads its input with; one source a program.
 */
#ifndef AHA_BENCH_FILE_H
#define AHA_BENCH_FILE_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/** A whole file, the caller frees; NULL when it cannot be read or is empty. */
static inline void *bench_read_file(const char *path, size_t *n)
{
    FILE *stream = fopen(path, "rb");
    void *bytes = NULL;
    long size = -1;

    if (stream == NULL) {
        return NULL;
    }
    if (fseek(stream, 0, SEEK_END) == 0) {
        size = ftell(stream);
    }
    if (size > 0 && fseek(stream, 0, SEEK_SET) == 0) {
        bytes = malloc((size_t)size);
    }
    if (bytes != NULL &&
        fread(bytes, 1, (size_t)size, stream) == (size_t)size) {
        *n = (size_t)size;
    } else {
        free(bytes);
        bytes = NULL;
    }
    (void)fclose(stream);
    return bytes;
}

#endif
