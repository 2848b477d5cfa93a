// SPDX-License-Identifier: MIT
#include "cli/csv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static char *skip_spaces(char *at)
{
    while (is_space(*at)) {
        at++;
    }
    return at;
}

/* A quoted field, unquoted where it stands. @return what follows it, or NULL */
static char *unquote(char *at)
{
    char *to = at;

    for (;; at++) {
        if (*at == '\0') {
            return NULL;
        }
        if (*at == '"') {
            if (at[1] != '"') {
                break;
            }
            at++;
        }
        *to++ = *at;
    }
    at = skip_spaces(at + 1);
    *to = '\0';
    return *at == ',' || *at == '\0' ? at : NULL;
}

static void trim_end(char *first, char *end)
{
    while (end > first && is_space(end[-1])) {
        end--;
    }
    *end = '\0';
}

int csv_split(char *row, char **fields, int max)
{
    char *at = row;

    for (int n = 0; n < max; n++) {
        char *end;
        bool is_last;

        at = skip_spaces(at);
        if (*at == '"') {
            fields[n] = at + 1;
            end = unquote(at + 1);
            if (end == NULL) {
                return -1;
            }
            is_last = *end == '\0';
        } else {
            fields[n] = at;
            end = at + strcspn(at, ",");
            is_last = *end == '\0';
            trim_end(at, end);
        }
        if (is_last) {
            return n + 1;
        }
        at = end + 1;
    }
    return -1;
}

static enum aha_status bad_row(const struct csv *csv, const char *what,
                               struct aha_error *err)
{
    return aha_error_set(err, AHA_ERR_DECODE, "%s, line %d: %s", csv->path,
                         csv->line, what);
}

/* @return false at the end of the file or for a line that is too long */
static bool read_line(struct csv *csv)
{
    size_t n;

    if (fgets(csv->row, CSV_MAX_ROW, csv->stream) == NULL) {
        return false;
    }
    csv->line++;
    n = strcspn(csv->row, "\n");
    if (csv->row[n] == '\0' && feof(csv->stream) == 0) {
        return false;
    }
    while (n > 0 && csv->row[n - 1] == '\r') {
        n--;
    }
    csv->row[n] = '\0';
    return true;
}

enum aha_status csv_next(struct csv *csv, int columns, bool *has_row,
                         struct aha_error *err)
{
    do {
        if (!read_line(csv)) {
            if (feof(csv->stream) == 0) {
                return bad_row(csv, "cannot be read, or is far too long", err);
            }
            *has_row = false;
            return AHA_OK;
        }
    } while (csv->row[0] == '\0');
    csv->n_fields = csv_split(csv->row, csv->fields, CSV_MAX_FIELDS);
    if (csv->n_fields < 0) {
        return bad_row(csv, "a quote has no end", err);
    }
    if (csv->n_fields < columns) {
        return bad_row(csv, "there are fewer fields than in the header", err);
    }
    *has_row = true;
    return AHA_OK;
}

static void skip_byte_order_mark(FILE *stream)
{
    char start[3];

    if (fread(start, 1, 3, stream) != 3 ||
        memcmp(start, "\xef\xbb\xbf", 3) != 0) {
        rewind(stream);
    }
}

enum aha_status csv_open(const char *path, struct csv **out,
                         struct aha_error *err)
{
    struct csv *csv = calloc(1, sizeof *csv);
    enum aha_status status;
    bool has_row = false;

    if (csv == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    csv->path = path;
    csv->stream = fopen(path, "rb");
    if (csv->stream == NULL) {
        csv_close(csv);
        return aha_error_set(err, AHA_ERR_IO, "%s cannot be opened", path);
    }
    skip_byte_order_mark(csv->stream);
    status = csv_next(csv, 1, &has_row, err);
    if (status == AHA_OK && !has_row) {
        status = aha_error_set(err, AHA_ERR_DECODE, "%s is empty", path);
    }
    if (status != AHA_OK) {
        csv_close(csv);
        return status;
    }
    *out = csv;
    return AHA_OK;
}

void csv_close(struct csv *csv)
{
    if (csv != NULL) {
        if (csv->stream != NULL) {
            (void)fclose(csv->stream);
        }
        free(csv);
    }
}

int csv_column(const struct csv *csv, const char *name)
{
    for (int i = 0; i < csv->n_fields; i++) {
        if (strcasecmp(csv->fields[i], name) == 0) {
            return i;
        }
    }
    return -1;
}
