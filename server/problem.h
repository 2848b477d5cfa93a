// SPDX-License-Identifier: MIT
/*
 * problem.h - every way a request can fail: the only map from what happened to
 * an HTTP status, a stable code and a title (RFC 9457).
 */
#ifndef AHA_SERVER_PROBLEM_H
#define AHA_SERVER_PROBLEM_H

#include "aha/error.h"

enum problem {
    PROBLEM_NONE,
    PROBLEM_INVALID_PARAMETER,
    PROBLEM_MALFORMED_MULTIPART,
    PROBLEM_MISSING_FILE,
    PROBLEM_EMPTY_BODY,
    PROBLEM_NOT_FOUND,
    PROBLEM_METHOD_NOT_ALLOWED,
    PROBLEM_BODY_TIMEOUT,
    PROBLEM_PAYLOAD_TOO_LARGE,
    PROBLEM_UNSUPPORTED_MEDIA_TYPE,
    PROBLEM_IMAGE_DECODE_FAILED,
    PROBLEM_IMAGE_TOO_MANY_PIXELS,
    PROBLEM_IMAGE_TOO_SMALL,
    PROBLEM_OVERLOADED,
    PROBLEM_DRAINING,
    PROBLEM_DEADLINE_EXCEEDED,
    PROBLEM_INTERNAL,
    N_PROBLEMS,
};

struct problem_info {
    const char *code;
    const char *title;
    int status;
};

/** Static storage. */
const struct problem_info *problem_info(enum problem problem);

/** What a failed aha_analyze means for the client. */
enum problem problem_from_status(enum aha_status status);

#endif
