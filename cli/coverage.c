// SPDX-License-Identifier: MIT
#include "cli/coverage.h"

#include <math.h>
#include <stdlib.h>

/* A share is met by what would be equal to it but for rounding. */
static const double TINY = 1e-9;

enum aha_status coverage_init(struct coverage *coverage, int most)
{
    struct coverage_answer *answers = calloc((size_t)most + 1, sizeof *answers);

    if (answers == NULL) {
        return AHA_ERR_MEMORY;
    }
    *coverage = (struct coverage){.answers = answers};
    return AHA_OK;
}

void coverage_add(struct coverage *coverage, float confidence, bool is_right)
{
    coverage->answers[coverage->n++] =
        (struct coverage_answer){confidence, is_right};
}

static int compare(const void *a, const void *b)
{
    float p = ((const struct coverage_answer *)a)->confidence;
    float q = ((const struct coverage_answer *)b)->confidence;

    return (p < q) - (p > q);
}

void coverage_rank(struct coverage *coverage, int n_images)
{
    int n_right = 0;

    qsort(coverage->answers, (size_t)coverage->n, sizeof *coverage->answers,
          compare);
    for (int i = 0; i < coverage->n; i++) {
        n_right += coverage->answers[i].n_right;
        coverage->answers[i].n_right = n_right;
    }
    coverage->n_images = n_images;
}

/* The n surest. */
static struct coverage_point point(const struct coverage *coverage, int n,
                                   double threshold)
{
    struct coverage_point at = {.threshold = threshold};

    if (n > 0) {
        at.coverage = (double)n / coverage->n_images;
        at.accuracy = (double)coverage->answers[n - 1].n_right / n;
    }
    return at;
}

struct coverage_point coverage_above(const struct coverage *coverage,
                                     float threshold)
{
    int n = 0;

    while (n < coverage->n && coverage->answers[n].confidence >= threshold) {
        n++;
    }
    return point(coverage, n, (double)threshold);
}

struct coverage_point coverage_at(const struct coverage *coverage, double share)
{
    int n = (int)ceil(share * coverage->n_images - TINY);

    n = n < coverage->n ? n : coverage->n;
    return coverage_above(coverage,
                          n > 0 ? coverage->answers[n - 1].confidence : 1);
}

void coverage_fini(struct coverage *coverage)
{
    if (coverage != NULL) {
        free(coverage->answers);
        *coverage = (struct coverage){0};
    }
}
