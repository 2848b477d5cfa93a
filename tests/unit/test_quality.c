// SPDX-License-Identifier: MIT
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/vision/quality.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { PHOTO = 400 };

static const struct aha_pose straight = {0, 0, 0};

/* A grey level for each point of a face frame that fills the photo. */
typedef float shade_fn(float x, float y);

/* 1 inside an edge, 0 outside, over a band of `soft` frame units. */
static float inside(float beyond, float soft)
{
    return 1 / (1 + expf(beyond / soft));
}

static float drawn_face(float x, float y, float soft)
{
    float right_eye = inside(hypotf(x - 0.33F, y - 0.4F) - 0.07F, soft);
    float left_eye = inside(hypotf(x - 0.67F, y - 0.4F) - 0.07F, soft);
    float mouth = inside(fabsf(x - 0.5F) - 0.15F, soft) *
                  inside(fabsf(y - 0.77F) - 0.03F, soft);

    return 0.6F - 0.5F * (right_eye + left_eye + mouth);
}

static float face_shade(float x, float y)
{
    return drawn_face(x, y, 0.001F);
}

static float blurred_shade(float x, float y)
{
    return drawn_face(x, y, 0.05F);
}

static float even_shade(float x, float y)
{
    (void)x;
    (void)y;
    return 0.5F;
}

static struct aha_image drawn(int side, shade_fn *shade, float gain)
{
    struct aha_image image = {0};

    ck_assert_int_eq(aha_image_init(&image, side, side, NULL), AHA_OK);
    for (int i = 0; i < side * side; i++) {
        float x = ((float)(i % side) + 0.5F) / (float)side;
        float y = ((float)(i / side) + 0.5F) / (float)side;
        float v = shade(x, y) * gain * 255;

        memset(image.rgb + (ptrdiff_t)3 * i, v > 255 ? 255 : (int)(v + 0.5F),
               3);
    }
    return image;
}

/* The frame of a face as large as the photo. */
static struct face_frame whole(int side)
{
    struct face_frame frame = {
        .to_frame = {.a = 1.0F / (float)side, .d = 1.0F / (float)side},
        .to_photo = {.a = (float)side, .d = (float)side},
    };

    return frame;
}

static struct aha_quality judge(int side, shade_fn *shade, float gain,
                                float face_px, struct aha_pose pose)
{
    struct aha_image image = drawn(side, shade, gain);
    struct face_frame frame = whole(side);
    struct aha_quality quality = {NAN, NAN, NAN, ~0U};

    quality_measure(&image, &frame, face_px, &pose, &quality);
    ck_assert(quality.score >= 0 && quality.score <= 1);
    ck_assert(quality.sharpness >= 0 && quality.sharpness <= 1);
    ck_assert(quality.brightness >= 0 && quality.brightness <= 1);
    aha_image_fini(&image);
    return quality;
}

START_TEST(names_of_flags)
{
    static const char *const names[] = {"small", "blurred", "dark", "bright",
                                        "turned"};

    for (int i = 0; i < AHA_N_QUALITY_FLAGS; i++) {
        ck_assert_str_eq(aha_quality_flag_name((enum aha_quality_flag)i),
                         names[i]);
    }
}
END_TEST

START_TEST(a_good_face_has_no_flag)
{
    struct aha_quality quality = judge(PHOTO, face_shade, 1, PHOTO, straight);

    ck_assert_uint_eq(quality.flags, 0);
    ck_assert(quality.score > 0.8F);
    ck_assert(fabsf(quality.brightness - 0.53F) < 0.03F);
}
END_TEST

START_TEST(blur_is_seen_at_every_size)
{
    static const int sides[] = {32, 48, 100, PHOTO, 900};
    int side = sides[_i];
    float px = (float)side;
    struct aha_quality sharp = judge(side, face_shade, 1, px, straight);
    struct aha_quality soft = judge(side, blurred_shade, 1, px, straight);

    ck_assert_uint_eq(sharp.flags, 0);
    ck_assert_uint_eq(soft.flags, 1U << AHA_QUALITY_BLURRED);
    ck_assert(soft.sharpness < 0.5F && sharp.sharpness > 0.6F);
    ck_assert(soft.score < sharp.score);
}
END_TEST

START_TEST(nothing_to_see_is_blurred)
{
    struct aha_quality quality = judge(PHOTO, even_shade, 1, PHOTO, straight);

    ck_assert_uint_eq(quality.flags, 1U << AHA_QUALITY_BLURRED);
    ck_assert(quality.sharpness < 0.01F && quality.score < 0.01F);
}
END_TEST

START_TEST(light_is_judged_apart_from_sharpness)
{
    struct aha_quality plain = judge(PHOTO, face_shade, 1, PHOTO, straight);
    struct aha_quality dark = judge(PHOTO, face_shade, 0.3F, PHOTO, straight);
    struct aha_quality bright = judge(PHOTO, face_shade, 2, PHOTO, straight);

    ck_assert_uint_eq(dark.flags, 1U << AHA_QUALITY_DARK);
    ck_assert_uint_eq(bright.flags, 1U << AHA_QUALITY_BRIGHT);
    ck_assert(fabsf(dark.brightness - 0.3F * plain.brightness) < 0.01F);
    ck_assert(fabsf(dark.sharpness - plain.sharpness) < 0.02F);
    ck_assert(dark.score < plain.score && bright.score < plain.score);
}
END_TEST

START_TEST(size_is_the_full_photos)
{
    struct aha_quality large = judge(PHOTO, face_shade, 1, 32, straight);
    struct aha_quality small = judge(PHOTO, face_shade, 1, 31, straight);
    struct aha_quality none = judge(PHOTO, face_shade, 1, 0, straight);

    ck_assert_uint_eq(large.flags, 0);
    ck_assert_uint_eq(small.flags, 1U << AHA_QUALITY_SMALL);
    ck_assert(small.score < large.score);
    ck_assert(none.score == 0);
}
END_TEST

START_TEST(turned_either_way)
{
    static const struct {
        struct aha_pose pose;
        unsigned flags;
    } cases[] = {
        {{29, 0, 0}, 0},
        {{-31, 0, 0}, 1U << AHA_QUALITY_TURNED},
        {{31, 0, 0}, 1U << AHA_QUALITY_TURNED},
        {{0, -19, 0}, 0},
        {{0, 21, 0}, 1U << AHA_QUALITY_TURNED},
        {{0, -21, 0}, 1U << AHA_QUALITY_TURNED},
        {{0, 0, 80}, 0}, /* a rolled face is turned back */
        {{90, 90, 0}, 1U << AHA_QUALITY_TURNED},
    };
    float best = judge(PHOTO, face_shade, 1, PHOTO, straight).score;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aha_quality quality =
            judge(PHOTO, face_shade, 1, PHOTO, cases[i].pose);

        ck_assert_uint_eq(quality.flags, cases[i].flags);
        ck_assert(quality.score <= best);
    }
}
END_TEST

START_TEST(the_rest_of_the_photo_does_not_matter)
{
    struct aha_image image = drawn(PHOTO, face_shade, 1);
    struct face_frame frame = whole(PHOTO);
    struct aha_quality before;
    struct aha_quality after;

    quality_measure(&image, &frame, PHOTO, &straight, &before);
    memset(image.rgb, 255, (size_t)3 * PHOTO * (PHOTO / 8));
    quality_measure(&image, &frame, PHOTO, &straight, &after);
    ck_assert_mem_eq(&before, &after, sizeof before);
    aha_image_fini(&image);
}
END_TEST

START_TEST(a_face_over_the_edge_is_no_trouble)
{
    struct aha_image image = drawn(PHOTO, face_shade, 1);
    struct face_frame frame = whole(PHOTO);
    struct aha_quality quality;
    unsigned long before = support_allocations();

    frame.to_photo.tx = -3 * PHOTO;
    frame.to_photo.ty = 5 * PHOTO;
    quality_measure(&image, &frame, PHOTO, &straight, &quality);
    ck_assert_uint_eq(support_allocations(), before);
    ck_assert(isfinite(quality.score));
    aha_image_fini(&image);
}
END_TEST

Suite *quality_suite(void)
{
    Suite *suite = suite_create("quality");
    TCase *tests = tcase_create("quality");

    tcase_add_test(tests, names_of_flags);
    tcase_add_test(tests, a_good_face_has_no_flag);
    tcase_add_loop_test(tests, blur_is_seen_at_every_size, 0, 5);
    tcase_add_test(tests, nothing_to_see_is_blurred);
    tcase_add_test(tests, light_is_judged_apart_from_sharpness);
    tcase_add_test(tests, size_is_the_full_photos);
    tcase_add_test(tests, turned_either_way);
    tcase_add_test(tests, the_rest_of_the_photo_does_not_matter);
    tcase_add_test(tests, a_face_over_the_edge_is_no_trouble);
    suite_add_tcase(suite, tests);
    return suite;
}
