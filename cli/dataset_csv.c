// SPDX-License-Identifier: MIT
/*
 * The layouts that are one csv file: FER-2013's, which holds the pixels, and
 * image,expression, which names them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/csv.h"
#include "cli/dataset_reader.h"
#include "cli/tree.h"

enum { PIXELS = DATASET_FER_SIDE * DATASET_FER_SIDE };

/* Where the columns are; split is -1 when the file has none. */
struct columns {
    int image; /* or its pixels */
    int label;
    int split;
    int n; /* of the header */
};

static enum aha_status find_columns(const struct csv *csv, const char *image,
                                    const char *label, const char *split,
                                    struct columns *out, struct aha_error *err)
{
    *out = (struct columns){
        .image = csv_column(csv, image),
        .label = csv_column(csv, label),
        .split = csv_column(csv, split),
        .n = csv->n_fields,
    };
    if (out->image < 0 || out->label < 0) {
        return aha_error_set(err, AHA_ERR_DECODE,
                             "%s: the header must have the columns %s and %s",
                             csv->path, image, label);
    }
    return AHA_OK;
}

static const char *split_of(const struct csv *csv, const struct columns *at)
{
    return at->split < 0 ? "" : csv->fields[at->split];
}

/* @return false unless the text is exactly PIXELS numbers of 0..255 */
static bool parse_pixels(const char *text, unsigned char *out)
{
    for (int i = 0; i < PIXELS; i++) {
        char *end = NULL;
        long value = strtol(text, &end, 10);

        if (end == text || value < 0 || value > 255) {
            return false;
        }
        out[i] = (unsigned char)value;
        text = end;
    }
    return text[strspn(text, " \t")] == '\0';
}

static enum aha_status add_pixels(struct dataset_reader *reader,
                                  const struct csv *csv,
                                  const struct columns *at)
{
    enum face_class truth =
        class_from_number(NUMBERS_FER2013, csv->fields[at->label]);
    unsigned char *pixels = NULL;
    char *name = NULL;

    if (truth == CLASS_UNKNOWN) {
        return aha_error_set(reader->err, AHA_ERR_DECODE,
                             "%s, line %d: emotion is 0 to 6", csv->path,
                             csv->line);
    }
    if (dataset_wants(reader, split_of(csv, at))) {
        pixels = malloc(PIXELS);
        if (pixels == NULL) {
            return aha_error_set(reader->err, AHA_ERR_MEMORY, "out of memory");
        }
        if (!parse_pixels(csv->fields[at->image], pixels)) {
            free(pixels);
            return aha_error_set(reader->err, AHA_ERR_DECODE,
                                 "%s, line %d: pixels are %d numbers from 0 to "
                                 "255",
                                 csv->path, csv->line, PIXELS);
        }
    }
    if (asprintf(&name, "%s:%d", csv->path, csv->line) < 0) {
        name = NULL;
    }
    return dataset_add(reader, name, pixels, truth, split_of(csv, at));
}

enum aha_status dataset_read_fer2013(struct dataset_reader *reader,
                                     const char *path)
{
    struct csv *csv = NULL;
    struct columns at;
    bool has_row = true;
    enum aha_status status = csv_open(path, &csv, reader->err);

    if (status != AHA_OK) {
        return status;
    }
    status = find_columns(csv, "pixels", "emotion", "usage", &at, reader->err);
    while (status == AHA_OK) {
        status = csv_next(csv, at.n, &has_row, reader->err);
        if (status != AHA_OK || !has_row) {
            break;
        }
        status = add_pixels(reader, csv, &at);
    }
    csv_close(csv);
    return status;
}

/* The folder that the names are relative to; the caller frees. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? strdup(".")
                         : strndup(path, (size_t)(slash - path) + 1);
}

static char *place(const char *folder, const char *name)
{
    return name[0] == '/' ? strdup(name) : tree_join(folder, name);
}

/*
 * Names are relative to the list, or to `images` beside it when the first one
 * is only there. Replaces *folder.
 */
static void choose_folder(char **folder, const char *first)
{
    char *path = place(*folder, first);
    char *images = tree_join(*folder, "images");
    char *other = images == NULL ? NULL : place(images, first);

    if (path != NULL && other != NULL && !tree_is_file(path) &&
        tree_is_file(other)) {
        free(*folder);
        *folder = images;
        images = NULL;
    }
    free(path);
    free(images);
    free(other);
}

static enum aha_status add_image(struct dataset_reader *reader,
                                 const struct csv *csv,
                                 const struct columns *at, const char *folder)
{
    const char *label = csv->fields[at->label];
    enum face_class truth = class_from_name(label);

    if (truth == CLASS_UNKNOWN) {
        return aha_error_set(reader->err, AHA_ERR_DECODE,
                             "%s, line %d: '%s' is no expression that is known",
                             csv->path, csv->line, label);
    }
    return dataset_add(reader, place(folder, csv->fields[at->image]), NULL,
                       truth, split_of(csv, at));
}

static enum aha_status read_images(struct dataset_reader *reader,
                                   struct csv *csv, char **folder)
{
    struct columns at;
    bool has_row = true;
    bool is_first = true;
    enum aha_status status =
        find_columns(csv, "image", "expression", "split", &at, reader->err);

    while (status == AHA_OK) {
        status = csv_next(csv, at.n, &has_row, reader->err);
        if (status != AHA_OK || !has_row) {
            break;
        }
        if (is_first) {
            choose_folder(folder, csv->fields[at.image]);
            is_first = false;
        }
        status = add_image(reader, csv, &at, *folder);
    }
    return status;
}

enum aha_status dataset_read_csv(struct dataset_reader *reader,
                                 const char *path)
{
    char *folder = folder_of(path);
    struct csv *csv = NULL;
    enum aha_status status;

    if (folder == NULL) {
        return aha_error_set(reader->err, AHA_ERR_MEMORY, "out of memory");
    }
    status = csv_open(path, &csv, reader->err);
    if (status == AHA_OK) {
        status = read_images(reader, csv, &folder);
    }
    csv_close(csv);
    free(folder);
    return status;
}
