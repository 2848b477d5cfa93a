// SPDX-License-Identifier: MIT
#include "cli/tree.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

bool tree_is_file(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

bool tree_is_folder(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

char *tree_join(const char *folder, const char *name)
{
    size_t n = strlen(folder);
    const char *between = n > 0 && folder[n - 1] == '/' ? "" : "/";
    char *path = NULL;

    return asprintf(&path, "%s%s%s", folder, between, name) < 0 ? NULL : path;
}

bool tree_is_image(const char *name)
{
    static const char *const endings[] = {".jpg",  ".jpeg", ".png",
                                          ".webp", ".gif",  ".tif",
                                          ".tiff", ".heic", ".avif"};
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof *endings;
         i++) {
        if (strcasecmp(dot, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

int tree_list(const char *folder, char ***names)
{
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, is_shown, by_bytes);
    char **list = n < 0 ? NULL : calloc((size_t)n + 1, sizeof *list);
    bool is_whole = list != NULL;

    for (int i = 0; i < n; i++) {
        if (is_whole) {
            list[i] = strdup(entries[i]->d_name);
            is_whole = list[i] != NULL;
        }
        free(entries[i]);
    }
    free(entries);
    if (!is_whole) {
        if (list != NULL) {
            tree_free(list, n);
        }
        return -1;
    }
    *names = list;
    return n;
}

void tree_free(char **names, int n)
{
    for (int i = 0; i < n; i++) {
        free(names[i]);
    }
    free(names);
}
