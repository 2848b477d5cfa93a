// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "cli/bench_http.h"

enum { MAX_NAME = 16, FIRST_FINE = 200, LAST_FINE = 299 };

/* "200" or "timeout" */
static void outcome_name(int outcome, char out[MAX_NAME])
{
    const char *name = failure_name(outcome);

    if (name[0] != '\0') {
        (void)snprintf(out, MAX_NAME, "%s", name);
    } else {
        (void)snprintf(out, MAX_NAME, "%d", outcome);
    }
}

static void print_row(const char *name, const struct latency *row)
{
    (void)printf("%-8s %8d %10.1f %10.1f %10.1f %10.1f %10.1f %10.1f\n", name,
                 row->n, row->mean_ms, row->p50_ms, row->p90_ms, row->p99_ms,
                 row->p999_ms, row->max_ms);
}

static void print_table(const struct load_plan *plan,
                        const struct load_result *result, int n_fine,
                        double *scratch)
{
    char name[MAX_NAME];

    if (plan->rate > 0) {
        (void)printf("offered %.1f a second for %.1f s", plan->rate,
                     plan->duration_s);
    } else {
        (void)printf("closed loop for %.1f s", plan->duration_s);
    }
    (void)printf(", %d connections; answered with 2xx: %.1f a second\n\n",
                 plan->n_connections, n_fine / result->elapsed_s);
    (void)printf("%-8s %8s %10s %10s %10s %10s %10s %10s\n", "", "number",
                 "mean ms", "p50", "p90", "p99", "p99.9", "most");
    for (int outcome = 0; outcome < N_OUTCOMES; outcome++) {
        struct latency row = latency_of(result->samples, result->n_samples,
                                        outcome, outcome, scratch);

        if (row.n > 0) {
            outcome_name(outcome, name);
            print_row(name, &row);
        }
    }
    (void)printf("\nTimes run from when a request was due; the latest was sent "
                 "%.1f ms after.\n",
                 result->lateness_ms);
}

static json_t *latency_object(const struct latency *row)
{
    return json_pack("{si sf sf sf sf sf sf}", "n", row->n, "mean_ms",
                     row->mean_ms, "p50_ms", row->p50_ms, "p90_ms", row->p90_ms,
                     "p99_ms", row->p99_ms, "p999_ms", row->p999_ms, "max_ms",
                     row->max_ms);
}

static bool print_json(const struct load_plan *plan,
                       const struct load_result *result, int n_fine,
                       double *scratch)
{
    char name[MAX_NAME];
    json_t *outcomes = json_object();
    json_t *report;
    bool is_whole = outcomes != NULL;

    for (int outcome = 0; outcome < N_OUTCOMES; outcome++) {
        struct latency row = latency_of(result->samples, result->n_samples,
                                        outcome, outcome, scratch);

        if (row.n > 0) {
            outcome_name(outcome, name);
            is_whole = json_object_set_new(outcomes, name,
                                           latency_object(&row)) == 0 &&
                       is_whole;
        }
    }
    report =
        json_pack("{ss sf sf si sf sf sf so}", "url", plan->url, "rate",
                  plan->rate, "duration_s", plan->duration_s, "connections",
                  plan->n_connections, "elapsed_s", result->elapsed_s,
                  "answered_per_s", n_fine / result->elapsed_s, "lateness_ms",
                  result->lateness_ms, "outcomes", outcomes);
    is_whole = is_whole && report != NULL &&
               json_dumpf(report, stdout, JSON_INDENT(2)) == 0 && puts("") >= 0;
    json_decref(report);
    return is_whole;
}

bool bench_report(const struct load_plan *plan,
                  const struct load_result *result, bool is_json)
{
    double *scratch = calloc((size_t)result->n_samples, sizeof *scratch);
    bool is_whole = scratch != NULL;
    int n_fine = 0;

    if (is_whole) {
        n_fine = latency_of(result->samples, result->n_samples, FIRST_FINE,
                            LAST_FINE, scratch)
                     .n;
        if (is_json) {
            is_whole = print_json(plan, result, n_fine, scratch);
        } else {
            print_table(plan, result, n_fine, scratch);
        }
    }
    if (!is_whole) {
        (void)fputs("aha: out of memory\n", stderr);
    }
    free(scratch);
    return is_whole && n_fine > 0;
}
