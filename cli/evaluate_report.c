// SPDX-License-Identifier: MIT
/*
 * The figures for people, and a row an image.
 */
#include <stdio.h>
#include <string.h>

#include "cli/evaluate.h"

const double evaluate_shares[EVALUATE_N_SHARES] = {0.5, 0.7, 0.9};

static void count_face(struct evaluation *evaluation,
                       const struct answer *answer, int truth)
{
    float confidence = answer->probabilities[answer->label];

    score_answer(&evaluation->score, truth, answer->label, confidence);
    coverage_add(&evaluation->coverage, confidence, truth == answer->label);
}

enum aha_status evaluate_count(struct evaluation *evaluation,
                               struct aha_error *err)
{
    const struct dataset *dataset = evaluation->dataset;

    if (coverage_init(&evaluation->coverage, dataset->n) != AHA_OK) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    score_init(&evaluation->score, evaluation->info->n_labels,
               evaluation->missing_is_wrong);
    for (int i = 0; i < dataset->n; i++) {
        const struct answer *answer = &evaluation->answers[i];
        int truth = evaluation->truth_label[dataset->items[i].truth];

        evaluation->n_searched += answer->is_searched;
        switch (answer->kind) {
        case ANSWER_FACE:
            count_face(evaluation, answer, truth);
            break;
        case ANSWER_NO_FACE:
            score_missing(&evaluation->score, truth);
            break;
        case ANSWER_FAILED:
            evaluation->n_failed++;
            break;
        }
    }
    coverage_rank(&evaluation->coverage, score_summary(&evaluation->score).n);
    return AHA_OK;
}

struct coverage_point evaluate_certain(const struct evaluation *evaluation)
{
    return coverage_above(&evaluation->coverage,
                          evaluation->info->uncertain_below);
}

static void print_head(const struct evaluation *evaluation)
{
    const struct dataset *dataset = evaluation->dataset;

    (void)printf("%s (%s%s%s): %d images", evaluation->path,
                 dataset_layout_name(dataset->layout),
                 dataset->split[0] == '\0' ? "" : ", ", dataset->split,
                 dataset->n);
    if (dataset->n_other > 0) {
        (void)printf(", %d of other expressions left out", dataset->n_other);
    }
    (void)printf("\nmodel %s %s, sha256 %.12s\n\n", evaluation->info->name,
                 evaluation->info->version, evaluation->info->sha256);
}

static void print_coverage(const struct evaluation *evaluation)
{
    struct coverage_point certain = evaluate_certain(evaluation);

    (void)printf("not uncertain        %7.2f %%  of the images (probability "
                 "of at least %g), right in %.2f %%\n",
                 100 * certain.coverage, certain.threshold,
                 100 * certain.accuracy);
    for (int i = 0; i < EVALUATE_N_SHARES; i++) {
        struct coverage_point at =
            coverage_at(&evaluation->coverage, evaluate_shares[i]);

        (void)printf("surest %2.0f %%          %7.2f %%  right (probability of "
                     "at least %.3f)\n",
                     100 * evaluate_shares[i], 100 * at.accuracy, at.threshold);
    }
}

static void print_summary(const struct evaluation *evaluation)
{
    const struct score *score = &evaluation->score;
    struct score_summary sum = score_summary(score);
    int n = evaluation->dataset->n;

    (void)printf("accuracy             %7.2f %%  (%d of %d)\n",
                 100 * sum.accuracy, sum.n_right, sum.n);
    (void)printf("mean class accuracy  %7.2f %%\n",
                 100 * sum.mean_class_accuracy);
    (void)printf("macro F1             %7.2f %%\n", 100 * sum.macro_f1);
    (void)printf("calibration error    %7.4f    (ECE, %d bins)\n",
                 sum.calibration_error, SCORE_BINS);
    print_coverage(evaluation);
    (void)printf("no face found        %7d    of %d searched photographs%s\n",
                 sum.n_missing, evaluation->n_searched,
                 sum.n_missing == 0             ? ""
                 : evaluation->missing_is_wrong ? ", counted as wrong"
                                                : ", left out");
    if (evaluation->n_failed > 0) {
        (void)printf("could not be read    %7d    left out\n",
                     evaluation->n_failed);
    }
    (void)printf("speed                %7.1f images/s, %d thread%s, %.1f s\n",
                 evaluation->seconds > 0 ? n / evaluation->seconds : 0,
                 evaluation->n_threads, evaluation->n_threads == 1 ? "" : "s",
                 evaluation->seconds);
}

static void print_classes(const struct evaluation *evaluation)
{
    (void)printf("\n%-12s %7s %7s %9s %7s\n", "class", "images", "recall",
                 "precision", "F1");
    for (int c = 0; c < evaluation->info->n_labels; c++) {
        struct score_class class = score_class(&evaluation->score, c);

        (void)printf("%-12s %7d %5.1f %% %7.1f %% %5.1f %%\n",
                     evaluation->info->labels[c], class.n, 100 * class.recall,
                     100 * class.precision, 100 * class.f1);
    }
}

static void print_confusion(const struct evaluation *evaluation)
{
    const struct aha_model_info *info = evaluation->info;
    bool has_missing = score_summary(&evaluation->score).n_missing > 0;

    (void)printf("\n%-12s", "truth\\answer");
    for (int c = 0; c < info->n_labels; c++) {
        (void)printf(" %9.9s", info->labels[c]);
    }
    (void)printf("%s\n", has_missing ? "   no face" : "");
    for (int t = 0; t < info->n_labels; t++) {
        (void)printf("%-12s", info->labels[t]);
        for (int c = 0; c < info->n_labels; c++) {
            (void)printf(" %9d", evaluation->score.confusion[t][c]);
        }
        if (has_missing) {
            (void)printf(" %9d", evaluation->score.missing[t]);
        }
        (void)printf("\n");
    }
}

void evaluate_print(const struct evaluation *evaluation)
{
    print_head(evaluation);
    print_summary(evaluation);
    print_classes(evaluation);
    print_confusion(evaluation);
}

/* A text as a csv field. */
static void write_field(FILE *stream, const char *text)
{
    if (strpbrk(text, ",\"\n\r") == NULL) {
        (void)fputs(text, stream);
        return;
    }
    (void)fputc('"', stream);
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            (void)fputc('"', stream);
        }
        (void)fputc(*text, stream);
    }
    (void)fputc('"', stream);
}

static void write_row(FILE *stream, const struct evaluation *evaluation, int i)
{
    static const char *const words[] = {
        [ANSWER_NO_FACE] = "no_face", [ANSWER_FAILED] = "failed"};
    const struct answer *answer = &evaluation->answers[i];
    const struct dataset_item *item = &evaluation->dataset->items[i];
    const struct aha_model_info *info = evaluation->info;

    write_field(stream, item->name);
    (void)fprintf(stream, ",%s,%s", class_name(item->truth),
                  answer->kind == ANSWER_FACE ? info->labels[answer->label]
                                              : words[answer->kind]);
    for (int c = 0; c < info->n_labels; c++) {
        if (answer->kind == ANSWER_FACE) {
            (void)fprintf(stream, ",%.9g", (double)answer->probabilities[c]);
        } else {
            (void)fputc(',', stream);
        }
    }
    (void)fputc('\n', stream);
}

bool evaluate_write_answers(const struct evaluation *evaluation,
                            const char *path)
{
    FILE *stream = fopen(path, "w");
    bool is_fine;

    if (stream == NULL) {
        return false;
    }
    (void)fputs("image,expression,answer", stream);
    for (int c = 0; c < evaluation->info->n_labels; c++) {
        (void)fprintf(stream, ",%s", evaluation->info->labels[c]);
    }
    (void)fputc('\n', stream);
    for (int i = 0; i < evaluation->dataset->n; i++) {
        write_row(stream, evaluation, i);
    }
    is_fine = ferror(stream) == 0;
    return fclose(stream) == 0 && is_fine;
}
