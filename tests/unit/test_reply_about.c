// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "aha/aha.h"
#include "aha/image.h"

#include "server/jansson_guard.h"
#include "server/reply_about.h"
#include "server/seal.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"
#include "tests/unit/support_json.h"

static struct aha_model_info model;
static struct config config;

static void set_up(void)
{
    jansson_guard_init();
    model = (struct aha_model_info){
        .name = "AHA",
        .version = "1.0.0",
        .license = "MIT",
        .source = "trained",
        .training_data = "photos",
        .sha256 = "0123",
        .n_labels = 2,
        .labels = {"anger", "fear"},
        .n_regions = 3,
        .regions = {{.name = "face", .width = 96, .height = 95},
                    {.name = "nose", .branch = AHA_BRANCH_LOCAL},
                    {.name = "lower_face", .branch = AHA_BRANCH_MIXTURE}},
        .n_parameters = 5000000000,
        .multiply_adds = 123,
        .temperature = 1.5F,
        .uncertain_below = 0.5F,
        .n_accuracies = 1,
        .accuracies = {{"a test", 72.5F}},
    };
    config = (struct config){
        .max_source_bytes = 1,
        .max_source_pixels = 2,
        .max_faces = 3,
        .max_batch_images = 4,
        .max_request_bytes = 5,
        .max_queue_size = 6,
        .max_batch_size = 7,
        .request_timeout_ms = 8,
    };
}

static struct reply_about about(void)
{
    return (struct reply_about){.model = &model,
                                .config = &config,
                                .formats =
                                    1U << AHA_IMAGE_PNG | 1U << AHA_IMAGE_JPEG,
                                .n_workers = 9,
                                .has_keys = true,
                                .seals = 1U << SEAL_FILES};
}

START_TEST(info_members)
{
    static const char *const limits[] = {
        "max_source_bytes", "max_source_pixels", "max_faces",
        "max_batch_images", "max_request_bytes", "max_queue_size",
        "max_batch_size",   "request_timeout_ms"};
    struct reply_about mine = about();
    json_t *root = support_json(reply_info(&mine));

    support_expect_keys(root, "",
                        "name version model labels formats limits "
                        "cpu authentication seals");
    ck_assert_str_eq(support_string(root, "version"), aha_build_info().version);
    ck_assert_str_eq(support_string(root, "model.version"), "1.0.0");
    ck_assert_str_eq(support_string(root, "labels.1"), "fear");
    ck_assert_uint_eq(json_array_size(support_at(root, "formats")), 2);
    ck_assert_str_eq(support_string(root, "formats.0"), "jpeg");
    ck_assert_str_eq(support_string(root, "formats.1"), "png");
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        ck_assert_double_eq(
            support_number(support_at(root, "limits"), limits[i]),
            (double)i + 1);
    }
    ck_assert_uint_eq(json_object_size(support_at(root, "limits")),
                      sizeof limits / sizeof *limits);
    support_expect_keys(root, "cpu", "kernels blas workers");
    ck_assert_double_eq(support_number(root, "cpu.workers"), 9);
    ck_assert(json_is_true(support_at(root, "authentication")));
    support_expect_keys(root, "seals",
                        "privileges memory files calls decoders");
    ck_assert(json_is_true(support_at(root, "seals.files")));
    ck_assert(json_is_false(support_at(root, "seals.calls")));
    json_decref(root);
    mine.has_keys = false;
    mine.formats = 0;
    root = support_json(reply_info(&mine));
    ck_assert(json_is_false(support_at(root, "authentication")));
    ck_assert_uint_eq(json_array_size(support_at(root, "formats")), 0);
    json_decref(root);
}
END_TEST

START_TEST(card_members)
{
    json_t *card = support_json(reply_model(&model));
    json_t *list = support_json(reply_models(&model));

    support_expect_keys(card, "",
                        "id version sha256 license source training_data labels "
                        "regions parameters multiply_adds temperature "
                        "uncertain_below accuracy");
    ck_assert_double_eq(support_number(card, "parameters"), 5e9);
    ck_assert_double_eq(support_number(card, "temperature"), 1.5);
    ck_assert_uint_eq(json_array_size(support_at(card, "regions")), 3);
    support_expect_keys(card, "regions.0", "name branch width height");
    ck_assert_str_eq(support_string(card, "regions.2.branch"), "mixture");
    ck_assert_double_eq(support_number(card, "regions.0.height"), 95);
    ck_assert_str_eq(support_string(card, "accuracy.0.data"), "a test");
    ck_assert_double_eq(support_number(card, "accuracy.0.percent"), 72.5);
    support_expect_keys(list, "", "models");
    ck_assert_uint_eq(json_array_size(support_at(list, "models")), 1);
    ck_assert(json_equal(json_array_get(support_at(list, "models"), 0), card));
    json_decref(list);
    json_decref(card);
    model.n_accuracies = 0;
    card = support_json(reply_model(&model));
    ck_assert_uint_eq(json_array_size(support_at(card, "accuracy")), 0);
    json_decref(card);
}
END_TEST

START_TEST(inference_protocol)
{
    json_t *root = support_json(reply_oip_server());

    support_expect_keys(root, "", "name version extensions");
    ck_assert_str_eq(support_string(root, "extensions.0"),
                     "binary_tensor_data");
    json_decref(root);
    root = support_json(reply_oip_model(&model));
    support_expect_keys(root, "", "name versions platform inputs outputs");
    ck_assert_str_eq(support_string(root, "name"), "AHA");
    ck_assert_str_eq(support_string(root, "versions.0"), "1.0.0");
    ck_assert_str_eq(support_string(root, "inputs.0.name"), "face");
    ck_assert_uint_eq(json_array_size(support_at(root, "inputs.0.shape")), 4);
    ck_assert_double_eq(support_number(root, "inputs.0.shape.1"), 1);
    ck_assert_uint_eq(json_array_size(support_at(root, "outputs")), 3);
    ck_assert_str_eq(support_string(root, "outputs.0.name"), "probabilities");
    ck_assert_double_eq(support_number(root, "outputs.1.shape.1"), 2);
    ck_assert_str_eq(support_string(root, "outputs.2.name"), "attention");
    ck_assert_double_eq(support_number(root, "outputs.2.shape.0"), -1);
    ck_assert_double_eq(support_number(root, "outputs.2.shape.1"), 3);
    json_decref(root);
    root = support_json(reply_oip_model_ready(&model));
    ck_assert(json_is_true(support_at(root, "ready")));
    json_decref(root);
}
END_TEST

START_TEST(flags_and_reload)
{
    char *text = reply_flag("live", true);
    json_t *root;

    ck_assert_str_eq(text, "{\"live\":true}");
    free(text);
    text = reply_flag("ready", false);
    ck_assert_str_eq(text, "{\"ready\":false}");
    free(text);
    root = support_json(reply_reload(&model));
    support_expect_keys(root, "model", "id version sha256");
    json_decref(root);
}
END_TEST

static char *write_info(void)
{
    struct reply_about mine = about();

    return reply_info(&mine);
}

static char *write_models(void)
{
    return reply_models(&model);
}

static char *write_oip_model(void)
{
    return reply_oip_model(&model);
}

/* All of the answer, or none. */
START_TEST(every_allocation_may_fail)
{
    static char *(*const writers[])(void) = {write_info, write_models,
                                             write_oip_model};

    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
        support_expect_all_or_none(writers[i]);
    }
}
END_TEST

Suite *reply_about_suite(void)
{
    Suite *suite = suite_create("reply_about");
    TCase *tests = tcase_create("reply_about");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, info_members);
    tcase_add_test(tests, card_members);
    tcase_add_test(tests, inference_protocol);
    tcase_add_test(tests, flags_and_reload);
    tcase_add_test(tests, every_allocation_may_fail);
    suite_add_tcase(suite, tests);
    return suite;
}
