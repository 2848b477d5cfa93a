// SPDX-License-Identifier: MIT
/*
 * DESIGN: the workers take blocks of items by a shared counter, each with a
 * session of its own, and write each answer to the item's own place; whoever
 * takes which block, the answers are the same, since a face's numbers do not
 * depend on its batch. The main thread only draws the progress. One mutex
 * guards the counters; the condition tells the main thread that a block is
 * done.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aha/aha.h"

#include "cli/common.h"
#include "cli/evaluate.h"
#include "cli/progress.h"
#include "server/thread.h"

enum { BLOCK = 16 };

struct run {
    struct evaluation *evaluation;
    pthread_mutex_t lock;
    pthread_cond_t is_further;
    int next;      /* first item that nobody has taken */
    int n_done;    /* items */
    int n_workers; /* that are still at work */
};

/* An item that is prepared. */
struct slot {
    int item;
    struct aha_analysis analysis;
};

struct worker {
    pthread_t thread;
    struct run *run;
    struct aha_session *session;
};

const char *faces_mode_name(enum faces_mode mode)
{
    static const char *const names[N_FACES_MODES] = {"auto", "detect",
                                                     "cropped", "aligned"};

    return names[mode];
}

bool faces_mode_parse(const char *name, enum faces_mode *out)
{
    for (int i = 0; i < N_FACES_MODES; i++) {
        if (strcmp(name, faces_mode_name((enum faces_mode)i)) == 0) {
            *out = (enum faces_mode)i;
            return true;
        }
    }
    return false;
}

/* Grey pixels as a file: PNG loses nothing of them. */
static enum aha_status pack_pixels(const unsigned char *pixels,
                                   struct evaluate_photo *out,
                                   struct aha_error *err)
{
    struct aha_image image = {0};
    enum aha_status status =
        aha_image_init(&image, DATASET_FER_SIDE, DATASET_FER_SIDE, err);

    if (status != AHA_OK) {
        return status;
    }
    for (int i = 0; i < DATASET_FER_SIDE * DATASET_FER_SIDE; i++) {
        memset(image.rgb + 3 * (size_t)i, pixels[i], 3);
    }
    status = aha_image_encode(&image, AHA_IMAGE_PNG, &out->bytes, &out->n_bytes,
                              err);
    aha_image_fini(&image);
    return status;
}

/* Small images are faces that somebody has cut out. */
static enum faces_mode choose_mode(const struct evaluate_photo *photo)
{
    struct aha_image_info info;

    if (aha_image_probe(photo->bytes, photo->n_bytes, photo->options.max_pixels,
                        photo->options.formats, &info, NULL) == AHA_OK &&
        info.width <= EVALUATE_CROP_SIDE && info.height <= EVALUATE_CROP_SIDE) {
        return FACES_CROPPED;
    }
    return FACES_DETECT;
}

enum aha_status evaluate_photo_load(const struct dataset_item *item,
                                    enum faces_mode mode,
                                    struct evaluate_photo *out,
                                    struct aha_error *err)
{
    struct evaluate_photo photo = {.options = aha_options_default()};

    if (item->pixels != NULL) {
        enum aha_status status = pack_pixels(item->pixels, &photo, err);

        if (status != AHA_OK) {
            return status;
        }
    } else {
        unsigned char *bytes = NULL;
        const char *problem =
            file_read(item->name, FILE_MAX_BYTES, &bytes, &photo.n_bytes);

        if (problem != NULL) {
            return aha_error_set(err, AHA_ERR_IO, "%s", problem);
        }
        photo.bytes = bytes;
    }
    photo.options.formats = AHA_FORMATS_ALL;
    photo.options.max_faces = 1;
    mode = mode == FACES_AUTO ? choose_mode(&photo) : mode;
    photo.options.is_cropped = mode == FACES_CROPPED;
    photo.options.is_aligned = mode == FACES_ALIGNED;
    *out = photo;
    return AHA_OK;
}

/* @return whether there is something to infer */
static bool prepare(const struct worker *worker, int i,
                    struct aha_analysis *analysis)
{
    struct evaluation *evaluation = worker->run->evaluation;
    struct answer *answer = &evaluation->answers[i];
    struct evaluate_photo photo = {0};
    struct aha_error err = {AHA_OK, ""};
    enum aha_status status = evaluate_photo_load(
        &evaluation->dataset->items[i], evaluation->mode, &photo, &err);

    if (status == AHA_OK) {
        status = aha_prepare(worker->session, photo.bytes, photo.n_bytes,
                             &photo.options, analysis, &err);
    }
    free(photo.bytes);
    if (status != AHA_OK) {
        answer->kind = ANSWER_FAILED;
        answer->problem = strdup(err.text);
        return false;
    }
    answer->is_searched =
        !photo.options.is_cropped && !photo.options.is_aligned;
    return true;
}

static void keep(struct answer *answer, const struct aha_analysis *analysis)
{
    if (analysis->n_faces == 0) {
        answer->kind = ANSWER_NO_FACE;
        return;
    }
    answer->kind = ANSWER_FACE;
    answer->label = analysis->faces[0].label;
    memcpy(answer->probabilities, analysis->faces[0].probabilities,
           sizeof answer->probabilities);
}

static void answer_block(const struct worker *worker, int first, int end)
{
    struct answer *answers = worker->run->evaluation->answers;
    struct slot slots[BLOCK];
    struct aha_analysis *batch[BLOCK] = {0};
    int n = 0;

    for (int i = first; i < end; i++) {
        if (prepare(worker, i, &slots[n].analysis)) {
            batch[n] = &slots[n].analysis;
            slots[n++].item = i;
        }
    }
    aha_infer(worker->session, batch, n);
    for (int k = 0; k < n; k++) {
        keep(&answers[slots[k].item], batch[k]);
        aha_analysis_fini(batch[k]);
    }
}

/* @return false when all is taken */
static bool take_block(struct run *run, int n_done, int *first, int *end)
{
    int n = run->evaluation->dataset->n;

    THREAD_CHECK(pthread_mutex_lock(&run->lock));
    run->n_done += n_done;
    *first = run->next;
    *end = n - run->next < BLOCK ? n : run->next + BLOCK;
    run->next = *end;
    run->n_workers -= *first == *end;
    THREAD_CHECK(pthread_cond_signal(&run->is_further));
    THREAD_CHECK(pthread_mutex_unlock(&run->lock));
    return *first < *end;
}

static void *work(void *data)
{
    struct worker *worker = data;
    int first = 0;
    int end = 0;

    while (take_block(worker->run, end - first, &first, &end)) {
        answer_block(worker, first, end);
    }
    aha_thread_fini();
    return NULL;
}

/* Until the last worker has nothing left to take. */
static void watch(struct run *run)
{
    struct progress progress;

    progress_init(&progress, run->evaluation->dataset->n);
    THREAD_CHECK(pthread_mutex_lock(&run->lock));
    while (run->n_workers > 0) {
        struct timespec until;

        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += 1;
        (void)pthread_cond_timedwait(&run->is_further, &run->lock, &until);
        progress_step(&progress, run->n_done);
    }
    THREAD_CHECK(pthread_mutex_unlock(&run->lock));
    progress_clear(&progress);
}

/* As many threads as start; one is enough. */
static enum aha_status run_workers(struct run *run, struct worker *workers,
                                   int n, struct aha_error *err)
{
    int n_started = 0;

    run->n_workers = n;
    while (n_started < n && pthread_create(&workers[n_started].thread, NULL,
                                           work, &workers[n_started]) == 0) {
        n_started++;
    }
    THREAD_CHECK(pthread_mutex_lock(&run->lock));
    run->n_workers -= n - n_started;
    THREAD_CHECK(pthread_mutex_unlock(&run->lock));
    watch(run);
    for (int i = 0; i < n_started; i++) {
        THREAD_CHECK(pthread_join(workers[i].thread, NULL));
    }
    run->evaluation->n_threads = n_started;
    return n_started > 0 ? AHA_OK
                         : aha_error_set(err, AHA_ERR_ENVIRONMENT,
                                         "no thread could be started");
}

static enum aha_status open_sessions(struct run *run, struct worker *workers,
                                     int n, struct aha_error *err)
{
    enum aha_status status = AHA_OK;

    for (int i = 0; status == AHA_OK && i < n; i++) {
        workers[i].run = run;
        status = aha_session_create(&workers[i].session,
                                    run->evaluation->pipeline, err);
    }
    return status;
}

enum aha_status evaluate_run(struct evaluation *evaluation,
                             struct aha_error *err)
{
    struct run run = {.evaluation = evaluation};
    int n_blocks = (evaluation->dataset->n + BLOCK - 1) / BLOCK;
    int n = evaluation->n_threads < n_blocks ? evaluation->n_threads : n_blocks;
    struct worker *workers = calloc((size_t)n, sizeof *workers);
    enum aha_status status = AHA_ERR_MEMORY;

    evaluation->answers =
        calloc((size_t)evaluation->dataset->n, sizeof *evaluation->answers);
    if (workers == NULL || evaluation->answers == NULL) {
        free(workers);
        return aha_error_set(err, status, "out of memory");
    }
    THREAD_CHECK(pthread_mutex_init(&run.lock, NULL));
    thread_cond_init(&run.is_further);
    status = open_sessions(&run, workers, n, err);
    if (status == AHA_OK) {
        double start = thread_now_ms();

        status = run_workers(&run, workers, n, err);
        evaluation->seconds = (thread_now_ms() - start) / 1e3;
    }
    for (int i = 0; i < n; i++) {
        aha_session_destroy(workers[i].session);
    }
    THREAD_CHECK(pthread_cond_destroy(&run.is_further));
    THREAD_CHECK(pthread_mutex_destroy(&run.lock));
    free(workers);
    return status;
}
