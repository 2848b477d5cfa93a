// SPDX-License-Identifier: MIT
/*
 * evaluate.h - what the parts of `aha evaluate` hand to each other: the answers
 * to a data set, and everything that is told of them.
 */
#ifndef AHA_CLI_EVALUATE_H
#define AHA_CLI_EVALUATE_H

#include <stdbool.h>
#include <stddef.h>

#include "aha/pipeline.h"

#include "cli/coverage.h"
#include "cli/dataset.h"
#include "cli/score.h"

/** How an image enters the pipeline. */
enum faces_mode {
    FACES_AUTO,    /* up to EVALUATE_CROP_SIDE a side cropped, else detect */
    FACES_DETECT,  /* a photograph: its largest face */
    FACES_CROPPED, /* one face, cut out: aha_options.is_cropped */
    FACES_ALIGNED, /* one face in our frame: aha_options.is_aligned */
    N_FACES_MODES,
};

enum {
    EVALUATE_CROP_SIDE = 128, /* px */
    EVALUATE_MAX_THREADS = 256,
};

enum answer_kind {
    ANSWER_FACE,
    ANSWER_NO_FACE,
    ANSWER_FAILED, /* the image could not be read */
};

struct answer {
    enum answer_kind kind;
    bool is_searched; /* by the detector */
    int label;
    float probabilities[AHA_MAX_LABELS];
    char *problem; /* of a failure: a sentence, owned, or NULL */
};

/** Shares of the images whose accuracy is told. */
enum { EVALUATE_N_SHARES = 3 };
extern const double evaluate_shares[EVALUATE_N_SHARES];

/** One data set, answered. */
struct evaluation {
    const struct aha_pipeline *pipeline;
    const struct aha_model_info *info;
    const struct dataset *dataset;
    const char *path;
    enum faces_mode mode;
    bool missing_is_wrong;
    int n_threads;
    int truth_label[N_CLASSES]; /* the model's label of a class, or -1 */
    struct answer *answers;     /* one an item of the data set */
    double seconds;
    struct score score;
    struct coverage coverage; /* ranked */
    int n_failed;
    int n_searched;
};

/** An image as the pipeline takes it. */
struct evaluate_photo {
    struct aha_options options;
    void *bytes; /* owned */
    size_t n_bytes;
};

/** "auto", "detect", "cropped" or "aligned". */
const char *faces_mode_name(enum faces_mode mode);

/** @return false for no mode's name */
bool faces_mode_parse(const char *name, enum faces_mode *out);

/**
 * Read an item's file or pack its pixels.
 *
 * @param out  the caller frees its bytes; written on success only
 */
enum aha_status evaluate_photo_load(const struct dataset_item *item,
                                    enum faces_mode mode,
                                    struct evaluate_photo *out,
                                    struct aha_error *err) AHA_MUST_CHECK;

/**
 * Answer every item on n_threads threads of its own; the answers do not depend
 * on how many there are. Sets answers and seconds.
 */
enum aha_status evaluate_run(struct evaluation *evaluation,
                             struct aha_error *err) AHA_MUST_CHECK;

/**
 * Count the answers: score, coverage, n_failed, n_searched.
 *
 * @return AHA_OK or AHA_ERR_MEMORY; the caller releases coverage
 */
enum aha_status evaluate_count(struct evaluation *evaluation,
                               struct aha_error *err) AHA_MUST_CHECK;

/** Of the answers that the model does not call uncertain. */
struct coverage_point evaluate_certain(const struct evaluation *evaluation);

/** The figures on stdout, for people. */
void evaluate_print(const struct evaluation *evaluation);

/** The figures as a JSON file. @return false when it cannot be written */
bool evaluate_write_json(const struct evaluation *evaluation, const char *path);

/** One row an image: what it shows and what was answered. */
bool evaluate_write_answers(const struct evaluation *evaluation,
                            const char *path);

/** confusion.svg, reliability.svg and coverage.svg. */
bool evaluate_write_charts(const struct evaluation *evaluation,
                           const char *folder);

/**
 * attention-LABEL.png for each label: a few faces of it, those answered rightly
 * first, as `aha inspect` draws them.
 */
bool evaluate_write_sheets(const struct evaluation *evaluation,
                           const char *folder);

#endif
