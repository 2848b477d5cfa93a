// SPDX-License-Identifier: MIT
/*
 * dataset.h - a labelled set of faces as the official archives lay it out.
 *
 * A data set owns everything in it until dataset_fini(). One thread.
 */
#ifndef AHA_CLI_DATASET_H
#define AHA_CLI_DATASET_H

#include <stdbool.h>

#include "aha/error.h"

#include "cli/classes.h"

enum {
    DATASET_FER_SIDE = 48, /* px of FER-2013's faces */
    DATASET_MAX_ITEMS = 2000000,
    DATASET_MAX_SPLITS = 16,
    DATASET_MAX_FRAMES = 16,
};

enum dataset_layout {
    LAYOUT_AUTO,
    LAYOUT_FER2013,   /* csv with the pixels in it */
    LAYOUT_CSV,       /* csv that names images */
    LAYOUT_RAFDB,     /* list of labels, or numbered folders */
    LAYOUT_CKPLUS,    /* tree of labels beside a tree of frames */
    LAYOUT_AFFECTNET, /* numbered folders */
    LAYOUT_FOLDERS,   /* folders named after the expressions */
    N_LAYOUTS,
};

struct dataset_item {
    char *name;            /* path of the image, or csv and line */
    unsigned char *pixels; /* [48, 48] grey, or NULL: the image is a file */
    enum face_class truth; /* one of the seven */
};

struct dataset {
    enum dataset_layout layout; /* the one that was found */
    char *split; /* the one that was taken, "" for all there is */
    int n;
    int capacity;
    struct dataset_item *items;
    int n_other; /* left out: they show none of the seven */
};

/** What to load. */
struct dataset_source {
    const char *path; /* folder or file */
    enum dataset_layout layout;
    const char *split; /* NULL: there is but one; "all": every one */
    int n_frames;      /* CK+: so many last frames of each sequence */
};

/** "auto", "fer2013" ...; static storage. */
const char *dataset_layout_name(enum dataset_layout layout);

/** @return false for no layout's name; *out is untouched */
bool dataset_layout_parse(const char *name, enum dataset_layout *out);

/**
 * Read the labels; the images are only named.
 *
 * @param out  written on success only
 *
 * @return AHA_ERR_IO when something is not there, AHA_ERR_DECODE when a label
 *         cannot be understood, AHA_ERR_ARG when layout or split are in doubt,
 *         AHA_ERR_TOO_LARGE, AHA_ERR_MEMORY; the text says what to do
 */
enum aha_status dataset_load(const struct dataset_source *source,
                             struct dataset *out,
                             struct aha_error *err) AHA_MUST_CHECK;

/** One of zeros is fine. */
void dataset_fini(struct dataset *dataset);

#endif
