// SPDX-License-Identifier: MIT
/*
 * Convolutions of bytes of random shapes against plain loops, on every
 * instruction set: not one bit may differ.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/ops/conv2d.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { N_CASES = 60, IMAGES = 3, BLOCK = KERNEL_BLOCK };

struct scene {
    struct conv2d conv;
    int residual_c; /* 0: none */
    int h, w;       /* of the input */
    int out_h, out_w;
    uint8_t *x; /* [IMAGES][in_c, h, w] */
    uint8_t *residual;
};

static int between(int low, int high, uint32_t *state)
{
    float share = (support_random(state) + 1) / 2;

    return low + (int)(share * (float)(high - low + 1));
}

/* Mostly anything, often the largest: sums must not saturate on the way. */
static void *random_bytes(int n, uint32_t *state)
{
    uint8_t *out = malloc((size_t)n);

    ck_assert_ptr_nonnull(out);
    for (int i = 0; i < n; i++) {
        int v = between(-100, 255, state);

        out[i] = (uint8_t)(v < 0 ? 255 : v);
    }
    return out;
}

static void random_conv(struct conv2d *conv, uint32_t *state)
{
    static const int channels[] = {1, 4, 16, 18, 32, 33, 64, 72, 130};
    int any = between(0, 1, state);

    conv->in_c = channels[between(0, 8, state)];
    conv->out_c = channels[between(0, 8, state)];
    conv->groups = 1;
    conv->kernel_h = any == 0 ? 3 : between(1, 4, state);
    conv->kernel_w = any == 0 ? 3 : between(1, 4, state);
    conv->stride = between(1, 2, state);
    conv->pad_top = between(0, conv->kernel_h - 1, state);
    conv->pad_left = between(0, conv->kernel_w - 1, state);
    conv->pad_bottom = between(0, conv->kernel_h - 1, state);
    conv->pad_right = between(0, conv->kernel_w - 1, state);
    conv->activation =
        between(0, 1, state) == 0 ? ACTIVATION_NONE : ACTIVATION_RELU;
}

static void fill_conv(struct conv2d *conv, uint32_t *state)
{
    struct conv2d_int8 *int8 = &conv->int8;
    size_t outputs = (size_t)conv->out_c;

    int8->weight = random_bytes(
        conv->out_c * conv->in_c * conv->kernel_h * conv->kernel_w, state);
    int8->weight_scale = alloc_floats(outputs);
    conv->bias = alloc_floats(outputs);
    ck_assert(int8->weight_scale != NULL && conv->bias != NULL);
    int8->x_step = 0.02F;
    int8->y_step = between(0, 2, state) == 0 ? 0 : 0.7F;
    int8->residual_step = 0.9F;
    support_fill(conv->bias, outputs, state);
    support_fill(int8->weight_scale, outputs, state);
    for (size_t c = 0; c < outputs; c++) {
        int8->weight_scale[c] = 0.003F + 0.002F * int8->weight_scale[c];
    }
}

static struct scene random_scene(uint32_t *state)
{
    struct scene scene = {0};

    do {
        random_conv(&scene.conv, state);
        scene.h = between(1, 15, state);
        scene.w = between(1, 17, state);
        conv2d_size(&scene.conv, scene.h, scene.w, &scene.out_h, &scene.out_w);
    } while (scene.out_h < 1 || scene.out_w < 1);
    fill_conv(&scene.conv, state);
    scene.x = random_bytes(IMAGES * scene.conv.in_c * scene.h * scene.w, state);
    if (between(0, 1, state) == 1) {
        scene.residual_c = between(1, scene.conv.out_c, state);
        scene.residual = random_bytes(
            IMAGES * scene.residual_c * scene.out_h * scene.out_w, state);
    }
    return scene;
}

static void drop_scene(struct scene *scene)
{
    conv2d_fini(&scene->conv);
    free(scene->x);
    free(scene->residual);
}

/* What is added up at one output of one image, without the bias. */
static int sum_at(const struct scene *scene, const uint8_t *x, int o, int row,
                  int column)
{
    const struct conv2d *conv = &scene->conv;
    int taps = conv->kernel_h * conv->kernel_w;
    int sum = 0;

    for (int i = 0; i < conv->in_c * taps; i++) {
        int r = row * conv->stride + i % taps / conv->kernel_w - conv->pad_top;
        int k =
            column * conv->stride + i % taps % conv->kernel_w - conv->pad_left;

        if (r >= 0 && r < scene->h && k >= 0 && k < scene->w) {
            sum += conv->int8.weight[o * conv->in_c * taps + i] *
                   x[(i / taps * scene->h + r) * scene->w + k];
        }
    }
    return sum;
}

/* Output i of an image, as the header of the kernels words it. */
static float value_at(const struct scene *scene, int image, int i)
{
    const struct conv2d *conv = &scene->conv;
    const struct conv2d_int8 *int8 = &conv->int8;
    int plane = scene->out_h * scene->out_w;
    int o = i / plane;
    double unit = (double)int8->x_step * (double)int8->weight_scale[o];
    int sum = (int)nearbyint((double)conv->bias[o] / unit) +
              sum_at(scene, scene->x + image * conv->in_c * scene->h * scene->w,
                     o, i / scene->out_w % scene->out_h, i % scene->out_w);
    float y_step = int8->y_step > 0 ? int8->y_step : 1;
    float value = (float)sum * (float)(unit / (double)y_step);

    if (o < scene->residual_c) {
        value += (float)scene->residual[image * scene->residual_c * plane + i] *
                 (int8->residual_step / y_step);
    }
    if (int8->y_step > 0) {
        return nearbyintf(fminf(fmaxf(value, 0), 255));
    }
    return conv->activation == ACTIVATION_RELU && !(value > 0) ? 0 : value;
}

static float *wanted_of(const struct scene *scene)
{
    int n = scene->conv.out_c * scene->out_h * scene->out_w;
    float *out = alloc_floats((size_t)(IMAGES * n));

    ck_assert_ptr_nonnull(out);
    for (int image = 0; image < IMAGES; image++) {
        for (int i = 0; i < n; i++) {
            out[image * n + i] = value_at(scene, image, i);
        }
    }
    return out;
}

/* A map with zeros around it; owns its storage. */
static struct map make_map(int c, int h, int w, const int pad[4], bool is_bytes,
                           float **storage)
{
    struct map map = {.c = c, .h = h, .w = w, .images = IMAGES};
    int channels = is_bytes ? kernel_int8_pixel(c) : BLOCK;
    size_t pixel = is_bytes ? (size_t)channels / sizeof(float) : BLOCK;
    size_t n;

    map.row = (size_t)(w + pad[1] + pad[3]) * pixel;
    map.plane = (size_t)(h + pad[0] + pad[2]) * map.row;
    map.image = (size_t)((c + channels - 1) / channels) * map.plane;
    n = IMAGES * map.image;
    *storage = alloc_floats(n);
    ck_assert_ptr_nonnull(*storage);
    memset(*storage, 0, n * sizeof **storage);
    map.data = *storage + (size_t)pad[0] * map.row + (size_t)pad[1] * pixel;
    return map;
}

/* Where channel c of pixel (r, k) lies. */
static uint8_t *byte_of(const struct map *map, int image, int c, int r, int k)
{
    struct int8_map bytes = kernel_int8_map(map);

    return bytes.data + (size_t)image * bytes.image +
           (size_t)(c / bytes.pixel) * bytes.plane + (size_t)r * bytes.row +
           (size_t)(k * bytes.pixel + c % bytes.pixel);
}

/* Plain bytes into a map; lanes past c hold what no sum may see. */
static void put_bytes(const uint8_t *plain, const struct map *map)
{
    int lanes = kernel_blocks(map->c) * BLOCK;

    for (int i = 0; i < IMAGES * lanes * map->h * map->w; i++) {
        int c = i / (map->h * map->w) % lanes;
        uint8_t *to = byte_of(map, i / (map->h * map->w) / lanes, c,
                              i / map->w % map->h, i % map->w);

        *to = c < map->c ? *plain++ : 0;
    }
}

static float got_at(const struct map *y, bool is_bytes, int image, int i)
{
    int c = i / (y->h * y->w);
    int r = i / y->w % y->h;
    int k = i % y->w;

    if (is_bytes) {
        return *byte_of(y, image, c, r, k);
    }
    return y->data[(size_t)image * y->image + (size_t)(c / BLOCK) * y->plane +
                   (size_t)r * y->row + (size_t)(k * BLOCK + c % BLOCK)];
}

/* Nothing around y was written. */
static void check_border(const struct map *y, const float *storage)
{
    size_t pixel = y->row / (size_t)(y->w + 2);

    for (size_t i = 0; i < IMAGES * y->image; i++) {
        size_t row = i % y->plane / y->row;
        size_t column = i % y->row / pixel;

        if (row == 0 || column == 0 || row > (size_t)y->h ||
            column > (size_t)y->w) {
            ck_assert(storage[i] == 0);
        }
    }
}

static struct conv2d packed_copy(const struct conv2d *conv)
{
    struct conv2d copy = *conv;
    size_t n =
        (size_t)(conv->out_c * conv->in_c * conv->kernel_h * conv->kernel_w);
    size_t outputs = (size_t)conv->out_c * sizeof(float);

    copy.int8.weight = malloc(n);
    copy.int8.weight_scale = alloc_floats((size_t)conv->out_c);
    copy.bias = alloc_floats((size_t)conv->out_c);
    ck_assert(copy.int8.weight != NULL && copy.int8.weight_scale != NULL &&
              copy.bias != NULL);
    memcpy(copy.int8.weight, conv->int8.weight, n);
    memcpy(copy.int8.weight_scale, conv->int8.weight_scale, outputs);
    memcpy(copy.bias, conv->bias, outputs);
    ck_assert(conv2d_int8_fits(&copy));
    ck_assert_int_eq(conv2d_pack(&copy, false, 8, 8), AHA_OK);
    ck_assert_int_eq(copy.algorithm, CONV2D_INT8);
    return copy;
}

static void check_scene(const struct scene *scene, const float *wanted)
{
    static const int border[4] = {1, 1, 1, 1};
    static const int none[4] = {0, 0, 0, 0};
    struct conv2d conv = packed_copy(&scene->conv);
    const int pad[4] = {conv.pad_top, conv.pad_left, conv.pad_bottom,
                        conv.pad_right};
    bool is_bytes = conv.int8.y_step > 0;
    float *storage[3] = {NULL, NULL, NULL};
    struct conv2d_run run = {
        .x = make_map(conv.in_c, scene->h, scene->w, pad, true, &storage[0]),
        .y = make_map(conv.out_c, scene->out_h, scene->out_w, border, is_bytes,
                      &storage[1]),
    };

    put_bytes(scene->x, &run.x);
    if (scene->residual_c > 0) {
        run.residual = make_map(scene->residual_c, scene->out_h, scene->out_w,
                                none, true, &storage[2]);
        put_bytes(scene->residual, &run.residual);
    }
    conv2d_run(&conv, &run);
    for (int image = 0; image < IMAGES; image++) {
        for (int i = 0; i < conv.out_c * scene->out_h * scene->out_w; i++) {
            float got = got_at(&run.y, is_bytes, image, i);

            ck_assert_msg(got == *wanted,
                          "%s: %g, not %g; %d x %d, %d to %d channels, kernel "
                          "%d x %d, stride %d",
                          kernel_table()->isa, (double)got, (double)*wanted,
                          scene->h, scene->w, conv.in_c, conv.out_c,
                          conv.kernel_h, conv.kernel_w, conv.stride);
            wanted++;
        }
    }
    check_border(&run.y, storage[1]);
    conv2d_fini(&conv);
    for (int i = 0; i < 3; i++) {
        free(storage[i]);
    }
}

START_TEST(random_shapes)
{
    uint32_t state = 1;

    for (int i = 0; i < N_CASES; i++) {
        struct scene scene = random_scene(&state);
        float *wanted = wanted_of(&scene);

        for (int cap = CPU_BASE; cap <= (int)cpu_level(); cap++) {
            kernel_init((enum cpu_level)cap);
            check_scene(&scene, wanted);
        }
        free(wanted);
        drop_scene(&scene);
    }
    kernel_init(CPU_BEST);
}
END_TEST

START_TEST(sums_that_could_overflow)
{
    float bias[1] = {1000};
    float scale[1] = {1e-6F};
    struct conv2d conv = {.in_c = 256,
                          .out_c = 1,
                          .kernel_h = 3,
                          .kernel_w = 3,
                          .bias = bias,
                          .int8 = {.weight_scale = scale, .x_step = 1}};

    ck_assert(conv2d_int8_fits(&conv));
    conv.int8.x_step = 1e-3F;
    ck_assert(!conv2d_int8_fits(&conv));
    bias[0] = -1000;
    ck_assert(!conv2d_int8_fits(&conv));
    conv.int8.x_step = 1;
    conv.in_c = 8192;
    ck_assert(!conv2d_int8_fits(&conv));
}
END_TEST

Suite *conv2d_int8_suite(void)
{
    Suite *suite = suite_create("conv2d_int8");
    TCase *tests = tcase_create("conv2d_int8");

    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, random_shapes);
    tcase_add_test(tests, sums_that_could_overflow);
    suite_add_tcase(suite, tests);
    return suite;
}
