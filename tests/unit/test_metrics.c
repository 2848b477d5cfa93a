// SPDX-License-Identifier: MIT
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "server/metrics.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { N_THREADS = 3, PER_THREAD = 5000 };

static const struct aha_model_info model = {
    .name = "AHA", .version = "1", .n_labels = 2, .labels = {"anger", "fear"}};

static const char *const names[] = {
#define METRIC(id, name, type, help) name,
#include "server/metrics.def"
#undef METRIC
};

static struct metrics *metrics;

static void set_up(void)
{
    metrics = metrics_create();
    ck_assert_ptr_nonnull(metrics);
}

static void tear_down(void)
{
    metrics_destroy(metrics);
}

/* The whole text, the caller frees. */
static char *text_of(void)
{
    char *text = metrics_text(metrics, &(struct metrics_now){
                                           .model = &model,
                                           .queue_depth = 5,
                                           .queue_capacity = 256,
                                           .n_workers = 4,
                                           .n_busy = 3,
                                           .upload_bytes = 123456,
                                       });

    ck_assert_ptr_nonnull(text);
    return text;
}

static void expect(const char *text, const char *line)
{
    ck_assert_msg(strstr(text, line) != NULL, "%s not in:\n%s", line, text);
}

static void expect_not(const char *text, const char *line)
{
    ck_assert_msg(strstr(text, line) == NULL, "%s in:\n%s", line, text);
}

START_TEST(requests_show)
{
    char *text;

    metrics_request_begin(metrics, LISTENER_PUBLIC);
    metrics_request_begin(metrics, LISTENER_PUBLIC);
    metrics_request_begin(metrics, LISTENER_ADMIN);
    metrics_request_end(metrics, LISTENER_PUBLIC, ROUTE_ANALYZE, 200, 40);
    ck_assert_int_eq(metrics_active(metrics), 1);
    metrics_request_end(metrics, LISTENER_ADMIN, ROUTE_LIVEZ, 200, 1);
    metrics_request_begin(metrics, LISTENER_PUBLIC);
    metrics_request_end(metrics, LISTENER_PUBLIC, ROUTE_NONE, 418, 20000);
    metrics_problem(metrics, PROBLEM_OVERLOADED);
    text = text_of();
    expect(text, "http_server_active_requests 1\n");
    expect(text, "aha_rejected_total{reason=\"overloaded\"} 1\n");
    expect(text, "aha_rejected_total{reason=\"internal\"} 0\n");
    expect(text, "http_server_request_duration_seconds_bucket{"
                 "http_request_method=\"POST\",http_route=\"/v1/analyze\","
                 "http_response_status_code=\"200\",le=\"0.025\"} 0\n");
    expect(text, "/v1/analyze\",http_response_status_code=\"200\",le=\"0.05\"}"
                 " 1\n");
    expect(text, "/v1/analyze\",http_response_status_code=\"200\",le=\"+Inf\"}"
                 " 1\n");
    expect(text, "/v1/analyze\",http_response_status_code=\"200\"} 0.040000\n");
    expect(text, "http_route=\"/livez\"");
    /* Of a status that has no place of its own, nothing is lost. */
    expect(text, "http_route=\"\",http_response_status_code=\"-1\",le=\"10\"}"
                 " 0\n");
    expect(text, "http_route=\"\",http_response_status_code=\"-1\",le=\"+Inf\""
                 "} 1\n");
    expect_not(text, "/v1/batch");
    free(text);
}
END_TEST

START_TEST(answers_show)
{
    struct aha_face_result faces[2] = {{.label = 1},
                                       {.label = 1, .uncertain = true}};
    struct aha_analysis analysis = {.n_faces = 2,
                                    .faces = faces,
                                    .image = {.format = AHA_IMAGE_JPEG},
                                    .timing = {.infer_ms = 30}};
    struct aha_analysis nobody = {.image = {.format = AHA_IMAGE_PNG}};
    char *text;

    metrics_analysis(metrics, &analysis, false);
    metrics_analysis(metrics, &nobody, false);
    metrics_reload(metrics, true);
    metrics_reload(metrics, false);
    metrics_reload(metrics, false);
    metrics_abandoned(metrics);
    text = text_of();
    expect(text, "aha_images_total{format=\"jpeg\"} 1\n");
    expect(text, "aha_images_total{format=\"png\"} 1\n");
    expect(text, "aha_no_face_total 1\n");
    expect(text, "aha_faces_total 2\n");
    expect(text, "aha_expression_total{label=\"fear\"} 2\n");
    expect(text, "aha_expression_total{label=\"anger\"} 0\n");
    expect(text, "aha_uncertain_total 1\n");
    expect(text, "aha_stage_duration_seconds_sum{stage=\"infer\"} 0.030000\n");
    expect(text, "aha_stage_duration_seconds_count{stage=\"infer\"} 1\n");
    expect(text, "aha_stage_duration_seconds_count{stage=\"decode\"} 2\n");
    expect(text, "aha_reloads_total{result=\"taken\"} 1\n");
    expect(text, "aha_reloads_total{result=\"refused\"} 2\n");
    expect(text, "aha_abandoned_total 1\n");
    free(text);
}
END_TEST

START_TEST(a_detection_has_no_expression)
{
    struct aha_face_result face = {.label = 1, .uncertain = true};
    struct aha_analysis analysis = {.n_faces = 1, .faces = &face};
    char *text;

    metrics_analysis(metrics, &analysis, true);
    text = text_of();
    expect(text, "aha_faces_total 1\n");
    expect(text, "aha_expression_total{label=\"fear\"} 0\n");
    expect(text, "aha_uncertain_total 0\n");
    expect(text, "aha_stage_duration_seconds_count{stage=\"infer\"} 0\n");
    free(text);
}
END_TEST

START_TEST(batches_show)
{
    static const int sizes[] = {1, 2, 3, 16, 64, 65};
    char *text;

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        metrics_batch(metrics, sizes[i]);
    }
    text = text_of();
    expect(text, "aha_batch_size_bucket{le=\"1\"} 1\n");
    expect(text, "aha_batch_size_bucket{le=\"2\"} 2\n");
    expect(text, "aha_batch_size_bucket{le=\"4\"} 3\n");
    expect(text, "aha_batch_size_bucket{le=\"8\"} 3\n");
    expect(text, "aha_batch_size_bucket{le=\"64\"} 5\n");
    expect(text, "aha_batch_size_bucket{le=\"+Inf\"} 6\n");
    expect(text, "aha_batch_size_sum 151\n");
    expect(text, "aha_batch_size_count 6\n");
    free(text);
}
END_TEST

START_TEST(what_is_read_shows)
{
    char *text = text_of();

    expect(text, "aha_queue_depth 5\n");
    expect(text, "aha_queue_capacity 256\n");
    expect(text, "aha_workers 4\n");
    expect(text, "aha_workers_busy 3\n");
    expect(text, "aha_upload_bytes 123456\n");
    expect(text, "aha_model_info{id=\"AHA\",version=\"1\",sha256=\"\"} 1\n");
    expect(text, "\nprocess_open_fds ");
    expect_not(text, "process_resident_memory_bytes 0\n");
    expect_not(text, "process_start_time_seconds 0");
    free(text);
}
END_TEST

/* Whether a sample's name is a metric's, but for what a histogram appends. */
static bool is_known(const char *line)
{
    static const char *const ends[] = {"", "_bucket", "_sum", "_count"};
    size_t n = strcspn(line, "{ ");

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i]);

        for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
            if (n == length + strlen(ends[k]) &&
                strncmp(line, names[i], length) == 0 &&
                strncmp(line + length, ends[k], n - length) == 0) {
                return true;
            }
        }
    }
    return false;
}

START_TEST(every_metric_has_its_head_once)
{
    char *text;
    char *rest;
    char *line;

    metrics_request_begin(metrics, LISTENER_PUBLIC);
    metrics_request_end(metrics, LISTENER_PUBLIC, ROUTE_ANALYZE, 200, 40);
    text = text_of();
    rest = text;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char head[128];
        const char *first;

        (void)snprintf(head, sizeof head, "# TYPE %s ", names[i]);
        first = strstr(text, head);
        ck_assert_msg(first != NULL, "no %s", names[i]);
        ck_assert_ptr_null(strstr(first + 1, head));
    }
    while ((line = strsep(&rest, "\n")) != NULL && rest != NULL) {
        char *end = NULL;

        if (line[0] == '#') {
            continue;
        }
        ck_assert_msg(is_known(line), "%s", line);
        ck_assert_ptr_nonnull(strrchr(line, ' '));
        (void)strtod(strrchr(line, ' ') + 1, &end);
        ck_assert_msg(*end == '\0', "%s", line);
    }
    free(text);
}
END_TEST

static void *count_many(void *data)
{
    (void)data;
    for (int i = 0; i < PER_THREAD; i++) {
        metrics_request_begin(metrics, LISTENER_PUBLIC);
        metrics_batch(metrics, 2);
        metrics_request_end(metrics, LISTENER_PUBLIC, ROUTE_BATCH, 200, 1);
    }
    return NULL;
}

START_TEST(threads_lose_no_count)
{
    pthread_t threads[N_THREADS];
    char *text;

    for (int i = 0; i < N_THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_many, NULL),
                         0);
    }
    free(text_of()); /* while they count */
    for (int i = 0; i < N_THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    text = text_of();
    ck_assert_int_eq(metrics_active(metrics), 0);
    expect(text, "aha_batch_size_count 15000\n");
    expect(text, "/v1/batch\",http_response_status_code=\"200\"} 15000\n");
    free(text);
}
END_TEST

START_TEST(no_memory_is_told)
{
    struct metrics *none;

    (void)support_fail_allocation(1);
    none = metrics_create();
    ck_assert(support_fail_allocation(0));
    ck_assert_ptr_null(none);
    metrics_destroy(NULL);
}
END_TEST

Suite *metrics_suite(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tests = tcase_create("metrics");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, requests_show);
    tcase_add_test(tests, answers_show);
    tcase_add_test(tests, a_detection_has_no_expression);
    tcase_add_test(tests, batches_show);
    tcase_add_test(tests, what_is_read_shows);
    tcase_add_test(tests, every_metric_has_its_head_once);
    tcase_add_test(tests, threads_lose_no_count);
    tcase_add_test(tests, no_memory_is_told);
    suite_add_tcase(suite, tests);
    return suite;
}
