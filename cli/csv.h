// SPDX-License-Identifier: MIT
/*
 * csv.h - a file of comma-separated values with a header, row by row.
 *
 * RFC 4180 with quotes, but a row is a line. Spaces around a field do not
 * belong to it. One thread.
 */
#ifndef AHA_CLI_CSV_H
#define AHA_CLI_CSV_H

#include <stdbool.h>
#include <stdio.h>

#include "aha/error.h"

enum {
    CSV_MAX_ROW = 64 << 10, /* bytes, with the line's end */
    CSV_MAX_FIELDS = 64,
};

struct csv {
    const char *path; /* borrowed */
    FILE *stream;
    int line; /* of the present row, from 1 */
    int n_fields;
    char *fields[CSV_MAX_FIELDS]; /* of the present row, in `row` */
    char row[CSV_MAX_ROW];
};

/**
 * Split a row in place.
 *
 * @return the number of fields, or -1 for a quote without its end or more than
 *         max
 */
int csv_split(char *row, char **fields, int max);

/**
 * Open the file and read its header, which is then the present row.
 *
 * @param out  on the heap: it is large; release with csv_close
 */
enum aha_status csv_open(const char *path, struct csv **out,
                         struct aha_error *err) AHA_MUST_CHECK;

/** NULL is fine. */
void csv_close(struct csv *csv);

/**
 * The present row's field of this text in any case, -1 for none: to be called
 * while the header is the present row.
 */
int csv_column(const struct csv *csv, const char *name);

/**
 * Go to the next row that is not empty.
 *
 * @param columns   how many fields it must have at least
 * @param has_row   false at the end of the file
 *
 * @return AHA_ERR_DECODE, with the line's number in err
 */
enum aha_status csv_next(struct csv *csv, int columns, bool *has_row,
                         struct aha_error *err) AHA_MUST_CHECK;

#endif
