// SPDX-License-Identifier: MIT
/*
 * coverage.h - how right the answers are when only the surest are kept.
 *
 * Pure arithmetic on plain data. A share of nothing is 0.
 */
#ifndef AHA_CLI_COVERAGE_H
#define AHA_CLI_COVERAGE_H

#include <stdbool.h>

#include "aha/error.h"

struct coverage_answer {
    float confidence;
    int n_right; /* 1 or 0; once ranked, of this and all surer ones */
};

struct coverage {
    struct coverage_answer *answers; /* owned; surest first, once ranked */
    int n;
    int n_images; /* coverage is a share of them */
};

/** The answers of a probability of at least the threshold. */
struct coverage_point {
    double threshold;
    double coverage; /* how many they are, as a share of the images */
    double accuracy; /* how many of them are right, as a share */
};

/**
 * @param most  answers that will be added, at least 0
 *
 * @return AHA_OK or AHA_ERR_MEMORY; coverage_fini releases it
 */
enum aha_status coverage_init(struct coverage *coverage,
                              int most) AHA_MUST_CHECK;

/** @param confidence  the answer's probability, [0, 1] */
void coverage_add(struct coverage *coverage, float confidence, bool is_right);

/**
 * All are added: sort them.
 *
 * @param n_images  those without an answer too, where they count
 */
void coverage_rank(struct coverage *coverage, int n_images);

/**
 * Of what is ranked, the surest answers that are this share of the images, and
 * those as sure as the last of them. All, where there are no more.
 */
struct coverage_point coverage_at(const struct coverage *coverage,
                                  double share);

/** Of what is ranked, the answers of at least this probability. */
struct coverage_point coverage_above(const struct coverage *coverage,
                                     float threshold);

/** NULL and zeroed are fine. */
void coverage_fini(struct coverage *coverage);

#endif
