// SPDX-License-Identifier: MIT
#include "server/problem.h"

static const struct problem_info infos[] = {
    [PROBLEM_NONE] = {"none", "No problem", 200},
    [PROBLEM_INVALID_PARAMETER] = {"invalid_parameter",
                                   "A parameter is not accepted", 400},
    [PROBLEM_MALFORMED_MULTIPART] = {"malformed_multipart",
                                     "The multipart body is broken", 400},
    [PROBLEM_MISSING_FILE] = {"missing_file", "The upload has no file part",
                              400},
    [PROBLEM_EMPTY_BODY] = {"empty_body", "The body is empty", 400},
    [PROBLEM_NOT_FOUND] = {"not_found", "There is nothing at this path", 404},
    [PROBLEM_METHOD_NOT_ALLOWED] = {"method_not_allowed",
                                    "The path does not take this method", 405},
    [PROBLEM_BODY_TIMEOUT] = {"body_timeout", "The body arrived too slowly",
                              408},
    [PROBLEM_PAYLOAD_TOO_LARGE] = {"payload_too_large",
                                   "The upload exceeds the byte limit", 413},
    [PROBLEM_UNSUPPORTED_MEDIA_TYPE] = {"unsupported_media_type",
                                        "The body is not an accepted image",
                                        415},
    [PROBLEM_IMAGE_DECODE_FAILED] = {"image_decode_failed",
                                     "The image cannot be decoded", 422},
    [PROBLEM_IMAGE_TOO_MANY_PIXELS] = {"image_too_many_pixels",
                                       "The image exceeds the pixel limit",
                                       422},
    [PROBLEM_IMAGE_TOO_SMALL] = {"image_too_small",
                                 "The image is too small to hold a face", 422},
    [PROBLEM_OVERLOADED] = {"overloaded", "The service is at its limit", 503},
    [PROBLEM_DRAINING] = {"draining", "The service is shutting down", 503},
    [PROBLEM_DEADLINE_EXCEEDED] = {"deadline_exceeded",
                                   "The answer would have come too late", 504},
    [PROBLEM_INTERNAL] = {"internal", "The service failed", 500},
};

_Static_assert(sizeof infos / sizeof *infos == N_PROBLEMS,
               "every problem has its row");

const struct problem_info *problem_info(enum problem problem)
{
    return &infos[problem];
}

enum problem problem_from_status(enum aha_status status)
{
    switch (status) {
    case AHA_OK:
        return PROBLEM_NONE;
    case AHA_ERR_UNSUPPORTED:
        return PROBLEM_UNSUPPORTED_MEDIA_TYPE;
    case AHA_ERR_DECODE:
        return PROBLEM_IMAGE_DECODE_FAILED;
    case AHA_ERR_TOO_LARGE:
        return PROBLEM_IMAGE_TOO_MANY_PIXELS;
    case AHA_ERR_TOO_SMALL:
        return PROBLEM_IMAGE_TOO_SMALL;
    case AHA_ERR_ARG:
    case AHA_ERR_MEMORY:
    case AHA_ERR_IO:
    case AHA_ERR_WEIGHTS:
    case AHA_ERR_ENVIRONMENT:
        break;
    }
    return PROBLEM_INTERNAL;
}
