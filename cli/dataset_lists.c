// SPDX-License-Identifier: MIT
/*
 * RAF-DB, one list of labels for all images, and CK+, a file of one label for
 * each sequence of frames.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/dataset_reader.h"
#include "cli/tree.h"

enum { MAX_LINE = 512, CK_DEPTH = 3, MAX_FRAME = 99999999 };

static const char label_ending[] = "_emotion.txt";

/* Of CK+: the subject's name comes first in that of the label's file. */
struct sequence {
    int n_subject; /* letters of its name */
    const char *number;
    int n_number; /* letters of it */
    int last;     /* number of the frame that is labelled */
};

/* The first of these, below a folder, that there is; NULL-terminated. */
static char *find_first(const char *folder, const char *const names[],
                        bool (*is_there)(const char *path))
{
    for (int i = 0; names[i] != NULL; i++) {
        char *path = tree_join(folder, names[i]);

        if (path != NULL && is_there(path)) {
            return path;
        }
        free(path);
    }
    return NULL;
}

char *dataset_find_rafdb(const char *path)
{
    static const char *const names[] = {
        "list_patition_label.txt",
        "EmoLabel/list_patition_label.txt",
        "basic/EmoLabel/list_patition_label.txt",
        "list_partition_label.txt",
        "EmoLabel/list_partition_label.txt",
        "basic/EmoLabel/list_partition_label.txt",
        NULL,
    };

    return tree_is_folder(path) ? find_first(path, names, tree_is_file)
                                : strdup(path);
}

/* The folder of the images, from that of the list. */
static char *find_aligned(const char *list)
{
    static const char *const names[] = {
        "aligned",    "Image/aligned",     "../Image/aligned",
        "../aligned", "../Image/original", NULL,
    };
    const char *slash = strrchr(list, '/');
    char *folder =
        slash == NULL ? strdup(".") : strndup(list, (size_t)(slash - list));
    char *images =
        folder == NULL ? NULL : find_first(folder, names, tree_is_folder);

    free(folder);
    return images;
}

/* train_00001.jpg -> images/train_00001_aligned.jpg, or as it is called. */
static char *aligned_path(const char *images, const char *name)
{
    const char *dot = strrchr(name, '.');
    int stem = dot == NULL ? (int)strlen(name) : (int)(dot - name);
    char *path = NULL;

    if (asprintf(&path, "%s/%.*s_aligned%s", images, stem, name,
                 dot == NULL ? "" : dot) < 0) {
        return NULL;
    }
    if (!tree_is_file(path)) {
        char *plain = tree_join(images, name);

        if (plain != NULL && tree_is_file(plain)) {
            free(path);
            return plain;
        }
        free(plain);
    }
    return path;
}

static enum aha_status add_rafdb(struct dataset_reader *reader, char *line,
                                 const char *list, int number,
                                 const char *images)
{
    char *rest = NULL;
    const char *name = strtok_r(line, " \t\r\n", &rest);
    const char *label = name == NULL ? NULL : strtok_r(NULL, " \t\r\n", &rest);
    enum face_class truth =
        label == NULL ? CLASS_UNKNOWN : class_from_number(NUMBERS_RAFDB, label);
    const char *split = "";

    if (name == NULL) {
        return AHA_OK;
    }
    if (truth == CLASS_UNKNOWN || strchr(name, '/') != NULL) {
        return aha_error_set(reader->err, AHA_ERR_DECODE,
                             "%s, line %d: a row is a file's name and a number "
                             "from 1 to 7",
                             list, number);
    }
    if (strncmp(name, "train", 5) == 0) {
        split = "train";
    } else if (strncmp(name, "test", 4) == 0) {
        split = "test";
    }
    return dataset_add(reader, aligned_path(images, name), NULL, truth, split);
}

static enum aha_status read_list(struct dataset_reader *reader,
                                 const char *list, const char *images)
{
    FILE *stream = fopen(list, "r");
    enum aha_status status = AHA_OK;
    char line[MAX_LINE];

    if (stream == NULL) {
        return aha_error_set(reader->err, AHA_ERR_IO, "%s cannot be opened",
                             list);
    }
    for (int number = 1; status == AHA_OK && fgets(line, MAX_LINE, stream);
         number++) {
        status = add_rafdb(reader, line, list, number, images);
    }
    (void)fclose(stream);
    return status;
}

enum aha_status dataset_read_rafdb(struct dataset_reader *reader,
                                   const char *path)
{
    char *list = dataset_find_rafdb(path);
    char *images = list == NULL ? NULL : find_aligned(list);
    enum aha_status status;

    if (list == NULL && dataset_has_number(path, "7")) {
        return dataset_read_numbers(reader, path, NUMBERS_RAFDB);
    }
    if (list == NULL) {
        status = aha_error_set(reader->err, AHA_ERR_IO,
                               "%s: there is no list_patition_label.txt, nor "
                               "in EmoLabel or basic/EmoLabel",
                               path);
    } else if (images == NULL) {
        status = aha_error_set(reader->err, AHA_ERR_IO,
                               "%s: there is no folder Image/aligned beside it",
                               list);
    } else {
        status = read_list(reader, list, images);
    }
    free(list);
    free(images);
    return status;
}

char *dataset_find_ckplus(const char *path)
{
    static const char *const names[] = {"Emotion", "Emotion_labels/Emotion",
                                        "Emotion_labels", NULL};

    return find_first(path, names, tree_is_folder);
}

static char *find_frames(const char *path)
{
    static const char *const names[] = {
        "cohn-kanade-images",
        "extended-cohn-kanade-images/cohn-kanade-images",
        "extended-cohn-kanade-images",
        NULL,
    };

    return find_first(path, names, tree_is_folder);
}

/* The file holds one number as "   3.0000000e+00". */
static enum face_class read_emotion(const char *path)
{
    FILE *stream = fopen(path, "r");
    char text[64] = "";
    char digits[8];
    char *end = NULL;
    double value;

    if (stream == NULL) {
        return CLASS_UNKNOWN;
    }
    if (fgets(text, sizeof text, stream) == NULL) {
        text[0] = '\0';
    }
    (void)fclose(stream);
    value = strtod(text, &end);
    if (end == text || end[strspn(end, " \t\r\n")] != '\0' ||
        !(value >= 0 && value <= 7) || value != floor(value)) {
        return CLASS_UNKNOWN;
    }
    (void)snprintf(digits, sizeof digits, "%d", (int)value);
    return class_from_number(NUMBERS_CKPLUS, digits);
}

/* S005_001_00000011_emotion.txt: subject, sequence, its last frame. */
static bool parse_sequence(const char *name, struct sequence *out)
{
    const char *first = strchr(name, '_');
    const char *second = first == NULL ? NULL : strchr(first + 1, '_');
    char *end = NULL;
    long last;

    if (second == NULL) {
        return false;
    }
    last = strtol(second + 1, &end, 10);
    if (strcmp(end, label_ending) != 0 || last < 1 || last > MAX_FRAME) {
        return false;
    }
    *out = (struct sequence){(int)(first - name), first + 1,
                             (int)(second - first - 1), (int)last};
    return true;
}

static enum aha_status add_frames(struct dataset_reader *reader,
                                  const char *frames, const char *label,
                                  const char *name)
{
    enum face_class truth = read_emotion(label);
    enum aha_status status = AHA_OK;
    struct sequence sequence;

    if (truth == CLASS_UNKNOWN || !parse_sequence(name, &sequence)) {
        return aha_error_set(reader->err, AHA_ERR_DECODE,
                             "%s: not the label of a sequence, 0 to 7", label);
    }
    for (int i = 0; status == AHA_OK && i < reader->source->n_frames &&
                    sequence.last - i > 0;
         i++) {
        char *path = NULL;

        if (asprintf(&path, "%s/%.*s/%.*s/%.*s_%.*s_%08d.png", frames,
                     sequence.n_subject, name, sequence.n_number,
                     sequence.number, sequence.n_subject, name,
                     sequence.n_number, sequence.number,
                     sequence.last - i) < 0) {
            path = NULL;
        }
        status = dataset_add(reader, path, NULL, truth, "");
    }
    return status;
}

static bool is_label(const char *name)
{
    size_t n = strlen(name);
    size_t n_ending = sizeof label_ending - 1;

    return n > n_ending && strcmp(name + n - n_ending, label_ending) == 0;
}

static enum aha_status read_labels(struct dataset_reader *reader,
                                   const char *frames, const char *folder,
                                   int depth)
{
    enum aha_status status = AHA_OK;
    char **names = NULL;
    int n = tree_list(folder, &names);

    if (n < 0) {
        return aha_error_set(reader->err, AHA_ERR_IO,
                             "%s: the folder cannot be read", folder);
    }
    for (int i = 0; status == AHA_OK && i < n; i++) {
        char *path = tree_join(folder, names[i]);

        if (path == NULL) {
            status =
                aha_error_set(reader->err, AHA_ERR_MEMORY, "out of memory");
        } else if (depth > 1 && tree_is_folder(path)) {
            status = read_labels(reader, frames, path, depth - 1);
        } else if (is_label(names[i])) {
            status = add_frames(reader, frames, path, names[i]);
        }
        free(path);
    }
    tree_free(names, n);
    return status;
}

enum aha_status dataset_read_ckplus(struct dataset_reader *reader,
                                    const char *path)
{
    char *labels = dataset_find_ckplus(path);
    char *frames = find_frames(path);
    enum aha_status status;

    if (labels == NULL || frames == NULL) {
        status = aha_error_set(reader->err, AHA_ERR_IO,
                               "%s: there must be Emotion and "
                               "cohn-kanade-images in it",
                               path);
    } else {
        status = read_labels(reader, frames, labels, CK_DEPTH);
    }
    free(labels);
    free(frames);
    return status;
}
