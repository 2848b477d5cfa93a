// SPDX-License-Identifier: MIT
#include "server/problem.h"

#include <stdarg.h>
#include <stdio.h>

static const struct problem_info infos[] = {
    {"none", "No problem", 200},
#define PROBLEM(id, code, title, status) {code, title, status},
#include "server/problem.def"
#undef PROBLEM
};

_Static_assert(sizeof infos / sizeof *infos == N_PROBLEMS,
               "every problem has its row");

const struct problem_info *problem_info(enum problem problem)
{
    return &infos[problem];
}

bool problem_ends_connection(enum problem problem)
{
    return problem == PROBLEM_MALFORMED_REQUEST ||
           problem == PROBLEM_NOT_IMPLEMENTED ||
           problem == PROBLEM_EXPECTATION_FAILED ||
           problem == PROBLEM_BODY_TIMEOUT;
}

enum problem problem_from_status(enum aha_status status)
{
    switch (status) {
    case AHA_OK:
        return PROBLEM_NONE;
    case AHA_ERR_UNSUPPORTED:
        return PROBLEM_UNSUPPORTED_MEDIA_TYPE;
    case AHA_ERR_DECODE:
    case AHA_ERR_CRASH:
        return PROBLEM_IMAGE_DECODE_FAILED;
    case AHA_ERR_TOO_LARGE:
        return PROBLEM_IMAGE_TOO_MANY_PIXELS;
    case AHA_ERR_TOO_SMALL:
        return PROBLEM_IMAGE_TOO_SMALL;
    case AHA_ERR_TIMEOUT:
        return PROBLEM_DEADLINE_EXCEEDED;
    case AHA_ERR_MEMORY:
        return PROBLEM_OVERLOADED;
    case AHA_ERR_ARG:
    case AHA_ERR_IO:
    case AHA_ERR_WEIGHTS:
    case AHA_ERR_ENVIRONMENT:
        break;
    }
    return PROBLEM_INTERNAL;
}

static void fill(struct failure *failure, enum problem problem, const char *fmt,
                 va_list args)
{
    failure->problem = problem;
    failure->limit = -1;
    failure->actual = -1;
    if (vsnprintf(failure->detail, sizeof failure->detail, fmt, args) < 0) {
        failure->detail[0] = '\0';
    }
}

void failure_set(struct failure *failure, enum problem problem, const char *fmt,
                 ...)
{
    va_list args;

    if (failure->problem == PROBLEM_NONE) {
        va_start(args, fmt);
        fill(failure, problem, fmt, args);
        va_end(args);
    }
}

void failure_limit(struct failure *failure, enum problem problem,
                   long long limit, long long actual, const char *fmt, ...)
{
    va_list args;

    if (failure->problem == PROBLEM_NONE) {
        va_start(args, fmt);
        fill(failure, problem, fmt, args);
        va_end(args);
        failure->limit = limit;
        failure->actual = actual;
    }
}
