// SPDX-License-Identifier: MIT
/*
 * Graphs whose values are bytes: what is refused. That the others compute what
 * PyTorch does is test_graph.c's.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/graph/graph.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { MAX_FILE = 1024, DATA_BYTES = 10 };

/* A convolution of bytes, of one channel, in the graph of each case. */
#define CONV                                                                   \
    "{\"op\": \"conv2d\", \"in\": [1], \"stride\": 1, \"padding\": [0, 0, 0, " \
    "0], \"groups\": 1, \"weight\": \"w\", \"bias\": \"b\"}"
#define QUANTIZE "{\"op\": \"quantize\", \"in\": [0], \"step\": 0.5}"

static const char HEADER[] =
    "{\"w\": {\"dtype\": \"I8\", \"shape\": [1, 1, 1, 1], \"data_offsets\": "
    "[0, 1]}, \"w.scale\": {\"dtype\": \"F32\", \"shape\": [1], "
    "\"data_offsets\": [1, 5]}, \"b\": {\"dtype\": \"F32\", \"shape\": [1], "
    "\"data_offsets\": [5, 9]}, \"alone\": {\"dtype\": \"I8\", \"shape\": [1, "
    "1, 1, 1], \"data_offsets\": [9, 10]}}";

/* The graph of these layers over a file of one convolution. */
static enum aha_status load(const char *layers, float scale, float bias,
                            struct aha_error *err)
{
    unsigned char bytes[MAX_FILE] = {0};
    char text[MAX_FILE];
    size_t n = sizeof HEADER - 1;
    struct safetensors *file = NULL;
    struct document_node *config = NULL;
    struct graph *graph = NULL;
    enum aha_status status;

    bytes[0] = (unsigned char)(n & 255);
    bytes[1] = (unsigned char)(n >> 8);
    memcpy(bytes + 8, HEADER, n);
    bytes[8 + n] = 3;
    memcpy(bytes + 8 + n + 1, &scale, sizeof scale);
    memcpy(bytes + 8 + n + 5, &bias, sizeof bias);
    ck_assert_int_eq(
        safetensors_open_bytes(bytes, 8 + n + DATA_BYTES, &file, err), AHA_OK);
    (void)snprintf(text, sizeof text,
                   "{\"input\": [1, 4, 4], \"layers\": [%s], \"outputs\": "
                   "{\"y\": 2}}",
                   layers);
    ck_assert_int_eq(document_open(text, strlen(text), &config, err), AHA_OK);
    status = graph_create(&graph, config, file, err);
    graph_destroy(graph);
    document_close(config);
    safetensors_close(file);
    return status;
}

START_TEST(accepts_one_convolution)
{
    struct aha_error err = {AHA_OK, ""};

    ck_assert_msg(load(QUANTIZE ", " CONV, 0.1F, 1, &err) == AHA_OK, "%s",
                  err.text);
    ck_assert_msg(load(QUANTIZE ", " CONV, 1e12F, 1, &err) == AHA_OK, "%s",
                  err.text);
}
END_TEST

START_TEST(refuses_layers)
{
    static const struct {
        const char *layers;
        const char *word;
    } cases[] = {
        {"{\"op\": \"quantize\", \"in\": [0]}, " CONV, "step"},
        {"{\"op\": \"quantize\", \"in\": [0], \"step\": 0}, " CONV, "step"},
        {"{\"op\": \"quantize\", \"in\": [0], \"step\": -1}, " CONV, "step"},
        {"{\"op\": \"quantize\", \"in\": [0], \"step\": 1e9}, " CONV, "step"},
        {QUANTIZE ", {\"op\": \"quantize\", \"in\": [1], \"step\": 1}",
         "layer 1"},
        {"{\"op\": \"add\", \"in\": [0, 0]}, " CONV, "layer 1"},
        {"{\"op\": \"add\", \"in\": [0, 0], \"step\": 1}, " CONV, "layer 0"},
        {QUANTIZE ", {\"op\": \"add\", \"in\": [0, 1]}", "layer 1"},
        {QUANTIZE ", {\"op\": \"adaptive_avg_pool2d\", \"in\": [1]}",
         "layer 1"},
        {QUANTIZE ", {\"op\": \"pad_channels\", \"in\": [1], \"channels\": 3}",
         "layer 1"},
        {QUANTIZE ", {\"op\": \"avg_pool2d\", \"in\": [1], \"kernel\": 2, "
                  "\"stride\": 2}",
         "layer 1"},
        {QUANTIZE ", {\"op\": \"avg_pool2d\", \"in\": [1], \"kernel\": 2, "
                  "\"stride\": 2, \"step\": 1}",
         "output y"},
        {QUANTIZE ", {\"op\": \"conv2d\", \"in\": [1], \"stride\": 1, "
                  "\"padding\": [0, 0, 0, 0], \"groups\": 1, \"weight\": "
                  "\"alone\", \"bias\": \"b\"}",
         "alone.scale"},
        {QUANTIZE ", {\"op\": \"conv2d\", \"in\": [1], \"stride\": 1, "
                  "\"padding\": [0, 0, 0, 0], \"groups\": 1, \"weight\": "
                  "\"w\", \"bias\": \"b\", \"activation\": \"prelu\", "
                  "\"slope\": \"b\"}",
         "layer 1"},
        {QUANTIZE ", {\"op\": \"spatial_attention\", \"in\": [0], \"weight\": "
                  "\"w\", \"bias\": \"b\"}",
         "tensor w"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aha_error err = {AHA_OK, ""};

        ck_assert_msg(load(cases[i].layers, 0.1F, 1, &err) == AHA_ERR_WEIGHTS,
                      "%s", cases[i].layers);
        ck_assert_msg(strstr(err.text, cases[i].word) != NULL, "%s not in: %s",
                      cases[i].word, err.text);
    }
}
END_TEST

START_TEST(refuses_scales)
{
    static const float scales[] = {0, -1, 1.01e12F, NAN, INFINITY, -INFINITY};
    struct aha_error err = {AHA_OK, ""};

    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        ck_assert_int_eq(load(QUANTIZE ", " CONV, scales[i], 1, &err),
                         AHA_ERR_WEIGHTS);
        ck_assert_ptr_nonnull(strstr(err.text, "w.scale"));
    }
    ck_assert_int_eq(load(QUANTIZE ", " CONV, 1e-12F, 1, &err),
                     AHA_ERR_WEIGHTS);
    ck_assert_ptr_nonnull(strstr(err.text, "32 bits"));
}
END_TEST

Suite *int8_suite(void)
{
    Suite *suite = suite_create("int8");
    TCase *tests = tcase_create("int8");

    tcase_add_test(tests, accepts_one_convolution);
    tcase_add_test(tests, refuses_layers);
    tcase_add_test(tests, refuses_scales);
    suite_add_tcase(suite, tests);
    return suite;
}
