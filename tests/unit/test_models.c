// SPDX-License-Identifier: MIT
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aha/aha.h"

#include "server/models.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { N_SESSIONS = 3, SIDE = 48, N_FILES = 3 };

static const char *const files[N_FILES] = {
    "detector.safetensors", "landmarks.safetensors", "expression.safetensors"};

static char folder[64];
static struct models_source source;
static struct models *models;
static struct aha_error err;

static const char *in_folder(const char *name, char out[SUPPORT_MAX_PATH])
{
    (void)snprintf(out, SUPPORT_MAX_PATH, "%s/%s", folder, name);
    return out;
}

static void link_file(const char *name)
{
    char path[SUPPORT_MAX_PATH];
    char *target = realpath(support_model(name, path), NULL);

    ck_assert_msg(target != NULL, "%s is missing", path);
    ck_assert_int_eq(symlink(target, in_folder(name, path)), 0);
    free(target);
}

static void remove_file(const char *name)
{
    char path[SUPPORT_MAX_PATH];

    (void)unlink(in_folder(name, path));
}

/* The expression network's file, cut off after so many bytes. */
static void damage(size_t n_kept)
{
    char path[SUPPORT_MAX_PATH];
    size_t n = 0;
    unsigned char *bytes = support_read(support_model(files[2], path), &n);
    FILE *stream;

    ck_assert_uint_lt(n_kept, n);
    remove_file(files[2]);
    stream = fopen(in_folder(files[2], path), "wb");
    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(fwrite(bytes, 1, n_kept, stream), n_kept);
    ck_assert_int_eq(fclose(stream), 0);
    free(bytes);
}

static void set_up(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/aha-models-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (int i = 0; i < N_FILES; i++) {
        link_file(files[i]);
    }
    source = (struct models_source){
        .folder = folder, .wanted_sha256 = "", .n_sessions = N_SESSIONS};
    models = NULL;
    err = (struct aha_error){AHA_OK, ""};
}

static void tear_down(void)
{
    models_destroy(models);
    for (int i = 0; i < N_FILES; i++) {
        remove_file(files[i]);
    }
    (void)rmdir(folder);
}

static void open_models(void)
{
    ck_assert_msg(models_create(&models, &source, &err) == AHA_OK, "%s",
                  err.text);
}

/* What the model says of a grey ramp; false when it cannot. */
static bool look(const struct model *model, int worker,
                 float out[AHA_MAX_LABELS])
{
    float plane[SIDE * SIDE];
    struct aha_analysis analysis;
    struct aha_analysis *one[] = {&analysis};

    for (int i = 0; i < SIDE * SIDE; i++) {
        plane[i] = (float)(i / SIDE) / SIDE;
    }
    if (aha_prepare_crops(model_session(model, worker), plane, 1, SIDE, SIDE,
                          one[0], NULL) != AHA_OK) {
        return false;
    }
    aha_infer(model_session(model, worker), one, 1);
    memcpy(out, analysis.faces[0].probabilities,
           AHA_MAX_LABELS * sizeof(float));
    aha_analysis_fini(&analysis);
    return true;
}

START_TEST(every_worker_has_its_session)
{
    struct model *model;
    float numbers[N_SESSIONS][AHA_MAX_LABELS];

    open_models();
    model = models_acquire(models);
    ck_assert_int_gt(model_info(model)->n_labels, 1);
    ck_assert_uint_eq(strlen(model_info(model)->sha256), 64);
    for (int i = 0; i < N_SESSIONS; i++) {
        for (int k = 0; k < i; k++) {
            ck_assert_ptr_ne(model_session(model, i), model_session(model, k));
        }
        ck_assert(look(model, i, numbers[i]));
        ck_assert_mem_eq(numbers[i], numbers[0], sizeof numbers[0]);
    }
    model_release(model);
    model_release(NULL);
    models_destroy(NULL);
}
END_TEST

START_TEST(only_the_wanted_weights)
{
    char digest[AHA_SHA256_HEX];
    struct model *model;

    open_models();
    model = models_acquire(models);
    memcpy(digest, model_info(model)->sha256, sizeof digest);
    model_release(model);
    models_destroy(models);
    models = NULL;
    source.wanted_sha256 = digest;
    open_models();
    ck_assert_int_eq(models_reload(models, &err), AHA_OK);
    models_destroy(models);
    models = NULL;
    digest[63] = digest[63] == '0' ? '1' : '0';
    ck_assert_int_eq(models_create(&models, &source, &err), AHA_ERR_WEIGHTS);
    ck_assert_ptr_nonnull(strstr(err.text, "--model-sha256"));
    ck_assert_ptr_null(models);
}
END_TEST

START_TEST(what_is_missing_is_named)
{
    remove_file(files[1]);
    ck_assert_int_eq(models_create(&models, &source, &err), AHA_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.text, files[1]));
    source.folder = "/nowhere";
    ck_assert_int_eq(models_create(&models, &source, &err), AHA_ERR_IO);
    ck_assert_ptr_null(models);
}
END_TEST

START_TEST(reload_lets_the_old_one_finish)
{
    float before[AHA_MAX_LABELS];
    float after[AHA_MAX_LABELS];
    struct model *old;
    struct model *new;

    open_models();
    old = models_acquire(models);
    ck_assert(look(old, 0, before));
    ck_assert_int_eq(models_reload(models, &err), AHA_OK);
    new = models_acquire(models);
    ck_assert_ptr_ne(old, new);
    ck_assert(look(old, 1, after));
    ck_assert_mem_eq(before, after, sizeof before);
    model_release(old);
    ck_assert(look(new, 1, after));
    ck_assert_mem_eq(before, after, sizeof before);
    model_release(new);
}
END_TEST

START_TEST(reload_keeps_the_old_one_on_error)
{
    static const size_t kept[] = {0, 7, 1000, 100000};
    float before[AHA_MAX_LABELS];
    struct model *old;

    open_models();
    old = models_acquire(models);
    ck_assert(look(old, 0, before));
    model_release(old);
    for (size_t i = 0; i < sizeof kept / sizeof *kept + 1; i++) {
        float after[AHA_MAX_LABELS];
        struct model *model;

        if (i < sizeof kept / sizeof *kept) {
            damage(kept[i]);
        } else {
            remove_file(files[2]);
        }
        err = (struct aha_error){AHA_OK, ""};
        ck_assert_int_ne(models_reload(models, &err), AHA_OK);
        ck_assert_ptr_nonnull(strstr(err.text, files[2]));
        model = models_acquire(models);
        ck_assert_ptr_eq(model, old);
        ck_assert(look(model, 0, after));
        ck_assert_mem_eq(before, after, sizeof before);
        model_release(model);
    }
    link_file(files[2]);
    ck_assert_int_eq(models_reload(models, &err), AHA_OK);
}
END_TEST

/* Loading takes long, so only some of them, and the last. */
START_TEST(an_allocation_may_fail)
{
    enum { N_TRIED = 20 };
    unsigned long all = 0;

    source.n_sessions = 1;
    open_models();
    for (int i = 0; i <= N_TRIED; i++) {
        unsigned long before = support_allocations();
        enum aha_status status;

        /* First a whole one, to count. */
        (void)support_fail_allocation(all * (unsigned long)i / N_TRIED);
        status = models_reload(models, &err);
        if (i == 0) {
            all = support_allocations() - before;
            ck_assert_uint_gt(all, N_TRIED);
            ck_assert_int_eq(status, AHA_OK);
            continue;
        }
        ck_assert_msg(support_fail_allocation(0), "%d", i);
        ck_assert_int_eq(status, AHA_ERR_MEMORY);
    }
    ck_assert_int_eq(models_reload(models, &err), AHA_OK);
}
END_TEST

static atomic_bool is_over;
static atomic_int n_looks;
static float expected[AHA_MAX_LABELS];

struct looker {
    pthread_t thread;
    int worker;
    bool is_right;
};

static void *look_on(void *data)
{
    struct looker *looker = data;

    looker->is_right = true;
    while (!atomic_load(&is_over)) {
        struct model *model = models_acquire(models);
        float numbers[AHA_MAX_LABELS];

        if (!look(model, looker->worker, numbers) ||
            memcmp(numbers, expected, sizeof expected) != 0) {
            looker->is_right = false;
        }
        model_release(model);
        atomic_fetch_add(&n_looks, 1);
    }
    aha_thread_fini();
    return NULL;
}

START_TEST(reload_under_load)
{
    struct looker lookers[N_SESSIONS];
    struct model *model;

    open_models();
    model = models_acquire(models);
    ck_assert(look(model, 0, expected));
    model_release(model);
    atomic_store(&is_over, false);
    atomic_store(&n_looks, 0);
    for (int i = 0; i < N_SESSIONS; i++) {
        lookers[i].worker = i;
        ck_assert_int_eq(
            pthread_create(&lookers[i].thread, NULL, look_on, &lookers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(models_reload(models, &err), AHA_OK);
    }
    while (atomic_load(&n_looks) < 2 * N_SESSIONS) {
        (void)usleep(1000);
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < N_SESSIONS; i++) {
        ck_assert_int_eq(pthread_join(lookers[i].thread, NULL), 0);
        ck_assert(lookers[i].is_right);
    }
}
END_TEST

Suite *models_suite(void)
{
    Suite *suite = suite_create("models");
    TCase *tests = tcase_create("models");

    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, every_worker_has_its_session);
    tcase_add_test(tests, only_the_wanted_weights);
    tcase_add_test(tests, what_is_missing_is_named);
    tcase_add_test(tests, reload_lets_the_old_one_finish);
    tcase_add_test(tests, reload_keeps_the_old_one_on_error);
    tcase_add_test(tests, an_allocation_may_fail);
    tcase_add_test(tests, reload_under_load);
    suite_add_tcase(suite, tests);
    return suite;
}
