// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "server/metrics.h"
#include "tests/unit/suites.h"

static const struct aha_model_info model = {
    .name = "AHA", .version = "1", .n_labels = 2, .labels = {"anger", "fear"}};

static void expect(const char *text, const char *line)
{
    ck_assert_msg(strstr(text, line) != NULL, "%s not in:\n%s", line, text);
}

START_TEST(counts_show)
{
    struct metrics *metrics = metrics_create();
    struct aha_face_result faces[2] = {{.label = 1}, {.label = 1}};
    struct aha_analysis analysis = {
        .n_faces = 2, .faces = faces, .timing = {.infer_ms = 30}};
    size_t n = 0;
    char *text;

    metrics_request_begin(metrics);
    metrics_request_begin(metrics);
    metrics_request_end(metrics, ROUTE_ANALYZE, 200, 40);
    metrics_problem(metrics, PROBLEM_OVERLOADED);
    metrics_analysis(metrics, &analysis);
    ck_assert_int_eq(metrics_active(metrics), 1);
    text = metrics_text(metrics, &model, 5, &n);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(strlen(text), n);
    expect(text, "aha_queue_depth 5\n");
    expect(text, "http_server_active_requests 1\n");
    expect(text, "aha_faces_total 2\n");
    expect(text, "aha_expression_total{label=\"fear\"} 2\n");
    expect(text, "aha_rejected_total{reason=\"overloaded\"} 1\n");
    expect(text, "http_server_request_duration_seconds_bucket{http_route=\""
                 "/v1/analyze\",http_response_status_code=\"200\",le=\"0.025\"}"
                 " 0\n");
    expect(text, "http_response_status_code=\"200\",le=\"0.05\"} 1\n");
    expect(text, "http_response_status_code=\"200\",le=\"+Inf\"} 1\n");
    expect(text, "aha_stage_duration_seconds_sum{stage=\"infer\"} 0.030000\n");
    free(text);
    metrics_destroy(metrics);
}
END_TEST

Suite *metrics_suite(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tests = tcase_create("metrics");

    tcase_add_test(tests, counts_show);
    suite_add_tcase(suite, tests);
    return suite;
}
