// SPDX-License-Identifier: MIT
/*
 * The shipped nets, cut into rows and not: a plan for many images is cut where
 * one for a single image of the same size is not, and both must agree.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/graph/graph.h"
#include "core/graph/place.h"
#include "core/kernel/kernel.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { MANY = 16 };

/* One net laid out for some images. */
struct scene {
    struct graph_plan *plan;
    float *workspace;
};

static struct scene lay_out(const struct graph *graph, int images, int h, int w)
{
    struct scene scene = {0};

    ck_assert_int_eq(graph_plan_create(&scene.plan, graph, images), AHA_OK);
    ck_assert_int_eq(graph_plan_resize(scene.plan, h, w), AHA_OK);
    scene.workspace = alloc_floats(graph_plan_floats(scene.plan));
    ck_assert_ptr_nonnull(scene.workspace);
    /* NaN: what was not written must not be read. */
    memset(scene.workspace, 0xff,
           graph_plan_floats(scene.plan) * sizeof *scene.workspace);
    return scene;
}

static void drop(struct scene *scene)
{
    graph_plan_destroy(scene->plan);
    free(scene->workspace);
}

static void fill_input(const struct scene *scene, int image, uint32_t seed)
{
    struct graph_shape in = graph_plan_shape(scene->plan, 0);

    support_fill(graph_plan_input(scene->plan, scene->workspace, image),
                 (size_t)in.c * (size_t)in.h * (size_t)in.w, &seed);
}

static float *read_value(const struct scene *scene, int image, int value,
                         size_t *n)
{
    struct graph_shape shape = graph_plan_shape(scene->plan, value);
    float *out;

    *n = (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
    out = alloc_floats(*n);
    ck_assert_ptr_nonnull(out);
    graph_plan_read(scene->plan, scene->workspace, image, value, out);
    return out;
}

/* Steps of the longest stretch. */
static int most_steps(const struct graph_plan *plan)
{
    int most = 0;

    for (int i = 0; i < plan->n_stretches; i++) {
        most =
            plan->stretches[i].steps > most ? plan->stretches[i].steps : most;
    }
    return most;
}

static void check_net(const char *kind, const char *file, const char *output,
                      int h, int w)
{
    struct aha_error err = {AHA_OK, ""};
    struct graph *graph = NULL;
    struct scene one;
    struct scene many;
    char path[SUPPORT_MAX_PATH];
    int value;

    ck_assert_msg(graph_open(&graph, support_model(file, path), kind, &err) ==
                      AHA_OK,
                  "%s", err.text);
    value = graph_output(graph, output);
    one = lay_out(graph, 1, h, w);
    many = lay_out(graph, MANY, h, w);
    ck_assert_int_eq(most_steps(one.plan), 1);
    ck_assert_int_ge(most_steps(many.plan), 4);
    for (int i = 0; i < MANY; i++) {
        fill_input(&many, i, (uint32_t)i + 1);
    }
    graph_run(many.plan, many.workspace, MANY);
    for (int i = 0; i < MANY; i += MANY - 1) {
        size_t n;
        float *wanted;
        float *got = read_value(&many, i, value, &n);

        fill_input(&one, 0, (uint32_t)i + 1);
        graph_run(one.plan, one.workspace, 1);
        wanted = read_value(&one, 0, value, &n);
        ck_assert_mem_eq(wanted, got, n * sizeof *got);
        free(wanted);
        free(got);
    }
    drop(&one);
    drop(&many);
    graph_destroy(graph);
}

START_TEST(same_bits_in_rows)
{
    for (int cap = CPU_BASE; cap <= (int)cpu_level(); cap++) {
        kernel_init((enum cpu_level)cap);
        check_net("detector", "detector.safetensors", "boxes", 160, 96);
        check_net("detector", "detector.safetensors", "scores", 96, 128);
    }
    kernel_init(CPU_BEST);
}
END_TEST

Suite *stretch_suite(void)
{
    Suite *suite = suite_create("stretch");
    TCase *tests = tcase_create("stretch");

    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, same_bits_in_rows);
    suite_add_tcase(suite, tests);
    return suite;
}
