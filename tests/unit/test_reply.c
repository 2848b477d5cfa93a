// SPDX-License-Identifier: MIT
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/jansson_guard.h"
#include "server/reply.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"
#include "tests/unit/support_json.h"

enum { N_FACES = 2 };

static const float map[6] = {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F};

static struct aha_model_info model;
static struct aha_face_result faces[N_FACES];
static struct aha_analysis analysis;
static struct reply_options options;
static struct reply_context context;

static struct aha_face_result make_face(float x, float confidence)
{
    return (struct aha_face_result){
        .face = {.box = {x, 20, 30, 40},
                 .detection_confidence = confidence,
                 .landmarks = {{12.34F, 25}},
                 .pose = {-4.06F, 2, 1.3F},
                 .quality = {0.81236F, 0.5F, 0.25F,
                             1U << AHA_QUALITY_SMALL |
                                 1U << AHA_QUALITY_TURNED}},
        .label = 2,
        .probabilities = {0.25F, 0.25F, 0.5F},
        .logits = {-1, 0, 1},
        .regions = {{.weight = 0.8F,
                     .evidence = {1, 2, 3},
                     .quad = {{0, 1}, {2, 3}, {4, 5}, {6, 7}},
                     .map = map},
                    {.weight = 0.2F}},
    };
}

static void set_up(void)
{
    jansson_guard_init(); /* lets what Jansson allocates fail, too */
    model = (struct aha_model_info){
        .name = "AHA",
        .version = "1",
        .sha256 = "0123",
        .n_labels = 3,
        .labels = {"anger", "fear", "neutral"},
        .n_regions = 2,
        .regions = {{.name = "face",
                     .branch = AHA_BRANCH_GLOBAL,
                     .map_width = 3,
                     .map_height = 2},
                    {.name = "mouth", .branch = AHA_BRANCH_LOCAL}},
    };
    faces[0] = make_face(50.04F, 0.8F);
    faces[1] = make_face(10, 0.9F);
    analysis = (struct aha_analysis){
        .image = {AHA_IMAGE_PNG, 100, 200, 6},
        .n_faces = N_FACES,
        .faces = faces,
        .n_skipped = 1,
        .skipped = {{.box = {1, 2, 3, 4}, .reason = AHA_SKIP_MAX_FACES}},
        .timing = {1.23456, 2, 3, 4},
    };
    options = (struct reply_options){.include = INCLUDE_DEFAULT};
    context = (struct reply_context){.request_id = "id",
                                     .model = &model,
                                     .options = &options,
                                     .queue_ms = 1.5,
                                     .total_ms = 12,
                                     .batch_size = 3};
}

static json_t *answer(void)
{
    return support_json(reply_analysis(&analysis, &context));
}

START_TEST(analysis_members)
{
    json_t *root = answer();

    support_expect_keys(root, "",
                        "request_id model image faces skipped timing_ms batch");
    support_expect_keys(root, "model", "id version sha256");
    support_expect_keys(root, "faces.0",
                        "face_id box detection_confidence landmarks pose "
                        "quality expression attention");
    support_expect_keys(root, "faces.0.landmarks",
                        "left_eye right_eye nose mouth_left mouth_right");
    support_expect_keys(root, "faces.0.expression",
                        "label probability probabilities uncertain");
    support_expect_keys(root, "faces.0.attention", "branches regions");
    support_expect_keys(root, "faces.0.attention.branches", "global local");
    support_expect_keys(root, "faces.0.attention.regions.0",
                        "name branch weight probabilities evidence quad");
    support_expect_keys(root, "skipped.0", "box reason");
    support_expect_keys(root, "timing_ms",
                        "queue decode detect align infer total");
    json_decref(root);
}
END_TEST

START_TEST(analysis_values)
{
    json_t *root = answer();

    ck_assert_str_eq(support_string(root, "request_id"), "id");
    ck_assert_str_eq(support_string(root, "model.sha256"), "0123");
    ck_assert_str_eq(support_string(root, "image.format"), "png");
    ck_assert_double_eq(support_number(root, "image.orientation_applied"), 6);
    ck_assert_double_eq(support_number(root, "faces.1.face_id"), 1);
    ck_assert_double_eq_tol(support_number(root, "faces.0.box.x"), 50.0, 1e-9);
    ck_assert_double_eq_tol(
        support_number(root, "faces.0.landmarks.left_eye.0"), 12.3, 1e-9);
    ck_assert_double_eq_tol(support_number(root, "faces.0.pose.yaw"), -4.1,
                            1e-9);
    ck_assert_double_eq_tol(support_number(root, "faces.0.quality.score"),
                            0.8124, 1e-9);
    ck_assert_uint_eq(
        json_array_size(support_at(root, "faces.0.quality.flags")), 2);
    ck_assert_str_eq(support_string(root, "faces.0.quality.flags.1"), "turned");
    ck_assert_str_eq(support_string(root, "faces.0.expression.label"),
                     "neutral");
    ck_assert_double_eq(support_number(root, "faces.0.expression.probability"),
                        0.5);
    ck_assert_double_eq(
        support_number(root, "faces.0.expression.probabilities.anger"), 0.25);
    ck_assert(json_is_false(support_at(root, "faces.0.expression.uncertain")));
    ck_assert_double_eq_tol(
        support_number(root, "faces.0.attention.branches.global"), 0.8, 1e-6);
    ck_assert_double_eq(
        support_number(root, "faces.0.attention.regions.0.evidence.neutral"),
        3);
    ck_assert_double_eq(
        support_number(root, "faces.0.attention.regions.0.quad.3.1"), 7);
    ck_assert_str_eq(support_string(root, "skipped.0.reason"),
                     "exceeds_max_faces");
    ck_assert_double_eq_tol(support_number(root, "timing_ms.decode"), 1.235,
                            1e-9);
    ck_assert_double_eq(support_number(root, "batch.size"), 3);
    json_decref(root);
}
END_TEST

START_TEST(nothing_but_what_is_asked_for)
{
    json_t *root;

    options.include = 0;
    context.batch_size = 0;
    root = answer();
    support_expect_keys(root, "", "request_id model image faces skipped");
    support_expect_keys(root, "faces.0",
                        "face_id box detection_confidence expression");
    json_decref(root);
    options.include = INCLUDE_ATTENTION | INCLUDE_ATTENTION_MAP |
                      INCLUDE_LOGITS | INCLUDE_TIMING;
    context.queue_ms = context.total_ms = -1;
    context.request_id = NULL;
    context.file = "a.jpg";
    root = answer();
    support_expect_keys(root, "", "file model image faces skipped timing_ms");
    support_expect_keys(root, "timing_ms", "decode detect align infer");
    support_expect_keys(root, "faces.0.expression.logits",
                        "anger fear neutral");
    support_expect_keys(root, "faces.0.attention.regions.0",
                        "name branch weight probabilities quad map");
    ck_assert_double_eq(
        support_number(root, "faces.0.attention.regions.0.map.width"), 3);
    ck_assert_uint_eq(json_array_size(support_at(
                          root, "faces.0.attention.regions.0.map.values")),
                      6);
    ck_assert_double_eq_tol(
        support_number(root, "faces.0.attention.regions.0.map.values.5"), 0.6,
        1e-6);
    /* A region without a map has none. */
    ck_assert_ptr_null(support_find(root, "faces.0.attention.regions.1.map"));
    json_decref(root);
}
END_TEST

START_TEST(a_detection_is_faces_alone)
{
    json_t *root;

    context.is_detection = true;
    context.model = NULL;
    context.batch_size = 0;
    root = answer();
    support_expect_keys(root, "", "request_id image faces skipped timing_ms");
    support_expect_keys(
        root, "faces.0",
        "face_id box detection_confidence landmarks pose quality");
    support_expect_keys(root, "timing_ms", "queue decode detect total");
    json_decref(root);
}
END_TEST

START_TEST(the_most_probable_ones)
{
    json_t *root;

    options.top_k = 1;
    root = answer();
    support_expect_keys(root, "faces.0.expression.probabilities", "neutral");
    json_decref(root);
    options.top_k = 2; /* of two equal ones, the first */
    root = answer();
    support_expect_keys(root, "faces.0.expression.probabilities",
                        "anger neutral");
    json_decref(root);
    options.top_k = 7;
    root = answer();
    support_expect_keys(root, "faces.0.expression.probabilities",
                        "anger fear neutral");
    support_expect_keys(root, "faces.0.attention.regions.0.probabilities",
                        "anger fear neutral");
    json_decref(root);
}
END_TEST

START_TEST(shares_of_the_photo)
{
    json_t *root;

    options.is_normalized = true;
    root = answer();
    ck_assert_double_eq_tol(support_number(root, "faces.1.box.x"), 0.1, 1e-6);
    ck_assert_double_eq_tol(support_number(root, "faces.1.box.y"), 0.1, 1e-6);
    ck_assert_double_eq_tol(support_number(root, "faces.1.box.width"), 0.3,
                            1e-6);
    ck_assert_double_eq_tol(support_number(root, "faces.1.box.height"), 0.2,
                            1e-6);
    ck_assert_double_eq_tol(
        support_number(root, "faces.1.landmarks.left_eye.0"), 0.1234, 1e-6);
    ck_assert_double_eq_tol(
        support_number(root, "faces.0.attention.regions.0.quad.3.1"), 7.0 / 200,
        1e-6);
    ck_assert_double_eq_tol(support_number(root, "skipped.0.box.height"),
                            4.0 / 200, 1e-6);
    json_decref(root);
}
END_TEST

START_TEST(orders)
{
    static const struct {
        enum face_order order;
        double first_x;
    } rows[] = {{ORDER_SIZE, 50}, {ORDER_CONFIDENCE, 10}, {ORDER_LEFT, 10}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *root;

        options.order = rows[i].order;
        root = answer();
        ck_assert_double_eq_tol(support_number(root, "faces.0.box.x"),
                                rows[i].first_x, 1e-6);
        ck_assert_double_eq(support_number(root, "faces.0.face_id"), 0);
        ck_assert_double_eq(support_number(root, "faces.1.face_id"), 1);
        json_decref(root);
    }
}
END_TEST

START_TEST(equal_faces_keep_their_order)
{
    static struct aha_face_result crowd[AHA_MAX_FACES];
    json_t *root;

    for (int i = 0; i < AHA_MAX_FACES; i++) {
        crowd[i] = make_face((float)(i % 4), 0.5F);
        crowd[i].face.box.y = (float)i;
    }
    analysis.faces = crowd;
    analysis.n_faces = AHA_MAX_FACES;
    options.include = 0;
    options.order = ORDER_LEFT;
    root = answer();
    for (int i = 1; i < AHA_MAX_FACES; i++) {
        const json_t *list = support_at(root, "faces");
        const json_t *a = json_array_get(list, (size_t)i - 1);
        const json_t *b = json_array_get(list, (size_t)i);

        ck_assert(support_number(a, "box.x") < support_number(b, "box.x") ||
                  (support_number(a, "box.x") == support_number(b, "box.x") &&
                   support_number(a, "box.y") < support_number(b, "box.y")));
    }
    json_decref(root);
}
END_TEST

START_TEST(nobody_there)
{
    json_t *root;

    analysis.n_faces = analysis.n_skipped = 0;
    analysis.faces = NULL;
    root = answer();
    ck_assert(json_is_array(support_at(root, "faces")));
    ck_assert_uint_eq(json_array_size(support_at(root, "faces")), 0);
    ck_assert_uint_eq(json_array_size(support_at(root, "skipped")), 0);
    json_decref(root);
}
END_TEST

START_TEST(not_finite_is_no_answer)
{
    float *const numbers[] = {
        &faces[1].regions[1].evidence[0], &faces[0].face.landmarks[2].y,
        &faces[0].probabilities[1],       &faces[1].face.pose.roll,
        &faces[0].regions[0].quad[2][1],  &faces[0].face.quality.sharpness,
        &analysis.skipped[0].box.width,   &faces[1].regions[0].weight,
    };

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        float before = *numbers[i];

        *numbers[i] = i % 2 == 0 ? NAN : INFINITY;
        ck_assert_ptr_null(reply_analysis(&analysis, &context));
        *numbers[i] = before;
    }
    json_decref(answer());
}
END_TEST

START_TEST(any_file_name_can_be_told)
{
    static const char *const names[] = {"a.jpg", "\xff\xfe.jpg", "\"\n\\",
                                        "\xc3\xa9", "\xc3"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        json_t *root = support_json(
            reply_file_error(names[i], "io_error", "No such file."));

        (void)support_string(root, "file");
        ck_assert_str_eq(support_string(root, "error.code"), "io_error");
        json_decref(root);
    }
}
END_TEST

START_TEST(problem_members)
{
    struct failure failure = {.problem = PROBLEM_NONE};
    json_t *root;

    failure_limit(&failure, PROBLEM_PAYLOAD_TOO_LARGE, 10, -1, "Too large.");
    root = support_json(reply_problem(
        &(struct reply_problem){.failure = &failure, .request_id = "r"}));
    support_expect_keys(root, "",
                        "type title status detail code request_id limit");
    ck_assert_str_eq(support_string(root, "type"),
                     "urn:aha:problem:payload_too_large");
    ck_assert_str_eq(support_string(root, "code"), "payload_too_large");
    ck_assert_str_eq(support_string(root, "detail"), "Too large.");
    ck_assert_double_eq(support_number(root, "status"), 413);
    ck_assert_double_eq(support_number(root, "limit"), 10);
    json_decref(root);
    failure.actual = 11;
    root = support_json(reply_problem(&(struct reply_problem){
        .failure = &failure,
        .status = 429,
        .instance = "/v2/models/AHA/infer",
        .request_id = "r",
        .has_error = true,
    }));
    support_expect_keys(root, "",
                        "type title status detail instance code request_id "
                        "error limit actual");
    ck_assert_double_eq(support_number(root, "status"), 429);
    ck_assert_str_eq(support_string(root, "error"), "Too large.");
    json_decref(root);
}
END_TEST

/* What a client sent is quoted as it came, and may be cut in a character. */
START_TEST(a_problem_quotes_anything)
{
    struct failure failure = {.problem = PROBLEM_NONE};
    json_t *root;

    failure_set(&failure, PROBLEM_INVALID_PARAMETER,
                "There is no parameter \xff\"\n%.1s.", "\xc3\xa9");
    root = support_json(reply_problem(&(struct reply_problem){
        .failure = &failure, .instance = "/web/\xff", .has_error = true}));
    ck_assert_str_eq(support_string(root, "detail"),
                     "There is no parameter ?\"\n?.");
    ck_assert_str_eq(support_string(root, "error"),
                     support_string(root, "detail"));
    ck_assert_str_eq(support_string(root, "instance"), "/web/?");
    json_decref(root);
}
END_TEST

/* One that was answered and one that failed. */
static void make_items(struct reply_item items[2], struct failure *failure)
{
    failure_set(failure, PROBLEM_IMAGE_DECODE_FAILED, "It is broken.");
    items[0] = (struct reply_item){
        .index = 0, .analysis = &analysis, .context = context};
    items[1] =
        (struct reply_item){.index = 1, .failure = failure, .context = context};
}

START_TEST(batch_members)
{
    struct failure failure = {.problem = PROBLEM_NONE};
    struct reply_item items[2];
    json_t *root;

    make_items(items, &failure);
    root = support_json(reply_batch("id", &model, items, 2));
    support_expect_keys(root, "", "request_id model results");
    support_expect_keys(root, "results.0", "index status result");
    support_expect_keys(root, "results.0.result",
                        "image faces skipped timing_ms batch");
    ck_assert_double_eq(support_number(root, "results.0.status"), 200);
    support_expect_keys(root, "results.1", "index status problem");
    support_expect_keys(root, "results.1.problem",
                        "type title status detail code");
    ck_assert_double_eq(support_number(root, "results.1.index"), 1);
    ck_assert_double_eq(support_number(root, "results.1.status"), 422);
    ck_assert_double_eq(support_number(root, "results.1.problem.status"), 422);
    json_decref(root);
    root = support_json(reply_item(&items[1]));
    support_expect_keys(root, "", "index status problem");
    json_decref(root);
    faces[0].probabilities[0] = NAN;
    ck_assert_ptr_null(reply_item(&items[0]));
    ck_assert_ptr_null(reply_batch("id", &model, items, 2));
}
END_TEST

START_TEST(a_line_has_no_line_break)
{
    struct failure failure = {.problem = PROBLEM_NONE};
    struct reply_item items[2];
    char *line;

    failure_set(&failure, PROBLEM_INVALID_PARAMETER, "Two\nlines.");
    make_items(items, &failure);
    line = reply_item(&items[1]);
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_null(strchr(line, '\n'));
    free(line);
}
END_TEST

static char *write_analysis(void)
{
    return reply_analysis(&analysis, &context);
}

static char *write_batch(void)
{
    struct failure failure = {.problem = PROBLEM_NONE};
    struct reply_item items[2];

    make_items(items, &failure);
    return reply_batch("id", &model, items, 2);
}

static char *write_problem(void)
{
    struct failure failure = {.problem = PROBLEM_NONE};

    failure_limit(&failure, PROBLEM_TOO_MANY_IMAGES, 1, 2, "\xff");
    return reply_problem(&(struct reply_problem){
        .failure = &failure, .instance = "/", .has_error = true});
}

/* All of the answer, or none. */
START_TEST(every_allocation_may_fail)
{
    static char *(*const writers[])(void) = {write_analysis, write_batch,
                                             write_problem};

    options.include = 255;
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
        support_expect_all_or_none(writers[i]);
    }
}
END_TEST

Suite *reply_suite(void)
{
    Suite *suite = suite_create("reply");
    TCase *tests = tcase_create("reply");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, analysis_members);
    tcase_add_test(tests, analysis_values);
    tcase_add_test(tests, nothing_but_what_is_asked_for);
    tcase_add_test(tests, a_detection_is_faces_alone);
    tcase_add_test(tests, the_most_probable_ones);
    tcase_add_test(tests, shares_of_the_photo);
    tcase_add_test(tests, orders);
    tcase_add_test(tests, equal_faces_keep_their_order);
    tcase_add_test(tests, nobody_there);
    tcase_add_test(tests, not_finite_is_no_answer);
    tcase_add_test(tests, any_file_name_can_be_told);
    tcase_add_test(tests, problem_members);
    tcase_add_test(tests, a_problem_quotes_anything);
    tcase_add_test(tests, batch_members);
    tcase_add_test(tests, a_line_has_no_line_break);
    tcase_add_test(tests, every_allocation_may_fail);
    suite_add_tcase(suite, tests);
    return suite;
}
