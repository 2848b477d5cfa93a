// SPDX-License-Identifier: MIT
#include "cli/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/csv.h"
#include "cli/dataset_reader.h"
#include "cli/tree.h"

enum { FIRST_ITEMS = 256 };

static const struct {
    const char *name;
    const char *file; /* to be read when the source is a folder, or NULL */
    enum aha_status (*read)(struct dataset_reader *reader, const char *path);
} layouts[] = {
    [LAYOUT_AUTO] = {"auto", NULL, NULL},
    [LAYOUT_FER2013] = {"fer2013", "fer2013.csv", dataset_read_fer2013},
    [LAYOUT_CSV] = {"csv", "labels.csv", dataset_read_csv},
    [LAYOUT_RAFDB] = {"rafdb", NULL, dataset_read_rafdb},
    [LAYOUT_CKPLUS] = {"ckplus", NULL, dataset_read_ckplus},
    [LAYOUT_AFFECTNET] = {"affectnet", NULL, dataset_read_affectnet},
    [LAYOUT_FOLDERS] = {"folders", NULL, dataset_read_folders},
};

_Static_assert(sizeof layouts / sizeof *layouts == N_LAYOUTS, "a row a layout");

const char *dataset_layout_name(enum dataset_layout layout)
{
    return layouts[layout].name;
}

bool dataset_layout_parse(const char *name, enum dataset_layout *out)
{
    for (int i = 0; i < N_LAYOUTS; i++) {
        if (strcmp(name, layouts[i].name) == 0) {
            *out = (enum dataset_layout)i;
            return true;
        }
    }
    return false;
}

bool dataset_wants(const struct dataset_reader *reader, const char *split)
{
    const char *wanted = reader->source->split;

    return wanted == NULL || strcasecmp(wanted, "all") == 0 ||
           strcasecmp(wanted, split) == 0;
}

/* Remember the split's name; those beyond the table only make it longer. */
static bool note_split(struct dataset_reader *reader, const char *split)
{
    for (int i = 0; i < reader->n_splits; i++) {
        if (strcmp(reader->splits[i], split) == 0) {
            return true;
        }
    }
    if (reader->n_splits < DATASET_MAX_SPLITS) {
        reader->splits[reader->n_splits] = strdup(split);
        return reader->splits[reader->n_splits++] != NULL;
    }
    return true;
}

static enum aha_status grow(struct dataset *dataset, struct aha_error *err)
{
    int capacity = dataset->n == 0 ? FIRST_ITEMS : 2 * dataset->capacity;
    struct dataset_item *items;

    if (dataset->n < dataset->capacity) {
        return AHA_OK;
    }
    if (dataset->n >= DATASET_MAX_ITEMS) {
        return aha_error_set(err, AHA_ERR_TOO_LARGE,
                             "there are more than %d images",
                             DATASET_MAX_ITEMS);
    }
    items = realloc(dataset->items, (size_t)capacity * sizeof *items);
    if (items == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    dataset->items = items;
    dataset->capacity = capacity;
    return AHA_OK;
}

static void item_fini(struct dataset_item *item)
{
    free(item->name);
    free(item->pixels);
}

enum aha_status dataset_add(struct dataset_reader *reader, char *name,
                            unsigned char *pixels, enum face_class truth,
                            const char *split)
{
    struct dataset *dataset = reader->dataset;
    struct dataset_item item = {name, pixels, truth};
    enum aha_status status = AHA_OK;
    bool is_wanted = dataset_wants(reader, split);

    if (name == NULL || !note_split(reader, split)) {
        status = aha_error_set(reader->err, AHA_ERR_MEMORY, "out of memory");
    } else if (is_wanted && truth < N_CLASSES) {
        status = grow(dataset, reader->err);
        if (status == AHA_OK) {
            dataset->items[dataset->n++] = item;
            return AHA_OK;
        }
    } else {
        dataset->n_other += is_wanted;
    }
    item_fini(&item);
    return status;
}

static enum aha_status detect_csv(const char *path, enum dataset_layout *out,
                                  struct aha_error *err)
{
    struct csv *csv = NULL;
    enum aha_status status = csv_open(path, &csv, err);

    if (status != AHA_OK) {
        return status;
    }
    if (csv_column(csv, "pixels") >= 0) {
        *out = LAYOUT_FER2013;
    } else if (csv_column(csv, "image") >= 0) {
        *out = LAYOUT_CSV;
    } else {
        status = aha_error_set(err, AHA_ERR_ARG,
                               "%s: the header has neither emotion,pixels nor "
                               "image,expression",
                               path);
    }
    csv_close(csv);
    return status;
}

static bool holds(const char *folder, const char *name)
{
    char *path = tree_join(folder, name);
    bool is_there = path != NULL && tree_is_file(path);

    free(path);
    return is_there;
}

static bool is_found(char *path)
{
    free(path);
    return path != NULL;
}

static enum aha_status detect_folder(const char *path, enum dataset_layout *out,
                                     struct aha_error *err)
{
    if (is_found(dataset_find_rafdb(path))) {
        *out = LAYOUT_RAFDB;
    } else if (is_found(dataset_find_ckplus(path))) {
        *out = LAYOUT_CKPLUS;
    } else if (holds(path, layouts[LAYOUT_FER2013].file)) {
        *out = LAYOUT_FER2013;
    } else if (holds(path, layouts[LAYOUT_CSV].file)) {
        *out = LAYOUT_CSV;
    } else if (dataset_has_names(path)) {
        *out = LAYOUT_FOLDERS;
    } else if (dataset_has_number(path, "0")) {
        *out = LAYOUT_AFFECTNET;
    } else if (dataset_has_number(path, "7")) {
        return aha_error_set(err, AHA_ERR_ARG,
                             "%s: folders numbered from 1 may be RAF-DB's or "
                             "others: choose with --layout",
                             path);
    } else {
        return aha_error_set(err, AHA_ERR_ARG,
                             "%s: this is no layout that is known (no list of "
                             "labels, no folders named after expressions)",
                             path);
    }
    return AHA_OK;
}

static enum aha_status detect_layout(const char *path, enum dataset_layout *out,
                                     struct aha_error *err)
{
    const char *dot = strrchr(path, '.');

    if (tree_is_folder(path)) {
        return detect_folder(path, out, err);
    }
    if (!tree_is_file(path)) {
        return aha_error_set(err, AHA_ERR_IO,
                             "%s: there is no such file or folder", path);
    }
    if (dot != NULL && strcasecmp(dot, ".csv") == 0) {
        return detect_csv(path, out, err);
    }
    if (dot != NULL && strcasecmp(dot, ".txt") == 0) {
        *out = LAYOUT_RAFDB;
        return AHA_OK;
    }
    return aha_error_set(err, AHA_ERR_ARG,
                         "%s: neither a folder nor a .csv file", path);
}

static enum aha_status read_layout(struct dataset_reader *reader)
{
    const char *path = reader->source->path;
    enum dataset_layout layout = reader->source->layout;
    enum aha_status status = AHA_OK;
    char *joined = NULL;

    if (layout == LAYOUT_AUTO) {
        status = detect_layout(path, &layout, reader->err);
    }
    if (status != AHA_OK) {
        return status;
    }
    reader->dataset->layout = layout;
    if (layouts[layout].file != NULL && tree_is_folder(path)) {
        joined = tree_join(path, layouts[layout].file);
        if (joined == NULL) {
            return aha_error_set(reader->err, AHA_ERR_MEMORY, "out of memory");
        }
        path = joined;
    }
    status = layouts[layout].read(reader, path);
    free(joined);
    return status;
}

/* "Training, PublicTest", cut where it does not fit. */
static void list_splits(const struct dataset_reader *reader, char *out,
                        size_t capacity)
{
    size_t n = 0;

    out[0] = '\0';
    for (int i = 0; i < reader->n_splits && n < capacity; i++) {
        int written = snprintf(
            out + n, capacity - n, "%s%s", i > 0 ? ", " : "",
            reader->splits[i][0] == '\0' ? "(none)" : reader->splits[i]);

        n += written > 0 ? (size_t)written : 0;
    }
}

static enum aha_status check_splits(struct dataset_reader *reader)
{
    struct dataset *dataset = reader->dataset;
    const char *wanted = reader->source->split;
    char list[96];

    list_splits(reader, list, sizeof list);
    if (wanted == NULL && reader->n_splits > 1) {
        return aha_error_set(reader->err, AHA_ERR_ARG,
                             "it has several parts: %s; choose with --split, "
                             "which also takes \"all\"",
                             list);
    }
    if (dataset->n == 0 && dataset->n_other == 0 && wanted != NULL &&
        reader->n_splits > 0) {
        return aha_error_set(reader->err, AHA_ERR_ARG,
                             "there is no part %s; there is %s", wanted, list);
    }
    if (dataset->n == 0) {
        return aha_error_set(reader->err, AHA_ERR_ARG,
                             "%s: there is no image with one of the seven "
                             "labels",
                             reader->source->path);
    }
    dataset->split = strdup(wanted != NULL ? wanted : reader->splits[0]);
    return dataset->split != NULL
               ? AHA_OK
               : aha_error_set(reader->err, AHA_ERR_MEMORY, "out of memory");
}

enum aha_status dataset_load(const struct dataset_source *source,
                             struct dataset *out, struct aha_error *err)
{
    struct dataset dataset = {0};
    struct dataset_reader reader = {
        .source = source, .dataset = &dataset, .err = err};
    enum aha_status status = read_layout(&reader);

    if (status == AHA_OK) {
        status = check_splits(&reader);
    }
    for (int i = 0; i < reader.n_splits; i++) {
        free(reader.splits[i]);
    }
    if (status != AHA_OK) {
        dataset_fini(&dataset);
        return status;
    }
    *out = dataset;
    return AHA_OK;
}

void dataset_fini(struct dataset *dataset)
{
    for (int i = 0; i < dataset->n; i++) {
        item_fini(&dataset->items[i]);
    }
    free(dataset->items);
    free(dataset->split);
    *dataset = (struct dataset){0};
}
