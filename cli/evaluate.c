// SPDX-License-Identifier: MIT
#include "cli/evaluate.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/common.h"
#include "cli/tree.h"
#include "cli/verbs.h"
#include "server/cpus.h"

enum { MAX_PROBLEMS = 20 }; /* told on stderr; the others are counted */

static const char help[] =
    "usage: aha evaluate [OPTION]... DATA\n\n"
    "Answer a labelled set of faces and say how good the answers are. DATA is\n"
    "the folder or file as its makers lay it out:\n\n"
    "  fer2013    fer2013.csv: emotion,pixels,Usage\n"
    "  folders    images in folders named angry, happy ...: FER-2013, SFEW "
    "2.0\n"
    "  rafdb      list_patition_label.txt and its aligned images, or folders\n"
    "             numbered 1 to 7\n"
    "  ckplus     Emotion and cohn-kanade-images: the last frames\n"
    "  affectnet  images in folders numbered from 0\n"
    "  csv        labels.csv: image,expression, paths relative to it\n\n"
    "  --layout NAME   one of these; auto tells by what is there (auto)\n"
    "  --split NAME    the part of it: PublicTest, test, Val ...; all\n"
    "  --usage NAME    the same\n"
    "  --frames N      of each CK+ sequence, its N last ones (1)\n"
    "  --faces HOW     detect: search each photo, take its largest face;\n"
    "                  cropped: each image is one face, and only its "
    "landmarks\n"
    "                  are searched; aligned: not even those; auto: cropped "
    "up\n"
    "                  to 128 pixels a side, else detect (auto)\n"
    "  --no-face HOW   a photo without a found face counts as wrong, or is "
    "left\n"
    "                  out: wrong, skip (wrong)\n"
    "  --threads N     at work at once (as many as there are processors)\n"
    "  --json FILE     write every figure\n"
    "  --out DIR       write confusion.svg, reliability.svg, coverage.svg,\n"
    "                  answers.csv, and attention-LABEL.png of a few faces\n"
    "  --models PATH   folder of the weight files, or the expression file to\n"
    "                  take in one\n\n"
    "Exit status: 0, or 1 when some image could not be read.\n";

struct evaluate {
    struct dataset_source source;
    struct evaluation evaluation;
    const char *json;
    const char *folder;
    const char *models;
};

static bool count_parse(const char *option, int most, int *out)
{
    double value = 0;

    if (!number_parse(option, optarg, 1, most, &value)) {
        return false;
    }
    *out = (int)value;
    return true;
}

static bool refuse(const char *option, const char *accepted)
{
    (void)fprintf(stderr, "aha: %s takes %s, not %s\n", option, accepted,
                  optarg);
    return false;
}

static bool read_option(struct evaluate *evaluate, int option)
{
    struct evaluation *evaluation = &evaluate->evaluation;

    switch (option) {
    case 'l':
        return dataset_layout_parse(optarg, &evaluate->source.layout) ||
               refuse("--layout", "auto, fer2013, folders, rafdb, ckplus, "
                                  "affectnet or csv");
    case 's':
        evaluate->source.split = optarg;
        return true;
    case 'r':
        return count_parse("--frames", DATASET_MAX_FRAMES,
                           &evaluate->source.n_frames);
    case 'f':
        return faces_mode_parse(optarg, &evaluation->mode) ||
               refuse("--faces", "auto, detect, cropped or aligned");
    case 'n':
        evaluation->missing_is_wrong = strcmp(optarg, "wrong") == 0;
        return evaluation->missing_is_wrong || strcmp(optarg, "skip") == 0 ||
               refuse("--no-face", "wrong or skip");
    case 't':
        return count_parse("--threads", EVALUATE_MAX_THREADS,
                           &evaluation->n_threads);
    case 'j':
        evaluate->json = optarg;
        return true;
    case 'o':
        evaluate->folder = optarg;
        return true;
    case 'm':
        evaluate->models = optarg;
        return true;
    default:
        (void)fputs(help, stderr);
        return false;
    }
}

/* The model's label of every class that occurs. */
static bool match_labels(struct evaluation *evaluation)
{
    const struct dataset *dataset = evaluation->dataset;
    const struct aha_model_info *info = evaluation->info;

    for (int c = 0; c < N_CLASSES; c++) {
        evaluation->truth_label[c] = -1;
        for (int k = 0; k < info->n_labels; k++) {
            if (strcmp(info->labels[k], class_name((enum face_class)c)) == 0) {
                evaluation->truth_label[c] = k;
            }
        }
    }
    for (int i = 0; i < dataset->n; i++) {
        if (evaluation->truth_label[dataset->items[i].truth] < 0) {
            (void)fprintf(stderr, "aha: this model does not know %s\n",
                          class_name(dataset->items[i].truth));
            return false;
        }
    }
    return true;
}

static void print_problems(const struct evaluation *evaluation)
{
    int n = 0;

    for (int i = 0; i < evaluation->dataset->n; i++) {
        const struct answer *answer = &evaluation->answers[i];

        if (answer->kind == ANSWER_FAILED && n++ < MAX_PROBLEMS) {
            (void)fprintf(
                stderr, "aha: %s: %s\n", evaluation->dataset->items[i].name,
                answer->problem == NULL ? "out of memory" : answer->problem);
        }
    }
    if (n > MAX_PROBLEMS) {
        (void)fprintf(stderr, "aha: and %d more\n", n - MAX_PROBLEMS);
    }
}

static bool make_folder(const char *folder)
{
    if (mkdir(folder, 0777) == 0 ||
        (errno == EEXIST && tree_is_folder(folder))) {
        return true;
    }
    (void)fprintf(stderr, "aha: %s: the folder cannot be made\n", folder);
    return false;
}

static bool write_folder(const struct evaluation *evaluation,
                         const char *folder)
{
    char *answers = tree_join(folder, "answers.csv");
    bool is_fine = answers != NULL &&
                   evaluate_write_answers(evaluation, answers) &&
                   evaluate_write_charts(evaluation, folder) &&
                   evaluate_write_sheets(evaluation, folder);

    free(answers);
    if (!is_fine) {
        (void)fprintf(stderr, "aha: %s: the reports cannot be written\n",
                      folder);
    }
    return is_fine;
}

static int report(const struct evaluate *evaluate)
{
    const struct evaluation *evaluation = &evaluate->evaluation;
    bool is_fine = evaluation->n_failed == 0;

    print_problems(evaluation);
    evaluate_print(evaluation);
    (void)fflush(stdout);
    if (evaluate->json != NULL &&
        !evaluate_write_json(evaluation, evaluate->json)) {
        (void)fprintf(stderr, "aha: %s: cannot be written\n", evaluate->json);
        is_fine = false;
    }
    if (evaluate->folder != NULL &&
        !write_folder(evaluation, evaluate->folder)) {
        is_fine = false;
    }
    return is_fine ? EXIT_OK : EXIT_SOME_FAILED;
}

static void free_answers(struct evaluation *evaluation)
{
    for (int i = 0; evaluation->answers != NULL && i < evaluation->dataset->n;
         i++) {
        free(evaluation->answers[i].problem);
    }
    free(evaluation->answers);
}

static int evaluate_data(struct evaluate *evaluate)
{
    struct evaluation *evaluation = &evaluate->evaluation;
    struct dataset dataset = {0};
    struct aha_pipeline *pipeline = NULL;
    struct aha_error err = {AHA_OK, ""};
    int exit_status = EXIT_SOME_FAILED;

    if (dataset_load(&evaluate->source, &dataset, &err) != AHA_OK ||
        aha_pipeline_open(&pipeline, evaluate->models, &err) != AHA_OK) {
        (void)fprintf(stderr, "aha: %s\n", err.text);
        goto out;
    }
    evaluation->dataset = &dataset;
    evaluation->pipeline = pipeline;
    evaluation->info = aha_pipeline_model_info(pipeline);
    if (!match_labels(evaluation) ||
        (evaluate->folder != NULL && !make_folder(evaluate->folder))) {
        goto out;
    }
    if (evaluate_run(evaluation, &err) != AHA_OK ||
        evaluate_count(evaluation, &err) != AHA_OK) {
        (void)fprintf(stderr, "aha: %s\n", err.text);
        goto out;
    }
    exit_status = report(evaluate);
out:
    free_answers(evaluation);
    coverage_fini(&evaluation->coverage);
    aha_pipeline_destroy(pipeline);
    dataset_fini(&dataset);
    return exit_status;
}

int evaluate_main(int argc, char **argv)
{
    static const struct option options[] = {
        {"layout", required_argument, NULL, 'l'},
        {"split", required_argument, NULL, 's'},
        {"usage", required_argument, NULL, 's'},
        {"frames", required_argument, NULL, 'r'},
        {"faces", required_argument, NULL, 'f'},
        {"no-face", required_argument, NULL, 'n'},
        {"threads", required_argument, NULL, 't'},
        {"json", required_argument, NULL, 'j'},
        {"out", required_argument, NULL, 'o'},
        {"models", required_argument, NULL, 'm'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct evaluate evaluate = {
        .source = {.n_frames = 1},
        .evaluation = {.missing_is_wrong = true, .n_threads = cpus_available()},
    };
    int option;

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(help, stdout);
            return EXIT_OK;
        }
        if (!read_option(&evaluate, option)) {
            return EXIT_USAGE;
        }
    }
    if (optind != argc - 1) {
        (void)fprintf(stderr, "aha evaluate: name one data set\n\n%s", help);
        return EXIT_USAGE;
    }
    evaluate.source.path = argv[optind];
    evaluate.evaluation.path = argv[optind];
    return evaluate_data(&evaluate);
}
