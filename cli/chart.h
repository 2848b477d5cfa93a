// SPDX-License-Identifier: MIT
/*
 * chart.h - a pen for SVG drawings: dark ink on a light ground, every text
 * escaped, no style, script or reference.
 *
 * Owns its file from chart_open to chart_close. One thread.
 */
#ifndef AHA_CLI_CHART_H
#define AHA_CLI_CHART_H

#include <stdbool.h>
#include <stdio.h>

#include "aha/error.h"

/** Where a text stands in respect of its point. */
enum chart_anchor { CHART_START, CHART_MIDDLE, CHART_END };

/** How a line or a text looks; colors as in SVG. */
struct chart_ink {
    const char *color;
    double size; /* px, of a text's letters or a line's width */
    bool is_dashed;
    bool is_bold;
};

struct chart {
    FILE *stream;
};

/** @return false when the file cannot be written; there is nothing to close */
bool chart_open(struct chart *chart, const char *path, double width,
                double height, const char *title);

/** @return false when any of it could not be written */
bool chart_close(struct chart *chart);

/** @param title  shown on hovering, or NULL */
void chart_box(struct chart *chart, double x, double y, double width,
               double height, const char *color, const char *title);

void chart_line(struct chart *chart, double x0, double y0, double x1, double y1,
                const struct chart_ink *ink);

/** Through n points of x, y pairs. */
void chart_path(struct chart *chart, const double (*points)[2], int n,
                const struct chart_ink *ink);

void chart_text(struct chart *chart, double x, double y,
                enum chart_anchor anchor, const struct chart_ink *ink,
                const char *format, ...) AHA_PRINTF(6, 7);

#endif
