// SPDX-License-Identifier: MIT
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/jansson_guard.h"
#include "server/reply_tensor.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"
#include "tests/unit/support_json.h"

enum { N_FACES = 2, N_LABELS = 2, N_REGIONS = 3 };

static struct aha_model_info model;
static struct aha_face_result faces[N_FACES];
static struct aha_analysis analysis;
static struct tensor_request request;
static size_t n_json;
static size_t n_bytes;

static void set_up(void)
{
    jansson_guard_init();
    model = (struct aha_model_info){.name = "AHA",
                                    .version = "1.0.0",
                                    .n_labels = N_LABELS,
                                    .n_regions = N_REGIONS};
    for (int i = 0; i < N_FACES; i++) {
        for (int k = 0; k < N_REGIONS; k++) {
            faces[i].probabilities[k] = (float)(10 * i + k) + 0.25F;
            faces[i].logits[k] = (float)(10 * i + k) + 100.25F;
            faces[i].regions[k].weight = (float)(10 * i + k) + 200.25F;
        }
    }
    analysis = (struct aha_analysis){.n_faces = N_FACES, .faces = faces};
    request = (struct tensor_request){
        .n_outputs = 3,
        .outputs = {OUTPUT_PROBABILITIES, OUTPUT_LOGITS, OUTPUT_ATTENTION}};
    n_json = n_bytes = 12345;
}

static char *answer(void)
{
    return reply_tensors(&analysis, &model, &request, &n_json, &n_bytes);
}

START_TEST(as_numbers)
{
    char *text = answer();
    json_t *root;

    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(n_json, 0);
    ck_assert_uint_eq(n_bytes, strlen(text));
    root = support_json(text);
    support_expect_keys(root, "", "model_name model_version outputs");
    ck_assert_uint_eq(json_array_size(support_at(root, "outputs")), 3);
    support_expect_keys(root, "outputs.0", "name datatype shape data");
    ck_assert_str_eq(support_string(root, "outputs.0.datatype"), "FP32");
    ck_assert_double_eq(support_number(root, "outputs.0.shape.0"), N_FACES);
    ck_assert_double_eq(support_number(root, "outputs.0.shape.1"), N_LABELS);
    ck_assert_uint_eq(json_array_size(support_at(root, "outputs.0.data")),
                      N_FACES * N_LABELS);
    ck_assert_double_eq(support_number(root, "outputs.0.data.3"), 11.25);
    ck_assert_str_eq(support_string(root, "outputs.1.name"), "logits");
    ck_assert_double_eq(support_number(root, "outputs.1.data.2"), 110.25);
    ck_assert_double_eq(support_number(root, "outputs.2.shape.1"), N_REGIONS);
    ck_assert_double_eq(support_number(root, "outputs.2.data.5"), 212.25);
    json_decref(root);
}
END_TEST

START_TEST(its_id_comes_back)
{
    json_t *root;

    memcpy(request.id, "a \"b\"", sizeof "a \"b\"");
    request.n_outputs = 1;
    root = support_json(answer());
    support_expect_keys(root, "", "model_name model_version id outputs");
    ck_assert_str_eq(support_string(root, "id"), "a \"b\"");
    ck_assert_uint_eq(json_array_size(support_at(root, "outputs")), 1);
    json_decref(root);
}
END_TEST

static float value_at(const char *bytes, size_t i)
{
    float value;

    memcpy(&value, bytes + n_json + i * sizeof value, sizeof value);
    return value;
}

/* Attention as bytes, logits as numbers, probabilities as bytes. */
START_TEST(as_bytes_in_the_order_asked_for)
{
    static const float expected[] = {200.25F, 201.25F, 202.25F, 210.25F,
                                     211.25F, 212.25F, 0.25F,   1.25F,
                                     10.25F,  11.25F};
    char *bytes;
    char *head;
    json_t *root;

    request = (struct tensor_request){
        .n_outputs = 3,
        .outputs = {OUTPUT_ATTENTION, OUTPUT_LOGITS, OUTPUT_PROBABILITIES},
        .is_binary = {true, false, true}};
    bytes = answer();
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(n_bytes, n_json + sizeof expected);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        ck_assert(value_at(bytes, i) == expected[i]);
    }
    head = strndup(bytes, n_json);
    free(bytes);
    root = support_json(head);
    support_expect_keys(root, "outputs.0", "name datatype shape parameters");
    ck_assert_double_eq(
        support_number(root, "outputs.0.parameters.binary_data_size"), 24);
    support_expect_keys(root, "outputs.1", "name datatype shape data");
    ck_assert_double_eq(
        support_number(root, "outputs.2.parameters.binary_data_size"), 16);
    json_decref(root);
}
END_TEST

START_TEST(as_many_as_there_may_be)
{
    static struct aha_face_result crowd[AHA_MAX_FACES];
    char *bytes;

    memset(crowd, 0, sizeof crowd);
    crowd[AHA_MAX_FACES - 1].regions[AHA_MAX_REGIONS - 1].weight = 7;
    model.n_labels = AHA_MAX_LABELS;
    model.n_regions = AHA_MAX_REGIONS;
    analysis = (struct aha_analysis){.n_faces = AHA_MAX_FACES, .faces = crowd};
    request.is_binary[0] = request.is_binary[1] = request.is_binary[2] = true;
    bytes = answer();
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(n_bytes - n_json,
                      (size_t)AHA_MAX_FACES * 4 *
                          (2 * AHA_MAX_LABELS + AHA_MAX_REGIONS));
    ck_assert(value_at(bytes, (n_bytes - n_json) / 4 - 1) == 7.0F);
    free(bytes);
}
END_TEST

START_TEST(not_finite_is_no_answer)
{
    faces[1].logits[1] = NAN;
    ck_assert_ptr_null(answer());
    ck_assert_uint_eq(n_bytes, 12345);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    unsigned long n = 0;
    bool has_failed;

    request.is_binary[1] = true;
    memcpy(request.id, "id", sizeof "id");
    do {
        char *text;

        (void)support_fail_allocation(++n);
        text = answer();
        has_failed = support_fail_allocation(0);
        ck_assert_msg((text == NULL) == has_failed, "allocation %lu: %s", n,
                      text);
        free(text);
    } while (has_failed);
    ck_assert_uint_gt(n, 10);
}
END_TEST

Suite *reply_tensor_suite(void)
{
    Suite *suite = suite_create("reply_tensor");
    TCase *tests = tcase_create("reply_tensor");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, as_numbers);
    tcase_add_test(tests, its_id_comes_back);
    tcase_add_test(tests, as_bytes_in_the_order_asked_for);
    tcase_add_test(tests, as_many_as_there_may_be);
    tcase_add_test(tests, not_finite_is_no_answer);
    tcase_add_test(tests, every_allocation_may_fail);
    suite_add_tcase(suite, tests);
    return suite;
}
