// SPDX-License-Identifier: MIT
#include "cli/score.h"

#include <assert.h>
#include <math.h>

/* An edge is met by what would be equal to it but for rounding. */
static const double TINY = 1e-5;

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

void score_init(struct score *score, int n_classes, bool missing_is_wrong)
{
    assert(n_classes >= 1 && n_classes <= SCORE_MAX_CLASSES);
    *score = (struct score){.n_classes = n_classes,
                            .missing_is_wrong = missing_is_wrong};
}

static int bin_of(double confidence)
{
    int bin = (int)floor(confidence * SCORE_BINS + TINY);

    return bin < 0 ? 0 : bin < SCORE_BINS ? bin : SCORE_BINS - 1;
}

void score_answer(struct score *score, int truth, int answer, float confidence)
{
    struct score_bin *bin = &score->bins[bin_of((double)confidence)];

    assert(truth >= 0 && truth < score->n_classes);
    assert(answer >= 0 && answer < score->n_classes);
    score->confusion[truth][answer]++;
    bin->n++;
    bin->n_right += truth == answer;
    bin->confidence += (double)confidence;
}

void score_missing(struct score *score, int truth)
{
    assert(truth >= 0 && truth < score->n_classes);
    score->missing[truth]++;
}

struct score_class score_class(const struct score *score, int truth)
{
    struct score_class class = {
        .n = score->missing_is_wrong ? score->missing[truth] : 0,
        .n_right = score->confusion[truth][truth],
    };
    int n_answers = 0;

    for (int c = 0; c < score->n_classes; c++) {
        class.n += score->confusion[truth][c];
        n_answers += score->confusion[c][truth];
    }
    class.recall = share(class.n_right, class.n);
    class.precision = share(class.n_right, n_answers);
    class.f1 = share(2.0 * class.n_right, class.n + n_answers);
    return class;
}

static double calibration_error(const struct score *score)
{
    double gap = 0;
    int n = 0;

    for (int b = 0; b < SCORE_BINS; b++) {
        gap += fabs(score->bins[b].n_right - score->bins[b].confidence);
        n += score->bins[b].n;
    }
    return share(gap, n);
}

struct score_summary score_summary(const struct score *score)
{
    struct score_summary sum = {0};
    int n_classes = 0;

    for (int c = 0; c < score->n_classes; c++) {
        struct score_class class = score_class(score, c);

        sum.n += class.n;
        sum.n_right += class.n_right;
        sum.n_missing += score->missing[c];
        sum.mean_class_accuracy += class.recall;
        sum.macro_f1 += class.n > 0 ? class.f1 : 0;
        n_classes += class.n > 0;
    }
    sum.accuracy = share(sum.n_right, sum.n);
    sum.mean_class_accuracy = share(sum.mean_class_accuracy, n_classes);
    sum.macro_f1 = share(sum.macro_f1, n_classes);
    sum.calibration_error = calibration_error(score);
    return sum;
}
