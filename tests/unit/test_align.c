// SPDX-License-Identifier: MIT
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/document.h"
#include "core/vision/regions.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

/* golden_align_photo: upright, turned, small, large, across the border. */
enum { N_PHOTO_FACES = 5, LARGE_FACE = 3 };

/* Faces and their crops by PyTorch. */
struct golden {
    struct safetensors *file;
    struct document_node *config;
    struct aha_image photo;
    float *points;
    int n_faces;
    float scale, bias; /* of the crops' pixels */
};

static void open_golden(struct golden *golden, const char *name)
{
    char path[SUPPORT_MAX_PATH];
    const char *config;
    size_t n;

    ck_assert_int_eq(
        safetensors_open(support_data(name, path), &golden->file, NULL),
        AHA_OK);
    config = safetensors_metadata(golden->file, "config");
    ck_assert_int_eq(
        document_open(config, strlen(config), &golden->config, NULL), AHA_OK);
    golden->points = support_tensor(golden->file, "points", &n);
    golden->n_faces = (int)n / (2 * AHA_N_LANDMARKS);
}

/* golden_align holds its photo. */
static void read_photo(struct golden *golden)
{
    const struct safetensor *shape = safetensors_find(golden->file, "photo");
    float *values;
    size_t n;

    ck_assert_int_eq(
        aha_image_init(&golden->photo, shape->dims[2], shape->dims[1], NULL),
        AHA_OK);
    values = support_tensor(golden->file, "photo", &n);
    for (size_t i = 0; i < n / 3; i++) {
        for (size_t c = 0; c < 3; c++) {
            golden->photo.rgb[3 * i + c] = (uint8_t)values[c * n / 3 + i];
        }
    }
    free(values);
    values = support_tensor(golden->file, "normalization", &n);
    golden->scale = 1 / (255 * values[1]);
    golden->bias = -values[0] / values[1];
    free(values);
}

/* golden_align_photo's is a file, here decoded as the product does. */
static void decode_photo(struct golden *golden, int shrink)
{
    char path[SUPPORT_MAX_PATH];
    struct aha_image_info info;
    size_t n;
    unsigned char *bytes =
        support_read(support_data("astronaut.jpg", path), &n);

    ck_assert_int_eq(
        aha_image_probe(bytes, n, 1000000, AHA_FORMATS_DEFAULT, &info, NULL),
        AHA_OK);
    ck_assert_int_eq(
        aha_image_decode(bytes, n, &info, shrink, &golden->photo, NULL),
        AHA_OK);
    free(bytes);
    for (int i = 0; i < golden->n_faces * 2 * AHA_N_LANDMARKS; i++) {
        golden->points[i] /= (float)shrink;
    }
    golden->scale = 1;
}

static void close_golden(struct golden *golden)
{
    free(golden->points);
    aha_image_fini(&golden->photo);
    document_close(golden->config);
    safetensors_close(golden->file);
}

static const struct aha_point face_template[AHA_N_LANDMARKS] = {
    [AHA_LEFT_EYE] = {.685F, .385F},    [AHA_RIGHT_EYE] = {.315F, .389F},
    [AHA_NOSE] = {.5F, .626F},          [AHA_MOUTH_LEFT] = {.655F, .772F},
    [AHA_MOUTH_RIGHT] = {.351F, .776F},
};

static struct aha_region_info read_region(const struct document_node *node)
{
    static const char *const anchors[AHA_N_ANCHORS] = {
        "frame", "left_eye", "right_eye", "nose", "mouth"};
    struct aha_region_info info = {.name = ""};
    float pair[2];
    int size[2];

    ck_assert_int_eq(
        document_string(node, "name", sizeof info.name, info.name, NULL),
        AHA_OK);
    while (strcmp(document_borrow_string(node, "anchor"),
                  anchors[info.anchor]) != 0) {
        info.anchor++;
        ck_assert_int_lt(info.anchor, AHA_N_ANCHORS);
    }
    ck_assert_int_eq(document_reals(node, "offset", -1, 1, 2, pair, NULL),
                     AHA_OK);
    info.offset = (struct aha_point){pair[0], pair[1]};
    ck_assert_int_eq(document_reals(node, "size", 0, 2, 2, pair, NULL), AHA_OK);
    info.size = (struct aha_point){pair[0], pair[1]};
    ck_assert_int_eq(document_ints(node, "input", 1, 500, 2, size, NULL),
                     AHA_OK);
    info.height = size[0];
    info.width = size[1];
    return info;
}

/* What a region of a face differs by: at most, and on the mean. */
struct difference {
    double most, mean;
};

static struct difference compare_region(const struct golden *golden,
                                        const struct aha_region_info *region,
                                        int face)
{
    size_t floats = (size_t)region->width * (size_t)region->height;
    struct aha_point points[AHA_N_LANDMARKS];
    struct difference diff = {0, 0};
    struct face_frame frame;
    struct affine map;
    float *got = alloc_floats(floats);
    char tensor[80];
    size_t n;
    float *all;
    const float *wanted;

    memcpy(points, golden->points + (ptrdiff_t)face * 2 * AHA_N_LANDMARKS,
           sizeof points);
    ck_assert(regions_frame(points, face_template, &frame));
    map = regions_map(&frame, points, region);
    align_warp_luma(&golden->photo, &map, region->width, region->height,
                    ALIGN_BORDER_REPEAT, golden->scale, golden->bias, got);
    (void)snprintf(tensor, sizeof tensor, "crop.%s", region->name);
    all = support_tensor(golden->file, tensor, &n);
    ck_assert_uint_eq(n, floats * (size_t)golden->n_faces);
    wanted = all + (size_t)face * floats;
    diff.most = support_max_diff(wanted, got, floats);
    for (size_t i = 0; i < floats; i++) {
        diff.mean += fabs((double)(wanted[i] - got[i])) / (double)floats;
    }
    free(all);
    free(got);
    return diff;
}

/* Seven regions of the faces first..end - 1. */
static void check_crops(const struct golden *golden, int first, int end,
                        double most, double mean)
{
    const struct document_node *regions =
        document_member(golden->config, "regions");

    ck_assert_int_eq(document_count(regions), 7);
    for (int k = 0; k < document_count(regions); k++) {
        struct aha_region_info region = read_region(document_item(regions, k));

        for (int i = first; i < end; i++) {
            struct difference diff = compare_region(golden, &region, i);

            ck_assert_msg(diff.most <= most && diff.mean <= mean,
                          "%s of face %d off by %g, on the mean %g",
                          region.name, i, diff.most, diff.mean);
        }
    }
}

START_TEST(crops_match_training)
{
    struct golden golden = {0};

    open_golden(&golden, "golden_align.safetensors");
    read_photo(&golden);
    check_crops(&golden, 0, golden.n_faces, 1e-4, 1e-4);
    close_golden(&golden);
}
END_TEST

START_TEST(photograph_matches_training)
{
    struct golden golden = {0};

    open_golden(&golden, "golden_align_photo.safetensors");
    ck_assert_int_eq(golden.n_faces, N_PHOTO_FACES);
    decode_photo(&golden, 1);
    check_crops(&golden, 0, N_PHOTO_FACES, 3, 0.3);
    close_golden(&golden);
}
END_TEST

/* A large face is cut from a photo that was shrunk as it was decoded. */
START_TEST(shrunk_photograph_matches_training)
{
    struct golden golden = {0};

    open_golden(&golden, "golden_align_photo.safetensors");
    decode_photo(&golden, 2);
    check_crops(&golden, LARGE_FACE, LARGE_FACE + 1, 255, 2);
    close_golden(&golden);
}
END_TEST

START_TEST(similarity_recovers_itself)
{
    for (int i = 0; i < 100; i++) {
        struct affine truth = {.tx = (float)(i * 3 - 50), .ty = (float)(9 - i)};
        float angle = (float)i * 0.1F;
        float scale = 0.2F + (float)i * 0.3F;
        struct aha_point to[AHA_N_LANDMARKS];
        struct affine got;

        truth.a = truth.d = scale * cosf(angle);
        truth.c = scale * sinf(angle);
        truth.b = -truth.c;
        for (int k = 0; k < AHA_N_LANDMARKS; k++) {
            to[k] = affine_apply(&truth, face_template[k]);
        }
        ck_assert(align_similarity(face_template, to, AHA_N_LANDMARKS, &got));
        ck_assert_double_eq_tol((double)got.a, (double)truth.a, 1e-3);
        ck_assert_double_eq_tol((double)got.b, (double)truth.b, 1e-3);
        ck_assert_double_eq_tol((double)got.tx, (double)truth.tx, 1e-2);
        ck_assert_double_eq_tol((double)got.ty, (double)truth.ty, 1e-2);
    }
}
END_TEST

START_TEST(no_reflection)
{
    struct aha_point mirrored[AHA_N_LANDMARKS];
    struct affine got;

    for (int k = 0; k < AHA_N_LANDMARKS; k++) {
        mirrored[k] =
            (struct aha_point){1 - face_template[k].x, face_template[k].y};
    }
    ck_assert(align_similarity(mirrored, face_template, AHA_N_LANDMARKS, &got));
    ck_assert(got.a * got.d - got.b * got.c > 0);
}
END_TEST

START_TEST(inverse_undoes)
{
    struct affine map = {2, -1, 5, 0.5F, 3, -7};
    struct affine singular = {1, 2, 0, 2, 4, 0};
    struct affine inverse;
    struct affine both;

    ck_assert(affine_invert(&map, &inverse));
    both = affine_compose(&inverse, &map);
    ck_assert_double_eq_tol((double)both.a, 1, 1e-5);
    ck_assert_double_eq_tol((double)both.b, 0, 1e-5);
    ck_assert_double_eq_tol((double)both.ty, 0, 1e-4);
    ck_assert(!affine_invert(&singular, &inverse));
}
END_TEST

/* A photo of one colour everywhere stays that colour, however it is warped. */
START_TEST(flat_stays_flat)
{
    struct aha_image photo;
    float out[3 * 16 * 16];
    uint32_t state = 11;

    ck_assert_int_eq(aha_image_init(&photo, 37, 23, NULL), AHA_OK);
    memset(photo.rgb, 100, 37 * 23 * 3);
    for (int i = 0; i < 200; i++) {
        struct affine map = {
            support_random(&state) * 9,  support_random(&state) * 9,
            support_random(&state) * 90, support_random(&state) * 9,
            support_random(&state) * 9,  support_random(&state) * 90};

        align_warp_rgb(&photo, &map, 16, 16, ALIGN_BORDER_REPEAT, 2, 1, out);
        for (int k = 0; k < 3 * 16 * 16; k++) {
            ck_assert_double_eq_tol((double)out[k], 201, 1e-2);
        }
    }
    aha_image_fini(&photo);
}
END_TEST

START_TEST(shrinking_averages)
{
    struct aha_image photo;
    struct affine map = {.a = 4, .d = 4};
    float out[4];

    ck_assert_int_eq(aha_image_init(&photo, 8, 8, NULL), AHA_OK);
    for (int i = 0; i < 8 * 8; i++) { /* a fine chequer */
        memset(photo.rgb + (ptrdiff_t)3 * i, (i + i / 8) % 2 == 0 ? 0 : 200, 3);
    }
    align_warp_luma(&photo, &map, 2, 2, ALIGN_BORDER_REPEAT, 1, 0, out);
    for (int i = 0; i < 4; i++) {
        ck_assert_double_eq_tol((double)out[i], 100, 1);
    }
    aha_image_fini(&photo);
}
END_TEST

START_TEST(outside_is_black_or_the_border)
{
    struct aha_image photo;
    struct affine far = {.a = 1, .tx = 1000, .d = 1, .ty = -1000};
    struct affine nowhere = {NAN, 0, INFINITY, 0, 1e30F, -1e38F};
    float out[3 * 4];

    ck_assert_int_eq(aha_image_init(&photo, 5, 5, NULL), AHA_OK);
    memset(photo.rgb, 50, 5 * 5 * 3);
    align_warp_rgb(&photo, &far, 2, 2, ALIGN_BORDER_ZERO, 1, 0, out);
    ck_assert(out[0] == 0 && out[11] == 0);
    align_warp_rgb(&photo, &far, 2, 2, ALIGN_BORDER_REPEAT, 1, 0, out);
    ck_assert_double_eq_tol((double)out[0], 50, 1e-3);
    /* Any number will do, as long as no memory outside is read. */
    align_warp_rgb(&photo, &nowhere, 2, 2, ALIGN_BORDER_REPEAT, 1, 0, out);
    align_warp_rgb(&photo, &nowhere, 2, 2, ALIGN_BORDER_ZERO, 1, 0, out);
    aha_image_fini(&photo);
}
END_TEST

Suite *align_suite(void)
{
    Suite *suite = suite_create("align");
    TCase *tests = tcase_create("align");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, crops_match_training);
    tcase_add_test(tests, photograph_matches_training);
    tcase_add_test(tests, shrunk_photograph_matches_training);
    tcase_add_test(tests, similarity_recovers_itself);
    tcase_add_test(tests, no_reflection);
    tcase_add_test(tests, inverse_undoes);
    tcase_add_test(tests, flat_stays_flat);
    tcase_add_test(tests, shrinking_averages);
    tcase_add_test(tests, outside_is_black_or_the_border);
    suite_add_tcase(suite, tests);
    return suite;
}
