// SPDX-License-Identifier: MIT
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aha/digest.h"

#include "server/access.h"
#include "server/keys.h"
#include "server/thread.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { N_THREADS = 3 };

static char folder[64];
static char path[80];
static struct access *guard;
static struct aha_error err;

static void set_up(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/aha-access-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/keys", folder);
    guard = NULL;
    err = (struct aha_error){AHA_OK, ""};
}

static void tear_down(void)
{
    access_destroy(guard);
    (void)unlink(path);
    (void)rmdir(folder);
}

/* A file of keys: name, secret, and ":RATE" or "". */
static void write_keys(const char *const (*rows)[3], int n)
{
    FILE *stream = fopen(path, "w");

    ck_assert_ptr_nonnull(stream);
    for (int i = 0; i < n; i++) {
        char hash[AHA_SHA256_HEX];

        aha_sha256_hex(rows[i][1], strlen(rows[i][1]), hash);
        (void)fprintf(stream, "%s:%s%s\n", rows[i][0], hash, rows[i][2]);
    }
    ck_assert_int_eq(fclose(stream), 0);
}

static void write_text(const char *text)
{
    FILE *stream = fopen(path, "w");

    ck_assert_ptr_nonnull(stream);
    (void)fputs(text, stream);
    ck_assert_int_eq(fclose(stream), 0);
}

static void open_keys(int rate)
{
    static const char *const rows[][3] = {
        {"lab", "secret of the lab", ""},
        {"camera", "secret of the camera", ":1"},
        {"free", "secret of the free", ":0"},
    };

    write_keys(rows, 3);
    ck_assert_msg(access_create(&guard, path, rate, &err) == AHA_OK, "%s",
                  err.text);
}

static enum access_result check(const char *secret, char name[KEYS_MAX_NAME],
                                int *retry_after_s)
{
    name[0] = '\0';
    *retry_after_s = -1;
    return access_check(guard, secret, strlen(secret), KEYS_MAX_NAME, name,
                        retry_after_s);
}

/* Out of n requests, how many are let in; the others are told to wait. */
static int let_in(const char *secret, int n)
{
    int granted = 0;

    for (int i = 0; i < n; i++) {
        char name[KEYS_MAX_NAME];
        int retry_after_s;
        enum access_result result = check(secret, name, &retry_after_s);

        ck_assert_int_ne(result, ACCESS_UNKNOWN);
        if (result == ACCESS_GRANTED) {
            ck_assert_int_eq(retry_after_s, -1);
            granted++;
        } else {
            ck_assert_int_ge(retry_after_s, 1);
        }
    }
    return granted;
}

START_TEST(who_is_known)
{
    char name[KEYS_MAX_NAME];
    int retry_after_s;

    open_keys(0);
    ck_assert_int_eq(check("secret of the lab", name, &retry_after_s),
                     ACCESS_GRANTED);
    ck_assert_str_eq(name, "lab");
    ck_assert_int_eq(check("secret of the camera", name, &retry_after_s),
                     ACCESS_GRANTED);
    ck_assert_str_eq(name, "camera");
    ck_assert_int_eq(check("secret of the la", name, &retry_after_s),
                     ACCESS_UNKNOWN);
    ck_assert_str_eq(name, "");
    ck_assert_int_eq(check("Secret of the lab", name, &retry_after_s),
                     ACCESS_UNKNOWN);
    ck_assert_int_eq(check("", name, &retry_after_s), ACCESS_UNKNOWN);
    ck_assert_int_eq(check("lab", name, &retry_after_s), ACCESS_UNKNOWN);
    ck_assert_int_eq(retry_after_s, -1);
}
END_TEST

START_TEST(a_name_that_does_not_fit_is_cut)
{
    char name[3] = "??";
    int retry_after_s;

    open_keys(0);
    ck_assert_int_eq(access_check(guard, "secret of the camera", 20,
                                  sizeof name, name, &retry_after_s),
                     ACCESS_GRANTED);
    ck_assert_str_eq(name, "ca");
}
END_TEST

START_TEST(who_asks_too_often)
{
    char name[KEYS_MAX_NAME];
    int retry_after_s;
    int granted;

    open_keys(0);
    granted = let_in("secret of the camera", 50);
    ck_assert_int_ge(granted, 1);
    ck_assert_int_lt(granted, 50);
    ck_assert_int_eq(let_in("secret of the lab", 50), 50); /* no usual rate */
    ck_assert_int_eq(let_in("secret of the free", 50), 50);
    (void)check("secret of the camera", name, &retry_after_s);
    ck_assert_str_eq(name, "camera"); /* also of one that is limited */
}
END_TEST

START_TEST(the_usual_rate_is_for_keys_without)
{
    open_keys(2);
    ck_assert_int_lt(let_in("secret of the lab", 50), 50);
    ck_assert_int_eq(let_in("secret of the free", 50), 50);
}
END_TEST

START_TEST(reload_takes_the_new_keys)
{
    static const char *const rows[][3] = {
        {"camera", "another secret", ":1"},
        {"lab", "secret of the lab", ""},
    };
    char name[KEYS_MAX_NAME];
    int retry_after_s;

    open_keys(0);
    write_keys(rows, 2);
    ck_assert_int_eq(check("another secret", name, &retry_after_s),
                     ACCESS_UNKNOWN);
    ck_assert_int_eq(access_reload(guard, &err), AHA_OK);
    ck_assert_int_eq(check("secret of the camera", name, &retry_after_s),
                     ACCESS_UNKNOWN);
    ck_assert_int_eq(check("secret of the lab", name, &retry_after_s),
                     ACCESS_GRANTED);
    ck_assert_int_lt(let_in("another secret", 50), 50);
}
END_TEST

/* Judged only when the machine let us do it within the second that counts. */
START_TEST(a_new_secret_is_no_new_allowance)
{
    static const char *const rows[][3] = {{"camera", "another secret", ":1"}};
    double took_ms = 1e9;
    int granted = 0;

    for (int i = 0; i < 20 && took_ms > 900; i++) {
        double begin_ms = thread_now_ms();

        access_destroy(guard);
        guard = NULL;
        open_keys(0);
        ck_assert_int_ge(let_in("secret of the camera", 5), 1);
        write_keys(rows, 1);
        ck_assert_int_eq(access_reload(guard, &err), AHA_OK);
        granted = let_in("another secret", 5);
        took_ms = thread_now_ms() - begin_ms;
    }
    ck_assert(took_ms > 900 || granted == 0);
}
END_TEST

START_TEST(reload_keeps_the_old_keys_on_error)
{
    static const char *const texts[] = {"", "# nobody\n", "no key\n",
                                        "lab:123\n"};
    char name[KEYS_MAX_NAME];
    int retry_after_s;

    open_keys(0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        write_text(texts[i]);
        err = (struct aha_error){AHA_OK, ""};
        ck_assert_int_eq(access_reload(guard, &err), AHA_ERR_ARG);
        ck_assert_ptr_nonnull(strstr(err.text, path));
        ck_assert_int_eq(check("secret of the lab", name, &retry_after_s),
                         ACCESS_GRANTED);
    }
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(access_reload(guard, &err), AHA_ERR_IO);
    ck_assert_int_eq(check("secret of the lab", name, &retry_after_s),
                     ACCESS_GRANTED);
}
END_TEST

START_TEST(create_says_what_is_wrong)
{
    ck_assert_int_eq(access_create(&guard, path, 0, &err), AHA_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.text, path));
    write_text("x\n");
    ck_assert_int_eq(access_create(&guard, path, 0, &err), AHA_ERR_ARG);
    ck_assert_ptr_null(guard);
    access_destroy(NULL);
}
END_TEST

START_TEST(exposure_follows_the_file)
{
    open_keys(0);
    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert_int_eq(access_reload(guard, &err), AHA_OK);
    ck_assert(!access_is_exposed(guard));
    ck_assert_int_eq(chmod(path, 0644), 0);
    ck_assert(!access_is_exposed(guard));
    ck_assert_int_eq(access_reload(guard, &err), AHA_OK);
    ck_assert(access_is_exposed(guard));
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    unsigned long n = 0;
    enum aha_status status;
    bool has_failed;

    open_keys(0);
    do {
        (void)support_fail_allocation(++n);
        status = access_reload(guard, &err);
        has_failed = support_fail_allocation(0);
        ck_assert_int_eq(status, has_failed ? AHA_ERR_MEMORY : AHA_OK);
        ck_assert_int_eq(let_in("secret of the lab", 1), 1);
    } while (has_failed);
    ck_assert_uint_ge(n, 3);
    (void)support_fail_allocation(1);
    status = access_create(&guard, path, 0, &err);
    ck_assert(support_fail_allocation(0));
    ck_assert_int_eq(status, AHA_ERR_MEMORY);
}
END_TEST

static atomic_bool is_over;

/* @return NULL, or any pointer when a known key was not let in */
static void *ask(void *data)
{
    while (!atomic_load(&is_over)) {
        char name[KEYS_MAX_NAME];
        int retry_after_s;

        if (check("secret of the lab", name, &retry_after_s) !=
                ACCESS_GRANTED ||
            strcmp(name, "lab") != 0) {
            return data;
        }
    }
    return NULL;
}

START_TEST(reload_under_load)
{
    pthread_t threads[N_THREADS];

    open_keys(0);
    atomic_store(&is_over, false);
    for (int i = 0; i < N_THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, path), 0);
    }
    for (int i = 0; i < 200; i++) {
        ck_assert_int_eq(access_reload(guard, NULL), AHA_OK);
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < N_THREADS; i++) {
        void *result = NULL;

        ck_assert_int_eq(pthread_join(threads[i], &result), 0);
        ck_assert_ptr_null(result);
    }
}
END_TEST

Suite *access_suite(void)
{
    Suite *suite = suite_create("access");
    TCase *tests = tcase_create("access");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, who_is_known);
    tcase_add_test(tests, a_name_that_does_not_fit_is_cut);
    tcase_add_test(tests, who_asks_too_often);
    tcase_add_test(tests, the_usual_rate_is_for_keys_without);
    tcase_add_test(tests, reload_takes_the_new_keys);
    tcase_add_test(tests, a_new_secret_is_no_new_allowance);
    tcase_add_test(tests, reload_keeps_the_old_keys_on_error);
    tcase_add_test(tests, create_says_what_is_wrong);
    tcase_add_test(tests, exposure_follows_the_file);
    tcase_add_test(tests, every_allocation_may_fail);
    tcase_add_test(tests, reload_under_load);
    suite_add_tcase(suite, tests);
    return suite;
}
