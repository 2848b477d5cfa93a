// SPDX-License-Identifier: MIT
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/vision/align.h"
#include "core/vision/detect.h"
#include "core/vision/landmark.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

/* Her face in astronaut.jpg. */
static const struct aha_point FACE = {225, 120};
static const float FACE_SIDE = 105;

static struct detector *detector;
static struct detector_session *session;
static struct landmarker *landmarker;
static struct landmark_session *landmarks;
static struct aha_image portrait;

static void set_up(void)
{
    struct aha_error err = {AHA_OK, ""};
    struct aha_image_info info;
    char path[SUPPORT_MAX_PATH];
    size_t n;
    unsigned char *bytes =
        support_read(support_data("astronaut.jpg", path), &n);

    ck_assert_int_eq(
        aha_image_probe(bytes, n, 1000000, AHA_FORMATS_DEFAULT, &info, NULL),
        AHA_OK);
    ck_assert_int_eq(aha_image_decode(bytes, n, &info, 1, &portrait, NULL),
                     AHA_OK);
    free(bytes);
    ck_assert_msg(
        detector_create(&detector, support_model("detector.safetensors", path),
                        &err) == AHA_OK &&
            landmarker_create(&landmarker,
                              support_model("landmarks.safetensors", path),
                              &err) == AHA_OK,
        "%s", err.text);
    ck_assert_int_eq(detector_session_create(&session, detector), AHA_OK);
    ck_assert_int_eq(landmark_session_create(&landmarks, landmarker), AHA_OK);
}

static void tear_down(void)
{
    detector_session_destroy(session);
    detector_destroy(detector);
    landmark_session_destroy(landmarks);
    landmarker_destroy(landmarker);
    aha_image_fini(&portrait);
}

/* The portrait through a map onto a canvas of this size. */
static void paint(struct aha_image *canvas, int width, int height,
                  const struct affine *canvas_to_portrait)
{
    size_t plane = (size_t)width * (size_t)height;
    float *values = malloc(3 * plane * sizeof *values);

    ck_assert_int_eq(aha_image_init(canvas, width, height, NULL), AHA_OK);
    align_warp_rgb(&portrait, canvas_to_portrait, width, height,
                   ALIGN_BORDER_ZERO, 1, 0, values);
    for (size_t i = 0; i < plane; i++) {
        for (size_t c = 0; c < 3; c++) {
            canvas->rgb[3 * i + c] = (uint8_t)values[c * plane + i];
        }
    }
    free(values);
}

/*
 * The face is among what is found, at the place the map gives; what else is
 * found, the mesh's flag rejects.
 */
static void expect_face(const struct aha_image *image,
                        const struct affine *portrait_to_canvas, float side)
{
    struct detection found[DETECT_MAX];
    struct aha_point wanted = affine_apply(portrait_to_canvas, FACE);
    int n = detector_run(session, image, 0.2F, 24, found);

    int n_faces = 0;

    for (int i = 0; i < n; i++) {
        const struct aha_box *box = &found[i].box;
        struct landmark_result result;

        if (!landmark_run(landmarks, image, &found[i], &result) ||
            result.confidence < 0.5F) {
            continue;
        }
        n_faces++;
        ck_assert(fabsf(box->x + box->width / 2 - wanted.x) < side * 0.25F);
        ck_assert(fabsf(box->y + box->height / 2 - wanted.y) < side * 0.25F);
        ck_assert(box->width > side * 0.6F && box->width < side * 1.6F);
    }
    ck_assert_int_eq(n_faces, 1);
}

START_TEST(finds_her_face)
{
    struct affine same = {.a = 1, .d = 1};

    expect_face(&portrait, &same, FACE_SIDE);
}
END_TEST

START_TEST(finds_it_turned)
{
    static const float degrees[] = {-45, -30, 30, 45};
    float angle = degrees[_i] * acosf(-1) / 180;
    struct affine turn = {cosf(angle), -sinf(angle), 0,
                          sinf(angle), cosf(angle),  0};
    struct aha_point moved = affine_apply(&turn, FACE);
    struct aha_image canvas;
    struct affine inverse;

    turn.tx = 256 - moved.x;
    turn.ty = 256 - moved.y;
    ck_assert(affine_invert(&turn, &inverse));
    paint(&canvas, 512, 512, &inverse);
    expect_face(&canvas, &turn, FACE_SIDE);
    aha_image_fini(&canvas);
}
END_TEST

START_TEST(finds_it_small_and_large)
{
    static const float scales[] = {0.35F, 0.5F, 2, 4};
    float s = scales[_i];
    struct affine grow = {.a = s, .d = s};
    struct affine shrink = {.a = 1 / s, .d = 1 / s};
    struct aha_image canvas;

    paint(&canvas, (int)(512 * s), (int)(512 * s), &shrink);
    expect_face(&canvas, &grow, FACE_SIDE * s);
    aha_image_fini(&canvas);
}
END_TEST

START_TEST(finds_nothing_in_noise)
{
    struct detection found[DETECT_MAX];
    struct aha_image noise;
    uint32_t state = 17;

    ck_assert_int_eq(aha_image_init(&noise, 300, 200, NULL), AHA_OK);
    for (int i = 0; i < 300 * 200 * 3; i++) {
        noise.rgb[i] = (uint8_t)(128 + 127 * support_random(&state));
    }
    ck_assert_int_eq(detector_run(session, &noise, 0.5F, 24, found), 0);
    memset(noise.rgb, 255, 300 * 200 * 3);
    ck_assert_int_eq(detector_run(session, &noise, 0.5F, 24, found), 0);
    aha_image_fini(&noise);
}
END_TEST

START_TEST(odd_shapes_are_no_trouble)
{
    static const int sizes[][2] = {{16, 16}, {2000, 16}, {16, 2000}, {1, 1}};
    struct detection found[DETECT_MAX];

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct aha_image image;

        ck_assert_int_eq(aha_image_init(&image, sizes[i][0], sizes[i][1], NULL),
                         AHA_OK);
        ck_assert_int_eq(detector_run(session, &image, 0.5F, 1, found), 0);
        aha_image_fini(&image);
    }
}
END_TEST

START_TEST(landmarks_lie_on_her_face)
{
    struct detection found[DETECT_MAX];
    struct landmark_result result;
    /* Read off the portrait by eye. */
    static const struct aha_point truth[AHA_N_LANDMARKS] = {
        [AHA_LEFT_EYE] = {247, 104},
        [AHA_RIGHT_EYE] = {204, 102},
        [AHA_NOSE] = {223, 131},
        [AHA_MOUTH_LEFT] = {246, 146},
        [AHA_MOUTH_RIGHT] = {202, 143}};

    ck_assert_int_eq(detector_run(session, &portrait, 0.5F, 24, found), 1);
    ck_assert(landmark_run(landmarks, &portrait, &found[0], &result));
    ck_assert(result.confidence > 0.9F);
    for (int i = 0; i < AHA_N_LANDMARKS; i++) {
        ck_assert_msg(hypotf(result.points[i].x - truth[i].x,
                             result.points[i].y - truth[i].y) < 8,
                      "%s at %.1f %.1f",
                      aha_landmark_name((enum aha_landmark)i),
                      (double)result.points[i].x, (double)result.points[i].y);
    }
}
END_TEST

START_TEST(running_does_not_allocate)
{
    struct detection found[DETECT_MAX];
    struct landmark_result result;
    unsigned long before = support_allocations();
    int n = detector_run(session, &portrait, 0.2F, 24, found);
    bool is_placed =
        n > 0 && landmark_run(landmarks, &portrait, &found[0], &result);
    unsigned long after = support_allocations();

    ck_assert(is_placed);
    ck_assert_uint_eq(after, before);
}
END_TEST

START_TEST(flag_rejects_what_is_no_face)
{
    struct detection sleeve = {.box = {60, 330, 100, 100},
                               .right_eye = {90, 360},
                               .left_eye = {130, 360}};
    struct detection nowhere = {.box = {0, 0, 0, 0}};
    struct landmark_result result;

    ck_assert(landmark_run(landmarks, &portrait, &sleeve, &result));
    ck_assert(result.confidence < 0.5F);
    ck_assert(!landmark_run(landmarks, &portrait, &nowhere, &result));
    nowhere.box.width = NAN;
    ck_assert(!landmark_run(landmarks, &portrait, &nowhere, &result));
}
END_TEST

START_TEST(wrong_kind_is_refused)
{
    struct aha_error err = {AHA_OK, ""};
    struct detector *none = NULL;
    struct landmarker *neither = NULL;
    char path[SUPPORT_MAX_PATH];

    ck_assert_int_eq(
        detector_create(&none, support_model("landmarks.safetensors", path),
                        &err),
        AHA_ERR_WEIGHTS);
    ck_assert_ptr_nonnull(strstr(err.text, "landmarks.safetensors"));
    ck_assert_int_eq(landmarker_create(&neither, "/nowhere", &err), AHA_ERR_IO);
    ck_assert_ptr_null(none);
    ck_assert_ptr_null(neither);
}
END_TEST

Suite *detect_suite(void)
{
    Suite *suite = suite_create("detect");
    TCase *tests = tcase_create("detect");

    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, finds_her_face);
    tcase_add_loop_test(tests, finds_it_turned, 0, 4);
    tcase_add_loop_test(tests, finds_it_small_and_large, 0, 4);
    tcase_add_test(tests, finds_nothing_in_noise);
    tcase_add_test(tests, odd_shapes_are_no_trouble);
    tcase_add_test(tests, landmarks_lie_on_her_face);
    tcase_add_test(tests, running_does_not_allocate);
    tcase_add_test(tests, flag_rejects_what_is_no_face);
    tcase_add_test(tests, wrong_kind_is_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
