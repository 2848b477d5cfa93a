// SPDX-License-Identifier: MIT
/*
 * error.h - one status enum and a caller-owned error text.
 *
 * No globals and no thread-locals: safe from any thread. Functions that read
 * outside data take a struct aha_error the caller owns (NULL is allowed).
 */
#ifndef AHA_ERROR_H
#define AHA_ERROR_H

#if defined(__GNUC__)
#define AHA_MUST_CHECK        __attribute__((warn_unused_result))
#define AHA_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define AHA_MUST_CHECK
#define AHA_PRINTF(fmt, args)
#endif

enum aha_status {
    AHA_OK = 0,
    AHA_ERR_ARG = -1,     /* an argument the caller should not have passed */
    AHA_ERR_MEMORY = -2,  /* an allocation failed */
    AHA_ERR_IO = -3,      /* a file could not be opened, read or written */
    AHA_ERR_WEIGHTS = -4, /* a weight file does not add up */
    AHA_ERR_UNSUPPORTED = -5, /* not an image format that is accepted */
    AHA_ERR_DECODE = -6,      /* an image of a known format, but broken */
    AHA_ERR_TOO_LARGE = -7,   /* more pixels or bytes than the limit */
    AHA_ERR_TOO_SMALL = -8,   /* an image with too few pixels to hold a face */
    AHA_ERR_ENVIRONMENT = -9, /* this machine or its libraries cannot be used */
    AHA_ERR_CRASH = -10,      /* a decoder's process ended before its answer */
    AHA_ERR_TIMEOUT = -11,    /* work took longer than it may */
};

enum { AHA_ERROR_TEXT = 160 };

/** What went wrong, for a person. Owned by the caller; no pointer inside. */
struct aha_error {
    enum aha_status status;
    char text[AHA_ERROR_TEXT];
};

/** A short lower-case name of a status, static storage, never NULL. */
const char *aha_status_name(enum aha_status status);

/**
 * Fill an error and hand its status back, so that a caller can write
 * `return aha_error_set(err, AHA_ERR_IO, "...")`.
 *
 * @param err  may be NULL: then only the status is returned
 * @param fmt  printf format; the text is cut at AHA_ERROR_TEXT - 1 bytes
 */
enum aha_status aha_error_set(struct aha_error *err, enum aha_status status,
                              const char *fmt, ...) AHA_PRINTF(3, 4);

#endif
