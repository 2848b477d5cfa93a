// SPDX-License-Identifier: MIT
/*
 * parse_json.h - what the files of the JSON reader share; private to them.
 */
#ifndef AHA_SERVER_PARSE_JSON_H
#define AHA_SERVER_PARSE_JSON_H

#include <jansson.h>

#include "server/job.h"

/** How much a JSON text may hold, whatever its bytes. */
struct parse_bounds {
    size_t containers; /* arrays and objects */
    size_t values;     /* with a comma before them */
};

/**
 * One object, no key twice; NULL when the job has failed. Beyond the bounds
 * it fails before memory is taken: a value of two bytes is fifty in memory.
 */
json_t *parse_object(struct job *job, const void *bytes, size_t n,
                     struct parse_bounds bounds);

#endif
