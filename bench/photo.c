// SPDX-License-Identifier: MIT
/*
 * photo.c - the whole pipeline on photos, without HTTP, for bench/cost.py and
 * bench/daemon.py.
 *
 * usage: photo MODELS
 *
 * Prints "ready", kernels and BLAS once all is loaded, then obeys lines on
 * standard input:
 *
 *   open FILE             the photo from now on; prints "ok"
 *   stages                analyse it once on one thread; prints the faces
 *                         found, and milliseconds: decode, detect, align,
 *                         infer, total
 *   race THREADS SECONDS  analyse it over and over for so long, at least once;
 *                         prints photos a second, by the wall clock and by the
 *                         processor time of each thread
 *
 * As in the daemon, each thread has a session of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aha/aha.h"
#include "aha/pipeline.h"

#include "bench/file.h"
#include "bench/race.h"

enum { MAX_THREADS = 64, MAX_LINE = 4096 };

/* One thread's photo; the bytes are shared and only read. */
struct call {
    struct aha_session *session;
    const void *bytes;
    size_t n_bytes;
};

struct bench {
    struct aha_pipeline *pipeline;
    struct aha_session *sessions[MAX_THREADS]; /* as many as were needed yet */
    void *photo;
    size_t n_bytes;
};

static bool analyze(const struct call *call, struct aha_analysis *out)
{
    struct aha_options options = aha_options_default();
    struct aha_error err = {AHA_OK, ""};

    if (aha_analyze(call->session, call->bytes, call->n_bytes, &options, out,
                    &err) != AHA_OK) {
        (void)fprintf(stderr, "photo: %s\n", err.text);
        return false;
    }
    return true;
}

static int analyze_once(void *data)
{
    struct aha_analysis analysis;

    if (!analyze(data, &analysis)) {
        return 0;
    }
    aha_analysis_fini(&analysis);
    return 1;
}

static bool need_sessions(struct bench *bench, int n)
{
    struct aha_error err = {AHA_OK, ""};

    for (int i = 0; i < n; i++) {
        if (bench->sessions[i] == NULL &&
            aha_session_create(&bench->sessions[i], bench->pipeline, &err) !=
                AHA_OK) {
            (void)fprintf(stderr, "photo: %s\n", err.text);
            return false;
        }
    }
    return true;
}

static bool open_photo(struct bench *bench, const char *path)
{
    free(bench->photo);
    bench->photo = bench_read_file(path, &bench->n_bytes);
    if (bench->photo == NULL) {
        (void)fprintf(stderr, "photo: cannot read %s\n", path);
        return false;
    }
    (void)printf("ok\n");
    return true;
}

static bool stages(struct bench *bench)
{
    struct call call = {NULL, bench->photo, bench->n_bytes};
    struct aha_analysis analysis;
    double start;
    double total_ms;

    if (!need_sessions(bench, 1)) {
        return false;
    }
    call.session = bench->sessions[0];
    start = bench_now_s(CLOCK_MONOTONIC);
    if (!analyze(&call, &analysis)) {
        return false;
    }
    total_ms = (bench_now_s(CLOCK_MONOTONIC) - start) * 1e3;
    (void)printf("%d %.3f %.3f %.3f %.3f %.3f\n", analysis.n_faces,
                 analysis.timing.decode_ms, analysis.timing.detect_ms,
                 analysis.timing.align_ms, analysis.timing.infer_ms, total_ms);
    aha_analysis_fini(&analysis);
    return true;
}

static bool race(struct bench *bench, int n, double seconds)
{
    struct bench_runner runners[MAX_THREADS] = {0};
    struct call calls[MAX_THREADS];
    double wall;
    double cpu;

    if (!need_sessions(bench, n)) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        calls[i] =
            (struct call){bench->sessions[i], bench->photo, bench->n_bytes};
        runners[i] = (struct bench_runner){
            .work = analyze_once, .data = &calls[i], .seconds = seconds};
    }
    if (!bench_race(runners, n, &wall, &cpu)) {
        return false;
    }
    (void)printf("%.3f %.3f\n", wall, cpu);
    return true;
}

static bool obey(struct bench *bench, const char *line)
{
    char path[MAX_LINE];
    int threads = 0;
    double seconds = 0;

    if (sscanf(line, "open %4095[^\n]", path) == 1) {
        return open_photo(bench, path);
    }
    if (bench->photo == NULL) {
        return false;
    }
    if (strcmp(line, "stages\n") == 0) {
        return stages(bench);
    }
    return sscanf(line, "race %d %lf", &threads, &seconds) == 2 &&
           threads >= 1 && threads <= MAX_THREADS &&
           race(bench, threads, seconds);
}

int main(int argc, char **argv)
{
    struct aha_error err = {AHA_OK, ""};
    struct bench bench = {0};
    char line[MAX_LINE];
    bool is_well = argc == 2;

    if (!is_well) {
        (void)fprintf(stderr, "usage: photo MODELS\n");
        return EXIT_FAILURE;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (aha_init(argv[0], &err) != AHA_OK ||
        aha_pipeline_open(&bench.pipeline, argv[1], &err) != AHA_OK) {
        (void)fprintf(stderr, "photo: %s\n", err.text);
        return EXIT_FAILURE;
    }
    (void)printf("ready %s %s\n", aha_build_info().kernels,
                 aha_build_info().blas_core);
    while (is_well && fgets(line, sizeof line, stdin) != NULL) {
        is_well = obey(&bench, line);
    }
    free(bench.photo);
    for (int i = 0; i < MAX_THREADS; i++) {
        aha_session_destroy(bench.sessions[i]);
    }
    aha_pipeline_destroy(bench.pipeline);
    aha_fini();
    return is_well ? EXIT_SUCCESS : EXIT_FAILURE;
}
