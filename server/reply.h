// SPDX-License-Identifier: MIT
/*
 * reply.h - the only writer of JSON: answers and problems.
 *
 * Pure functions, safe from any thread. Every text returned is a heap string
 * that the caller frees, or NULL when memory ran out or a number was not
 * finite.
 */
#ifndef AHA_SERVER_REPLY_H
#define AHA_SERVER_REPLY_H

#include "aha/pipeline.h"

/** What surrounds an analysis; a NULL or negative member is left out. */
struct reply_context {
    const char *request_id;
    const char *file; /* path of the photo, for the command line */
    double queue_ms;
    double total_ms;
};

/** The answer of POST /v1/analyze, one compact object without a newline. */
char *reply_analysis(const struct aha_analysis *analysis,
                     const struct aha_model_info *model,
                     const struct reply_context *context);

/** What stands in its place for a photo file that could not be answered. */
char *reply_file_error(const char *file, const char *code, const char *detail);

/** Members of an RFC 9457 problem; NULL and negative ones are left out. */
struct reply_problem {
    const char *code;
    const char *title;
    int status;
    const char *detail;
    const char *instance;
    const char *request_id;
    long long limit;
    long long actual;
};

char *reply_problem(const struct reply_problem *problem);

#endif
