// SPDX-License-Identifier: MIT
#include <check.h>
#include <math.h>

#include "core/vision/regions.h"
#include "tests/unit/suites.h"

static const struct aha_point face_template[AHA_N_LANDMARKS] = {
    [AHA_LEFT_EYE] = {.685F, .385F},    [AHA_RIGHT_EYE] = {.315F, .389F},
    [AHA_NOSE] = {.5F, .626F},          [AHA_MOUTH_LEFT] = {.655F, .772F},
    [AHA_MOUTH_RIGHT] = {.351F, .776F},
};

/* The template placed in a photo: scaled, turned, moved. */
static void place(float scale, float angle, float x, float y,
                  struct aha_point *out)
{
    for (int i = 0; i < AHA_N_LANDMARKS; i++) {
        float u = face_template[i].x * scale;
        float v = face_template[i].y * scale;

        out[i].x = cosf(angle) * u - sinf(angle) * v + x;
        out[i].y = sinf(angle) * u + cosf(angle) * v + y;
    }
}

static void expect_point(struct aha_point got, double x, double y)
{
    ck_assert_double_eq_tol((double)got.x, x, 1e-3);
    ck_assert_double_eq_tol((double)got.y, y, 1e-3);
}

START_TEST(upright_face)
{
    struct aha_region_info region = {
        .anchor = AHA_ANCHOR_FRAME, .size = {1, 1}, .width = 96, .height = 96};
    struct aha_point points[AHA_N_LANDMARKS];
    struct face_frame frame;
    struct affine map;
    float quad[4][2];

    place(200, 0, 30, 40, points);
    ck_assert(regions_frame(points, face_template, &frame));
    map = regions_map(&frame, points, &region);
    regions_quad(&map, &region, quad);
    expect_point((struct aha_point){quad[0][0], quad[0][1]}, 30, 40);
    expect_point((struct aha_point){quad[1][0], quad[1][1]}, 230, 40);
    expect_point((struct aha_point){quad[2][0], quad[2][1]}, 230, 240);
    expect_point((struct aha_point){quad[3][0], quad[3][1]}, 30, 240);
}
END_TEST

START_TEST(turned_face_turns_its_regions)
{
    struct aha_region_info region = {.anchor = AHA_ANCHOR_LEFT_EYE,
                                     .offset = {0, .1F},
                                     .size = {.4F, .2F},
                                     .width = 40,
                                     .height = 20};
    struct aha_point points[AHA_N_LANDMARKS];
    struct face_frame frame;
    struct affine map;
    float quarter = acosf(0);

    place(100, quarter, 0, 0, points); /* x goes down, y goes left */
    ck_assert(regions_frame(points, face_template, &frame));
    map = regions_map(&frame, points, &region);
    expect_point(affine_apply(&map, (struct aha_point){20, 10}),
                 (double)points[AHA_LEFT_EYE].x - 10,
                 (double)points[AHA_LEFT_EYE].y);
    expect_point(affine_apply(&map, (struct aha_point){40, 10}),
                 (double)points[AHA_LEFT_EYE].x - 10,
                 (double)points[AHA_LEFT_EYE].y + 20);
}
END_TEST

START_TEST(anchors_follow_the_detected_points)
{
    struct aha_point points[AHA_N_LANDMARKS];
    struct face_frame frame;

    place(100, 0, 0, 0, points);
    points[AHA_NOSE].x += 5; /* a turned head: the nose is off its place */
    ck_assert(regions_frame(points, face_template, &frame));
    for (int a = AHA_ANCHOR_LEFT_EYE; a < AHA_N_ANCHORS; a++) {
        struct aha_region_info region = {.anchor = (enum aha_anchor)a,
                                         .size = {.2F, .2F},
                                         .width = 10,
                                         .height = 10};
        struct affine map = regions_map(&frame, points, &region);
        struct aha_point centre = affine_apply(&map, (struct aha_point){5, 5});
        const struct aha_point mouth = {
            (points[AHA_MOUTH_LEFT].x + points[AHA_MOUTH_RIGHT].x) / 2,
            (points[AHA_MOUTH_LEFT].y + points[AHA_MOUTH_RIGHT].y) / 2};
        const struct aha_point *wanted =
            a == AHA_ANCHOR_LEFT_EYE    ? &points[AHA_LEFT_EYE]
            : a == AHA_ANCHOR_RIGHT_EYE ? &points[AHA_RIGHT_EYE]
            : a == AHA_ANCHOR_NOSE      ? &points[AHA_NOSE]
                                        : &mouth;

        expect_point(centre, (double)wanted->x, (double)wanted->y);
    }
}
END_TEST

START_TEST(no_face_no_frame)
{
    struct aha_point points[AHA_N_LANDMARKS] = {{0, 0}};
    struct face_frame frame;

    ck_assert(!regions_frame(points, face_template, &frame));
    points[2].x = NAN;
    ck_assert(!regions_frame(points, face_template, &frame));
}
END_TEST

Suite *regions_suite(void)
{
    Suite *suite = suite_create("regions");
    TCase *tests = tcase_create("regions");

    tcase_add_test(tests, upright_face);
    tcase_add_test(tests, turned_face_turns_its_regions);
    tcase_add_test(tests, anchors_follow_the_detected_points);
    tcase_add_test(tests, no_face_no_frame);
    suite_add_tcase(suite, tests);
    return suite;
}
