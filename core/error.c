// SPDX-License-Identifier: MIT
#include "aha/error.h"

#include <stdarg.h>
#include <stdio.h>

const char *aha_status_name(enum aha_status status)
{
    switch (status) {
    case AHA_OK:
        return "ok";
    case AHA_ERR_ARG:
        return "invalid_argument";
    case AHA_ERR_MEMORY:
        return "out_of_memory";
    case AHA_ERR_IO:
        return "io_error";
    case AHA_ERR_WEIGHTS:
        return "bad_weights";
    case AHA_ERR_UNSUPPORTED:
        return "unsupported_format";
    case AHA_ERR_DECODE:
        return "decode_failed";
    case AHA_ERR_TOO_LARGE:
        return "too_large";
    case AHA_ERR_TOO_SMALL:
        return "too_small";
    case AHA_ERR_ENVIRONMENT:
        return "bad_environment";
    case AHA_ERR_CRASH:
        return "decoder_crashed";
    case AHA_ERR_TIMEOUT:
        return "timed_out";
    }
    return "unknown";
}

enum aha_status aha_error_set(struct aha_error *err, enum aha_status status,
                              const char *fmt, ...)
{
    if (err != NULL) {
        va_list args;

        err->status = status;
        va_start(args, fmt);
        if (vsnprintf(err->text, sizeof err->text, fmt, args) < 0) {
            err->text[0] = '\0';
        }
        va_end(args);
    }
    return status;
}
