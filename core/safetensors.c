// SPDX-License-Identifier: MIT
#include "core/safetensors.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/half.h"

enum {
    LENGTH_BYTES = 8,
    MAX_HEADER_BYTES = 4 << 20,
    MAX_TENSORS = 4096,
};

struct safetensors {
    const unsigned char *bytes;
    size_t n_bytes;
    size_t data_start;
    bool is_mapped;
    struct document_node *header;
    struct safetensor *tensors; /* sorted by name */
    int n_tensors;
};

/* What one walk over the header carries along. */
struct header_walk {
    struct safetensors *file;
    enum aha_status status;
    struct aha_error *err;
};

static const struct dtype {
    const char *name;
    size_t bytes;
} dtypes[] = {
    [TENSOR_F32] = {"F32", 4},
    [TENSOR_F16] = {"F16", 2},
    [TENSOR_I8] = {"I8", 1},
};

static bool read_dtype(const struct document_node *entry,
                       enum tensor_dtype *out)
{
    const char *name = document_borrow_string(entry, "dtype");

    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
        if (name != NULL && strcmp(name, dtypes[i].name) == 0) {
            *out = (enum tensor_dtype)i;
            return true;
        }
    }
    return false;
}

static bool read_shape(const struct document_node *entry,
                       struct safetensor *tensor)
{
    int64_t dims[TENSOR_MAX_RANK];

    tensor->rank = document_int_array(document_member(entry, "shape"), 1,
                                      INT32_MAX, TENSOR_MAX_RANK, dims);
    if (tensor->rank < 0) {
        return false;
    }
    tensor->n_elements = 1;
    for (int i = 0; i < tensor->rank; i++) {
        tensor->dims[i] = (int)dims[i];
        if (!alloc_mul(tensor->n_elements, (size_t)dims[i],
                       &tensor->n_elements)) {
            return false;
        }
    }
    return true;
}

static enum aha_status read_tensor(const struct safetensors *file,
                                   const char *name,
                                   const struct document_node *entry,
                                   struct safetensor *tensor,
                                   struct aha_error *err)
{
    size_t data_bytes = file->n_bytes - file->data_start;
    size_t expected;
    int64_t ends[2];

    if (name[0] == '\0' || strlen(name) >= TENSOR_MAX_NAME) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "a tensor's name must have 1 to %d bytes",
                             TENSOR_MAX_NAME - 1);
    }
    memcpy(tensor->name, name, strlen(name) + 1);
    if (document_count(entry) != 3) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "tensor %.60s: want dtype, shape, data_offsets",
                             name);
    }
    if (!read_dtype(entry, &tensor->dtype)) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "tensor %.60s: dtype must be F32, F16 or I8",
                             name);
    }
    if (!read_shape(entry, tensor) ||
        !alloc_mul(tensor->n_elements, dtypes[tensor->dtype].bytes,
                   &expected)) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "tensor %.60s: the shape is no list of at most "
                             "%d positive sizes",
                             name, TENSOR_MAX_RANK);
    }
    if (document_int_array(document_member(entry, "data_offsets"), 0, INT64_MAX,
                           2, ends) != 2 ||
        ends[0] > ends[1] || (uint64_t)ends[1] > data_bytes) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "tensor %.60s: its offsets lie outside the file's "
                             "%zu data bytes",
                             name, data_bytes);
    }
    if ((uint64_t)(ends[1] - ends[0]) != expected) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "tensor %.60s: its shape needs %zu bytes, its "
                             "offsets hold %lld",
                             name, expected, (long long)(ends[1] - ends[0]));
    }
    tensor->offset = file->data_start + (size_t)ends[0];
    return AHA_OK;
}

static bool visit_metadata(void *data, const char *key,
                           const struct document_node *value)
{
    struct header_walk *walk = data;

    if (document_text(value) == NULL) {
        walk->status = aha_error_set(walk->err, AHA_ERR_WEIGHTS,
                                     "metadata \"%.60s\" is no string", key);
    }
    return walk->status == AHA_OK;
}

static bool visit_entry(void *data, const char *key,
                        const struct document_node *value)
{
    struct header_walk *walk = data;
    struct safetensors *file = walk->file;

    if (strcmp(key, "__metadata__") == 0) {
        document_each(value, visit_metadata, walk);
        return walk->status == AHA_OK;
    }
    walk->status = read_tensor(file, key, value,
                               &file->tensors[file->n_tensors], walk->err);
    file->n_tensors++;
    return walk->status == AHA_OK;
}

static int by_offset(const void *left, const void *right)
{
    const struct safetensor *a = left;
    const struct safetensor *b = right;

    return (a->offset > b->offset) - (a->offset < b->offset);
}

static int by_name(const void *left, const void *right)
{
    const struct safetensor *a = left;
    const struct safetensor *b = right;

    return strcmp(a->name, b->name);
}

/* Tensors must tile the data exactly: no overlap, no hole, no tail. */
static enum aha_status check_tiling(struct safetensors *file,
                                    struct aha_error *err)
{
    size_t at = file->data_start;

    qsort(file->tensors, (size_t)file->n_tensors, sizeof *file->tensors,
          by_offset);
    for (int i = 0; i < file->n_tensors; i++) {
        const struct safetensor *tensor = &file->tensors[i];

        if (tensor->offset != at) {
            return aha_error_set(err, AHA_ERR_WEIGHTS,
                                 "tensor %.60s: its data %s", tensor->name,
                                 tensor->offset < at ? "overlap another's"
                                                     : "leave a hole before");
        }
        at += tensor->n_elements * dtypes[tensor->dtype].bytes;
    }
    if (at != file->n_bytes) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "%zu bytes after the last tensor",
                             file->n_bytes - at);
    }
    qsort(file->tensors, (size_t)file->n_tensors, sizeof *file->tensors,
          by_name);
    return AHA_OK;
}

static enum aha_status read_header(struct safetensors *file,
                                   struct aha_error *err)
{
    struct header_walk walk = {.file = file, .status = AHA_OK, .err = err};
    uint64_t length = 0;
    enum aha_status status;
    int n;

    if (file->n_bytes < LENGTH_BYTES) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "%zu bytes are too few for a safetensors file",
                             file->n_bytes);
    }
    for (int i = LENGTH_BYTES - 1; i >= 0; i--) {
        length = length << 8 | file->bytes[i];
    }
    if (length > MAX_HEADER_BYTES || length > file->n_bytes - LENGTH_BYTES) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "the header claims %llu bytes, the file has %zu",
                             (unsigned long long)length, file->n_bytes);
    }
    file->data_start = LENGTH_BYTES + (size_t)length;
    status = document_open((const char *)file->bytes + LENGTH_BYTES,
                           (size_t)length, &file->header, err);
    if (status != AHA_OK) {
        return status;
    }
    n = document_count(file->header);
    if (n < 0 || n > MAX_TENSORS) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "the header lists more than %d tensors",
                             MAX_TENSORS);
    }
    file->tensors = alloc_array((size_t)n, sizeof *file->tensors);
    if (file->tensors == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    document_each(file->header, visit_entry, &walk);
    return walk.status == AHA_OK ? check_tiling(file, err) : walk.status;
}

static enum aha_status open_bytes(const void *bytes, size_t n_bytes,
                                  bool is_mapped, struct safetensors **out,
                                  struct aha_error *err)
{
    struct safetensors *file = alloc_array(1, sizeof *file);
    enum aha_status status;

    if (file == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    file->bytes = bytes;
    file->n_bytes = n_bytes;
    status = read_header(file, err);
    if (status != AHA_OK) {
        safetensors_close(file);
        return status;
    }
    file->is_mapped = is_mapped;
    *out = file;
    return AHA_OK;
}

enum aha_status safetensors_open_bytes(const void *bytes, size_t n_bytes,
                                       struct safetensors **out,
                                       struct aha_error *err)
{
    return open_bytes(bytes, n_bytes, false, out, err);
}

enum aha_status safetensors_open(const char *path, struct safetensors **out,
                                 struct aha_error *err)
{
    enum aha_status status;
    struct stat about;
    void *bytes;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return aha_error_set(err, AHA_ERR_IO, "the file cannot be opened");
    }
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) ||
        about.st_size <= 0) {
        (void)close(fd);
        return aha_error_set(err, AHA_ERR_IO, "it is empty or no regular file");
    }
    bytes = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    (void)close(fd);
    if (bytes == MAP_FAILED) {
        return aha_error_set(err, AHA_ERR_IO, "the file cannot be mapped");
    }
    status = open_bytes(bytes, (size_t)about.st_size, true, out, err);
    if (status != AHA_OK) {
        (void)munmap(bytes, (size_t)about.st_size);
    }
    return status;
}

void safetensors_close(struct safetensors *file)
{
    if (file == NULL) {
        return;
    }
    document_close(file->header);
    free(file->tensors);
    if (file->is_mapped) {
        (void)munmap((void *)(uintptr_t)file->bytes, file->n_bytes);
    }
    free(file);
}

static int compare_name(const void *key, const void *element)
{
    return strcmp(key, ((const struct safetensor *)element)->name);
}

const struct safetensor *safetensors_find(const struct safetensors *file,
                                          const char *name)
{
    return bsearch(name, file->tensors, (size_t)file->n_tensors,
                   sizeof *file->tensors, compare_name);
}

const char *safetensors_metadata(const struct safetensors *file,
                                 const char *key)
{
    return document_borrow_string(document_member(file->header, "__metadata__"),
                                  key);
}

void safetensors_sha256(const struct safetensors *file,
                        char out[AHA_SHA256_HEX])
{
    aha_sha256_hex(file->bytes, file->n_bytes, out);
}

static float *expand(const struct safetensors *file,
                     const struct safetensor *tensor)
{
    const unsigned char *from = file->bytes + tensor->offset;
    float *to = alloc_floats(tensor->n_elements);

    if (to != NULL && tensor->dtype == TENSOR_F32) {
        memcpy(to, from, tensor->n_elements * sizeof *to);
    } else if (to != NULL) {
        half_to_float(from, tensor->n_elements, to);
    }
    return to;
}

static bool shape_fits(const struct safetensor *tensor, int rank,
                       const int *dims)
{
    if (tensor->rank != rank) {
        return false;
    }
    for (int i = 0; i < rank; i++) {
        if (dims[i] >= 0 && dims[i] != tensor->dims[i]) {
            return false;
        }
    }
    return true;
}

/* The tensor, or NULL when there is none of this shape and kind. */
static const struct safetensor *find_fitting(const struct safetensors *file,
                                             const char *name, int rank,
                                             const int *dims, bool is_int8,
                                             struct aha_error *err)
{
    const struct safetensor *tensor = safetensors_find(file, name);

    if (tensor == NULL) {
        (void)aha_error_set(err, AHA_ERR_WEIGHTS, "tensor %.80s is missing",
                            name);
        return NULL;
    }
    if (!shape_fits(tensor, rank, dims)) {
        (void)aha_error_set(err, AHA_ERR_WEIGHTS,
                            "tensor %.80s has another shape than the "
                            "configuration needs",
                            name);
        return NULL;
    }
    if ((tensor->dtype == TENSOR_I8) != is_int8) {
        (void)aha_error_set(err, AHA_ERR_WEIGHTS, "tensor %.80s must%s be I8",
                            name, is_int8 ? "" : " not");
        return NULL;
    }
    return tensor;
}

enum aha_status safetensors_read(const struct safetensors *file,
                                 const char *name, int rank, int *dims,
                                 float **out, struct aha_error *err)
{
    const struct safetensor *tensor =
        find_fitting(file, name, rank, dims, false, err);
    float *values;

    if (tensor == NULL) {
        return AHA_ERR_WEIGHTS;
    }
    values = expand(file, tensor);
    if (values == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < tensor->n_elements; i++) {
        if (!isfinite(values[i])) {
            free(values);
            return aha_error_set(err, AHA_ERR_WEIGHTS,
                                 "tensor %.80s holds a value that is not "
                                 "finite",
                                 name);
        }
    }
    memcpy(dims, tensor->dims, (size_t)rank * sizeof *dims);
    *out = values;
    return AHA_OK;
}

enum aha_status safetensors_read_int8(const struct safetensors *file,
                                      const char *name, int rank, int *dims,
                                      int8_t **out, struct aha_error *err)
{
    const struct safetensor *tensor =
        find_fitting(file, name, rank, dims, true, err);
    int8_t *values;

    if (tensor == NULL) {
        return AHA_ERR_WEIGHTS;
    }
    values = alloc_array(tensor->n_elements, 1);
    if (values == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    memcpy(values, file->bytes + tensor->offset, tensor->n_elements);
    memcpy(dims, tensor->dims, (size_t)rank * sizeof *dims);
    *out = values;
    return AHA_OK;
}
