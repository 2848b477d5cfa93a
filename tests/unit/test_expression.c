// SPDX-License-Identifier: MIT
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aha/digest.h"

#include "core/alloc.h"
#include "core/model/expression.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { N_FACES = 3 };

static const double TOLERANCE = 1e-4; /* against PyTorch */
static const double EXACT = 1e-5;     /* of sums that hold by construction */

/* A golden network with everything to run it. */
struct fixture {
    struct safetensors *file;
    struct expression *net;
    const struct aha_model_info *info;
    struct expression_session *session;
    float *crops; /* of N_FACES faces */
    float *maps;
};

static void open_fixture(const char *name, struct fixture *fixture)
{
    struct aha_error err = {AHA_OK, ""};
    char path[SUPPORT_MAX_PATH];
    size_t floats;

    ck_assert_msg(
        safetensors_open(support_data(name, path), &fixture->file, &err) ==
                AHA_OK &&
            expression_create(&fixture->net, fixture->file, &err) == AHA_OK,
        "%s: %s", name, err.text);
    ck_assert_int_eq(expression_session_create(&fixture->session, fixture->net),
                     AHA_OK);
    fixture->info = expression_info(fixture->net);
    floats = expression_crop_floats(fixture->net);
    fixture->crops = alloc_floats(N_FACES * floats);
    fixture->maps = alloc_floats(expression_map_floats(fixture->net));
    for (int k = 0; k < fixture->info->n_regions; k++) {
        char tensor[80];
        size_t n;
        float *values;

        (void)snprintf(tensor, sizeof tensor, "golden.region.%s",
                       fixture->info->regions[k].name);
        values = support_tensor(fixture->file, tensor, &n);
        n /= N_FACES;
        for (size_t i = 0; i < N_FACES; i++) {
            memcpy(fixture->crops + i * floats +
                       expression_crop_offset(fixture->net, k),
                   values + i * n, n * sizeof *values);
        }
        free(values);
    }
}

static void close_fixture(struct fixture *fixture)
{
    free(fixture->crops);
    free(fixture->maps);
    expression_session_destroy(fixture->session);
    expression_destroy(fixture->net);
    safetensors_close(fixture->file);
}

static void run_face(const struct fixture *fixture, int i,
                     struct aha_face_result *out)
{
    struct expression_face face = {
        .crops =
            fixture->crops + (size_t)i * expression_crop_floats(fixture->net),
        .maps = fixture->maps,
        .out = out,
    };

    expression_run(fixture->session, &face, 1);
}

/* Values of face i within a golden tensor of all faces. */
static void expect(const struct fixture *fixture, const char *tensor, int i,
                   const float *got, size_t n)
{
    size_t all;
    float *wanted = support_tensor(fixture->file, tensor, &all);
    double diff;

    ck_assert_uint_eq(all, n * N_FACES);
    diff = support_max_diff(wanted + (size_t)i * n, got, n);
    ck_assert_msg(diff <= TOLERANCE, "%s of face %d off by %g", tensor, i,
                  diff);
    free(wanted);
}

static void check_face(const struct fixture *fixture, int i)
{
    const struct aha_model_info *info = fixture->info;
    size_t labels = (size_t)info->n_labels;
    struct aha_face_result face;
    float weights[AHA_MAX_REGIONS];
    float evidence[AHA_MAX_REGIONS * AHA_MAX_LABELS];
    float heads[AHA_MAX_REGIONS * AHA_MAX_LABELS];

    run_face(fixture, i, &face);
    for (int k = 0; k < info->n_regions; k++) {
        const struct aha_region_result *region = &face.regions[k];
        char tensor[80];

        weights[k] = region->weight;
        memcpy(evidence + (size_t)k * labels, region->evidence,
               labels * sizeof(float));
        memcpy(heads + (size_t)k * labels, region->probabilities,
               labels * sizeof(float));
        (void)snprintf(tensor, sizeof tensor, "golden.attention.%s",
                       info->regions[k].name);
        if (region->map != NULL) {
            expect(fixture, tensor, i, region->map,
                   (size_t)info->regions[k].map_width *
                       (size_t)info->regions[k].map_height);
        } else {
            ck_assert_ptr_null(safetensors_find(fixture->file, tensor));
        }
    }
    expect(fixture, "golden.logits", i, face.logits, labels);
    expect(fixture, "golden.probabilities", i, face.probabilities, labels);
    expect(fixture, "golden.weight", i, weights, (size_t)info->n_regions);
    expect(fixture, "golden.evidence", i, evidence,
           (size_t)info->n_regions * labels);
    expect(fixture, "golden.region_probabilities", i, heads,
           (size_t)info->n_regions * labels);
}

/* Trained ones look into the mirror, as the last of these. */
static const char *const networks[] = {"golden_aha_tiny.safetensors",
                                       "golden_aha_concat.safetensors",
                                       "golden_aha_mirror.safetensors"};
enum { N_NETWORKS = sizeof networks / sizeof *networks };

START_TEST(matches_pytorch)
{
    struct fixture fixture = {0};

    open_fixture(networks[_i], &fixture);
    for (int i = 0; i < N_FACES; i++) {
        check_face(&fixture, i);
    }
    close_fixture(&fixture);
}
END_TEST

static void check_sums(const struct aha_model_info *info,
                       const struct aha_face_result *face)
{
    double weights = 0;
    double probabilities = 0;

    for (int k = 0; k < info->n_regions; k++) {
        weights += (double)face->regions[k].weight;
    }
    ck_assert_double_eq_tol(weights, 1, EXACT);
    for (int c = 0; c < info->n_labels; c++) {
        double evidence = 0;

        for (int k = 0; k < info->n_regions; k++) {
            evidence += (double)face->regions[k].evidence[c];
        }
        ck_assert_double_eq_tol(evidence, (double)face->logits[c], EXACT);
        probabilities += (double)face->probabilities[c];
    }
    ck_assert_double_eq_tol(probabilities, 1, 1e-6);
}

START_TEST(shares_add_up)
{
    struct fixture fixture = {0};
    struct aha_face_result face;
    uint32_t state = 7;

    open_fixture(networks[_i], &fixture);
    for (int i = 0; i < 50; i++) {
        support_fill(fixture.crops, expression_crop_floats(fixture.net),
                     &state);
        run_face(&fixture, 0, &face);
        check_sums(fixture.info, &face);
    }
    close_fixture(&fixture);
}
END_TEST

START_TEST(shares_add_up_in_the_bundled_network)
{
    struct aha_error err = {AHA_OK, ""};
    struct fixture fixture = {0};
    struct aha_face_result face;
    char path[SUPPORT_MAX_PATH];
    uint32_t state = 3;
    size_t floats;

    ck_assert_msg(
        safetensors_open(support_model("expression.safetensors", path),
                         &fixture.file, &err) == AHA_OK &&
            expression_create(&fixture.net, fixture.file, &err) == AHA_OK,
        "%s", err.text);
    ck_assert_int_eq(expression_session_create(&fixture.session, fixture.net),
                     AHA_OK);
    fixture.info = expression_info(fixture.net);
    floats = expression_crop_floats(fixture.net);
    fixture.crops = alloc_floats(floats);
    fixture.maps = alloc_floats(expression_map_floats(fixture.net));
    for (int i = 0; i < 10; i++) {
        support_fill(fixture.crops, floats, &state);
        run_face(&fixture, 0, &face);
        check_sums(fixture.info, &face);
    }
    ck_assert_int_le(fixture.info->multiply_adds, 350000000);
    ck_assert_int_le(fixture.info->n_parameters, 8000000);
    close_fixture(&fixture);
}
END_TEST

START_TEST(same_bits_alone_and_after_others)
{
    struct fixture fixture = {0};
    struct aha_face_result first;
    struct aha_face_result again;

    open_fixture(networks[_i], &fixture);
    run_face(&fixture, 0, &first);
    run_face(&fixture, 1, &again);
    run_face(&fixture, 2, &again);
    run_face(&fixture, 0, &again);
    ck_assert_mem_eq(first.logits, again.logits, sizeof first.logits[0] * 7);
    for (int k = 0; k < fixture.info->n_regions; k++) {
        ck_assert_mem_eq(first.regions[k].evidence, again.regions[k].evidence,
                         sizeof(float) * 7);
        ck_assert_mem_eq(&first.regions[k].weight, &again.regions[k].weight,
                         sizeof(float));
    }
    close_fixture(&fixture);
}
END_TEST

START_TEST(running_does_not_allocate)
{
    struct fixture fixture = {0};
    struct aha_face_result face;
    unsigned long before;
    unsigned long after;

    open_fixture("golden_aha_mirror.safetensors", &fixture);
    before = support_allocations();
    run_face(&fixture, 0, &face);
    after = support_allocations();
    ck_assert_uint_eq(after, before);
    close_fixture(&fixture);
    ck_assert_uint_gt(before, 100); /* loading did: the counter works */
}
END_TEST

/* Everything from the file to a session, once. */
static enum aha_status load_whole(const char *path, struct aha_error *err)
{
    struct safetensors *file = NULL;
    struct expression *net = NULL;
    struct expression_session *session = NULL;
    enum aha_status status = safetensors_open(path, &file, err);

    if (status == AHA_OK) {
        status = expression_create(&net, file, err);
    }
    if (status == AHA_OK) {
        status = expression_session_create(&session, net);
    }
    expression_session_destroy(session);
    expression_destroy(net);
    safetensors_close(file);
    return status;
}

START_TEST(every_allocation_may_fail)
{
    char path[SUPPORT_MAX_PATH];
    unsigned long n = 0;
    enum aha_status status;
    bool has_failed;

    (void)support_data("golden_aha_mirror.safetensors", path);
    do {
        struct aha_error err = {AHA_OK, ""};

        (void)support_fail_allocation(++n);
        status = load_whole(path, &err);
        has_failed = support_fail_allocation(0); /* before Check allocates */
        ck_assert_int_eq(status, has_failed ? AHA_ERR_MEMORY : AHA_OK);
    } while (has_failed);
    ck_assert_int_eq(status, AHA_OK);
    ck_assert_uint_gt(n, 100);
}
END_TEST

/* A file with one text in its header replaced. */
static enum aha_status load_patched_file(const char *name, const char *from,
                                         const char *to,
                                         struct aha_model_info *info,
                                         struct aha_error *err)
{
    char path[SUPPORT_MAX_PATH];
    size_t n;
    unsigned char *bytes = support_read(support_data(name, path), &n);
    unsigned char *at = memmem(bytes, n, from, strlen(from));
    size_t grown = n + strlen(to) - strlen(from);
    size_t header = grown - n + bytes[0] + 256U * bytes[1];
    unsigned char *patched = malloc(grown);
    struct safetensors *file = NULL;
    struct expression *net = NULL;
    enum aha_status status;
    size_t before;

    ck_assert_msg(at != NULL, "%s is not in the file", from);
    ck_assert_ptr_nonnull(patched);
    before = (size_t)(at - bytes);
    memcpy(patched, bytes, before);
    memcpy(patched + before, to, strlen(to));
    memcpy(patched + before + strlen(to), at + strlen(from),
           n - before - strlen(from));
    patched[0] = (unsigned char)(header & 255);
    patched[1] = (unsigned char)(header >> 8);
    status = safetensors_open_bytes(patched, grown, &file, err);
    if (status == AHA_OK) {
        status = expression_create(&net, file, err);
    }
    if (status == AHA_OK && info != NULL) {
        *info = *expression_info(net);
    }
    expression_destroy(net);
    safetensors_close(file);
    free(patched);
    free(bytes);
    return status;
}

/* The tiny file, likewise. */
static enum aha_status load_patched(const char *from, const char *to,
                                    struct aha_model_info *info,
                                    struct aha_error *err)
{
    return load_patched_file("golden_aha_tiny.safetensors", from, to, info,
                             err);
}

START_TEST(refuses_what_does_not_add_up)
{
    static const struct {
        const char *from;
        const char *to;
        const char *word;
    } cases[] = {
        {"\"classifier.weight\":{", "\"classifier.weighs\":{",
         "classifier.weight"},
        {"\"kind\":\"expression\"", "\"kind\":\"exprezzion\"", "exprezzion"},
        {"\"format_version\":\"1\"", "\"format_version\":\"2\"",
         "format_version"},
        {"\\\"global\\\"", "\\\"globus\\\"", "branch"},
        {"\\\"temperature\\\"", "\\\"temperatura\\\"", "temperature"},
        {"\\\"temperature\\\"", "\\\"mirror\\\":1,\\\"temperature\\\"",
         "mirror"},
        {"\\\"spatial_attention\\\"", "\\\"spatial_attentiom\\\"",
         "spatial_attentiom"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aha_error err = {AHA_OK, ""};

        ck_assert_msg(load_patched(cases[i].from, cases[i].to, NULL, &err) ==
                          AHA_ERR_WEIGHTS,
                      "%s", cases[i].to);
        ck_assert_msg(strstr(err.text, cases[i].word) != NULL, "%s not in: %s",
                      cases[i].word, err.text);
    }
}
END_TEST

START_TEST(a_mirror_asks_for_symmetry)
{
    struct aha_error err = {AHA_OK, ""};

    ck_assert_int_eq(load_patched_file("golden_aha_mirror.safetensors",
                                       "\\\"anchor\\\":\\\"left_eye\\\"",
                                       "\\\"anchor\\\":\\\"nose\\\"", NULL,
                                       &err),
                     AHA_ERR_WEIGHTS);
    ck_assert_ptr_nonnull(strstr(err.text, "mirror image of right_eye"));
}
END_TEST

/* Crops that a mirrored photo would give: planes turned, eyes exchanged. */
static void mirror_crops(const struct fixture *fixture, const float *from,
                         float *to)
{
    static const int twins[] = {0, 2, 1, 3, 4, 5, 6};

    for (int k = 0; k < fixture->info->n_regions; k++) {
        int w = fixture->info->regions[k].width;
        const float *crop =
            from + expression_crop_offset(fixture->net, twins[k]);
        float *out = to + expression_crop_offset(fixture->net, k);

        for (int i = 0; i < w * fixture->info->regions[k].height; i++) {
            out[i] = crop[i / w * w + w - 1 - i % w];
        }
    }
}

START_TEST(a_mirrored_face_gets_the_same_answer)
{
    struct fixture fixture = {0};
    struct aha_face_result face;
    struct aha_face_result other;

    open_fixture("golden_aha_mirror.safetensors", &fixture);
    ck_assert_str_eq(fixture.info->regions[1].name, "left_eye");
    ck_assert_str_eq(fixture.info->regions[2].name, "right_eye");
    mirror_crops(&fixture, fixture.crops,
                 fixture.crops + expression_crop_floats(fixture.net));
    run_face(&fixture, 0, &face);
    run_face(&fixture, 1, &other);
    ck_assert_mem_eq(face.logits, other.logits, sizeof face.logits[0] * 7);
    ck_assert(face.regions[1].weight == other.regions[2].weight);
    close_fixture(&fixture);
}
END_TEST

/* As they stand in the tiny file. */
static const char training[] =
    "\\\"training\\\":{\\\"data\\\":\\\"none: random weights\\\","
    "\\\"accuracy\\\":{\\\"FER-2013 PublicTest\\\":0.0}}";
static const char source[] = "\"source\":\"training/export_vectors.py\",";

START_TEST(card_of_the_bundled_network)
{
    struct aha_error err = {AHA_OK, ""};
    struct safetensors *file = NULL;
    struct expression *net = NULL;
    char path[SUPPORT_MAX_PATH];
    char sha256[AHA_SHA256_HEX];
    const struct aha_model_info *info;
    unsigned char *bytes;
    size_t n;

    (void)support_model("expression.safetensors", path);
    ck_assert_msg(safetensors_open(path, &file, &err) == AHA_OK &&
                      expression_create(&net, file, &err) == AHA_OK,
                  "%s", err.text);
    bytes = support_read(path, &n);
    aha_sha256_hex(bytes, n, sha256);
    info = expression_info(net);
    ck_assert_str_eq(info->sha256, sha256);
    ck_assert_ptr_nonnull(strstr(info->source, "FER-2013"));
    ck_assert_ptr_nonnull(strstr(info->training_data, "28 362 faces"));
    ck_assert_int_ge(info->n_accuracies, 1);
    ck_assert_str_eq(info->accuracies[0].data, "FER-2013 PublicTest");
    ck_assert(info->accuracies[0].percent > 50.0F);
    ck_assert(info->accuracies[0].percent <= 100.0F);
    free(bytes);
    expression_destroy(net);
    safetensors_close(file);
}
END_TEST

START_TEST(card_follows_the_file)
{
    struct aha_model_info plain;
    struct aha_model_info info;

    ck_assert_int_eq(load_patched(source, source, &plain, NULL), AHA_OK);
    ck_assert_str_eq(plain.source, "training/export_vectors.py");
    ck_assert_str_eq(plain.training_data, "none: random weights");
    ck_assert_int_eq(load_patched(source, "", &info, NULL), AHA_OK);
    ck_assert_str_eq(info.source, "");
    ck_assert_str_ne(info.sha256, plain.sha256);
    ck_assert_int_eq(load_patched(training, "\\\"trained\\\":1", &info, NULL),
                     AHA_OK);
    ck_assert_str_eq(info.training_data, "");
    ck_assert_int_eq(info.n_accuracies, 0);
    ck_assert_int_eq(load_patched(training,
                                  "\\\"training\\\":{\\\"accuracy\\\":"
                                  "{\\\"b\\\":12.5,\\\"a\\\":100}}",
                                  &info, NULL),
                     AHA_OK);
    ck_assert_int_eq(info.n_accuracies, 2);
    ck_assert_str_eq(info.accuracies[0].data, "b");
    ck_assert(info.accuracies[0].percent == 12.5F);
    ck_assert_str_eq(info.accuracies[1].data, "a");
    ck_assert(info.accuracies[1].percent == 100.0F);
}
END_TEST

#define Q        "\\\""
#define X16      "xxxxxxxxxxxxxxxx"
#define X64      X16 X16 X16 X16
#define X256     X64 X64 X64 X64
#define ACCURACY Q "training" Q ":{" Q "accuracy" Q ":"

START_TEST(card_refuses_what_it_cannot_hold)
{
    static const struct {
        const char *from;
        const char *to;
        const char *word;
    } cases[] = {
        {training, Q "training" Q ":7", "training"},
        {training, Q "training" Q ":{" Q "data" Q ":7}", "data"},
        {training, Q "training" Q ":{" Q "data" Q ":" Q X256 Q "}", "data"},
        {training, ACCURACY "[]}", "accuracy"},
        {training, ACCURACY "{" Q "x" Q ":" Q "9" Q "}}", "\"x\""},
        {training, ACCURACY "{" Q "x" Q ":101}}", "\"x\""},
        {training, ACCURACY "{" Q "x" Q ":-1}}", "\"x\""},
        {training, ACCURACY "{" Q Q ":1}}", "accuracy"},
        {training, ACCURACY "{" Q X64 Q ":1}}", "accuracy"},
        {training,
         ACCURACY "{" Q "1" Q ":1," Q "2" Q ":1," Q "3" Q ":1," Q "4" Q ":1," Q
                  "5" Q ":1," Q "6" Q ":1," Q "7" Q ":1," Q "8" Q ":1," Q "9" Q
                  ":1}}",
         "accuracy"},
        {source, "\"source\":\"" X256 "\",", "source"},
        {source, "\"source\":7,", "source"},
        {"\"name\":\"golden\"", "\"name\":\"" X16 X16 "\"", "name"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aha_error err = {AHA_OK, ""};

        ck_assert_msg(load_patched(cases[i].from, cases[i].to, NULL, &err) ==
                          AHA_ERR_WEIGHTS,
                      "%s", cases[i].to);
        ck_assert_msg(strstr(err.text, cases[i].word) != NULL, "%s not in: %s",
                      cases[i].word, err.text);
    }
}
END_TEST

Suite *expression_suite(void)
{
    Suite *suite = suite_create("expression");
    TCase *tests = tcase_create("expression");

    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, matches_pytorch, 0, N_NETWORKS);
    tcase_add_loop_test(tests, shares_add_up, 0, N_NETWORKS);
    tcase_add_test(tests, shares_add_up_in_the_bundled_network);
    tcase_add_loop_test(tests, same_bits_alone_and_after_others, 0, N_NETWORKS);
    tcase_add_test(tests, running_does_not_allocate);
    tcase_add_test(tests, every_allocation_may_fail);
    tcase_add_test(tests, refuses_what_does_not_add_up);
    tcase_add_test(tests, a_mirror_asks_for_symmetry);
    tcase_add_test(tests, a_mirrored_face_gets_the_same_answer);
    tcase_add_test(tests, card_of_the_bundled_network);
    tcase_add_test(tests, card_follows_the_file);
    tcase_add_test(tests, card_refuses_what_it_cannot_hold);
    suite_add_tcase(suite, tests);
    return suite;
}
