// SPDX-License-Identifier: MIT
/*
 * Images in folders named after their class: FER-2013 as images (test/angry),
 * SFEW (Val/Angry), AffectNet and others by number (val/0). The folder above is
 * the split.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/dataset_reader.h"
#include "cli/tree.h"

enum { MAX_DEPTH = 8, PROBE_DEPTH = 3 };

static const int BY_NAME = -1;

/* How far the walk is. */
struct walk {
    struct dataset_reader *reader;
    int numbers; /* enum class_numbers, or BY_NAME */
};

/* One folder of it. */
struct place {
    const char *path;
    const char *name;      /* its last part, "" for the root */
    const char *split;     /* of the images in it */
    enum face_class truth; /* of those, or CLASS_UNKNOWN */
    int depth;
};

static enum face_class class_of(const struct walk *walk, const char *name)
{
    return walk->numbers == BY_NAME
               ? class_from_name(name)
               : class_from_number((enum class_numbers)walk->numbers, name);
}

static enum aha_status walk_folder(struct walk *walk,
                                   const struct place *place);

static enum aha_status walk_below(struct walk *walk, const struct place *place,
                                  const char *path, const char *name)
{
    struct place below = *place;

    below.path = path;
    below.name = name;
    below.depth++;
    if (place->truth == CLASS_UNKNOWN) {
        below.split = place->name;
        below.truth = class_of(walk, name);
    }
    return walk_folder(walk, &below);
}

static enum aha_status walk_entry(struct walk *walk, const struct place *place,
                                  const char *name)
{
    struct dataset_reader *reader = walk->reader;
    char *path = tree_join(place->path, name);
    enum aha_status status = AHA_OK;

    if (path != NULL && tree_is_folder(path)) {
        status = walk_below(walk, place, path, name);
    } else if (path == NULL) {
        status = aha_error_set(reader->err, AHA_ERR_MEMORY, "out of memory");
    } else if (!tree_is_image(name)) {
        status = AHA_OK;
    } else if (place->truth != CLASS_UNKNOWN) {
        return dataset_add(reader, path, NULL, place->truth, place->split);
    } else if (place->depth > 0) {
        status = aha_error_set(reader->err, AHA_ERR_DECODE,
                               "%s: this folder has images, but its name is no "
                               "expression that is known",
                               place->path);
    }
    free(path);
    return status;
}

static enum aha_status walk_folder(struct walk *walk, const struct place *place)
{
    struct aha_error *err = walk->reader->err;
    enum aha_status status = AHA_OK;
    char **names = NULL;
    int n;

    if (place->depth > MAX_DEPTH) {
        return aha_error_set(err, AHA_ERR_TOO_LARGE,
                             "%s: folders in folders, more than %d deep",
                             place->path, MAX_DEPTH);
    }
    n = tree_list(place->path, &names);
    if (n < 0) {
        return aha_error_set(err, AHA_ERR_IO, "%s: the folder cannot be read",
                             place->path);
    }
    for (int i = 0; status == AHA_OK && i < n; i++) {
        status = walk_entry(walk, place, names[i]);
    }
    tree_free(names, n);
    return status;
}

static enum aha_status walk_root(struct dataset_reader *reader,
                                 const char *path, int numbers)
{
    struct walk walk = {reader, numbers};
    struct place root = {path, "", "", CLASS_UNKNOWN, 0};

    return walk_folder(&walk, &root);
}

enum aha_status dataset_read_folders(struct dataset_reader *reader,
                                     const char *path)
{
    return walk_root(reader, path, BY_NAME);
}

enum aha_status dataset_read_affectnet(struct dataset_reader *reader,
                                       const char *path)
{
    return walk_root(reader, path, NUMBERS_AFFECTNET);
}

enum aha_status dataset_read_numbers(struct dataset_reader *reader,
                                     const char *path,
                                     enum class_numbers numbers)
{
    return walk_root(reader, path, (int)numbers);
}

static bool is_class_name(const char *name, const char *unused)
{
    (void)unused;
    return class_from_name(name) != CLASS_UNKNOWN;
}

static bool is_same(const char *name, const char *other)
{
    return strcmp(name, other) == 0;
}

/* Whether a folder whose name fits stands within the first levels. */
static bool probe(const char *folder, int depth,
                  bool (*fits)(const char *name, const char *with),
                  const char *with)
{
    char **names = NULL;
    int n = tree_list(folder, &names);
    bool is_found = false;

    for (int i = 0; !is_found && i < n; i++) {
        char *path = tree_join(folder, names[i]);

        if (path != NULL && tree_is_folder(path)) {
            is_found = fits(names[i], with) ||
                       (depth > 1 && probe(path, depth - 1, fits, with));
        }
        free(path);
    }
    tree_free(names, n);
    return is_found;
}

bool dataset_has_names(const char *path)
{
    return probe(path, PROBE_DEPTH, is_class_name, NULL);
}

bool dataset_has_number(const char *path, const char *number)
{
    return probe(path, PROBE_DEPTH, is_same, number);
}
