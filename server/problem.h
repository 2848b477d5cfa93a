// SPDX-License-Identifier: MIT
/*
 * problem.h - every way a request can fail: the only map from what happened to
 * an HTTP status, a stable code and a title (RFC 9457).
 *
 * Pure; safe from any thread.
 */
#ifndef AHA_SERVER_PROBLEM_H
#define AHA_SERVER_PROBLEM_H

#include <stdbool.h>

#include "aha/error.h"

enum problem {
    PROBLEM_NONE,
#define PROBLEM(id, code, title, status) PROBLEM_##id,
#include "server/problem.def"
#undef PROBLEM
    N_PROBLEMS,
};

struct problem_info {
    const char *code;
    const char *title;
    int status;
};

/** Static storage. */
const struct problem_info *problem_info(enum problem problem);

/** Whether what follows on the connection cannot be told apart any more. */
bool problem_ends_connection(enum problem problem);

/** What a failed aha_prepare means for the client. */
enum problem problem_from_status(enum aha_status status);

enum { FAILURE_DETAIL = 256 };

/** What went wrong with one request, or with one photo of it. */
struct failure {
    enum problem problem; /* PROBLEM_NONE: nothing did */
    char detail[FAILURE_DETAIL];
    long long limit;  /* that was exceeded, else -1 */
    long long actual; /* what exceeded it, where known, else -1 */
};

/** Set the first failure; later ones are ignored. */
void failure_set(struct failure *failure, enum problem problem, const char *fmt,
                 ...) __attribute__((format(printf, 3, 4)));

/** The same for a limit; actual is -1 where it is not known. */
void failure_limit(struct failure *failure, enum problem problem,
                   long long limit, long long actual, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif
