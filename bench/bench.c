// SPDX-License-Identifier: MIT
/*
 * bench.c - milliseconds per photo by stage, on this machine, one thread.
 *
 * usage: bench MODELS PHOTO [RUNS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "aha/aha.h"
#include "aha/pipeline.h"

#include "bench/file.h"

enum { N_STAGES = 5, MAX_RUNS = 10000, DEFAULT_RUNS = 50 };

static const char *const stage_names[N_STAGES] = {"decode", "detect", "align",
                                                  "infer", "total"};

static double now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;

    return (a > b) - (a < b);
}

static bool measure(struct aha_session *session, const unsigned char *bytes,
                    size_t n, int runs, int *n_faces, double (*times)[N_STAGES])
{
    struct aha_options options = aha_options_default();
    struct aha_error err = {AHA_OK, ""};

    for (int i = -2; i < runs; i++) { /* two runs to warm up */
        struct aha_analysis analysis;
        double start = now_ms();
        double *row = times[i < 0 ? 0 : i];

        if (aha_analyze(session, bytes, n, &options, &analysis, &err) !=
            AHA_OK) {
            (void)fprintf(stderr, "bench: %s\n", err.text);
            return false;
        }
        row[4] = now_ms() - start;
        row[0] = analysis.timing.decode_ms;
        row[1] = analysis.timing.detect_ms;
        row[2] = analysis.timing.align_ms;
        row[3] = analysis.timing.infer_ms;
        *n_faces = analysis.n_faces;
        aha_analysis_fini(&analysis);
    }
    return true;
}

static void print_stages(int runs, double (*times)[N_STAGES], double *column)
{
    (void)printf("%-8s %9s %9s %9s\n", "stage", "min ms", "median", "p90");
    for (int s = 0; s < N_STAGES; s++) {
        for (int i = 0; i < runs; i++) {
            column[i] = times[i][s];
        }
        qsort(column, (size_t)runs, sizeof *column, by_value);
        (void)printf("%-8s %9.2f %9.2f %9.2f\n", stage_names[s], column[0],
                     column[runs / 2], column[runs * 9 / 10]);
    }
}

int main(int argc, char **argv)
{
    struct aha_error err = {AHA_OK, ""};
    struct aha_pipeline *pipeline = NULL;
    struct aha_session *session = NULL;
    long runs = argc > 3 ? strtol(argv[3], NULL, 10) : DEFAULT_RUNS;
    double(*times)[N_STAGES] = NULL;
    double *column = NULL;
    unsigned char *bytes = NULL;
    size_t n = 0;
    int n_faces = 0;
    double start = now_ms();
    int exit_status = EXIT_FAILURE;

    if (argc < 3 || runs < 1 || runs > MAX_RUNS) {
        (void)fprintf(stderr, "usage: bench MODELS PHOTO [RUNS]\n");
        return EXIT_FAILURE;
    }
    if (aha_init(argv[0], &err) != AHA_OK ||
        aha_pipeline_open(&pipeline, argv[1], &err) != AHA_OK ||
        aha_session_create(&session, pipeline, &err) != AHA_OK) {
        (void)fprintf(stderr, "bench: %s\n", err.text);
        return EXIT_FAILURE;
    }
    (void)printf("start to ready %.0f ms; OpenBLAS %s, kernels %s\n",
                 now_ms() - start, aha_build_info().blas_core,
                 aha_build_info().kernels);
    bytes = bench_read_file(argv[2], &n);
    times = calloc((size_t)runs, sizeof *times);
    column = calloc((size_t)runs, sizeof *column);
    if (bytes == NULL || n == 0 || times == NULL || column == NULL) {
        (void)fprintf(stderr, "bench: cannot read %s\n", argv[2]);
    } else if (measure(session, bytes, n, (int)runs, &n_faces, times)) {
        (void)printf("%s: %d face(s), %ld runs\n", argv[2], n_faces, runs);
        print_stages((int)runs, times, column);
        exit_status = EXIT_SUCCESS;
    }
    free(bytes);
    free(times);
    free(column);
    aha_session_destroy(session);
    aha_pipeline_destroy(pipeline);
    aha_fini();
    return exit_status;
}
