// SPDX-License-Identifier: MIT
/*
 * tree.h - looking into folders, the same way on every machine.
 */
#ifndef AHA_CLI_TREE_H
#define AHA_CLI_TREE_H

#include <stdbool.h>

bool tree_is_file(const char *path);
bool tree_is_folder(const char *path);

/** Heap text `folder/name`, the caller frees; NULL without memory. */
char *tree_join(const char *folder, const char *name);

/** Whether the ending is that of an image that can be read. */
bool tree_is_image(const char *name);

/**
 * The names in a folder but hidden ones, in the order of their bytes.
 *
 * @return their number, or -1 when it cannot be read; release with tree_free
 */
int tree_list(const char *folder, char ***names);

void tree_free(char **names, int n);

#endif
