// SPDX-License-Identifier: MIT
#include "cli/overlay.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAX_SIDE = 2048, /* px, of a picture */
    MAX_PATH = 4096,
};

/* What makes two paths the same file. */
struct identity {
    dev_t device;
    ino_t inode;
};

static int compare_identities(const void *a, const void *b)
{
    const struct identity *one = a;
    const struct identity *two = b;

    if (one->device != two->device) {
        return one->device < two->device ? -1 : 1;
    }
    return one->inode == two->inode ? 0 : one->inode < two->inode ? -1 : 1;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

bool overlay_format_parse(const char *name, enum aha_picture_format *out)
{
    for (int i = 0; i < AHA_N_PICTURE_FORMATS; i++) {
        enum aha_picture_format format = (enum aha_picture_format)i;

        if (strcmp(name, aha_picture_format_name(format)) == 0) {
            *out = format;
            return true;
        }
    }
    return false;
}

static bool identify(const char *path, struct identity *out)
{
    struct stat about;

    if (stat(path, &about) != 0) {
        return false;
    }
    *out = (struct identity){about.st_dev, about.st_ino};
    return true;
}

/* Put a copy into a tree unless an equal one is there. @return false: no memory
 */
static bool remember(void **tree, const void *key, size_t size,
                     int (*compare)(const void *, const void *))
{
    void *copy = malloc(size);
    void *const *node;

    if (copy == NULL) {
        return false;
    }
    memcpy(copy, key, size);
    node = tsearch(copy, tree, compare);
    if (node == NULL || *node != copy) {
        free(copy);
    }
    return node != NULL;
}

static bool make_folder(const char *folder)
{
    struct stat about;

    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        (void)fprintf(stderr, "aha: the folder %s cannot be made\n", folder);
        return false;
    }
    if (stat(folder, &about) != 0 || !S_ISDIR(about.st_mode)) {
        (void)fprintf(stderr, "aha: %s is no folder\n", folder);
        return false;
    }
    return true;
}

bool overlay_open(struct overlay *overlay, int n, char **photos)
{
    if (!make_folder(overlay->folder)) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        struct identity identity;

        if (identify(photos[i], &identity) &&
            !remember(&overlay->photos, &identity, sizeof identity,
                      compare_identities)) {
            (void)fputs("aha: out of memory\n", stderr);
            return false;
        }
    }
    return true;
}

void overlay_close(struct overlay *overlay)
{
    tdestroy(overlay->photos, free);
    tdestroy(overlay->names, free);
    overlay->photos = NULL;
    overlay->names = NULL;
}

/* NULL, or what is wrong. */
static const char *choose_path(struct overlay *overlay, const char *photo,
                               char path[MAX_PATH])
{
    const char *slash = strrchr(photo, '/');
    const char *name = slash == NULL ? photo : slash + 1;
    const char *dot = strrchr(name, '.');
    int length =
        dot == NULL || dot == name ? (int)strlen(name) : (int)(dot - name);
    char stem[MAX_PATH];
    int n = snprintf(stem, sizeof stem, "%.*s", length, name);

    for (int i = 2; tfind(stem, &overlay->names, compare_names) != NULL; i++) {
        n = snprintf(stem, sizeof stem, "%.*s-%d", length, name, i);
    }
    if (n < 0 || n >= MAX_PATH ||
        snprintf(path, MAX_PATH, "%s/%s.%s", overlay->folder, stem,
                 aha_picture_format_name(overlay->format)) >= MAX_PATH) {
        return "the picture's name would be too long";
    }
    if (!remember(&overlay->names, stem, strlen(stem) + 1, compare_names)) {
        return "out of memory";
    }
    return NULL;
}

/* NULL, or what is wrong. */
static const char *write_file(const struct overlay *overlay, const char *path,
                              const void *bytes, size_t n)
{
    struct identity identity;
    FILE *file;
    bool ok;

    if (identify(path, &identity) &&
        tfind(&identity, &overlay->photos, compare_identities) != NULL) {
        return "the picture would overwrite a photo; name another folder";
    }
    file = fopen(path, "wb");
    if (file == NULL) {
        return "the picture cannot be written";
    }
    ok = fwrite(bytes, 1, n, file) == n;
    if (fclose(file) != 0 || !ok) {
        (void)unlink(path);
        return "the picture cannot be written";
    }
    return NULL;
}

bool overlay_write(struct overlay *overlay, const char *photo,
                   const void *bytes, size_t n_bytes,
                   const struct aha_analysis *analysis,
                   const struct aha_model_info *info)
{
    struct aha_error err = {AHA_OK, ""};
    char path[MAX_PATH] = "";
    void *picture = NULL;
    size_t n_picture = 0;
    const char *problem = choose_path(overlay, photo, path);

    if (problem == NULL &&
        aha_picture_make(bytes, n_bytes, analysis, info, overlay->format,
                         MAX_SIDE, &picture, &n_picture, &err) != AHA_OK) {
        problem = err.text;
    }
    if (problem == NULL) {
        problem = write_file(overlay, path, picture, n_picture);
    }
    free(picture);
    if (problem != NULL) {
        (void)fprintf(stderr, "aha: %s: %s\n", path[0] == '\0' ? photo : path,
                      problem);
    }
    return problem == NULL;
}
