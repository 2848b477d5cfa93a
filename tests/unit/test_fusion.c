// SPDX-License-Identifier: MIT
#include <check.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/ops/fusion.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

static const double TOLERANCE = 1e-5;

static struct safetensors *open_golden(const char *name)
{
    struct safetensors *file = NULL;
    char path[SUPPORT_MAX_PATH];

    ck_assert_msg(safetensors_open(support_data(name, path), &file, NULL) ==
                      AHA_OK,
                  "%s", name);
    return file;
}

static void expect(const char *what, const float *wanted, const float *got,
                   size_t n)
{
    double diff = support_max_diff(wanted, got, n);

    ck_assert_msg(diff <= TOLERANCE, "%s: off by %g", what, diff);
}

static void check_lstm(const char *name)
{
    struct safetensors *file = open_golden(name);
    const struct safetensor *shape = safetensors_find(file, "x");
    int faces = shape->dims[0];
    int steps = shape->dims[1];
    size_t n;
    struct lstm lstm = {.input = shape->dims[2]};
    float *x = support_tensor(file, "x", &n);
    float *ih = support_tensor(file, "weight_ih", &n);
    float *hh = support_tensor(file, "weight_hh", &n);
    float *bias = support_tensor(file, "bias", &n);
    float *y = support_tensor(file, "y", &n);
    float *last = support_tensor(file, "c", &n);
    size_t d = n / (size_t)faces;
    float *h = alloc_floats(d);
    float *c = alloc_floats(d);
    float *gates = alloc_floats(4 * d);

    lstm.hidden = (int)d;
    lstm.weight_ih = ih;
    lstm.weight_hh = hh;
    lstm.bias = bias;
    for (int i = 0; i < faces; i++) {
        memset(h, 0, d * sizeof *h);
        memset(c, 0, d * sizeof *c);
        for (int t = 0; t < steps; t++) {
            size_t row = (size_t)(i * steps + t);

            lstm_step(&lstm, x + row * (size_t)lstm.input, h, c, gates);
            expect(name, y + row * d, h, d);
        }
        expect(name, last + (size_t)i * d, c, d);
    }
    free(x);
    free(ih);
    free(hh);
    free(bias);
    free(y);
    free(last);
    free(h);
    free(c);
    free(gates);
    safetensors_close(file);
}

START_TEST(lstm_matches_pytorch)
{
    char name[64];

    (void)snprintf(name, sizeof name, "golden_lstm_%d.safetensors", _i);
    check_lstm(name);
}
END_TEST

/* Rows of length 1, as the loader makes them. */
static void normalize(float *weight, int rows, int n)
{
    for (int r = 0; r < rows; r++) {
        double squares = 0;

        for (int i = 0; i < n; i++) {
            squares += (double)weight[r * n + i] * (double)weight[r * n + i];
        }
        for (int i = 0; i < n; i++) {
            weight[r * n + i] =
                (float)((double)weight[r * n + i] / sqrt(squares));
        }
    }
}

static void check_classifier(const char *name, bool is_cosine)
{
    struct safetensors *file = open_golden(name);
    const struct safetensor *shape = safetensors_find(file, "weight");
    struct classifier classifier = {
        .classes = shape->dims[0], .features = shape->dims[1], .scale = 1};
    size_t n;
    size_t n_x;
    float *weight = support_tensor(file, "weight", &n);
    float *x = support_tensor(file, "x", &n_x);
    float *y = support_tensor(file, "y", &n);
    float *other = support_tensor(file, is_cosine ? "scale" : "bias", &n);
    float *logits = alloc_floats((size_t)classifier.classes);

    classifier.weight = weight;
    if (is_cosine) {
        normalize(weight, classifier.classes, classifier.features);
        classifier.scale = other[0];
    } else {
        classifier.bias = other;
    }
    for (size_t i = 0; i < n_x / (size_t)classifier.features; i++) {
        classifier_run(&classifier, x + i * (size_t)classifier.features,
                       logits);
        expect(name, y + i * (size_t)classifier.classes, logits,
               (size_t)classifier.classes);
    }
    free(weight);
    free(x);
    free(y);
    free(other);
    free(logits);
    safetensors_close(file);
}

START_TEST(classifiers_match_pytorch)
{
    check_classifier("golden_linear.safetensors", false);
    check_classifier("golden_linear_one.safetensors", false);
    check_classifier("golden_cosine.safetensors", true);
    check_classifier("golden_cosine_one.safetensors", true);
}
END_TEST

START_TEST(zero_feature_has_no_direction)
{
    const float weight[2] = {1, 0};
    const float zero[2] = {0, 0};
    struct classifier classifier = {2, 1, weight, NULL, 30};
    float logit = 5;

    classifier_run(&classifier, zero, &logit);
    ck_assert(logit == 0);
}
END_TEST

START_TEST(softmax_matches_pytorch)
{
    static const char *const names[] = {
        "golden_softmax.safetensors", "golden_softmax_large.safetensors",
        "golden_softmax_temperature.safetensors"};

    for (size_t f = 0; f < sizeof names / sizeof *names; f++) {
        struct safetensors *file = open_golden(names[f]);
        const struct safetensor *shape = safetensors_find(file, "x");
        int classes = shape->dims[shape->rank - 1];
        size_t n;
        float *x = support_tensor(file, "x", &n);
        float *y = support_tensor(file, "y", &n);
        float temperature = 1;
        float *got = alloc_floats((size_t)classes);
        size_t one;

        if (safetensors_find(file, "temperature") != NULL) {
            float *value = support_tensor(file, "temperature", &one);

            temperature = value[0];
            free(value);
        }
        for (size_t i = 0; i < n; i += (size_t)classes) {
            softmax_run(x + i, classes, temperature, got);
            expect(names[f], y + i, got, (size_t)classes);
        }
        free(x);
        free(y);
        free(got);
        safetensors_close(file);
    }
}
END_TEST

Suite *fusion_suite(void)
{
    Suite *suite = suite_create("fusion");
    TCase *tests = tcase_create("fusion");

    tcase_add_loop_test(tests, lstm_matches_pytorch, 1, 5);
    tcase_add_test(tests, classifiers_match_pytorch);
    tcase_add_test(tests, zero_feature_has_no_direction);
    tcase_add_test(tests, softmax_matches_pytorch);
    suite_add_tcase(suite, tests);
    return suite;
}
