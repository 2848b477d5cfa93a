// SPDX-License-Identifier: MIT
/*
 * network.c - the expression network alone, as one contender of
 * bench/peers/race.py.
 *
 * usage: network MODELS NETWORK PHOTO CROPS
 *
 * Writes the N_FACES faces that all contenders answer into the file CROPS, as
 * the network takes them: face by face, each face's regions in their order,
 * float32. Then obeys lines on standard input:
 *
 *   check FILE                   answer all faces at once, write logits and
 *                                probabilities by face; prints "ok"
 *   race BATCH THREADS SECONDS   answer for so long, at least once; prints
 *                                faces a second, by the wall clock and by the
 *                                processor time of each thread
 *
 * As in the daemon, each thread has a session of its own; it takes its part of
 * the batch, or one face where there is but one.
 *
 * DESIGN: threads share the prepared faces, which are read only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aha/aha.h"
#include "aha/pipeline.h"

#include "bench/file.h"
#include "bench/race.h"

enum {
    N_FACES = 32,
    MAX_THREADS = 2,
    PLANE = 256, /* px, side of a face cut from the photo */
    STEP = 7,    /* px from one cut to the next */
    MAX_LINE = 512,
};

/* The faces of one call, and where its results go. */
struct call {
    struct aha_session *session; /* borrowed, as the crops */
    struct aha_analysis analysis;
    const float *crops; /* of all N_FACES */
};

struct bench {
    struct aha_pipeline *pipeline;
    struct aha_session *sessions[MAX_THREADS];
    float *planes;
    float *crops;
    size_t n_crop_floats; /* of one face */
};

static bool write_file(const char *path, const float *values, size_t n)
{
    FILE *stream = fopen(path, "wb");
    bool is_whole =
        stream != NULL && fwrite(values, sizeof *values, n, stream) == n;

    return (stream == NULL || fclose(stream) == 0) && is_whole;
}

/* Squares of the photo, each a step further than the last, as luma. */
static void cut_planes(const struct aha_image *photo, float *planes)
{
    for (int i = 0; i < N_FACES; i++) {
        int left = i * STEP % (photo->width - PLANE + 1);
        int top = i * STEP / 2 % (photo->height - PLANE + 1);

        for (int y = 0; y < PLANE; y++) {
            const unsigned char *rgb =
                photo->rgb +
                3 * ((size_t)(top + y) * (size_t)photo->width + (size_t)left);
            float *row = planes + ((size_t)i * PLANE + (size_t)y) * PLANE;

            for (int x = 0; x < PLANE; x++) {
                row[x] = (0.299F * (float)rgb[3 * x] +
                          0.587F * (float)rgb[3 * x + 1] +
                          0.114F * (float)rgb[3 * x + 2]) /
                         255.0F;
            }
        }
    }
}

static bool read_planes(struct bench *bench, const char *path)
{
    struct aha_error err = {AHA_OK, ""};
    struct aha_image_info info;
    struct aha_image photo = {0};
    size_t n = 0;
    void *bytes = bench_read_file(path, &n);
    bool is_read =
        bytes != NULL &&
        aha_image_probe(bytes, n, aha_options_default().max_pixels,
                        AHA_FORMATS_DEFAULT, &info, &err) == AHA_OK &&
        aha_image_decode(bytes, n, &info, 1, &photo, &err) == AHA_OK &&
        photo.width >= PLANE && photo.height >= PLANE;

    bench->planes = malloc(sizeof(float) * N_FACES * PLANE * PLANE);
    if (is_read && bench->planes != NULL) {
        cut_planes(&photo, bench->planes);
    }
    aha_image_fini(&photo);
    free(bytes);
    return is_read && bench->planes != NULL;
}

/* Buffers of n faces; their crops are put in before each run. */
static bool call_init(struct call *call, struct bench *bench,
                      struct aha_session *session, int n)
{
    struct aha_error err = {AHA_OK, ""};

    call->session = session;
    call->crops = bench->crops;
    if (aha_prepare_crops(session, bench->planes, n, PLANE, PLANE,
                          &call->analysis, &err) != AHA_OK) {
        (void)fprintf(stderr, "network: %s\n", err.text);
        return false;
    }
    return true;
}

/* aha_infer takes the crops away: the next run gets a fresh copy. Returns the
 * faces answered, 0 without memory. */
static int call_run(void *data)
{
    struct call *call = data;
    struct aha_analysis *analysis = &call->analysis;

    if (analysis->crops == NULL) {
        size_t n = (analysis->n_crop_bytes + 63) / 64 * 64;

        analysis->crops = aligned_alloc(64, n);
        if (analysis->crops == NULL) {
            return 0;
        }
        memcpy(analysis->crops, call->crops, analysis->n_crop_bytes);
    }
    aha_infer(call->session, &analysis, 1);
    return analysis->n_faces;
}

static bool write_answers(const struct bench *bench,
                          const struct aha_analysis *analysis, const char *path)
{
    int n = aha_pipeline_model_info(bench->pipeline)->n_labels;
    size_t row = (size_t)n * sizeof(float);
    float *answers = malloc(2 * N_FACES * row);
    bool is_written = false;

    if (answers != NULL) {
        for (int i = 0; i < N_FACES; i++) {
            float *to = answers + 2 * (size_t)i * (size_t)n;

            memcpy(to, analysis->faces[i].logits, row);
            memcpy(to + n, analysis->faces[i].probabilities, row);
        }
        is_written = write_file(path, answers, 2 * N_FACES * (size_t)n);
    }
    free(answers);
    return is_written;
}

/* Prepare all faces once and write what the network is given. */
static bool prepare(struct bench *bench, const char *path)
{
    struct call call = {0};
    bool is_written = false;

    if (call_init(&call, bench, bench->sessions[0], N_FACES)) {
        size_t n = call.analysis.n_crop_bytes / sizeof(float);

        bench->n_crop_floats = n / N_FACES;
        bench->crops = malloc(n * sizeof(float));
        if (bench->crops != NULL) {
            memcpy(bench->crops, call.analysis.crops, n * sizeof(float));
            is_written = write_file(path, bench->crops, n);
        }
    }
    aha_analysis_fini(&call.analysis);
    return is_written;
}

static bool check(struct bench *bench, const char *path)
{
    struct call call = {0};
    bool is_written = call_init(&call, bench, bench->sessions[0], N_FACES) &&
                      call_run(&call) > 0 &&
                      write_answers(bench, &call.analysis, path);

    aha_analysis_fini(&call.analysis);
    return is_written;
}

/* The rates of all threads, at once. */
static bool race(struct bench *bench, int batch, int n_threads, double seconds)
{
    struct bench_runner runners[MAX_THREADS] = {0};
    struct call calls[MAX_THREADS] = {0};
    int part = batch > n_threads ? batch / n_threads : 1;
    double wall;
    double cpu;
    bool is_well = true;

    for (int i = 0; i < n_threads; i++) {
        runners[i] = (struct bench_runner){
            .work = call_run, .data = &calls[i], .seconds = seconds};
        is_well =
            is_well && call_init(&calls[i], bench, bench->sessions[i], part);
    }
    is_well = is_well && bench_race(runners, n_threads, &wall, &cpu);
    if (is_well) {
        (void)printf("%.3f %.3f\n", wall, cpu);
    }
    for (int i = 0; i < n_threads; i++) {
        aha_analysis_fini(&calls[i].analysis);
    }
    return is_well;
}

static bool obey(struct bench *bench, const char *line)
{
    char path[MAX_LINE];
    int batch = 0;
    int threads = 0;
    double seconds = 0;

    if (sscanf(line, "check %511s", path) == 1) {
        if (!check(bench, path)) {
            return false;
        }
        (void)printf("ok\n");
        return true;
    }
    return sscanf(line, "race %d %d %lf", &batch, &threads, &seconds) == 3 &&
           batch >= 1 && batch <= N_FACES && threads >= 1 &&
           threads <= MAX_THREADS && race(bench, batch, threads, seconds);
}

static bool open_bench(struct bench *bench, char **argv)
{
    struct aha_error err = {AHA_OK, ""};
    char paths[2][MAX_LINE];
    struct aha_pipeline_files files = {paths[0], paths[1], argv[2]};

    (void)snprintf(paths[0], sizeof paths[0], "%s/detector.safetensors",
                   argv[1]);
    (void)snprintf(paths[1], sizeof paths[1], "%s/landmarks.safetensors",
                   argv[1]);
    if (aha_init(argv[0], &err) != AHA_OK ||
        aha_pipeline_create(&bench->pipeline, &files, &err) != AHA_OK) {
        (void)fprintf(stderr, "network: %s\n", err.text);
        return false;
    }
    for (int i = 0; i < MAX_THREADS; i++) {
        if (aha_session_create(&bench->sessions[i], bench->pipeline, &err) !=
            AHA_OK) {
            (void)fprintf(stderr, "network: %s\n", err.text);
            return false;
        }
    }
    return read_planes(bench, argv[3]) && prepare(bench, argv[4]);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    char line[MAX_LINE];
    bool is_well = argc == 5;

    if (!is_well) {
        (void)fprintf(stderr, "usage: network MODELS NETWORK PHOTO CROPS\n");
        return EXIT_FAILURE;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    is_well = open_bench(&bench, argv);
    if (is_well) {
        (void)printf("ready %s %s\n", aha_build_info().kernels,
                     aha_build_info().blas_core);
    }
    while (is_well && fgets(line, sizeof line, stdin) != NULL) {
        is_well = obey(&bench, line);
    }
    free(bench.planes);
    free(bench.crops);
    for (int i = 0; i < MAX_THREADS; i++) {
        aha_session_destroy(bench.sessions[i]);
    }
    aha_pipeline_destroy(bench.pipeline);
    aha_fini();
    return is_well ? EXIT_SUCCESS : EXIT_FAILURE;
}
