// SPDX-License-Identifier: MIT
/*
 * overlay.h - annotated pictures beside the answers, a file a photo.
 *
 * No photo of the run is ever written over, and no two photos share a file.
 * One thread.
 */
#ifndef AHA_CLI_OVERLAY_H
#define AHA_CLI_OVERLAY_H

#include <stdbool.h>

#include "aha/picture.h"

struct overlay {
    const char *folder;
    enum aha_picture_format format;
    void *photos; /* tree of the files that must stay as they are */
    void *names;  /* tree of the names given so far */
};

/** The format of this name. @return false for any other */
bool overlay_format_parse(const char *name, enum aha_picture_format *out);

/**
 * Make the folder if it is not there, and remember the photos.
 *
 * @param overlay  folder and format are set, the rest is zero
 *
 * @return false after saying on stderr what is wrong
 */
bool overlay_open(struct overlay *overlay, int n, char **photos);

/** One of zeros is fine. */
void overlay_close(struct overlay *overlay);

/**
 * Write `folder/name.format`, the name being the photo's without its folder and
 * ending, and with a number when an earlier photo had the same.
 *
 * @return false after saying on stderr what is wrong
 */
bool overlay_write(struct overlay *overlay, const char *photo,
                   const void *bytes, size_t n_bytes,
                   const struct aha_analysis *analysis,
                   const struct aha_model_info *info);

#endif
