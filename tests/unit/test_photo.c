// SPDX-License-Identifier: MIT
/* What a large photo is decoded for. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/pipeline_parts.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum {
    SIDE = 512,   /* px, of the portrait */
    LARGE = 3072, /* px; searched at half its size */
    LEFT = 1400,  /* px, where the portrait lies in a large photo */
    TOP = 900,
};

static struct aha_pipeline *pipeline;
static struct aha_session *session;
static struct aha_image portrait;

static void decode(const void *bytes, size_t n, struct aha_image *out)
{
    struct aha_image_info info;

    ck_assert_int_eq(aha_image_probe(bytes, n, LARGE * LARGE,
                                     AHA_FORMATS_DEFAULT, &info, NULL),
                     AHA_OK);
    ck_assert_int_eq(aha_image_decode(bytes, n, &info, 1, out, NULL), AHA_OK);
}

static void set_up(void)
{
    char path[SUPPORT_MAX_PATH];
    size_t n;
    unsigned char *bytes =
        support_read(support_data("astronaut.jpg", path), &n);

    support_open(&pipeline, &session);
    decode(bytes, n, &portrait);
    ck_assert_int_eq(portrait.width, SIDE);
    free(bytes);
}

static void tear_down(void)
{
    aha_image_fini(&portrait);
    aha_session_destroy(session);
    aha_pipeline_destroy(pipeline);
}

static const uint8_t *pixel(int x, int y)
{
    return portrait.rgb + 3 * ((ptrdiff_t)y * SIDE + x);
}

/* As a file: the portrait enlarged `times`, its left top corner at (x, y) of a
 * grey photo of LARGE px a side, what falls off left out. */
static void *make(int times, int x, int y, size_t *n)
{
    struct aha_image large;
    void *bytes;

    ck_assert_int_eq(aha_image_init(&large, LARGE, LARGE, NULL), AHA_OK);
    memset(large.rgb, 128, (size_t)3 * LARGE * LARGE);
    for (int j = y; j < LARGE && j < y + times * SIDE; j++) {
        for (int i = x; i < LARGE && i < x + times * SIDE; i++) {
            memcpy(large.rgb + 3 * ((ptrdiff_t)j * LARGE + i),
                   pixel((i - x) / times, (j - y) / times), 3);
        }
    }
    ck_assert_int_eq(aha_image_encode(&large, AHA_IMAGE_PNG, &bytes, n, NULL),
                     AHA_OK);
    aha_image_fini(&large);
    return bytes;
}

static void prepare(struct photo *photo, const void *bytes, size_t n,
                    const struct aha_options *options)
{
    *photo = (struct photo){
        .session = session, .bytes = bytes, .n_bytes = n, .options = options};
    ck_assert_int_eq(photo_prepare(photo), AHA_OK);
}

static void drop(struct photo *photo)
{
    photo_drop_pictures(photo);
    aha_analysis_fini(&photo->analysis);
}

/* Each landmark of the first face as in the portrait, enlarged and moved. */
static void expect_landmarks(const struct photo *photo, float times, float x,
                             float y)
{
    static const float places[AHA_N_LANDMARKS][2] = {
        [AHA_LEFT_EYE] = {246.7F, 104.9F},
        [AHA_RIGHT_EYE] = {203.6F, 102.6F},
        [AHA_NOSE] = {223.1F, 131.2F},
        [AHA_MOUTH_LEFT] = {246.2F, 141.7F},
        [AHA_MOUTH_RIGHT] = {201.2F, 139.3F},
    };
    const struct aha_point *found = photo->analysis.faces[0].face.landmarks;

    for (int k = 0; k < AHA_N_LANDMARKS; k++) {
        float apart = fmaxf(fabsf(found[k].x - x - times * places[k][0]),
                            fabsf(found[k].y - y - times * places[k][1]));

        ck_assert_msg(apart < 2 * times, "landmark %d: %g px off", k,
                      (double)apart);
    }
}

START_TEST(large_face_needs_no_detail)
{
    struct aha_options options = aha_options_default();
    struct photo photo;
    size_t n;
    void *bytes = make(LARGE / SIDE, 0, 0, &n);

    prepare(&photo, bytes, n, &options);
    ck_assert_int_eq(photo.view.image.width, LARGE / 2);
    ck_assert_int_eq(photo.analysis.n_faces, 1);
    ck_assert_int_gt(photo.analysis.n_skipped, 0); /* small ones, all wrong */
    ck_assert_ptr_null(photo.detail.image.rgb);
    expect_landmarks(&photo, LARGE / SIDE, 0, 0);
    drop(&photo);
    free(bytes);
}
END_TEST

START_TEST(small_face_is_looked_at_in_detail)
{
    struct aha_options options = aha_options_default();
    struct photo photo;
    size_t n;
    void *bytes = make(1, LEFT, TOP, &n);

    options.min_face_size = 80;
    prepare(&photo, bytes, n, &options);
    ck_assert_int_eq(photo.view.image.width, LARGE / 2);
    ck_assert_int_eq(photo.detail.image.width, LARGE);
    ck_assert_int_eq(photo.analysis.n_faces, 1);
    ck_assert_ptr_eq(photo_picture(&photo, &photo.analysis.faces[0].face.box),
                     &photo.detail);
    expect_landmarks(&photo, 1, LEFT, TOP);
    drop(&photo);
    free(bytes);
}
END_TEST

START_TEST(each_face_has_the_picture_of_its_size)
{
    struct photo photo = {.view = {.shrink = 4},
                          .detail = {.image = portrait, .shrink = 1}};
    struct aha_box small = {0, 0, 4 * PHOTO_DETAIL_SIDE,
                            4 * PHOTO_DETAIL_SIDE - 1};
    struct aha_box large = {0, 0, 4 * PHOTO_DETAIL_SIDE, 4 * PHOTO_DETAIL_SIDE};

    ck_assert_ptr_eq(photo_picture(&photo, &small), &photo.detail);
    ck_assert_ptr_eq(photo_picture(&photo, &large), &photo.view);
    photo.detail.image.rgb = NULL;
    ck_assert_ptr_eq(photo_picture(&photo, &small), &photo.view);
}
END_TEST

START_TEST(maps_to_a_picture_divide_by_its_scale)
{
    struct picture picture = {.scale = {2, 4}};
    struct affine map = {.a = 2, .b = 4, .tx = 6, .c = 8, .d = 12, .ty = 16};
    struct affine found = photo_map_to(&picture, &map);

    ck_assert(found.a == 1 && found.b == 2 && found.tx == 3);
    ck_assert(found.c == 2 && found.d == 3 && found.ty == 4);
}
END_TEST

Suite *photo_suite(void)
{
    Suite *suite = suite_create("photo");
    TCase *tests = tcase_create("photo");

    tcase_set_timeout(tests, 600);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, large_face_needs_no_detail);
    tcase_add_test(tests, small_face_is_looked_at_in_detail);
    tcase_add_test(tests, each_face_has_the_picture_of_its_size);
    tcase_add_test(tests, maps_to_a_picture_divide_by_its_scale);
    suite_add_tcase(suite, tests);
    return suite;
}
