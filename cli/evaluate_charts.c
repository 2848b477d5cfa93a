// SPDX-License-Identifier: MIT
/*
 * Three charts: which class is taken for which (the paper's figure 4), whether
 * probabilities keep their word, and what a threshold costs.
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
};

static const struct chart_ink HEADING = {"#202124", 17, false, true};
static const struct chart_ink TEXT = {"#202124", 13, false, false};
static const struct chart_ink FAINT = {"#5f6368", 12, false, false};
static const struct chart_ink GRID = {"#e4e6ea", 1, false, false};
static const struct chart_ink AXIS = {"#5f6368", 1, false, false};
static const struct chart_ink IDEAL = {"#5f6368", 1.5, true, false};
static const struct chart_ink BLUE = {"#1967d2", 2.5, false, false};
static const struct chart_ink ORANGE = {"#c5500a", 2.5, false, false};

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
    struct chart_ink count = {is_dark ? "#dbe6f7" : "#3c4043", 10.5, false,
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

/* A square from 0 to 1 with its grid. */
static void draw_axes(struct chart *chart, const char *x, const char *y)
{
    for (int i = 0; i <= 5; i++) {
        double at = i / 5.0;

        chart_line(chart, plot_x(at), plot_y(0), plot_x(at), plot_y(1), &GRID);
        chart_line(chart, plot_x(0), plot_y(at), plot_x(1), plot_y(at), &GRID);
        chart_text(chart, plot_x(at), plot_y(0) + 18, CHART_MIDDLE, &FAINT,
                   "%.1f", at);
        chart_text(chart, plot_x(0) - 8, plot_y(at) + 4, CHART_END, &FAINT,
                   "%.1f", at);
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
    draw_axes(&chart, "probability of the answer", "share that is right");
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

/* The threshold that the model came with. */
static void draw_threshold(struct chart *chart,
                           const struct evaluation *evaluation)
{
    struct score_coverage certain = score_certain(&evaluation->score);
    double at = (double)evaluation->info->uncertain_below;
    bool is_left = at < 0.4;
    double x = plot_x(at) + (is_left ? 8 : -8);
    enum chart_anchor anchor = is_left ? CHART_START : CHART_END;

    chart_line(chart, plot_x(at), plot_y(0), plot_x(at), plot_y(1), &IDEAL);
    chart_text(chart, x, plot_y(0.145), anchor, &TEXT, "uncertain below %g",
               at);
    chart_text(chart, x, plot_y(0.10), anchor, &TEXT, "%.1f %% answered",
               100 * certain.coverage);
    chart_text(chart, x, plot_y(0.055), anchor, &TEXT, "%.1f %% right",
               100 * certain.accuracy);
}

static bool write_coverage(const struct evaluation *evaluation,
                           const char *path)
{
    double covered[SCORE_STEPS + 1][2];
    double right[SCORE_STEPS + 1][2];
    struct chart_ink ink = TEXT;
    struct chart chart;
    int n_right = 0;

    if (!chart_open(&chart, path, PLOT_X + PLOT + 40, PLOT_Y + PLOT + 60,
                    "Coverage")) {
        return false;
    }
    for (int i = 0; i <= SCORE_STEPS; i++) {
        struct score_coverage at = score_step(&evaluation->score, i);
        double x = plot_x((double)i / SCORE_STEPS);

        covered[i][0] = x;
        covered[i][1] = plot_y(at.coverage);
        if (at.coverage > 0) {
            right[n_right][0] = x;
            right[n_right++][1] = plot_y(at.accuracy);
        }
    }
    chart_text(&chart, 20, 30, CHART_START, &HEADING,
               "Coverage and accuracy by threshold");
    draw_axes(&chart, "least probability of an answer", "share");
    draw_threshold(&chart, evaluation);
    chart_path(&chart, (const double(*)[2])covered, SCORE_STEPS + 1, &BLUE);
    chart_path(&chart, (const double(*)[2])right, n_right, &ORANGE);
    ink.is_bold = true;
    ink.color = BLUE.color;
    chart_text(&chart, PLOT_X + 60, PLOT_Y - 12, CHART_START, &ink,
               "of all images: answered");
    ink.color = ORANGE.color;
    chart_text(&chart, PLOT_X + 250, PLOT_Y - 12, CHART_START, &ink,
               "of the answers: right");
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
