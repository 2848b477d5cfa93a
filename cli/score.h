// SPDX-License-Identifier: MIT
/*
 * score.h - how good the answers to a labelled data set are.
 *
 * Pure arithmetic on plain data, in the order of the calls; classes are numbers
 * from 0. A share of nothing is 0.
 */
#ifndef AHA_CLI_SCORE_H
#define AHA_CLI_SCORE_H

#include <stdbool.h>

enum {
    SCORE_MAX_CLASSES = 16,
    SCORE_BINS = 15, /* of the calibration error, equally wide */
};

/** Answers of about the same probability. */
struct score_bin {
    int n;
    int n_right;
    double confidence; /* sum of the answers' probabilities */
};

struct score {
    int n_classes;
    bool missing_is_wrong; /* or left out of every figure but their number */
    int confusion[SCORE_MAX_CLASSES][SCORE_MAX_CLASSES]; /* [truth][answer] */
    int missing[SCORE_MAX_CLASSES];                      /* [truth] */
    struct score_bin bins[SCORE_BINS];
};

struct score_class {
    int n; /* of this truth, by missing_is_wrong with those missing */
    int n_right;
    double recall;
    double precision;
    double f1;
};

struct score_summary {
    int n;         /* that count */
    int n_missing; /* whether they count or not */
    int n_right;
    double accuracy;
    double mean_class_accuracy; /* recall's mean over the classes that occur */
    double macro_f1;            /* the same of F1 */
    double calibration_error;   /* of the answers */
};

/** @param n_classes  1..SCORE_MAX_CLASSES */
void score_init(struct score *score, int n_classes, bool missing_is_wrong);

/** @param confidence  the answer's probability, [0, 1] */
void score_answer(struct score *score, int truth, int answer, float confidence);

/** There was nothing to answer: no face. */
void score_missing(struct score *score, int truth);

struct score_class score_class(const struct score *score, int truth);

struct score_summary score_summary(const struct score *score);

#endif
