// SPDX-License-Identifier: MIT
/*
 * parse.h - the only reader of JSON that clients send.
 *
 * Runs on workers: a body of many megabytes takes its time. What is wrong is
 * set as the job's failure, in a sentence.
 */
#ifndef AHA_SERVER_PARSE_H
#define AHA_SERVER_PARSE_H

#include <stdbool.h>

#include "server/job.h"

/**
 * `{"image": {"base64": ...}, "options": {...}}`: the entry's upload becomes
 * the image.
 *
 * @return false when the job has failed
 */
bool parse_photo(struct job *job);

/**
 * `{"images": [{"base64": ...}, ...], "options": {...}}`: a task an image.
 *
 * @return false when the job has failed
 */
bool parse_photos(struct job *job, int max_images);

/** Planes of an Open Inference Protocol request. */
struct parse_planes {
    int n;
    int height;
    int width;
    float *luma; /* [n, height, width], the caller wipes and frees */
    size_t n_bytes;
};

/**
 * The entry's upload as an inference request, with or without binary tensors
 * after its JSON; what it asks for goes into job->tensor.
 *
 * @param out  written on success only
 *
 * @return false when the job has failed
 */
bool parse_tensors(struct job *job, struct parse_planes *out);

#endif
