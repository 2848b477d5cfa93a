// SPDX-License-Identifier: MIT
#include "server/metrics.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "aha/aha.h"

#include "server/process.h"

enum metric {
#define METRIC(id, name, type, help) METRIC_##id,
#include "server/metrics.def"
#undef METRIC
};

static const struct {
    const char *name;
    const char *type;
    const char *help;
} metric_rows[] = {
#define METRIC(id, name, type, help) {name, type, help},
#include "server/metrics.def"
#undef METRIC
};

/* Upper bounds, seconds. */
static const double bounds[] = {.001, .0025, .005, .01, .025, .05, .1,
                                .25,  .5,    1,    2.5, 5,    10};

enum {
    N_BUCKETS = sizeof bounds / sizeof *bounds + 1, /* and +Inf */
    N_STATUSES = 20,
};

/* Of batches, faces. */
static const int sizes[] = {1, 2, 4, 8, 16, 32, 64};

enum { N_SIZES = sizeof sizes / sizeof *sizes };

/* 0 stands for a connection that broke before an answer. */
static const int statuses[N_STATUSES] = {200, 202, 204, 304, 400, 401, 403,
                                         404, 405, 406, 408, 413, 415, 422,
                                         429, 500, 503, 504, 0,   -1};

static const char *const stage_names[N_STAGES] = {
    [STAGE_QUEUE] = "queue",   [STAGE_DECODE] = "decode",
    [STAGE_DETECT] = "detect", [STAGE_ALIGN] = "align",
    [STAGE_INFER] = "infer",
};

struct histogram {
    atomic_ulong buckets[N_BUCKETS];
    atomic_ulong sum_us;
};

struct metrics {
    struct histogram requests[N_ROUTES][N_STATUSES];
    struct histogram stages[N_STAGES];
    atomic_ulong batches[N_SIZES + 1];
    atomic_ulong batched_faces;
    atomic_long active;
    atomic_ulong abandoned;
    atomic_ulong images[AHA_N_IMAGE_FORMATS];
    atomic_ulong no_face;
    atomic_ulong uncertain;
    atomic_ulong reloads[2]; /* refused, taken */
    atomic_ulong problems[N_PROBLEMS];
    atomic_ulong faces;
    atomic_ulong labels[AHA_MAX_LABELS];
    double start; /* Unix time, seconds */
    struct process process;
};

struct metrics *metrics_create(void)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);

    if (metrics != NULL) {
        struct timespec now;

        (void)clock_gettime(CLOCK_REALTIME, &now);
        process_init(&metrics->process);
        metrics->start = (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
    }
    return metrics;
}

void metrics_destroy(struct metrics *metrics)
{
    if (metrics != NULL) {
        process_fini(&metrics->process);
        free(metrics);
    }
}

static void add(atomic_ulong *counter, unsigned long n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static unsigned long get(const atomic_ulong *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void observe(struct histogram *histogram, double ms)
{
    int bucket = 0;

    while (bucket < N_BUCKETS - 1 && ms / 1e3 > bounds[bucket]) {
        bucket++;
    }
    add(&histogram->buckets[bucket], 1);
    add(&histogram->sum_us, (unsigned long)(ms * 1e3));
}

void metrics_request_begin(struct metrics *metrics,
                           enum route_listener listener)
{
    if (listener == LISTENER_PUBLIC) {
        atomic_fetch_add_explicit(&metrics->active, 1, memory_order_relaxed);
    }
}

void metrics_request_end(struct metrics *metrics, enum route_listener listener,
                         enum route route, int status, double duration_ms)
{
    int i = 0;

    while (i < N_STATUSES - 1 && statuses[i] != status) {
        i++;
    }
    observe(&metrics->requests[route][i], duration_ms);
    if (listener == LISTENER_PUBLIC) {
        atomic_fetch_sub_explicit(&metrics->active, 1, memory_order_relaxed);
    }
}

long metrics_active(const struct metrics *metrics)
{
    return atomic_load_explicit(&metrics->active, memory_order_relaxed);
}

void metrics_problem(struct metrics *metrics, enum problem problem)
{
    add(&metrics->problems[problem], 1);
}

void metrics_stage(struct metrics *metrics, enum stage stage, double ms)
{
    observe(&metrics->stages[stage], ms);
}

void metrics_batch(struct metrics *metrics, int faces)
{
    int i = 0;

    while (i < N_SIZES && faces > sizes[i]) {
        i++;
    }
    add(&metrics->batches[i], 1);
    add(&metrics->batched_faces, (unsigned long)faces);
}

void metrics_abandoned(struct metrics *metrics)
{
    add(&metrics->abandoned, 1);
}

void metrics_reload(struct metrics *metrics, bool is_taken)
{
    add(&metrics->reloads[is_taken], 1);
}

void metrics_analysis(struct metrics *metrics,
                      const struct aha_analysis *analysis, bool is_detection)
{
    metrics_stage(metrics, STAGE_DECODE, analysis->timing.decode_ms);
    metrics_stage(metrics, STAGE_DETECT, analysis->timing.detect_ms);
    add(&metrics->images[analysis->image.format], 1);
    add(&metrics->no_face, analysis->n_faces == 0 ? 1 : 0);
    add(&metrics->faces, (unsigned long)analysis->n_faces);
    if (is_detection || analysis->n_faces == 0) {
        return;
    }
    metrics_stage(metrics, STAGE_ALIGN, analysis->timing.align_ms);
    metrics_stage(metrics, STAGE_INFER, analysis->timing.infer_ms);
    for (int i = 0; i < analysis->n_faces; i++) {
        add(&metrics->labels[analysis->faces[i].label], 1);
        add(&metrics->uncertain, analysis->faces[i].uncertain ? 1 : 0);
    }
}

static void head(FILE *out, enum metric metric)
{
    (void)fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", metric_rows[metric].name,
                  metric_rows[metric].help, metric_rows[metric].name,
                  metric_rows[metric].type);
}

/* One labelled histogram; `labels` without braces, never empty. */
static void print_histogram(FILE *out, enum metric metric, const char *labels,
                            const struct histogram *histogram)
{
    const char *name = metric_rows[metric].name;
    unsigned long total = 0;

    for (int i = 0; i < N_BUCKETS; i++) {
        total += get(&histogram->buckets[i]);
        if (i < N_BUCKETS - 1) {
            (void)fprintf(out, "%s_bucket{%s,le=\"%g\"} %lu\n", name, labels,
                          bounds[i], total);
        }
    }
    (void)fprintf(out, "%s_bucket{%s,le=\"+Inf\"} %lu\n", name, labels, total);
    (void)fprintf(out, "%s_sum{%s} %.6f\n", name, labels,
                  (double)get(&histogram->sum_us) * 1e-6);
    (void)fprintf(out, "%s_count{%s} %lu\n", name, labels, total);
}

static bool is_used(const struct histogram *histogram)
{
    for (int i = 0; i < N_BUCKETS; i++) {
        if (get(&histogram->buckets[i]) > 0) {
            return true;
        }
    }
    return false;
}

static void print_requests(FILE *out, const struct metrics *metrics)
{
    char labels[128];

    head(out, METRIC_REQUEST_DURATION);
    for (int r = 0; r < N_ROUTES; r++) {
        for (int s = 0; s < N_STATUSES; s++) {
            const struct histogram *histogram = &metrics->requests[r][s];

            if (is_used(histogram)) {
                const struct route_info *route = router_info((enum route)r);

                (void)snprintf(labels, sizeof labels,
                               "http_request_method=\"%s\",http_route=\"%s\","
                               "http_response_status_code=\"%d\"",
                               route->method, route->path, statuses[s]);
                print_histogram(out, METRIC_REQUEST_DURATION, labels,
                                histogram);
            }
        }
    }
    head(out, METRIC_ACTIVE_REQUESTS);
    (void)fprintf(out, "%s %ld\n", metric_rows[METRIC_ACTIVE_REQUESTS].name,
                  metrics_active(metrics));
}

static void print_value(FILE *out, enum metric metric, unsigned long value)
{
    head(out, metric);
    (void)fprintf(out, "%s %lu\n", metric_rows[metric].name, value);
}

static void print_batches(FILE *out, const struct metrics *metrics)
{
    const char *name = metric_rows[METRIC_BATCH_SIZE].name;
    unsigned long total = 0;

    head(out, METRIC_BATCH_SIZE);
    for (int i = 0; i < N_SIZES; i++) {
        total += get(&metrics->batches[i]);
        (void)fprintf(out, "%s_bucket{le=\"%d\"} %lu\n", name, sizes[i], total);
    }
    total += get(&metrics->batches[N_SIZES]);
    (void)fprintf(out, "%s_bucket{le=\"+Inf\"} %lu\n%s_sum %lu\n%s_count %lu\n",
                  name, total, name, get(&metrics->batched_faces), name, total);
}

static void print_work(FILE *out, const struct metrics *metrics,
                       const struct metrics_now *now)
{
    char labels[64];

    head(out, METRIC_STAGE_DURATION);
    for (int s = 0; s < N_STAGES; s++) {
        (void)snprintf(labels, sizeof labels, "stage=\"%s\"", stage_names[s]);
        print_histogram(out, METRIC_STAGE_DURATION, labels,
                        &metrics->stages[s]);
    }
    print_batches(out, metrics);
    print_value(out, METRIC_QUEUE_DEPTH, now->queue_depth);
    print_value(out, METRIC_QUEUE_CAPACITY, now->queue_capacity);
    print_value(out, METRIC_WORKERS, (unsigned long)now->n_workers);
    print_value(out, METRIC_WORKERS_BUSY, (unsigned long)now->n_busy);
    print_value(out, METRIC_UPLOAD_BYTES, now->upload_bytes);
    head(out, METRIC_REJECTED);
    for (int p = PROBLEM_NONE + 1; p < N_PROBLEMS; p++) {
        (void)fprintf(
            out, "%s{reason=\"%s\"} %lu\n", metric_rows[METRIC_REJECTED].name,
            problem_info((enum problem)p)->code, get(&metrics->problems[p]));
    }
    print_value(out, METRIC_ABANDONED, get(&metrics->abandoned));
}

static void print_answers(FILE *out, const struct metrics *metrics,
                          const struct aha_model_info *model)
{
    head(out, METRIC_IMAGES);
    for (int f = AHA_IMAGE_UNKNOWN + 1; f < AHA_N_IMAGE_FORMATS; f++) {
        (void)fprintf(out, "%s{format=\"%s\"} %lu\n",
                      metric_rows[METRIC_IMAGES].name,
                      aha_image_format_name((enum aha_image_format)f),
                      get(&metrics->images[f]));
    }
    print_value(out, METRIC_NO_FACE, get(&metrics->no_face));
    print_value(out, METRIC_FACES, get(&metrics->faces));
    head(out, METRIC_EXPRESSION);
    for (int i = 0; i < model->n_labels; i++) {
        (void)fprintf(out, "%s{label=\"%s\"} %lu\n",
                      metric_rows[METRIC_EXPRESSION].name, model->labels[i],
                      get(&metrics->labels[i]));
    }
    print_value(out, METRIC_UNCERTAIN, get(&metrics->uncertain));
    head(out, METRIC_RELOADS);
    (void)fprintf(out, "%s{result=\"taken\"} %lu\n%s{result=\"refused\"} %lu\n",
                  metric_rows[METRIC_RELOADS].name, get(&metrics->reloads[1]),
                  metric_rows[METRIC_RELOADS].name, get(&metrics->reloads[0]));
}

static void print_infos(FILE *out, const struct aha_model_info *model)
{
    struct aha_build_info build = aha_build_info();

    head(out, METRIC_MODEL_INFO);
    (void)fprintf(out, "%s{id=\"%s\",version=\"%s\",sha256=\"%s\"} 1\n",
                  metric_rows[METRIC_MODEL_INFO].name, model->name,
                  model->version, model->sha256);
    head(out, METRIC_BUILD_INFO);
    (void)fprintf(out, "%s{version=\"%s\",kernels=\"%s\",blas=\"%s\"} 1\n",
                  metric_rows[METRIC_BUILD_INFO].name, build.version,
                  build.kernels, build.blas_core);
}

static void print_process(FILE *out, struct metrics *metrics)
{
    struct timespec cpu = {0, 0};

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    head(out, METRIC_PROCESS_CPU);
    (void)fprintf(out, "%s %.3f\n", metric_rows[METRIC_PROCESS_CPU].name,
                  (double)cpu.tv_sec + (double)cpu.tv_nsec * 1e-9);
    head(out, METRIC_PROCESS_MEMORY);
    (void)fprintf(out, "%s %ld\n", metric_rows[METRIC_PROCESS_MEMORY].name,
                  process_resident_bytes(&metrics->process));
    head(out, METRIC_PROCESS_FDS);
    (void)fprintf(out, "%s %d\n", metric_rows[METRIC_PROCESS_FDS].name,
                  process_open_fds(&metrics->process));
    head(out, METRIC_PROCESS_START);
    (void)fprintf(out, "%s %.3f\n", metric_rows[METRIC_PROCESS_START].name,
                  metrics->start);
}

char *metrics_text(struct metrics *metrics, const struct metrics_now *now)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    if (out == NULL) {
        return NULL;
    }
    print_requests(out, metrics);
    print_work(out, metrics, now);
    print_answers(out, metrics, now->model);
    print_infos(out, now->model);
    print_process(out, metrics);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
