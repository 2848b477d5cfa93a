// SPDX-License-Identifier: MIT
#include "server/options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_number(const char *text, double low, double high,
                         bool is_whole, double *out)
{
    char *end = NULL;
    double value;

    if (text == NULL || strspn(text, "0123456789.") != strlen(text)) {
        return false;
    }
    value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= low && value <= high) ||
        (is_whole && value != floor(value))) {
        return false;
    }
    *out = value;
    return true;
}

/* One parameter: what it takes, and whether it came before. */
struct parameter {
    const char *name;
    double low;
    double high;
    bool is_whole;
    bool *seen;
};

static bool read_parameter(const struct parameter *parameter, const char *value,
                           size_t detail_bytes, char *detail, double *out)
{
    if (*parameter->seen) {
        (void)snprintf(detail, detail_bytes, "%s is given twice.",
                       parameter->name);
        return false;
    }
    *parameter->seen = true;
    if (!parse_number(value, parameter->low, parameter->high,
                      parameter->is_whole, out)) {
        (void)snprintf(detail, detail_bytes,
                       "%s takes a %snumber from %g to %g.", parameter->name,
                       parameter->is_whole ? "whole " : "", parameter->low,
                       parameter->high);
        return false;
    }
    return true;
}

bool options_set(struct aha_options *options, struct options_seen *seen,
                 const char *name, const char *value, size_t detail_bytes,
                 char *detail)
{
    const struct parameter parameters[] = {
        {"max_faces", 1, options->max_faces, true, &seen->max_faces},
        {"min_face_size", 1, 100000, false, &seen->min_face_size},
        {"det_threshold", 0.01, 0.99, false, &seen->det_threshold},
    };
    double number = 0;

    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        if (strcmp(name, parameters[i].name) != 0) {
            continue;
        }
        if (!read_parameter(&parameters[i], value, detail_bytes, detail,
                            &number)) {
            return false;
        }
        if (i == 0) {
            options->max_faces = (int)number;
        } else if (i == 1) {
            options->min_face_size = (float)number;
        } else {
            options->detection_threshold = (float)number;
        }
        return true;
    }
    (void)snprintf(detail, detail_bytes,
                   "There is no parameter %.40s; max_faces, min_face_size and "
                   "det_threshold are accepted.",
                   name);
    return false;
}
