// SPDX-License-Identifier: MIT
/*
 * Three charts: which class is taken for which (the paper's figure 4), whether
 * probabilities keep their word, and how right the surest answers are.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/chart.h"
#include "cli/evaluate.h"
#include "cli/tree.h"

enum {
    CELL_W = 76,
    CELL_H = 48,
    CELLS_X = 150, /* where the cells begin */
    CELLS_Y = 86,
    PLOT_X = 64, /* the square of the other two charts */
    PLOT_Y = 70,
    PLOT = 400,
    BARS = 70, /* height of the bars below it */
    COLOR = 8,
    CURVE = 200, /* points of it, at most */
    MARK = 8,    /* px a side */
};

static const struct chart_ink HEADING = {"#202124", 17, false, true};
static const struct chart_ink TEXT = {"#202124", 13, false, false};
static const struct chart_ink FAINT = {"#5f6368", 12, false, false};
static const struct chart_ink GRID = {"#e4e6ea", 1, false, false};
static const struct chart_ink AXIS = {"#5f6368", 1, false, false};
static const struct chart_ink IDEAL = {"#5f6368", 1.5, true, false};
static const struct chart_ink BLUE = {"#1967d2", 2.5, false, false};

/* White to deep blue. */
static void shade(double share, char out[COLOR])
{
    (void)snprintf(out, COLOR, "#%02x%02x%02x", (int)(255 - 245 * share),
                   (int)(255 - 195 * share), (int)(255 - 115 * share));
}

static void draw_cell(struct chart *chart, int row, int column, int n, int of)
{
    double share = of > 0 ? (double)n / of : 0;
    double x = CELLS_X + column * CELL_W;
    double y = CELLS_Y + row * CELL_H;
    bool is_dark = share > 0.62;
    struct chart_ink number = {is_dark ? "#ffffff" : "#202124", 15, false,
                               row == column};
    struct chart_ink count = {is_dark ? "#dbe6f7" : "#202124", 10.5, false,
                              false};
    char color[COLOR];

    shade(share, color);
    chart_box(chart, x, y, CELL_W - 1, CELL_H - 1, color, NULL);
    chart_text(chart, x + CELL_W / 2.0, y + 22, CHART_MIDDLE, &number, "%.1f",
               100 * share);
    chart_text(chart, x + CELL_W / 2.0, y + 38, CHART_MIDDLE, &count, "%d", n);
}

static void draw_confusion(struct chart *chart,
                           const struct evaluation *evaluation,
                           bool has_missing)
{
    const struct score *score = &evaluation->score;
    const struct aha_model_info *info = evaluation->info;
    struct score_summary sum = score_summary(score);

    chart_text(chart, 20, 32, CHART_START, &HEADING,
               "What each expression is taken for");
    chart_text(chart, 20, 52, CHART_START, &FAINT,
               "Rows: truth. Columns: answer. %% of the row, and images. "
               "Accuracy %.2f %%, mean of the rows %.2f %%.",
               100 * sum.accuracy, 100 * sum.mean_class_accuracy);
    for (int t = 0; t < score->n_classes; t++) {
        double y = CELLS_Y + t * CELL_H;
        int n = score->missing[t];

        for (int c = 0; c < score->n_classes; c++) {
            n += score->confusion[t][c];
        }
        n -= has_missing ? 0 : score->missing[t];
        chart_text(chart, CELLS_X - 10, y + 22, CHART_END, &TEXT, "%s",
                   info->labels[t]);
        chart_text(chart, CELLS_X - 10, y + 38, CHART_END, &FAINT, "%d", n);
        chart_text(chart, CELLS_X + t * CELL_W + CELL_W / 2.0, CELLS_Y - 10,
                   CHART_MIDDLE, &TEXT, "%s", info->labels[t]);
        for (int c = 0; c < score->n_classes; c++) {
            draw_cell(chart, t, c, score->confusion[t][c], n);
        }
        if (has_missing) {
            draw_cell(chart, t, score->n_classes, score->missing[t], n);
        }
    }
    if (has_missing) {
        chart_text(chart, CELLS_X + (score->n_classes + 0.5) * CELL_W,
                   CELLS_Y - 10, CHART_MIDDLE, &FAINT, "no face");
    }
}

static bool write_confusion(const struct evaluation *evaluation,
                            const char *path)
{
    struct chart chart;
    int n = evaluation->info->n_labels;
    bool has_missing = evaluation->missing_is_wrong &&
                       score_summary(&evaluation->score).n_missing > 0;
    int columns = n + has_missing;

    if (!chart_open(&chart, path, CELLS_X + columns * CELL_W + 20,
                    CELLS_Y + n * CELL_H + 20, "Confusion matrix")) {
        return false;
    }
    draw_confusion(&chart, evaluation, has_missing);
    return chart_close(&chart);
}

static double plot_x(double share)
{
    return PLOT_X + PLOT * share;
}

static double plot_y(double share)
{
    return PLOT_Y + PLOT * (1 - share);
}

/* A square with its grid: x from 0 to 1, y from `least` to 1. */
static void draw_axes(struct chart *chart, const char *x, const char *y,
                      double least)
{
    for (int i = 0; i <= 5; i++) {
        double at = i / 5.0;

        chart_line(chart, plot_x(at), plot_y(0), plot_x(at), plot_y(1), &GRID);
        chart_line(chart, plot_x(0), plot_y(at), plot_x(1), plot_y(at), &GRID);
        chart_text(chart, plot_x(at), plot_y(0) + 18, CHART_MIDDLE, &FAINT,
                   "%.1f", at);
        chart_text(chart, plot_x(0) - 8, plot_y(at) + 4, CHART_END, &FAINT,
                   "%.1f", least + (1 - least) * at);
    }
    chart_line(chart, plot_x(0), plot_y(0), plot_x(1), plot_y(0), &AXIS);
    chart_line(chart, plot_x(0), plot_y(0), plot_x(0), plot_y(1), &AXIS);
    chart_text(chart, plot_x(0.5), plot_y(0) + 38, CHART_MIDDLE, &TEXT, "%s",
               x);
    chart_text(chart, PLOT_X - 44, PLOT_Y - 12, CHART_START, &TEXT, "%s", y);
}

static void draw_bin(struct chart *chart, const struct score_bin *bin, int b,
                     int n_most)
{
    double x = plot_x((double)b / SCORE_BINS) + 1;
    double width = (double)PLOT / SCORE_BINS - 2;
    double base = plot_y(0) + 60 + BARS;
    double right = bin->n > 0 ? (double)bin->n_right / bin->n : 0;
    double part = n_most > 0 ? (double)bin->n / n_most : 0;
    char title[96];

    if (bin->n == 0) {
        return;
    }
    (void)snprintf(title, sizeof title,
                   "%d answers, mean probability %.3f, right %.3f", bin->n,
                   bin->confidence / bin->n, right);
    chart_box(chart, x, plot_y(right), width, PLOT * right, "#8ab4f8", title);
    chart_box(chart, x, base - BARS * part, width, BARS * part, "#9aa0a6",
              title);
}

static bool write_reliability(const struct evaluation *evaluation,
                              const char *path)
{
    const struct score *score = &evaluation->score;
    struct chart chart;
    int n_most = 0;

    if (!chart_open(&chart, path, PLOT_X + PLOT + 40, PLOT_Y + PLOT + 170,
                    "Reliability")) {
        return false;
    }
    chart_text(&chart, 20, 30, CHART_START, &HEADING,
               "How often an answer of this probability is right");
    draw_axes(&chart, "probability of the answer", "share that is right", 0);
    for (int b = 0; b < SCORE_BINS; b++) {
        n_most = score->bins[b].n > n_most ? score->bins[b].n : n_most;
    }
    for (int b = 0; b < SCORE_BINS; b++) {
        draw_bin(&chart, &score->bins[b], b, n_most);
    }
    chart_line(&chart, plot_x(0), plot_y(0), plot_x(1), plot_y(1), &IDEAL);
    chart_text(&chart, plot_x(0.03), plot_y(0.93), CHART_START, &TEXT,
               "calibration error %.4f",
               score_summary(score).calibration_error);
    chart_text(&chart, plot_x(0.03), plot_y(0.88), CHART_START, &FAINT,
               "dashed: as it should be");
    chart_line(&chart, plot_x(0), plot_y(0) + 60 + BARS, plot_x(1),
               plot_y(0) + 60 + BARS, &AXIS);
    chart_text(&chart, plot_x(0.5), plot_y(0) + 80 + BARS, CHART_MIDDLE, &TEXT,
               "number of answers, %d at most", n_most);
    return chart_close(&chart);
}

/* On a square whose y begins at `least`. */
static void place_point(struct coverage_point at, double least, double out[2])
{
    out[0] = plot_x(at.coverage);
    out[1] = plot_y((at.accuracy - least) / (1 - least));
}

static void draw_mark(struct chart *chart, const double at[2],
                      const char *color)
{
    chart_box(chart, at[0] - MARK / 2.0, at[1] - MARK / 2.0, MARK, MARK, color,
              NULL);
}

/* The threshold that the model came with. */
static void draw_certain(struct chart *chart,
                         const struct evaluation *evaluation, double least)
{
    struct coverage_point certain = evaluate_certain(evaluation);
    bool is_left = certain.coverage < 0.4;
    enum chart_anchor anchor = is_left ? CHART_START : CHART_END;
    double at[2];
    double x;

    if (certain.coverage <= 0) {
        return;
    }
    place_point(certain, least, at);
    x = at[0] + (is_left ? 8 : -8);
    chart_line(chart, at[0], plot_y(0), at[0], at[1], &IDEAL);
    chart_line(chart, plot_x(0), at[1], at[0], at[1], &IDEAL);
    draw_mark(chart, at, HEADING.color);
    chart_text(chart, x, plot_y(0.145), anchor, &TEXT, "uncertain below %g",
               certain.threshold);
    chart_text(chart, x, plot_y(0.10), anchor, &TEXT, "%.1f %% answered",
               100 * certain.coverage);
    chart_text(chart, x, plot_y(0.055), anchor, &TEXT, "%.1f %% right",
               100 * certain.accuracy);
}

static void draw_shares(struct chart *chart,
                        const struct evaluation *evaluation, double least)
{
    for (int i = 0; i < EVALUATE_N_SHARES; i++) {
        struct coverage_point point =
            coverage_at(&evaluation->coverage, evaluate_shares[i]);
        double at[2];

        place_point(point, least, at);
        draw_mark(chart, at, BLUE.color);
        chart_text(chart, plot_x(0.03), plot_y(0.31 - 0.045 * i), CHART_START,
                   &FAINT, "surest %.0f %%: %.1f %% right",
                   100 * evaluate_shares[i], 100 * point.accuracy);
    }
}

/* @return how many points; the least accuracy of them too */
static int trace_coverage(const struct coverage *coverage,
                          struct coverage_point points[CURVE], double *least)
{
    int n = 0;

    *least = 1;
    for (int i = 1; i <= CURVE && coverage->n > 0; i++) {
        struct coverage_point at = coverage_at(coverage, (double)i / CURVE);

        if (n == 0 || at.coverage > points[n - 1].coverage) {
            points[n++] = at;
            *least = at.accuracy < *least ? at.accuracy : *least;
        }
    }
    return n;
}

static bool write_coverage(const struct evaluation *evaluation,
                           const char *path)
{
    struct coverage_point points[CURVE];
    double line[CURVE][2];
    double least = 0;
    struct chart chart;
    int n = trace_coverage(&evaluation->coverage, points, &least);

    if (!chart_open(&chart, path, PLOT_X + PLOT + 40, PLOT_Y + PLOT + 60,
                    "Coverage")) {
        return false;
    }
    least = least < 0.5 ? 0 : 0.5;
    for (int i = 0; i < n; i++) {
        place_point(points[i], least, line[i]);
    }
    chart_text(&chart, 20, 30, CHART_START, &HEADING,
               "Accuracy when only the surest answers are kept");
    draw_axes(&chart, "share of the images that is answered",
              "share of those that is right", least);
    chart_path(&chart, (const double(*)[2])line, n, &BLUE);
    draw_shares(&chart, evaluation, least);
    draw_certain(&chart, evaluation, least);
    return chart_close(&chart);
}

bool evaluate_write_charts(const struct evaluation *evaluation,
                           const char *folder)
{
    static const struct {
        const char *name;
        bool (*write)(const struct evaluation *evaluation, const char *path);
    } charts[] = {{"confusion.svg", write_confusion},
                  {"reliability.svg", write_reliability},
                  {"coverage.svg", write_coverage}};
    bool is_fine = true;

    for (size_t i = 0; is_fine && i < sizeof charts / sizeof *charts; i++) {
        char *path = tree_join(folder, charts[i].name);

        is_fine = path != NULL && charts[i].write(evaluation, path);
        free(path);
    }
    return is_fine;
}
