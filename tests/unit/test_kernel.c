// SPDX-License-Identifier: MIT
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel/kernel.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { N_CASES = 300, MAX_SIDE = 37, CHANNELS = 3, SLACK = 8 };

/* Relative to the values, which are all of order 1; FMA rounds once less. */
static const double TOLERANCE = 2e-6;

static const struct kernels *tables[4];
static int n_tables;

static void find_tables(void)
{
    n_tables = 0;
    for (int cap = CPU_BASE; cap <= (int)cpu_level(); cap++) {
        kernel_init((enum cpu_level)cap);
        tables[n_tables++] = kernel_table();
    }
    kernel_init(CPU_AVX512);
}

static int between(int low, int high, uint32_t *state)
{
    float share = (support_random(state) + 1) / 2;

    return low + (int)(share * (float)(high - low + 1));
}

static struct window random_window(uint32_t *state)
{
    struct window window = {.in_h = between(1, MAX_SIDE, state),
                            .in_w = between(1, MAX_SIDE, state)};

    do {
        window.kernel_h = between(1, 7, state);
        window.kernel_w =
            between(0, 1, state) == 0 ? window.kernel_h : between(1, 7, state);
        window.stride = between(1, 2, state);
        window.pad_top = between(0, window.kernel_h - 1, state);
        window.pad_left = between(0, window.kernel_w - 1, state);
        window.out_h = (window.in_h + 2 * window.pad_top - window.kernel_h) /
                           window.stride +
                       1;
        window.out_w = (window.in_w + 2 * window.pad_left - window.kernel_w) /
                           window.stride +
                       1;
    } while (window.in_h + 2 * window.pad_top < window.kernel_h ||
             window.in_w + 2 * window.pad_left < window.kernel_w);
    return window;
}

/* The same call on every table; outputs must agree with scalar's. */
typedef void call_fn(const struct kernels *table, const struct window *window,
                     const float *x, float *y);

static void compare(call_fn *call, size_t n_out, uint32_t seed)
{
    size_t n_in = (size_t)CHANNELS * MAX_SIDE * MAX_SIDE + SLACK;
    float *x = malloc(n_in * sizeof *x);
    float *wanted = malloc(n_out * sizeof *wanted);
    float *got = malloc(n_out * sizeof *got);
    uint32_t state = seed;

    for (int i = 0; i < N_CASES; i++) {
        struct window window = random_window(&state);
        const float *misaligned = x + between(0, SLACK - 1, &state);

        support_fill(x, n_in, &state);
        for (int t = 0; t < n_tables; t++) {
            float *y = t == 0 ? wanted : got;

            for (size_t k = 0; k < n_out; k++) {
                y[k] = 99; /* what is not written must stay */
            }
            call(tables[t], &window, misaligned, y);
            ck_assert_msg(support_max_diff(wanted, y, n_out) <= TOLERANCE,
                          "%s: %d x %d, kernel %d x %d, stride %d",
                          tables[t]->isa, window.in_h, window.in_w,
                          window.kernel_h, window.kernel_w, window.stride);
        }
    }
    free(x);
    free(wanted);
    free(got);
}

static size_t in_plane(const struct window *window)
{
    return (size_t)window->in_h * (size_t)window->in_w;
}

static void call_im2col(const struct kernels *table,
                        const struct window *window, const float *x, float *y)
{
    int first = window->out_h / 3;

    table->im2col(x, 1, window, first, window->out_h - first, y);
}

START_TEST(im2col)
{
    compare(call_im2col, 49 * 50 * 50, 1);
}
END_TEST

static void call_depthwise(const struct kernels *table,
                           const struct window *window, const float *x,
                           float *y)
{
    table->depthwise(x, window, x + 100, x[3], y);
}

START_TEST(depthwise)
{
    compare(call_depthwise, 50 * 50, 2);
}
END_TEST

static void call_max_pool(const struct kernels *table,
                          const struct window *window, const float *x, float *y)
{
    table->max_pool(x, window, y);
}

START_TEST(max_pool)
{
    compare(call_max_pool, 50 * 50, 3);
}
END_TEST

static void call_upsample(const struct kernels *table,
                          const struct window *window, const float *x, float *y)
{
    table->upsample2(x, window->in_h, window->in_w, y);
}

START_TEST(upsample2)
{
    compare(call_upsample, 4 * MAX_SIDE * MAX_SIDE, 4);
}
END_TEST

static void call_activations(const struct kernels *table,
                             const struct window *window, const float *x,
                             float *y)
{
    size_t n = in_plane(window);

    for (int k = 0; k < 3; k++) {
        enum activation activation = (enum activation)k;
        float *part = y + (size_t)k * 2 * MAX_SIDE * MAX_SIDE;

        table->add_activation(x, x + n, n, activation, 0.3F, part);
        memcpy(part + n, x, n * sizeof *x);
        table->bias_activation(part + n, n, 0.25F, activation, -0.5F);
    }
}

START_TEST(activations)
{
    compare(call_activations, 6 * MAX_SIDE * MAX_SIDE, 5);
}
END_TEST

static void call_attention(const struct kernels *table,
                           const struct window *window, const float *x,
                           float *y)
{
    size_t n = in_plane(window);

    table->channel_mean_max(x, CHANNELS, n, y, y + n);
    table->multiply_map(x, x + 1, CHANNELS, n, y + 2 * n);
    y[5 * n] = table->sum(x, n) / (float)n;
}

START_TEST(attention)
{
    compare(call_attention, 5 * MAX_SIDE * MAX_SIDE + 1, 6);
}
END_TEST

START_TEST(no_slot_is_empty)
{
    for (int t = 0; t < n_tables; t++) {
        ck_assert_ptr_nonnull(tables[t]->isa);
        ck_assert(tables[t]->im2col != NULL && tables[t]->depthwise != NULL &&
                  tables[t]->bias_activation != NULL &&
                  tables[t]->add_activation != NULL &&
                  tables[t]->max_pool != NULL && tables[t]->avg_pool != NULL &&
                  tables[t]->upsample2 != NULL &&
                  tables[t]->channel_mean_max != NULL &&
                  tables[t]->multiply_map != NULL && tables[t]->sum != NULL);
    }
    ck_assert_str_eq(tables[0]->isa, "scalar");
}
END_TEST

Suite *kernel_suite(void)
{
    Suite *suite = suite_create("kernel");
    TCase *tests = tcase_create("kernel");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, find_tables, NULL);
    tcase_add_test(tests, im2col);
    tcase_add_test(tests, depthwise);
    tcase_add_test(tests, max_pool);
    tcase_add_test(tests, upsample2);
    tcase_add_test(tests, activations);
    tcase_add_test(tests, attention);
    tcase_add_test(tests, no_slot_is_empty);
    suite_add_tcase(suite, tests);
    return suite;
}
