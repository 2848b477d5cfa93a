// SPDX-License-Identifier: MIT
/*
 * safetensors.h - one weight file: mmap, header checked to the last byte.
 *
 * Source: the safetensors format description (8-byte little-endian header
 * length, JSON header, data). Immutable after opening; safe from any thread.
 */
#ifndef AHA_CORE_SAFETENSORS_H
#define AHA_CORE_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "aha/digest.h"
#include "aha/error.h"

#include "core/document.h"

enum {
    TENSOR_MAX_RANK = 4,
    TENSOR_MAX_NAME = 128,
};

enum tensor_dtype {
    TENSOR_F32,
    TENSOR_F16,
    TENSOR_I8,
};

/** One tensor as it lies in the file. */
struct safetensor {
    char name[TENSOR_MAX_NAME];
    enum tensor_dtype dtype;
    int rank;
    int dims[TENSOR_MAX_RANK];
    size_t n_elements;
    size_t offset; /* bytes from the start of the file */
};

struct safetensors;

/**
 * Map a file and check its header: every offset inside the file, no overlap,
 * no gap, shape times dtype equal to the bytes, no name twice, metadata a map
 * of texts.
 *
 * @param out  release with safetensors_close; written on success only
 *
 * @return AHA_ERR_IO, or AHA_ERR_WEIGHTS naming the tensor or key.
 */
enum aha_status safetensors_open(const char *path, struct safetensors **out,
                                 struct aha_error *err) AHA_MUST_CHECK;

/** The same over bytes in memory (borrowed until close): tests and fuzzing. */
enum aha_status safetensors_open_bytes(const void *bytes, size_t n_bytes,
                                       struct safetensors **out,
                                       struct aha_error *err) AHA_MUST_CHECK;

void safetensors_close(struct safetensors *file);

/** NULL when there is none of this name. */
const struct safetensor *safetensors_find(const struct safetensors *file,
                                          const char *name);

/** A `__metadata__` value, borrowed, or NULL. */
const char *safetensors_metadata(const struct safetensors *file,
                                 const char *key);

/** SHA-256 of the whole file, header and data. */
void safetensors_sha256(const struct safetensors *file,
                        char out[AHA_SHA256_HEX]);

/**
 * Read a tensor as fp32, checking its shape.
 *
 * @param dims  expected, rank of them; -1 accepts any size and is filled in
 * @param out   n_elements floats, 64-byte aligned, caller frees; written on
 *              success only
 *
 * @return AHA_ERR_WEIGHTS naming the tensor when it is missing, has another
 *         shape or holds a value that is not finite.
 */
enum aha_status safetensors_read(const struct safetensors *file,
                                 const char *name, int rank, int *dims,
                                 float **out,
                                 struct aha_error *err) AHA_MUST_CHECK;

/** The same for a tensor of signed bytes, which the other refuses. */
enum aha_status safetensors_read_int8(const struct safetensors *file,
                                      const char *name, int rank, int *dims,
                                      int8_t **out,
                                      struct aha_error *err) AHA_MUST_CHECK;

#endif
