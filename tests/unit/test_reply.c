// SPDX-License-Identifier: MIT
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "server/reply.h"
#include "tests/unit/suites.h"

static struct aha_model_info model;
static struct aha_face_result face;
static struct aha_analysis analysis;

static void make_analysis(void)
{
    model = (struct aha_model_info){
        .name = "AHA",
        .version = "1",
        .n_labels = 2,
        .labels = {"anger", "neutral"},
        .n_regions = 2,
        .regions = {{.name = "face", .branch = AHA_BRANCH_GLOBAL},
                    {.name = "mouth", .branch = AHA_BRANCH_LOCAL}},
    };
    face = (struct aha_face_result){
        .face = {.box = {10.04F, 20, 30, 40}, .detection_confidence = 0.9F},
        .label = 1,
        .probabilities = {0.25F, 0.75F},
        .regions = {{.weight = 0.8F}, {.weight = 0.2F}},
    };
    analysis = (struct aha_analysis){
        .image = {AHA_IMAGE_PNG, 100, 200, 6},
        .n_faces = 1,
        .faces = &face,
        .n_skipped = 1,
        .skipped = {{.reason = AHA_SKIP_MAX_FACES}},
    };
}

static json_t *parse(char *text)
{
    json_t *root;

    ck_assert_ptr_nonnull(text);
    root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(root);
    free(text);
    return root;
}

static const json_t *at(const json_t *node, const char *key)
{
    const json_t *child = json_object_get(node, key);

    ck_assert_msg(child != NULL, "%s is missing", key);
    return child;
}

START_TEST(analysis_shape)
{
    struct reply_context context = {
        .request_id = "id", .queue_ms = 1.5, .total_ms = -1};
    json_t *root = parse(reply_analysis(&analysis, &model, &context));
    const json_t *first = json_array_get(at(root, "faces"), 0);
    const json_t *expression = at(first, "expression");
    const json_t *attention = at(first, "attention");

    ck_assert_str_eq(json_string_value(at(root, "request_id")), "id");
    ck_assert_ptr_null(json_object_get(root, "file"));
    ck_assert_int_eq(
        json_integer_value(at(at(root, "image"), "orientation_applied")), 6);
    ck_assert_double_eq_tol(json_number_value(at(at(first, "box"), "x")), 10.0,
                            1e-9);
    ck_assert_str_eq(json_string_value(at(expression, "label")), "neutral");
    ck_assert_double_eq(
        json_number_value(at(at(expression, "probabilities"), "anger")), 0.25);
    ck_assert(json_is_false(at(expression, "uncertain")));
    ck_assert_double_eq_tol(
        json_number_value(at(at(attention, "branches"), "global")), 0.8, 1e-6);
    ck_assert_ptr_null(json_object_get(at(attention, "branches"), "mixture"));
    ck_assert_uint_eq(json_array_size(at(attention, "regions")), 2);
    ck_assert_str_eq(
        json_string_value(at(json_array_get(at(root, "skipped"), 0), "reason")),
        "exceeds_max_faces");
    ck_assert_ptr_nonnull(json_object_get(at(root, "timing_ms"), "queue"));
    ck_assert_ptr_null(json_object_get(at(root, "timing_ms"), "total"));
    json_decref(root);
}
END_TEST

START_TEST(not_finite_is_no_answer)
{
    struct reply_context context = {.queue_ms = -1, .total_ms = -1};

    face.regions[1].evidence[0] = NAN;
    ck_assert_ptr_null(reply_analysis(&analysis, &model, &context));
    face.regions[1].evidence[0] = 0;
    face.face.landmarks[2].y = INFINITY;
    ck_assert_ptr_null(reply_analysis(&analysis, &model, &context));
}
END_TEST

START_TEST(any_file_name_can_be_told)
{
    static const char *const names[] = {"a.jpg", "\xff\xfe.jpg", "\"\n\\",
                                        "\xc3\xa9", "\xc3"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        json_t *root =
            parse(reply_file_error(names[i], "io_error", "No such file."));

        ck_assert(json_is_string(at(root, "file")));
        json_decref(root);
    }
}
END_TEST

START_TEST(problem_members)
{
    json_t *root = parse(reply_problem(&(struct reply_problem){
        .code = "payload_too_large",
        .title = "t",
        .status = 413,
        .detail = "d",
        .instance = NULL,
        .request_id = "r",
        .limit = 10,
        .actual = -1,
    }));

    ck_assert_str_eq(json_string_value(at(root, "type")),
                     "urn:aha:problem:payload_too_large");
    ck_assert_int_eq(json_integer_value(at(root, "limit")), 10);
    ck_assert_ptr_null(json_object_get(root, "actual"));
    ck_assert_ptr_null(json_object_get(root, "instance"));
    json_decref(root);
}
END_TEST

Suite *reply_suite(void)
{
    Suite *suite = suite_create("reply");
    TCase *tests = tcase_create("reply");

    tcase_add_checked_fixture(tests, make_analysis, NULL);
    tcase_add_test(tests, analysis_shape);
    tcase_add_test(tests, not_finite_is_no_answer);
    tcase_add_test(tests, any_file_name_can_be_told);
    tcase_add_test(tests, problem_members);
    suite_add_tcase(suite, tests);
    return suite;
}
