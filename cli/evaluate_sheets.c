// SPDX-License-Identifier: MIT
/*
 * Where the network looked: for each label a picture of a few faces of it, as
 * `aha inspect` draws one (the paper's figure 5).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aha/picture.h"

#include "cli/evaluate.h"

enum {
    FACES = 4, /* a sheet, */
    RIGHT = 3, /* so many answered rightly, if there are */
    SIDE = 250 /* px of a photo on it */
};

static bool is_of(const struct evaluation *evaluation, int i, int label,
                  bool is_right)
{
    const struct answer *answer = &evaluation->answers[i];
    enum face_class truth = evaluation->dataset->items[i].truth;

    return answer->kind == ANSWER_FACE &&
           evaluation->truth_label[truth] == label &&
           (answer->label == label) == is_right;
}

/* The first of the set: no better and no worse than others. */
static int choose(const struct evaluation *evaluation, int label,
                  int items[FACES])
{
    int n = 0;

    for (int pass = 0; pass < 2; pass++) {
        int most = pass == 0 ? RIGHT : FACES;

        for (int i = 0; n < most && i < evaluation->dataset->n; i++) {
            if (is_of(evaluation, i, label, pass == 0)) {
                items[n++] = i;
            }
        }
    }
    return n;
}

static enum aha_status draw(const struct evaluation *evaluation,
                            struct aha_session *session, int item,
                            struct aha_image *out, struct aha_error *err)
{
    struct evaluate_photo photo = {0};
    struct aha_analysis analysis = {0};
    struct aha_inspection pictures = {0};
    enum aha_status status = evaluate_photo_load(
        &evaluation->dataset->items[item], evaluation->mode, &photo, err);

    if (status == AHA_OK) {
        status = aha_inspect(session, photo.bytes, photo.n_bytes,
                             &photo.options, SIDE, &analysis, &pictures, err);
    }
    if (status == AHA_OK) {
        status =
            aha_picture_sheet(&analysis, evaluation->info, &pictures, out, err);
    }
    aha_inspection_fini(&pictures);
    aha_analysis_fini(&analysis);
    free(photo.bytes);
    return status;
}

static void paste(struct aha_image *onto, const struct aha_image *image, int y)
{
    for (int row = 0; row < image->height; row++) {
        memcpy(onto->rgb + ((size_t)(y + row) * (size_t)onto->width) * 3,
               image->rgb + (size_t)row * (size_t)image->width * 3,
               (size_t)image->width * 3);
    }
}

/* One below the other. */
static enum aha_status stack(const struct aha_image *images, int n,
                             struct aha_image *out, struct aha_error *err)
{
    enum aha_status status;
    int width = 0;
    int height = 0;

    for (int i = 0; i < n; i++) {
        width = images[i].width > width ? images[i].width : width;
        height += images[i].height;
    }
    status = aha_image_init(out, width, height, err);
    if (status != AHA_OK) {
        return status;
    }
    memset(out->rgb, 250, 3 * (size_t)width * (size_t)height);
    height = 0;
    for (int i = 0; i < n; i++) {
        paste(out, &images[i], height);
        height += images[i].height;
    }
    return AHA_OK;
}

static void print_legend(const struct evaluation *evaluation, const char *path,
                         const int *items, int n)
{
    (void)printf("%s, from the top:\n", path);
    for (int i = 0; i < n; i++) {
        const struct answer *answer = &evaluation->answers[items[i]];

        (void)printf("  %-9s %5.1f %%  %s\n",
                     evaluation->info->labels[answer->label],
                     100 * (double)answer->probabilities[answer->label],
                     evaluation->dataset->items[items[i]].name);
    }
}

static bool write_sheet(const struct evaluation *evaluation,
                        struct aha_session *session, int label,
                        const char *path)
{
    struct aha_error err = {AHA_OK, ""};
    struct aha_image images[FACES] = {0};
    struct aha_image sheet = {0};
    enum aha_status status = AHA_OK;
    int items[FACES];
    int n = choose(evaluation, label, items);

    if (n == 0) {
        return true;
    }
    for (int i = 0; status == AHA_OK && i < n; i++) {
        status = draw(evaluation, session, items[i], &images[i], &err);
    }
    if (status == AHA_OK) {
        status = stack(images, n, &sheet, &err);
    }
    if (status == AHA_OK) {
        status = aha_image_write_png(&sheet, path, &err);
    }
    if (status == AHA_OK) {
        print_legend(evaluation, path, items, n);
    } else {
        (void)fprintf(stderr, "aha: %s: %s\n", path, err.text);
    }
    aha_image_fini(&sheet);
    for (int i = 0; i < n; i++) {
        aha_image_fini(&images[i]);
    }
    return status == AHA_OK;
}

bool evaluate_write_sheets(const struct evaluation *evaluation,
                           const char *folder)
{
    struct aha_session *session = NULL;
    bool is_fine =
        aha_session_create(&session, evaluation->pipeline, NULL) == AHA_OK;

    (void)printf("\n");
    for (int label = 0; is_fine && label < evaluation->info->n_labels;
         label++) {
        char *path = NULL;

        if (asprintf(&path, "%s/attention-%s.png", folder,
                     evaluation->info->labels[label]) < 0) {
            path = NULL;
        }
        is_fine = path != NULL && write_sheet(evaluation, session, label, path);
        free(path);
    }
    aha_session_destroy(session);
    return is_fine;
}
