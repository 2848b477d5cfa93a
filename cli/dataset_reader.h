// SPDX-License-Identifier: MIT
/*
 * dataset_reader.h - what the readers of the layouts share; private to them.
 */
#ifndef AHA_CLI_DATASET_READER_H
#define AHA_CLI_DATASET_READER_H

#include <stdbool.h>

#include "cli/dataset.h"

/** A data set on its way in. */
struct dataset_reader {
    const struct dataset_source *source;
    struct dataset *dataset;
    int n_splits;
    char *splits[DATASET_MAX_SPLITS]; /* every name that was met; owned */
    struct aha_error *err;
};

/**
 * Take one item, if its split is asked for and its class is one of the seven.
 *
 * @param name    taken, also on failure; NULL says that there was no memory
 * @param pixels  taken, also on failure; NULL for a file
 * @param split   "" where there is none; borrowed
 */
enum aha_status dataset_add(struct dataset_reader *reader, char *name,
                            unsigned char *pixels, enum face_class truth,
                            const char *split) AHA_MUST_CHECK;

/** Whether a split of this name is asked for. */
bool dataset_wants(const struct dataset_reader *reader, const char *split);

/* One a layout. `path` is the file for the csv layouts, the folder for others.
 */
enum aha_status dataset_read_fer2013(struct dataset_reader *reader,
                                     const char *path) AHA_MUST_CHECK;
enum aha_status dataset_read_csv(struct dataset_reader *reader,
                                 const char *path) AHA_MUST_CHECK;
enum aha_status dataset_read_rafdb(struct dataset_reader *reader,
                                   const char *path) AHA_MUST_CHECK;
enum aha_status dataset_read_ckplus(struct dataset_reader *reader,
                                    const char *path) AHA_MUST_CHECK;
enum aha_status dataset_read_affectnet(struct dataset_reader *reader,
                                       const char *path) AHA_MUST_CHECK;
enum aha_status dataset_read_folders(struct dataset_reader *reader,
                                     const char *path) AHA_MUST_CHECK;

/** Class folders by the numbers of this data set. */
enum aha_status dataset_read_numbers(struct dataset_reader *reader,
                                     const char *path,
                                     enum class_numbers numbers) AHA_MUST_CHECK;

/** Whether a folder of this class stands anywhere in the tree. */
bool dataset_has_names(const char *path);
bool dataset_has_number(const char *path, const char *number);

/** RAF-DB's list of labels in a folder: heap path, or NULL for none. */
char *dataset_find_rafdb(const char *path);

/** CK+'s tree of labels, likewise. */
char *dataset_find_ckplus(const char *path);

#endif
