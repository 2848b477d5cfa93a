// SPDX-License-Identifier: MIT
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "aha/aha.h"

#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { N_THREADS = 3 };

static struct aha_pipeline *pipeline;
static struct aha_session *session;
static unsigned char *portrait;
static size_t n_portrait;

static void set_up(void)
{
    char path[SUPPORT_MAX_PATH];

    support_open(&pipeline, &session);
    portrait = support_read(support_data("astronaut.jpg", path), &n_portrait);
}

static void tear_down(void)
{
    aha_session_destroy(session);
    aha_pipeline_destroy(pipeline);
    free(portrait);
}

static enum aha_status analyze(const void *bytes, size_t n,
                               const struct aha_options *options,
                               struct aha_analysis *out, struct aha_error *err)
{
    struct aha_options usual = aha_options_default();

    return aha_analyze(session, bytes, n, options == NULL ? &usual : options,
                       out, err);
}

START_TEST(portrait_is_happy)
{
    const struct aha_model_info *info = aha_pipeline_model_info(pipeline);
    struct aha_analysis analysis;
    const struct aha_face_result *face;
    float x;
    float y;

    ck_assert_int_eq(analyze(portrait, n_portrait, NULL, &analysis, NULL),
                     AHA_OK);
    ck_assert_int_eq(analysis.n_faces, 1);
    face = &analysis.faces[0];
    x = face->face.box.x + face->face.box.width / 2;
    y = face->face.box.y + face->face.box.height / 2;
    ck_assert(x > 180 && x < 265 && y > 75 && y < 165);
    ck_assert(face->face.landmarks[AHA_LEFT_EYE].x >
              face->face.landmarks[AHA_RIGHT_EYE].x);
    ck_assert_str_eq(info->labels[face->label], "happiness");
    for (int k = 0; k < info->n_regions; k++) {
        ck_assert_ptr_nonnull(face->regions[k].map);
        ck_assert(face->regions[k].map[0] > 0 && face->regions[k].map[0] < 1);
    }
    aha_analysis_fini(&analysis);
}
END_TEST

START_TEST(options_are_honoured)
{
    struct aha_options options = aha_options_default();
    struct aha_analysis analysis;

    options.min_face_size = 300;
    ck_assert_int_eq(analyze(portrait, n_portrait, &options, &analysis, NULL),
                     AHA_OK);
    ck_assert_int_eq(analysis.n_faces, 0);
    ck_assert_int_eq(analysis.n_skipped, 1);
    ck_assert_int_eq(analysis.skipped[0].reason, AHA_SKIP_TOO_SMALL);
    aha_analysis_fini(&analysis);
    options = aha_options_default();
    options.max_pixels = 512 * 512 - 1;
    ck_assert_int_eq(analyze(portrait, n_portrait, &options, &analysis, NULL),
                     AHA_ERR_TOO_LARGE);
}
END_TEST

static void expect_refused(const void *bytes, size_t n, enum aha_status wanted)
{
    struct aha_error err = {AHA_OK, ""};
    struct aha_analysis analysis = {.n_faces = -7};

    ck_assert_int_eq(analyze(bytes, n, NULL, &analysis, &err), wanted);
    ck_assert_int_eq(err.status, wanted);
    ck_assert_int_gt(strlen(err.text), 10);
    ck_assert_int_eq(analysis.n_faces, -7); /* untouched */
}

START_TEST(bad_input_is_refused)
{
    expect_refused("", 0, AHA_ERR_UNSUPPORTED);
    expect_refused("hello, photo", 12, AHA_ERR_UNSUPPORTED);
    for (size_t n = 3; n < n_portrait; n += n_portrait / 7) {
        expect_refused(portrait, n, AHA_ERR_DECODE);
    }
}
END_TEST

/* Everything that is answered about the first face must be the same bits. */
static void expect_same(const struct aha_analysis *a,
                        const struct aha_analysis *b)
{
    const struct aha_model_info *info = aha_pipeline_model_info(pipeline);
    size_t bytes = (size_t)info->n_labels * sizeof(float);

    ck_assert_int_eq(a->n_faces, b->n_faces);
    ck_assert_mem_eq(&a->faces[0].face, &b->faces[0].face,
                     sizeof a->faces[0].face);
    ck_assert_mem_eq(a->faces[0].logits, b->faces[0].logits, bytes);
    for (int k = 0; k < info->n_regions; k++) {
        ck_assert_mem_eq(a->faces[0].regions[k].evidence,
                         b->faces[0].regions[k].evidence, bytes);
    }
}

START_TEST(same_bits_whatever_came_before)
{
    struct aha_options other = aha_options_default();
    struct aha_analysis first;
    struct aha_analysis between;
    struct aha_analysis again;

    ck_assert_int_eq(analyze(portrait, n_portrait, NULL, &first, NULL), AHA_OK);
    other.min_face_size = 100;
    ck_assert_int_eq(analyze(portrait, n_portrait, &other, &between, NULL),
                     AHA_OK);
    aha_analysis_fini(&between);
    ck_assert_int_eq(analyze(portrait, n_portrait, NULL, &again, NULL), AHA_OK);
    expect_same(&first, &again);
    aha_analysis_fini(&first);
    aha_analysis_fini(&again);
}
END_TEST

START_TEST(batched_bits_are_those_alone)
{
    enum { N_PHOTOS = 3 };
    struct aha_options options = aha_options_default();
    struct aha_analysis photos[N_PHOTOS];
    struct aha_analysis *all[N_PHOTOS];
    struct aha_analysis alone;

    ck_assert_int_eq(analyze(portrait, n_portrait, NULL, &alone, NULL), AHA_OK);
    for (int i = 0; i < N_PHOTOS; i++) {
        ck_assert_int_eq(aha_prepare(session, portrait, n_portrait, &options,
                                     &photos[i], NULL),
                         AHA_OK);
        ck_assert_ptr_nonnull(photos[i].crops);
        all[i] = &photos[i];
    }
    aha_infer(session, all, N_PHOTOS);
    for (int i = 0; i < N_PHOTOS; i++) {
        ck_assert_ptr_null(photos[i].crops);
        expect_same(&alone, &photos[i]);
        aha_analysis_fini(&photos[i]);
    }
    aha_analysis_fini(&alone);
}
END_TEST

/* More faces than one batch of the network, all different. */
START_TEST(planes_alone_and_together)
{
    enum { N = 20, SIDE = 48 };
    const size_t plane = (size_t)SIDE * SIDE;
    float *luma = malloc(N * plane * sizeof *luma);
    struct aha_analysis together;
    struct aha_analysis *one[] = {&together};
    uint32_t state = 5;

    ck_assert_ptr_nonnull(luma);
    support_fill(luma, N * plane, &state); /* half of it under 0: clamped */
    ck_assert_int_eq(
        aha_prepare_crops(session, luma, N, SIDE, SIDE, &together, NULL),
        AHA_OK);
    aha_infer(session, one, 1);
    for (int i = 0; i < N; i++) {
        struct aha_analysis alone;
        struct aha_analysis *other[] = {&alone};

        ck_assert_int_eq(aha_prepare_crops(session, luma + (size_t)i * plane, 1,
                                           SIDE, SIDE, &alone, NULL),
                         AHA_OK);
        aha_infer(session, other, 1);
        ck_assert_mem_eq(together.faces[i].logits, alone.faces[0].logits,
                         sizeof alone.faces[0].logits);
        ck_assert_mem_eq(together.faces[i].regions[1].map,
                         alone.faces[0].regions[1].map, sizeof(float));
        aha_analysis_fini(&alone);
    }
    ck_assert(together.faces[0].logits[0] != together.faces[1].logits[0]);
    aha_analysis_fini(&together);
    ck_assert_int_eq(
        aha_prepare_crops(session, luma, 0, SIDE, SIDE, &together, NULL),
        AHA_ERR_ARG);
    ck_assert_int_eq(
        aha_prepare_crops(session, luma, 1, 15, SIDE, &together, NULL),
        AHA_ERR_ARG);
    free(luma);
}
END_TEST

START_TEST(aligned_photo_is_its_own_frame)
{
    struct aha_options options = aha_options_default();
    struct aha_analysis analysis;
    const struct aha_region_result *region;

    options.is_aligned = true;
    ck_assert_int_eq(analyze(portrait, n_portrait, &options, &analysis, NULL),
                     AHA_OK);
    ck_assert_int_eq(analysis.n_faces, 1);
    region = &analysis.faces[0].regions[0];
    ck_assert_double_eq_tol((double)region->quad[0][0], 0, 1e-3);
    ck_assert_double_eq_tol((double)region->quad[2][0], 512, 1e-3);
    ck_assert_double_eq_tol((double)region->quad[2][1], 512, 1e-3);
    aha_analysis_fini(&analysis);
}
END_TEST

/* A grey square of the portrait, as a PNG. */
static void *cut_square(int x, int y, int side, size_t *n)
{
    struct aha_image_info about;
    struct aha_image whole = {0};
    struct aha_image square = {0};
    void *bytes = NULL;

    ck_assert_int_eq(aha_image_probe(portrait, n_portrait, 1 << 20,
                                     AHA_FORMATS_ALL, &about, NULL),
                     AHA_OK);
    ck_assert_int_eq(
        aha_image_decode(portrait, n_portrait, &about, 1, &whole, NULL),
        AHA_OK);
    ck_assert_int_eq(aha_image_init(&square, side, side, NULL), AHA_OK);
    for (int row = 0; row < side; row++) {
        memcpy(square.rgb + (ptrdiff_t)row * side * 3,
               whole.rgb + ((ptrdiff_t)(y + row) * whole.width + x) * 3,
               (size_t)side * 3);
    }
    ck_assert_int_eq(aha_image_encode(&square, AHA_IMAGE_PNG, &bytes, n, NULL),
                     AHA_OK);
    aha_image_fini(&whole);
    aha_image_fini(&square);
    return bytes;
}

START_TEST(cropped_photo_has_landmarks_or_is_its_own_frame)
{
    /* her face, and the flag behind her */
    static const struct {
        int x, y, side;
        bool is_face;
    } crops[] = {{170, 55, 120, true}, {0, 0, 100, false}};
    struct aha_options options = aha_options_default();

    options.is_cropped = true;
    for (size_t i = 0; i < sizeof crops / sizeof *crops; i++) {
        struct aha_analysis analysis;
        const struct aha_face *face;
        size_t n = 0;
        void *bytes = cut_square(crops[i].x, crops[i].y, crops[i].side, &n);

        ck_assert_int_eq(
            aha_analyze(session, bytes, n, &options, &analysis, NULL), AHA_OK);
        ck_assert_int_eq(analysis.n_faces, 1);
        face = &analysis.faces[0].face;
        ck_assert_int_eq((int)face->box.width, crops[i].side);
        /* the template's nose stands at .5 of the frame exactly */
        ck_assert_int_eq(face->landmarks[AHA_NOSE].x !=
                             (float)crops[i].side / 2,
                         crops[i].is_face);
        aha_analysis_fini(&analysis);
        free(bytes);
    }
}
END_TEST

START_TEST(detection_alone_infers_nothing)
{
    struct aha_options options = aha_options_default();
    struct aha_analysis analysis;

    options.has_no_expression = true;
    ck_assert_int_eq(analyze(portrait, n_portrait, &options, &analysis, NULL),
                     AHA_OK);
    ck_assert_int_eq(analysis.n_faces, 1);
    ck_assert(analysis.faces[0].face.box.width > 60);
    ck_assert_ptr_null(analysis.crops);
    ck_assert_ptr_null(analysis.maps);
    aha_analysis_fini(&analysis);
}
END_TEST

static void *analyze_alone(void *data)
{
    struct aha_analysis *out = data;
    struct aha_options options = aha_options_default();
    struct aha_session *own = NULL;

    if (aha_session_create(&own, pipeline, NULL) != AHA_OK ||
        aha_analyze(own, portrait, n_portrait, &options, out, NULL) != AHA_OK) {
        out->n_faces = -1;
    }
    aha_session_destroy(own);
    aha_thread_fini();
    return NULL;
}

START_TEST(same_bits_on_every_thread)
{
    struct aha_analysis results[N_THREADS];
    pthread_t threads[N_THREADS];

    for (int i = 0; i < N_THREADS; i++) {
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, analyze_alone, &results[i]), 0);
    }
    for (int i = 0; i < N_THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    for (int i = 0; i < N_THREADS; i++) {
        ck_assert_int_eq(results[i].n_faces, 1);
        expect_same(&results[0], &results[i]);
    }
    for (int i = 0; i < N_THREADS; i++) {
        aha_analysis_fini(&results[i]);
    }
}
END_TEST

START_TEST(inspection_has_every_crop)
{
    const struct aha_model_info *info = aha_pipeline_model_info(pipeline);
    struct aha_options options = aha_options_default();
    struct aha_inspection pictures;
    struct aha_analysis analysis;

    ck_assert_int_eq(aha_inspect(session, portrait, n_portrait, &options, 256,
                                 &analysis, &pictures, NULL),
                     AHA_OK);
    ck_assert_int_eq(pictures.photo.width, 256);
    ck_assert_int_eq(pictures.n_crops, info->n_regions);
    for (int k = 0; k < info->n_regions; k++) {
        ck_assert_int_eq(pictures.crops[k].width, info->regions[k].width);
        ck_assert_int_eq(pictures.crops[k].height, info->regions[k].height);
    }
    aha_inspection_fini(&pictures);
    aha_analysis_fini(&analysis);
    ck_assert_int_eq(aha_inspect(session, portrait, n_portrait, &options, 1,
                                 &analysis, &pictures, NULL),
                     AHA_ERR_ARG);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    struct aha_options options = aha_options_default();
    unsigned long n = 0;
    enum aha_status status;
    bool has_failed;

    do {
        struct aha_analysis analysis;
        struct aha_error err = {AHA_OK, ""};

        (void)support_fail_allocation(++n);
        status = aha_analyze(session, portrait, n_portrait, &options, &analysis,
                             &err);
        has_failed = support_fail_allocation(0); /* before Check allocates */
        if (status == AHA_OK) {
            aha_analysis_fini(&analysis);
        }
        ck_assert_int_eq(status, has_failed ? AHA_ERR_MEMORY : AHA_OK);
    } while (has_failed);
    ck_assert_int_eq(status, AHA_OK);
    ck_assert_uint_ge(n, 3);
}
END_TEST

START_TEST(missing_files_are_named)
{
    struct aha_error err = {AHA_OK, ""};
    struct aha_pipeline *none = NULL;

    ck_assert_int_eq(aha_pipeline_open(&none, "/nowhere", &err), AHA_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "/nowhere/detector.safetensors"));
    ck_assert_ptr_null(none);
}
END_TEST

/* A file in place of the folder: taken as the expression network's. */
START_TEST(a_file_is_taken_as_it_is_named)
{
    struct aha_error err = {AHA_OK, ""};
    struct aha_pipeline *opened = NULL;
    char path[SUPPORT_MAX_PATH];

    ck_assert_msg(aha_pipeline_open(
                      &opened, support_model("expression.safetensors", path),
                      &err) == AHA_OK,
                  "%s", err.text);
    aha_pipeline_destroy(opened);
    opened = NULL;
    ck_assert_int_eq(
        aha_pipeline_open(&opened, support_model("landmarks.safetensors", path),
                          &err),
        AHA_ERR_WEIGHTS);
    ck_assert_ptr_nonnull(strstr(err.text, "landmarks.safetensors: "));
    ck_assert_ptr_null(opened);
}
END_TEST

Suite *pipeline_suite(void)
{
    Suite *suite = suite_create("pipeline");
    TCase *tests = tcase_create("pipeline");

    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, portrait_is_happy);
    tcase_add_test(tests, options_are_honoured);
    tcase_add_test(tests, bad_input_is_refused);
    tcase_add_test(tests, same_bits_whatever_came_before);
    tcase_add_test(tests, batched_bits_are_those_alone);
    tcase_add_test(tests, planes_alone_and_together);
    tcase_add_test(tests, aligned_photo_is_its_own_frame);
    tcase_add_test(tests, cropped_photo_has_landmarks_or_is_its_own_frame);
    tcase_add_test(tests, detection_alone_infers_nothing);
    tcase_add_test(tests, same_bits_on_every_thread);
    tcase_add_test(tests, inspection_has_every_crop);
    tcase_add_test(tests, every_allocation_may_fail);
    tcase_add_test(tests, missing_files_are_named);
    tcase_add_test(tests, a_file_is_taken_as_it_is_named);
    suite_add_tcase(suite, tests);
    return suite;
}
