// SPDX-License-Identifier: MIT
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/graph/graph.h"
#include "core/kernel/kernel.h"
#include "core/weights.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

static const double TOLERANCE = 1e-5;
/* A float between two bytes may be rounded to either: what one makes of y. */
static const double INT8_TOLERANCE = 1e-3;

enum { IMAGES = 3 }; /* that go through together */

/* An open golden file with its graph ready to run. */
struct golden {
    struct safetensors *file;
    struct graph *graph;
    struct graph_plan *plan;
    float *workspace;
};

static void open_golden(const char *name, struct golden *golden)
{
    struct aha_error err = {AHA_OK, ""};
    struct document_node *config = NULL;
    struct graph_shape in;
    char path[SUPPORT_MAX_PATH];

    ck_assert_msg(safetensors_open(support_data(name, path), &golden->file,
                                   &err) == AHA_OK,
                  "%s: %s", name, err.text);
    ck_assert_msg(
        weights_config(golden->file, "detector", &config, &err) == AHA_OK &&
            graph_create(&golden->graph, document_member(config, "graph"),
                         golden->file, &err) == AHA_OK,
        "%s: %s", name, err.text);
    document_close(config);
    in = graph_input(golden->graph);
    ck_assert_int_eq(graph_plan_create(&golden->plan, golden->graph, IMAGES),
                     AHA_OK);
    ck_assert_int_eq(graph_plan_resize(golden->plan, in.h, in.w), AHA_OK);
    golden->workspace = alloc_floats(graph_plan_floats(golden->plan));
    ck_assert_ptr_nonnull(golden->workspace);
}

static void close_golden(struct golden *golden)
{
    free(golden->workspace);
    graph_plan_destroy(golden->plan);
    graph_destroy(golden->graph);
    safetensors_close(golden->file);
}

/* The golden input as the last image, others before it. */
static void run_golden(const struct golden *golden)
{
    size_t n;
    float *input = support_tensor(golden->file, "golden.input", &n);
    uint32_t state = 7;

    for (int i = 0; i < IMAGES - 1; i++) {
        support_fill(graph_plan_input(golden->plan, golden->workspace, i), n,
                     &state);
    }
    memcpy(graph_plan_input(golden->plan, golden->workspace, IMAGES - 1), input,
           n * sizeof *input);
    graph_run(golden->plan, golden->workspace, IMAGES);
    free(input);
}

/* An output of one image, malloced. */
static float *read_output(const struct golden *golden, int image, size_t *n)
{
    int y = graph_output(golden->graph, "y");
    struct graph_shape shape = graph_plan_shape(golden->plan, y);
    float *out;

    *n = (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
    out = alloc_floats(*n);
    ck_assert_ptr_nonnull(out);
    graph_plan_read(golden->plan, golden->workspace, image, y, out);
    return out;
}

static void check_golden(const char *name, const struct golden *golden)
{
    int y = graph_output(golden->graph, "y");
    const float *map =
        graph_plan_attention(golden->plan, golden->workspace, IMAGES - 1, y);
    char attention[64];
    size_t n;
    size_t n_got;
    float *wanted = support_tensor(golden->file, "golden.output.y", &n);
    float *got = read_output(golden, IMAGES - 1, &n_got);
    double diff;

    ck_assert_uint_eq(n_got, n);
    diff = support_max_diff(wanted, got, n);
    ck_assert_msg(
        diff <= (strstr(name, "int8") == NULL ? TOLERANCE : INT8_TOLERANCE),
        "%s: off by %g", name, diff);
    free(wanted);
    free(got);
    (void)snprintf(attention, sizeof attention, "golden.attention.%d", y);
    if (map != NULL && safetensors_find(golden->file, attention) != NULL) {
        wanted = support_tensor(golden->file, attention, &n);
        diff = support_max_diff(wanted, map, n);
        ck_assert_msg(diff <= TOLERANCE, "%s: map off by %g", name, diff);
        free(wanted);
    }
}

/* Every golden file that holds a graph, on this instruction set. */
static int check_all(void)
{
    char path[SUPPORT_MAX_PATH];
    DIR *folder = opendir(support_data("", path));
    struct dirent *entry;
    int n = 0;

    ck_assert_ptr_nonnull(folder);
    while ((entry = readdir(folder)) != NULL) {
        const char *name = entry->d_name;
        struct golden golden = {0};
        struct safetensors *file = NULL;
        bool has_graph;

        if (strncmp(name, "golden_", 7) != 0) {
            continue;
        }
        ck_assert_int_eq(
            safetensors_open(support_data(name, path), &file, NULL), AHA_OK);
        has_graph = safetensors_find(file, "golden.output.y") != NULL;
        safetensors_close(file);
        if (has_graph) {
            open_golden(name, &golden);
            run_golden(&golden);
            check_golden(name, &golden);
            close_golden(&golden);
            n++;
        }
    }
    (void)closedir(folder);
    return n;
}

START_TEST(matches_pytorch)
{
    /* On every instruction set that this processor has. */
    for (int cap = CPU_BASE; cap <= (int)cpu_level(); cap++) {
        kernel_init((enum cpu_level)cap);
        ck_assert_int_ge(check_all(), 20);
    }
    kernel_init(CPU_BEST);
}
END_TEST

/* Alone, or with whatever in the workspace, an image gives the same bits. */
static void check_same_bits(const char *name)
{
    struct golden golden = {0};
    float *first;
    float *again;
    float *input;
    size_t n;
    size_t n_in;

    open_golden(name, &golden);
    run_golden(&golden);
    first = read_output(&golden, IMAGES - 1, &n);
    memset(golden.workspace, 0xff,
           graph_plan_floats(golden.plan) * sizeof(float));
    input = support_tensor(golden.file, "golden.input", &n_in);
    memcpy(graph_plan_input(golden.plan, golden.workspace, 0), input,
           n_in * sizeof *input);
    graph_run(golden.plan, golden.workspace, 1);
    again = read_output(&golden, 0, &n);
    ck_assert_mem_eq(first, again, n * sizeof *first);
    free(input);
    free(first);
    free(again);
    close_golden(&golden);
}

START_TEST(same_bits_again)
{
    for (int cap = CPU_BASE; cap <= (int)cpu_level(); cap++) {
        kernel_init((enum cpu_level)cap);
        check_same_bits("golden_net.safetensors");
        check_same_bits("golden_int8_net.safetensors");
    }
    kernel_init(CPU_BEST);
}
END_TEST

START_TEST(sizes_that_do_not_fit)
{
    struct golden golden = {0};

    open_golden("golden_net.safetensors", &golden);
    ck_assert_int_eq(graph_plan_resize(golden.plan, 0, 10), AHA_ERR_ARG);
    ck_assert_int_eq(graph_plan_resize(golden.plan, 10, -1), AHA_ERR_ARG);
    ck_assert_int_eq(graph_plan_resize(golden.plan, 100000, 10), AHA_ERR_ARG);
    ck_assert_int_eq(graph_output(golden.graph, "nothing"), -1);
    close_golden(&golden);
}
END_TEST

/* A graph of one conv2d and what follows, over a file with few tensors. */
static enum aha_status load(const char *text, struct aha_error *err)
{
    struct document_node *config = NULL;
    struct safetensors *file = NULL;
    struct graph *graph = NULL;
    char path[SUPPORT_MAX_PATH];
    enum aha_status status;

    ck_assert_int_eq(
        safetensors_open(support_data("golden_conv2d_3x3.safetensors", path),
                         &file, NULL),
        AHA_OK);
    status = document_open(text, strlen(text), &config, err);
    ck_assert_msg(status == AHA_OK, "%s in %s", err->text, text);
    status = graph_create(&graph, config, file, err);
    graph_destroy(graph);
    document_close(config);
    safetensors_close(file);
    return status;
}

START_TEST(refuses_what_does_not_add_up)
{
    static const struct {
        const char *text;
        const char *word;
    } cases[] = {
        {"{}", "input"},
        {"{\"input\": [3, 8]}", "input"},
        {"{\"input\": [3, 8, 100000]}", "input"},
        {"{\"input\": [3, 8, 8]}", "layers"},
        {"{\"input\": [3, 8, 8], \"layers\": []}", "layers"},
        {"{\"input\": [3, 8, 8], \"layers\": [{\"op\": \"conv9d\"}]}",
         "conv9d"},
        {"{\"input\": [3, 8, 8], \"layers\": [7]}", "op"},
        {"{\"input\": [3, 8, 8], \"layers\": [{\"op\": \"add\", \"in\": [0, "
         "1]}]}",
         "in"},
        {"{\"input\": [3, 8, 8], \"layers\": [{\"op\": \"add\", \"in\": "
         "[0]}]}",
         "in"},
        {"{\"input\": [3, 8, 8], \"layers\": [{\"op\": \"add\", \"in\": [0, "
         "0], \"activation\": \"gelu\"}]}",
         "gelu"},
        {"{\"input\": [3, 8, 8], \"layers\": [{\"op\": \"add\", \"in\": [0, "
         "0], \"activation\": \"prelu\", \"slope\": \"none.such\"}]}",
         "none.such"},
        {"{\"input\": [3, 8, 8], \"layers\": [{\"op\": \"pad_channels\", "
         "\"in\": [0], \"channels\": 2}, {\"op\": \"add\", \"in\": [0, 1]}]}",
         "channels"},
        {"{\"input\": [3, 8, 8], \"layers\": [{\"op\": "
         "\"upsample_bilinear2d\", \"in\": [0], \"scale\": 2}, {\"op\": "
         "\"add\", \"in\": [0, 1]}]}",
         "do not fit"},
        {"{\"input\": [3, 8, 8], \"layers\": [{\"op\": \"conv2d\", \"in\": "
         "[0], \"stride\": 3, \"padding\": [1, 1, 1, 1], \"groups\": 1}]}",
         "stride"},
        {"{\"input\": [3, 8, 8], \"layers\": [{\"op\": \"conv2d\", \"in\": "
         "[0], \"stride\": 1, \"padding\": [1, 1, 1, 1], \"groups\": 2}]}",
         "groups"},
        {"{\"input\": [3, 8, 8], \"layers\": [{\"op\": \"conv2d\", \"in\": "
         "[0], \"stride\": 1, \"padding\": [1, 1, 1, 1], \"groups\": 1, "
         "\"weight\": \"golden.input\", \"bias\": \"b\"}]}",
         "golden.input"},
        {"{\"input\": [3, 8, 8], \"layers\": [{\"op\": \"max_pool2d\", "
         "\"in\": [0], \"kernel\": 9, \"stride\": 1, \"padding\": [0, 0, 0, "
         "0]}]}",
         "do not fit"},
        {"{\"input\": [3, 8, 8], \"layers\": [{\"op\": \"add\", \"in\": [0, "
         "0]}], \"outputs\": {\"y\": 2}}",
         "y"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aha_error err = {AHA_OK, ""};

        ck_assert_msg(load(cases[i].text, &err) == AHA_ERR_WEIGHTS, "%s",
                      cases[i].text);
        ck_assert_msg(strstr(err.text, cases[i].word) != NULL, "%s not in: %s",
                      cases[i].word, err.text);
    }
}
END_TEST

Suite *graph_suite(void)
{
    Suite *suite = suite_create("graph");
    TCase *tests = tcase_create("graph");

    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, matches_pytorch);
    tcase_add_test(tests, same_bits_again);
    tcase_add_test(tests, sizes_that_do_not_fit);
    tcase_add_test(tests, refuses_what_does_not_add_up);
    suite_add_tcase(suite, tests);
    return suite;
}
