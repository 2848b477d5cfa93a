// SPDX-License-Identifier: MIT
/*
 * Every table against plain loops in double, on random shapes.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/kernel/kernel.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { N_CASES = 200, MAX_SIDE = 37, BLOCK = KERNEL_BLOCK, FLOATS = 1 << 16 };

/* The values are of order 1 and the sums short. */
static const double TOLERANCE = 1e-5;
static const float UNTOUCHED = 99;

static const struct kernels *tables[CPU_BEST + 1];
static int n_tables;

/* x, what is wanted and what comes out, on cache lines. */
static float *x;
static float *wanted;
static float *got;

static void set_up(void)
{
    n_tables = 0;
    for (int cap = CPU_BASE; cap <= (int)cpu_level(); cap++) {
        kernel_init((enum cpu_level)cap);
        if (n_tables == 0 || tables[n_tables - 1] != kernel_table()) {
            tables[n_tables++] = kernel_table();
        }
    }
    kernel_init(CPU_BEST);
    x = alloc_floats(FLOATS);
    wanted = alloc_floats(FLOATS);
    got = alloc_floats(FLOATS);
    ck_assert(x != NULL && wanted != NULL && got != NULL);
}

static void tear_down(void)
{
    free(x);
    free(wanted);
    free(got);
}

static int between(int low, int high, uint32_t *state)
{
    float share = (support_random(state) + 1) / 2;

    return low + (int)(share * (float)(high - low + 1));
}

static void wipe(float *y)
{
    for (int i = 0; i < FLOATS; i++) {
        y[i] = UNTOUCHED; /* what is not written must stay */
    }
}

/* A window over a block, whose rows are longer than the pixels need. */
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
    window.in_row = (size_t)(window.in_w + between(0, 2, state)) * BLOCK;
    window.out_row = (size_t)(window.out_w + between(0, 2, state)) * BLOCK;
    return window;
}

/* A call on a table, or by plain loops when the table is NULL. */
typedef void call_fn(const struct kernels *table, const struct window *window,
                     float *y);

static void compare(call_fn *call, uint32_t seed)
{
    uint32_t state = seed;

    for (int i = 0; i < N_CASES; i++) {
        struct window window = random_window(&state);

        support_fill(x, FLOATS, &state);
        wipe(wanted);
        call(NULL, &window, wanted);
        for (int t = 0; t < n_tables; t++) {
            wipe(got);
            call(tables[t], &window, got);
            ck_assert_msg(support_max_diff(wanted, got, FLOATS) <= TOLERANCE,
                          "%s: %d x %d, kernel %d x %d, stride %d",
                          tables[t]->isa, window.in_h, window.in_w,
                          window.kernel_h, window.kernel_w, window.stride);
        }
    }
}

/* Element (row, column) of a plane or lane, 0 outside. */
static double at(const struct window *window, const float *plane, int row,
                 int column, int step)
{
    return row < 0 || row >= window->in_h || column < 0 ||
                   column >= window->in_w
               ? 0
               : (double)plane[(size_t)row * window->in_row +
                               (size_t)(column * step)];
}

static double bent(double v, float slope)
{
    return v > 0 ? v : v * (double)slope;
}

/* Rows that need no padding; the width varies most. */
static void call_depthwise(const struct kernels *table,
                           const struct window *window, float *y)
{
    int n = (window->in_w - window->kernel_w) / window->stride + 1;
    const float *weight = x + FLOATS / 2;
    struct depthwise_row row = {
        .x = x,
        .x_row = window->in_row,
        .n = n,
        .stride = window->stride,
        .kernel_h = window->kernel_h,
        .kernel_w = window->kernel_w,
        .weight = weight,
        .finish = {weight + 49 * BLOCK, weight + 50 * BLOCK},
        .y = y,
    };

    if (window->in_w < window->kernel_w) {
        return;
    }
    if (table != NULL) {
        table->depthwise_row(&row);
        return;
    }
    for (int i = 0; i < n * BLOCK; i++) {
        double sum = (double)row.finish.bias[i % BLOCK];

        for (int t = 0; t < row.kernel_h * row.kernel_w; t++) {
            sum +=
                (double)weight[t * BLOCK + i % BLOCK] *
                (double)x[(size_t)(t / row.kernel_w) * row.x_row +
                          (size_t)((i / BLOCK * row.stride + t % row.kernel_w) *
                                       BLOCK +
                                   i % BLOCK)];
        }
        y[i] = (float)bent(sum, row.finish.slope[i % BLOCK]);
    }
}

START_TEST(depthwise)
{
    compare(call_depthwise, 2);
}
END_TEST

static void call_max_pool(const struct kernels *table,
                          const struct window *window, float *y)
{
    if (table != NULL) {
        table->max_pool(x, window, y);
        return;
    }
    for (int i = 0; i < window->out_h * window->out_w * BLOCK; i++) {
        int r = i / BLOCK / window->out_w;
        int c = i / BLOCK % window->out_w;
        double most = -INFINITY;

        for (int t = 0; t < window->kernel_h * window->kernel_w; t++) {
            int row =
                r * window->stride + t / window->kernel_w - window->pad_top;
            int column =
                c * window->stride + t % window->kernel_w - window->pad_left;

            if (row >= 0 && row < window->in_h && column >= 0 &&
                column < window->in_w) {
                most =
                    fmax(most, at(window, x + i % BLOCK, row, column, BLOCK));
            }
        }
        y[(size_t)r * window->out_row + (size_t)(c * BLOCK + i % BLOCK)] =
            (float)most;
    }
}

START_TEST(max_pool)
{
    compare(call_max_pool, 3);
}
END_TEST

/* Source coordinates and shares as PyTorch defines them. */
static double upsampled(const struct window *window, const float *lane, int row,
                        int column)
{
    double r = fmax((row + .5) / 2 - .5, 0);
    double c = fmax((column + .5) / 2 - .5, 0);
    int r0 = (int)r;
    int c0 = (int)c;
    int r1 = r0 + 1 < window->in_h ? r0 + 1 : r0;
    int c1 = c0 + 1 < window->in_w ? c0 + 1 : c0;
    double top = at(window, lane, r0, c0, BLOCK) * (1 - (c - c0)) +
                 at(window, lane, r0, c1, BLOCK) * (c - c0);
    double bottom = at(window, lane, r1, c0, BLOCK) * (1 - (c - c0)) +
                    at(window, lane, r1, c1, BLOCK) * (c - c0);

    return top * (1 - (r - r0)) + bottom * (r - r0);
}

static void call_upsample(const struct kernels *table,
                          const struct window *window, float *y)
{
    struct window small = *window;

    small.in_h = window->in_h % 12 + 1;
    small.in_w = window->in_w % 12 + 1;
    small.out_row = (size_t)(2 * small.in_w + 1) * BLOCK;
    if (table != NULL) {
        table->upsample2(x, &small, y);
        return;
    }
    for (int i = 0; i < 4 * small.in_h * small.in_w * BLOCK; i++) {
        int r = i / BLOCK / (2 * small.in_w);
        int c = i / BLOCK % (2 * small.in_w);

        y[(size_t)r * small.out_row + (size_t)(c * BLOCK + i % BLOCK)] =
            (float)upsampled(&small, x + i % BLOCK, r, c);
    }
}

START_TEST(upsample2)
{
    compare(call_upsample, 4);
}
END_TEST

/* add, multiply_map, block, sum and channel_mean_max in one layout of y. */
static void call_pixels(const struct kernels *table,
                        const struct window *window, float *y)
{
    size_t n = (size_t)window->in_w;
    size_t floats = n * BLOCK;
    int channels = window->in_h;
    size_t plane = (size_t)MAX_SIDE * BLOCK;
    const float *slope = x + 60000 / BLOCK * BLOCK;
    struct map map = {.data = y + 3 * floats + BLOCK,
                      .c = channels,
                      .h = 1,
                      .w = (int)n,
                      .images = 1,
                      .row = floats,
                      .plane = floats};
    float *mean = y + 8 * floats;

    memset(y + 3 * floats, 0, BLOCK * sizeof *y);
    if (table != NULL) {
        table->add(x, x + floats, n, slope, y);
        table->add(x, NULL, n, slope, y + floats);
        table->multiply_map(x, slope, n, y + 2 * floats);
        table->sum(x, n, y + 3 * floats);
        table->block(x, &map);
        table->channel_mean_max(x, channels, plane, n, mean, mean + n);
        return;
    }
    for (size_t i = 0; i < floats; i++) {
        y[i] =
            (float)bent((double)x[i] + (double)x[floats + i], slope[i % BLOCK]);
        y[floats + i] = (float)bent((double)x[i], slope[i % BLOCK]);
        y[2 * floats + i] = x[i] * slope[i / BLOCK];
        y[3 * floats + i % BLOCK] += x[i];
    }
    for (size_t i = 0; i < (size_t)kernel_blocks(channels) * floats; i++) {
        size_t c = i / floats * BLOCK + i % BLOCK;

        map.data[i] =
            c < (size_t)channels ? x[c * n + i % floats / BLOCK] : 0.0F;
    }
    for (size_t i = 0; i < n; i++) {
        double total = 0;
        double top = -INFINITY;

        for (int c = 0; c < channels; c++) {
            double v = (double)x[(size_t)(c / BLOCK) * plane + i * BLOCK +
                                 (size_t)(c % BLOCK)];

            total += v;
            top = fmax(top, v);
        }
        mean[i] = (float)(total / channels);
        mean[n + i] = (float)top;
    }
}

START_TEST(pixels)
{
    compare(call_pixels, 5);
}
END_TEST

static float to_byte(float v)
{
    return nearbyintf(fminf(fmaxf(v, 0), 255));
}

/* The mean of output pixel i of a pool over bytes of floats. */
static float pooled(const struct window *pool, const float *from, int i)
{
    int top = i / BLOCK / pool->out_w * pool->stride;
    int left = i / BLOCK % pool->out_w * pool->stride;
    float total = 0;
    int seen = 0;

    for (int t = 0; t < pool->kernel_h * pool->kernel_w; t++) {
        int r = top + t / pool->kernel_w;
        int k = left + t % pool->kernel_w;

        if (r < pool->in_h && k < pool->in_w) {
            total += from[(r * pool->in_w + k) * BLOCK + i % BLOCK];
            seen++;
        }
    }
    return to_byte(total * (0.7F / (float)seen));
}

/* quantize, and avg_pool_int8 of what it made: the bytes, as floats. */
static void call_int8(const struct kernels *table, const struct window *window,
                      float *y)
{
    enum { PIXEL = 32, BYTES = MAX_SIDE * MAX_SIDE * PIXEL };
    struct window pool = *window;
    int n = window->in_h * window->in_w;
    uint8_t *bytes = alloc_array(2, BYTES);

    ck_assert_ptr_nonnull(bytes);
    pool.kernel_w = window->kernel_h;
    pool.out_h = (window->in_h - 1) / pool.stride + 1;
    pool.out_w = (window->in_w - 1) / pool.stride + 1;
    pool.in_row = (size_t)window->in_w * PIXEL;
    pool.out_row = (size_t)pool.out_w * PIXEL;
    if (table != NULL) {
        table->quantize(x, (size_t)n, 300, PIXEL, bytes);
        table->avg_pool_int8(bytes, &pool, 0.7F, PIXEL, bytes + BYTES);
    }
    for (int i = 0; i < n * BLOCK; i++) {
        y[i] = table == NULL ? to_byte(x[i] * 300)
                             : (float)bytes[i / BLOCK * PIXEL + i % BLOCK];
    }
    for (int i = 0; i < pool.out_h * pool.out_w * BLOCK; i++) {
        y[n * BLOCK + i] =
            table == NULL ? pooled(&pool, y, i)
                          : (float)bytes[BYTES + i / BLOCK * PIXEL + i % BLOCK];
    }
    free(bytes);
}

START_TEST(bytes)
{
    compare(call_int8, 6);
}
END_TEST

/* Rows of every length, which begin anywhere. */
static void call_mix(const struct kernels *table, const struct window *window,
                     float *y)
{
    enum { MAX_ROWS = 7, LENGTH = 3 * MAX_SIDE };
    size_t n = (size_t)(window->in_w + 2 * window->in_h);
    uint8_t picture[MAX_ROWS][LENGTH + 1];
    const uint8_t *rows[MAX_ROWS];
    float weights[MAX_ROWS];

    for (int k = 0; k < window->kernel_h; k++) {
        for (int i = 0; i <= LENGTH; i++) {
            picture[k][i] = (uint8_t)(127 * (x[k * LENGTH + i] + 1));
        }
        rows[k] = picture[k] + k % 2;
        weights[k] = x[FLOATS / 2 + k] / 1024;
    }
    if (table != NULL) {
        table->mix_rows(rows, weights, window->kernel_h, n, y);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        double total = 0;

        for (int k = 0; k < window->kernel_h; k++) {
            total += (double)weights[k] * rows[k][i];
        }
        y[i] = (float)total;
    }
}

START_TEST(mix_rows)
{
    compare(call_mix, 7);
}
END_TEST

START_TEST(no_slot_is_empty)
{
    int n_levels = 0;

    for (int t = 0; t < n_tables; t++) {
        const struct kernels *table = tables[t];

        ck_assert_ptr_nonnull(table->isa);
        ck_assert(table->conv_row != NULL && table->depthwise_row != NULL &&
                  table->winograd != NULL && table->block != NULL &&
                  table->add != NULL && table->max_pool != NULL &&
                  table->avg_pool != NULL && table->upsample2 != NULL &&
                  table->channel_mean_max != NULL &&
                  table->multiply_map != NULL && table->sum != NULL &&
                  table->mix_rows != NULL && table->conv_int8 != NULL &&
                  table->quantize != NULL && table->avg_pool_int8 != NULL);
    }
    ck_assert_str_eq(tables[0]->isa, "scalar");
    for (int level = CPU_BASE; level <= (int)CPU_BEST; level++) {
        n_levels += cpu_supports((enum cpu_level)level);
    }
    ck_assert_int_eq(n_tables, n_levels);
}
END_TEST

Suite *kernel_suite(void)
{
    Suite *suite = suite_create("kernel");
    TCase *tests = tcase_create("kernel");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, depthwise);
    tcase_add_test(tests, max_pool);
    tcase_add_test(tests, upsample2);
    tcase_add_test(tests, pixels);
    tcase_add_test(tests, bytes);
    tcase_add_test(tests, mix_rows);
    tcase_add_test(tests, no_slot_is_empty);
    suite_add_tcase(suite, tests);
    return suite;
}
