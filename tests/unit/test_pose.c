// SPDX-License-Identifier: MIT
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/vision/align.h"
#include "core/vision/detect.h"
#include "core/vision/landmark.h"
#include "core/vision/pose.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

static const double PI = 3.14159265358979323846;

struct mesh {
    float points[POSE_MESH_POINTS][3];
};

/* The mean head after pitch, yaw and roll, by their definition. */
static struct mesh turned_head(double yaw, double pitch, double roll)
{
    struct mesh mesh = {{{0}}};
    double y = yaw * PI / 180;
    double p = pitch * PI / 180;
    double r = roll * PI / 180;

    for (int i = 0; i < POSE_N_POINTS; i++) {
        const struct pose_point *head = &pose_head[i];
        float *out = mesh.points[head->mesh];
        double x0 = (double)head->x;
        /* up: what is nearest the camera (least z) rises (least y) */
        double y1 = cos(p) * (double)head->y + sin(p) * (double)head->z;
        double z1 = cos(p) * (double)head->z - sin(p) * (double)head->y;
        /* to the subject's left: what is nearest goes to the right */
        double x2 = cos(y) * x0 - sin(y) * z1;
        double z2 = cos(y) * z1 + sin(y) * x0;

        /* clockwise: the right goes down */
        out[0] = (float)(100 + 60 * (cos(r) * x2 - sin(r) * y1));
        out[1] = (float)(90 + 60 * (sin(r) * x2 + cos(r) * y1));
        out[2] = (float)(-7 + 60 * z2);
    }
    return mesh;
}

static struct aha_pose pose_of(const struct mesh *mesh, float turn)
{
    struct aha_pose pose = {NAN, NAN, NAN};

    ck_assert(pose_from_mesh(mesh->points[0], turn, &pose));
    return pose;
}

static void expect(struct aha_pose got, double yaw, double pitch, double roll,
                   double tolerance)
{
    ck_assert_double_eq_tol((double)got.yaw, yaw, tolerance);
    ck_assert_double_eq_tol((double)got.pitch, pitch, tolerance);
    ck_assert_double_eq_tol((double)got.roll, roll, tolerance);
}

START_TEST(finds_the_angles_of_a_turned_head)
{
    for (int yaw = -80; yaw <= 80; yaw += 20) {
        for (int pitch = -60; pitch <= 60; pitch += 20) {
            for (int roll = -150; roll <= 150; roll += 50) {
                struct mesh mesh = turned_head(yaw, pitch, roll);

                expect(pose_of(&mesh, 0), yaw, pitch, roll, 0.01);
            }
        }
    }
}
END_TEST

START_TEST(the_nose_shows_the_way)
{
    enum { NOSE = 1, BROW = 10, RIGHT = 33, LEFT = 263 };
    struct mesh front = turned_head(0, 0, 0);
    struct mesh left = turned_head(30, 0, 0);
    struct mesh up = turned_head(0, 30, 0);
    struct mesh tilted = turned_head(0, 0, 30);

    ck_assert(left.points[NOSE][0] > front.points[NOSE][0]);
    ck_assert(up.points[NOSE][1] < front.points[NOSE][1]);
    ck_assert(tilted.points[LEFT][1] > tilted.points[RIGHT][1]);
    ck_assert(tilted.points[BROW][0] > front.points[BROW][0]);
}
END_TEST

START_TEST(the_turn_of_the_crop_is_added_to_the_roll)
{
    struct mesh mesh = turned_head(10, -5, 100);

    expect(pose_of(&mesh, (float)(PI / 4)), 10, -5, 145, 0.01);
    expect(pose_of(&mesh, (float)(PI / 2)), 10, -5, -170, 0.01);
}
END_TEST

START_TEST(noise_moves_it_little)
{
    struct mesh mesh = turned_head(25, -10, 5);
    uint32_t state = 11;

    for (int i = 0; i < POSE_MESH_POINTS; i++) {
        for (int a = 0; a < 3; a++) {
            mesh.points[i][a] += support_random(&state); /* of 60 */
        }
    }
    expect(pose_of(&mesh, 0), 25, -10, 5, 2);
}
END_TEST

START_TEST(refuses_what_is_no_head)
{
    struct aha_pose pose = {1, 2, 3};
    struct mesh flat = turned_head(10, 0, 0);
    struct mesh mirrored = flat;
    struct mesh point = flat;
    struct mesh broken = flat;
    struct mesh endless = flat;

    for (int i = 0; i < POSE_MESH_POINTS; i++) {
        flat.points[i][2] = 4;
        mirrored.points[i][0] = -mirrored.points[i][0];
        memset(point.points[i], 0, sizeof point.points[i]);
    }
    broken.points[pose_head[3].mesh][1] = NAN;
    endless.points[pose_head[3].mesh][2] = INFINITY;
    ck_assert(!pose_from_mesh(flat.points[0], 0, &pose));
    ck_assert(!pose_from_mesh(mirrored.points[0], 0, &pose));
    ck_assert(!pose_from_mesh(point.points[0], 0, &pose));
    ck_assert(!pose_from_mesh(broken.points[0], 0, &pose));
    ck_assert(!pose_from_mesh(endless.points[0], 0, &pose));
    ck_assert(!pose_from_mesh(turned_head(0, 0, 0).points[0], NAN, &pose));
    expect(pose, 1, 2, 3, 1e-9);
}
END_TEST

/* The networks that a photo goes through before it has a mesh. */
struct finder {
    struct detector *detector;
    struct detector_session *detecting;
    struct landmarker *landmarker;
    struct landmark_session *placing;
};

static void open_finder(struct finder *finder)
{
    char path[SUPPORT_MAX_PATH];

    ck_assert_int_eq(
        detector_create(&finder->detector,
                        support_model("detector.safetensors", path), NULL),
        AHA_OK);
    ck_assert_int_eq(
        landmarker_create(&finder->landmarker,
                          support_model("landmarks.safetensors", path), NULL),
        AHA_OK);
    ck_assert_int_eq(
        detector_session_create(&finder->detecting, finder->detector), AHA_OK);
    ck_assert_int_eq(
        landmark_session_create(&finder->placing, finder->landmarker), AHA_OK);
}

static void close_finder(struct finder *finder)
{
    landmark_session_destroy(finder->placing);
    landmarker_destroy(finder->landmarker);
    detector_session_destroy(finder->detecting);
    detector_destroy(finder->detector);
}

static struct aha_pose find_pose(const struct finder *finder,
                                 const struct aha_image *photo)
{
    static struct detection found[DETECT_MAX];
    struct landmark_result result = {.confidence = 0};

    ck_assert_int_ge(detector_run(finder->detecting, photo, 0.2F, 40, found),
                     1);
    ck_assert(landmark_run(finder->placing, photo, &found[0], &result));
    ck_assert(result.confidence > 0.5F);
    return result.pose;
}

static struct aha_image open_photo(void)
{
    char path[SUPPORT_MAX_PATH];
    size_t n;
    unsigned char *bytes =
        support_read(support_data("astronaut.jpg", path), &n);
    struct aha_image_info info;
    struct aha_image photo = {0};

    ck_assert_int_eq(
        aha_image_probe(bytes, n, 1000000, AHA_FORMATS_DEFAULT, &info, NULL),
        AHA_OK);
    ck_assert_int_eq(aha_image_decode(bytes, n, &info, 1, &photo, NULL),
                     AHA_OK);
    free(bytes);
    return photo;
}

/* A copy whose pixel at p is the photo's at map(p), black outside. */
static struct aha_image redrawn(const struct aha_image *photo,
                                const struct affine *map)
{
    size_t n = (size_t)photo->width * (size_t)photo->height;
    struct aha_image out = {0};
    float *planes = malloc(3 * n * sizeof *planes);

    ck_assert_ptr_nonnull(planes);
    ck_assert_int_eq(aha_image_init(&out, photo->width, photo->height, NULL),
                     AHA_OK);
    align_warp_rgb(photo, map, photo->width, photo->height, ALIGN_BORDER_ZERO,
                   1, 0, planes);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < 3; k++) {
            out.rgb[3 * i + k] = (uint8_t)(planes[k * n + i] + 0.5F);
        }
    }
    free(planes);
    return out;
}

START_TEST(a_mirrored_photo_negates_yaw_and_roll)
{
    struct finder finder;
    struct aha_image photo = open_photo();
    struct affine flip = {.a = -1, .tx = (float)photo.width, .d = 1};
    struct aha_image mirrored = redrawn(&photo, &flip);
    struct aha_pose straight;

    open_finder(&finder);
    straight = find_pose(&finder, &photo);
    expect(find_pose(&finder, &mirrored), -(double)straight.yaw,
           (double)straight.pitch, -(double)straight.roll, 2.5);
    close_finder(&finder);
    aha_image_fini(&mirrored);
    aha_image_fini(&photo);
}
END_TEST

START_TEST(a_turned_photo_shifts_the_roll)
{
    const double turns[] = {-30, 30};
    float turn = (float)(turns[_i] * PI / 180);
    struct finder finder;
    struct aha_image photo = open_photo();
    float x = (float)photo.width / 2;
    float y = (float)photo.height / 2;
    float c = cosf(turn);
    float s = sinf(turn);
    /* back from the picture turned clockwise about its middle */
    struct affine back = {c, s, x - c * x - s * y, -s, c, y + s * x - c * y};
    struct aha_image turned = redrawn(&photo, &back);
    struct aha_pose straight;

    open_finder(&finder);
    straight = find_pose(&finder, &photo);
    expect(find_pose(&finder, &turned), (double)straight.yaw,
           (double)straight.pitch, (double)straight.roll + turns[_i], 2.5);
    close_finder(&finder);
    aha_image_fini(&turned);
    aha_image_fini(&photo);
}
END_TEST

Suite *pose_suite(void)
{
    Suite *suite = suite_create("pose");
    TCase *tests = tcase_create("pose");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, finds_the_angles_of_a_turned_head);
    tcase_add_test(tests, the_nose_shows_the_way);
    tcase_add_test(tests, the_turn_of_the_crop_is_added_to_the_roll);
    tcase_add_test(tests, noise_moves_it_little);
    tcase_add_test(tests, refuses_what_is_no_head);
    tcase_add_test(tests, a_mirrored_photo_negates_yaw_and_roll);
    tcase_add_loop_test(tests, a_turned_photo_shifts_the_roll, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
