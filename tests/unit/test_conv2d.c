// SPDX-License-Identifier: MIT
/*
 * Convolutions of random shapes on every instruction set, by every algorithm
 * that takes them, against plain loops in double.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/ops/conv2d.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { N_CASES = 100, IMAGES = 2, BLOCK = KERNEL_BLOCK };

/* Relative to the largest value; F(4 x 4) is the least exact by far. */
static const double TOLERANCE = 2e-5;
static const float UNTOUCHED = 99;

/* One convolution with everything around it. */
struct scene {
    struct conv2d conv;
    struct conv2d front; /* used when has_front */
    bool has_front;
    bool is_plain;
    int residual_c; /* 0: none */
    int h, w;       /* of the input */
    float *x;       /* [IMAGES][in_c, h, w] */
    float *residual;
    double *wanted; /* [IMAGES][out_c, out_h, out_w] */
    int out_h, out_w;
};

static int between(int low, int high, uint32_t *state)
{
    float share = (support_random(state) + 1) / 2;

    return low + (int)(share * (float)(high - low + 1));
}

static float *random_floats(int n, uint32_t *state)
{
    float *out = alloc_floats((size_t)n);

    ck_assert_ptr_nonnull(out);
    support_fill(out, (size_t)n, state);
    return out;
}

/* Values before the activation: one image's channel at one output pixel. */
static double sum_at(const struct conv2d *conv, const double *x, int h, int w,
                     int o, int row, int column)
{
    int channels = conv->in_c / conv->groups;
    int taps = conv->kernel_h * conv->kernel_w;
    double sum = (double)conv->bias[o];

    for (int i = 0; i < channels * taps; i++) {
        int c = conv->groups == 1 ? i / taps : o;
        int r = row * conv->stride + i % taps / conv->kernel_w - conv->pad_top;
        int k =
            column * conv->stride + i % taps % conv->kernel_w - conv->pad_left;

        if (r >= 0 && r < h && k >= 0 && k < w) {
            sum +=
                (double)conv->weight[o * channels * taps + i] *
                x[((size_t)c * (size_t)h + (size_t)r) * (size_t)w + (size_t)k];
        }
    }
    return sum;
}

static double bent(const struct conv2d *conv, int channel, double v)
{
    switch (conv->activation) {
    case ACTIVATION_RELU:
        return v > 0 ? v : 0;
    case ACTIVATION_PRELU:
        return v > 0 ? v : v * (double)conv->slope[channel];
    case ACTIVATION_NONE:
        break;
    }
    return v;
}

/* One image through one convolution; `residual` may be NULL. */
static void convolve(const struct conv2d *conv, const double *x, int h, int w,
                     const float *residual, int residual_c, double *y)
{
    int out_h;
    int out_w;

    conv2d_size(conv, h, w, &out_h, &out_w);
    for (int i = 0; i < conv->out_c * out_h * out_w; i++) {
        int o = i / (out_h * out_w);
        double v = sum_at(conv, x, h, w, o, i / out_w % out_h, i % out_w);

        if (residual != NULL && o < residual_c) {
            v += (double)residual[i];
        }
        y[i] = bent(conv, o, v);
    }
}

static void random_conv(struct conv2d *conv, int groups, int in_c, int out_c,
                        uint32_t *state)
{
    int square = between(0, 3, state);

    conv->in_c = in_c;
    conv->out_c = groups == 1 ? out_c : in_c;
    conv->groups = groups;
    conv->kernel_h = square == 0 ? between(1, 5, state) : 3;
    conv->kernel_w = square == 0 ? between(1, 5, state) : 3;
    conv->stride = between(0, 3, state) == 0 ? 2 : 1;
    conv->pad_top = between(0, conv->kernel_h - 1, state);
    conv->pad_left = between(0, conv->kernel_w - 1, state);
    conv->pad_bottom = between(0, conv->kernel_h - 1, state);
    conv->pad_right = between(0, conv->kernel_w - 1, state);
    conv->activation = (enum activation)between(0, 2, state);
}

static void fill_conv(struct conv2d *conv, uint32_t *state)
{
    int n = conv->out_c * conv->in_c / conv->groups * conv->kernel_h *
            conv->kernel_w;

    conv->weight = random_floats(n, state);
    /* Some of few bits, which CONV2D_TILES treats in its own way. */
    for (int i = 0; conv->activation == ACTIVATION_RELU && i < n; i++) {
        conv->weight[i] = roundf(conv->weight[i] * 64) / 64;
    }
    conv->bias = random_floats(conv->out_c, state);
    if (conv->activation == ACTIVATION_PRELU) {
        conv->slope = random_floats(conv->out_c, state);
    }
}

static void find_size(struct scene *scene)
{
    int h = scene->h;
    int w = scene->w;

    if (scene->has_front) {
        conv2d_size(&scene->front, h, w, &h, &w);
    }
    conv2d_size(&scene->conv, h, w, &scene->out_h, &scene->out_w);
}

static void compute_wanted(struct scene *scene)
{
    size_t in = (size_t)(scene->conv.in_c * scene->h * scene->w);
    size_t out = (size_t)(scene->conv.out_c * scene->out_h * scene->out_w);
    size_t added = (size_t)(scene->residual_c * scene->out_h * scene->out_w);
    double *x = malloc(in * sizeof *x);
    double *middle = malloc(in * 49 * sizeof *middle);

    for (size_t image = 0; image < IMAGES; image++) {
        const float *residual =
            added == 0 ? NULL : scene->residual + image * added;
        int h = scene->h;
        int w = scene->w;

        for (size_t i = 0; i < in; i++) {
            x[i] = (double)scene->x[image * in + i];
        }
        if (scene->has_front) {
            convolve(&scene->front, x, h, w, NULL, 0, middle);
            conv2d_size(&scene->front, h, w, &h, &w);
        }
        convolve(&scene->conv, scene->has_front ? middle : x, h, w, residual,
                 scene->residual_c, scene->wanted + image * out);
    }
    free(x);
    free(middle);
}

static struct scene random_scene(uint32_t *state)
{
    struct scene scene = {0};
    int in_c = between(1, 70, state);
    int kind = between(0, 9, state);

    if (kind == 0) {
        scene.is_plain = true;
        in_c = between(1, 4, state);
    } else if (kind == 1) {
        scene.has_front = true;
        random_conv(&scene.front, in_c, in_c, in_c, state);
    }
    do {
        scene.h = between(1, 18, state);
        scene.w = between(1, 18, state);
        random_conv(&scene.conv, kind == 2 ? in_c : 1, in_c,
                    between(1, 40, state), state);
        if (scene.has_front) {
            scene.conv.kernel_h = scene.conv.kernel_w = scene.conv.stride = 1;
            scene.conv.pad_top = scene.conv.pad_bottom = 0;
            scene.conv.pad_left = scene.conv.pad_right = 0;
        }
        find_size(&scene);
    } while (scene.out_h < 1 || scene.out_w < 1);
    if (scene.has_front) {
        fill_conv(&scene.front, state);
    }
    fill_conv(&scene.conv, state);
    if (scene.conv.groups == 1 && between(0, 1, state) == 1) {
        scene.residual_c = between(1, scene.conv.out_c, state);
        scene.residual = random_floats(
            IMAGES * scene.residual_c * scene.out_h * scene.out_w, state);
    }
    scene.x = random_floats(IMAGES * in_c * scene.h * scene.w, state);
    scene.wanted =
        malloc(sizeof(double) * IMAGES *
               (size_t)(scene.conv.out_c * scene.out_h * scene.out_w));
    compute_wanted(&scene);
    return scene;
}

static void drop_scene(struct scene *scene)
{
    conv2d_fini(&scene->conv);
    conv2d_fini(&scene->front);
    free(scene->x);
    free(scene->residual);
    free(scene->wanted);
}

/* A map with zeros around it, everything else UNTOUCHED; owns its storage. */
static struct map make_map(int c, int h, int w, const int pad[4],
                           float **storage)
{
    struct map map = {.c = c, .h = h, .w = w, .images = IMAGES};
    int blocks = kernel_blocks(c);
    size_t rows = (size_t)(h + pad[0] + pad[2]);
    size_t n;

    map.row = (size_t)(w + pad[1] + pad[3]) * BLOCK;
    map.plane = rows * map.row;
    map.image = (size_t)blocks * map.plane;
    n = IMAGES * map.image;
    *storage = alloc_floats(n);
    ck_assert_ptr_nonnull(*storage);
    memset(*storage, 0, n * sizeof **storage);
    map.data = *storage + (size_t)pad[0] * map.row + (size_t)(pad[1] * BLOCK);
    return map;
}

static void block_all(const float *plain, struct map map)
{
    for (int i = 0; i < IMAGES; i++) {
        kernel_table()->block(plain, &map);
        plain += (size_t)map.c * (size_t)map.h * (size_t)map.w;
        map.data += map.image;
    }
}

/* Largest difference, relative to the largest value; lanes past c are 0. */
static double difference(const struct scene *scene, const struct map *y)
{
    double worst = 0;
    double largest = 1;
    const double *wanted = scene->wanted;

    for (int image = 0; image < IMAGES; image++) {
        for (int i = 0; i < kernel_blocks(y->c) * BLOCK * y->h * y->w; i++) {
            int c = i / (y->h * y->w);
            double v = (double)y->data[(size_t)image * y->image +
                                       (size_t)(c / BLOCK) * y->plane +
                                       (size_t)(i / y->w % y->h) * y->row +
                                       (size_t)(i % y->w * BLOCK + c % BLOCK)];
            double w = c < y->c ? *wanted++ : 0;

            worst = v - w > worst ? v - w : w - v > worst ? w - v : worst;
            largest = w > largest ? w : -w > largest ? -w : largest;
        }
    }
    return worst / largest;
}

/* The border around y must be as it was: zero. */
static void check_border(const struct map *y, const float *storage)
{
    size_t n = IMAGES * y->image;

    for (size_t i = 0; i < n; i++) {
        size_t column = i % y->row / BLOCK;
        size_t row = i % y->plane / y->row;

        if (row == 0 || column == 0 || row > (size_t)y->h ||
            column > (size_t)y->w) {
            ck_assert(storage[i] == 0);
        }
    }
}

static void run_scene(const struct scene *scene, struct map *y)
{
    const struct conv2d *first =
        scene->has_front ? &scene->front : &scene->conv;
    const int pad[4] = {first->pad_top, first->pad_left, first->pad_bottom,
                        first->pad_right};
    static const int none[4] = {0, 0, 0, 0};
    const struct conv2d *front = scene->has_front ? &scene->front : NULL;
    float *x_storage;
    float *residual_storage = NULL;
    size_t work =
        conv2d_work_floats(&scene->conv, front, scene->h, scene->w, IMAGES);
    struct conv2d_run run = {
        .front = front,
        .x = make_map(scene->conv.in_c, scene->h, scene->w, pad, &x_storage),
        .plain = scene->x,
        .y = *y,
        .rows = y->h,
        .work = alloc_floats(work + 1),
    };

    run.work[work] = UNTOUCHED;
    block_all(scene->x, run.x);
    if (scene->residual_c > 0) {
        run.residual = make_map(scene->residual_c, scene->out_h, scene->out_w,
                                none, &residual_storage);
        block_all(scene->residual, run.residual);
    }
    conv2d_run(&scene->conv, &run);
    ck_assert(run.work[work] == UNTOUCHED);
    free(run.work);
    free(x_storage);
    free(residual_storage);
}

static struct conv2d copy_of(const struct conv2d *conv)
{
    struct conv2d copy = *conv;
    size_t n = (size_t)(conv->out_c * conv->in_c / conv->groups *
                        conv->kernel_h * conv->kernel_w);

    copy.weight = alloc_floats(n);
    memcpy(copy.weight, conv->weight, n * sizeof *copy.weight);
    copy.bias = alloc_floats((size_t)conv->out_c);
    memcpy(copy.bias, conv->bias, (size_t)conv->out_c * sizeof *copy.bias);
    if (conv->slope != NULL) {
        copy.slope = alloc_floats((size_t)conv->out_c);
        memcpy(copy.slope, conv->slope,
               (size_t)conv->out_c * sizeof *copy.slope);
    }
    return copy;
}

/*
 * By the algorithm that suits maps of nominal x nominal; it must serve the
 * scene's own size all the same.
 */
static void check_scene(const struct scene *scene, int nominal, bool *seen)
{
    static const int border[4] = {1, 1, 1, 1};
    struct scene packed = *scene;
    float *storage;
    struct map y = make_map(scene->conv.out_c, scene->out_h, scene->out_w,
                            border, &storage);
    double diff;

    packed.conv = copy_of(&scene->conv);
    ck_assert_int_eq(
        conv2d_pack(&packed.conv, scene->is_plain, nominal, nominal), AHA_OK);
    if (scene->has_front) {
        packed.front = copy_of(&scene->front);
        ck_assert_int_eq(conv2d_pack(&packed.front, false, nominal, nominal),
                         AHA_OK);
    }
    run_scene(&packed, &y);
    diff = difference(scene, &y);
    ck_assert_msg(diff <= TOLERANCE,
                  "%s, algorithm %d: off by %g; %d x %d, %d to %d channels, "
                  "kernel %d x %d, stride %d, groups %d",
                  kernel_table()->isa, (int)packed.conv.algorithm, diff,
                  scene->h, scene->w, scene->conv.in_c, scene->conv.out_c,
                  scene->conv.kernel_h, scene->conv.kernel_w,
                  scene->conv.stride, scene->conv.groups);
    check_border(&y, storage);
    seen[packed.conv.algorithm] = true;
    conv2d_fini(&packed.conv);
    if (scene->has_front) {
        conv2d_fini(&packed.front);
    }
    free(storage);
}

static void check_all(bool *seen)
{
    static const int sizes[] = {3, 8, 48};
    uint32_t state = 1;

    for (int i = 0; i < N_CASES; i++) {
        struct scene scene = random_scene(&state);

        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            check_scene(&scene, sizes[k], seen);
        }
        drop_scene(&scene);
    }
}

START_TEST(random_shapes)
{
    for (int cap = CPU_BASE; cap <= (int)cpu_level(); cap++) {
        bool seen[CONV2D_INT8] = {false};

        kernel_init((enum cpu_level)cap);
        check_all(seen);
        for (size_t k = 0; k < sizeof seen / sizeof *seen; k++) {
            bool is_on_tiles = k == CONV2D_TILES || k == CONV2D_WEAVE;

            ck_assert_msg(
                seen[k] || (is_on_tiles && kernel_table()->conv_tiles == NULL),
                "algorithm %zu never chosen", k);
        }
    }
    kernel_init(CPU_BEST);
}
END_TEST

Suite *conv2d_suite(void)
{
    Suite *suite = suite_create("conv2d");
    TCase *tests = tcase_create("conv2d");

    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, random_shapes);
    suite_add_tcase(suite, tests);
    return suite;
}
