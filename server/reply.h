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

#include "server/options.h"
#include "server/problem.h"

/** What surrounds an analysis. */
struct reply_context {
    const char *request_id;              /* NULL: left out */
    const char *file;                    /* of the command line; or NULL */
    const struct aha_model_info *model;  /* that answered */
    const struct reply_options *options; /* what to include, and how */
    bool is_detection;                   /* faces alone, no expression */
    double queue_ms;                     /* negative: left out */
    double total_ms;                     /* negative: left out */
    int batch_size;                      /* 0: left out */
};

/** The answer of /v1/analyze and /v1/detect, compact, without a newline. */
char *reply_analysis(const struct aha_analysis *analysis,
                     const struct reply_context *context);

/** What stands in its place for a photo file that could not be answered. */
char *reply_file_error(const char *file, const char *code, const char *detail);

/** A failed request: who asked, and where. */
struct reply_problem {
    const struct failure *failure;
    int status;             /* that is sent; 0: the usual one */
    const char *instance;   /* path, or NULL */
    const char *request_id; /* or NULL */
    bool has_error;         /* with the Open Inference Protocol's "error" */
};

char *reply_problem(const struct reply_problem *problem);

/** One photo of a batch: an analysis, or a failure. */
struct reply_item {
    int index;
    const struct aha_analysis *analysis;
    const struct failure *failure; /* when analysis is NULL */
    struct reply_context context;  /* request_id and model are the batch's */
};

/** {"index", "status", "result" or "problem"}: a line of a stream. */
char *reply_item(const struct reply_item *item);

/** The answer of /v1/batch; items in order. */
char *reply_batch(const char *request_id, const struct aha_model_info *model,
                  const struct reply_item *items, int n);

#endif
