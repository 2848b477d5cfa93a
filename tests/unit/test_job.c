// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "server/job.h"
#include "server/server.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { MAX_PHOTO = 2500 };

static struct server server;
static struct job *job;
static char piece[1000];

static void open_job(void)
{
    memset(piece, 'x', sizeof piece);
    memset(&server, 0, sizeof server);
    server.uploads.max_bytes = 10000;
    job = job_create(&server);
    ck_assert_ptr_nonnull(job);
    job->max_photo_bytes = MAX_PHOTO;
}

static void close_job(void)
{
    job_release(job);
    job_release(NULL);
    ck_assert_uint_eq(atomic_load(&server.uploads.used_bytes), 0);
}

static void append(struct task *task, int times)
{
    for (int i = 0; i < times; i++) {
        job_append(job, task, piece, sizeof piece);
    }
}

START_TEST(begins_empty)
{
    ck_assert_int_eq(job->route, ROUTE_NONE);
    ck_assert_int_eq(job->state, JOB_READING);
    ck_assert_int_eq(job->failure.problem, PROBLEM_NONE);
    ck_assert_int_eq(job->entry.failure.problem, PROBLEM_NONE);
    ck_assert_int_eq(job->success, 200);
    ck_assert_int_eq(job->status, 0);
    ck_assert_int_eq(job->socket, -1);
    ck_assert_int_eq(job->n_tasks, 0);
    ck_assert_double_gt(job->arrived_ms, 0);
}
END_TEST

START_TEST(one_photo_is_the_entry)
{
    struct task *task;

    job->route = ROUTE_ANALYZE;
    task = job_add_task(job, 1);
    ck_assert_ptr_eq(task, &job->entry);
    ck_assert_int_eq(job->n_tasks, 1);
    append(task, 2);
    ck_assert_uint_eq(task->upload.n_bytes, 2000);
    ck_assert_ptr_null(job_add_task(job, 1));
    ck_assert_int_eq(job->failure.problem, PROBLEM_TOO_MANY_IMAGES);
    ck_assert_int_eq(job->failure.limit, 1);
    ck_assert_ptr_nonnull(strstr(job->failure.detail, "1 photo may"));
}
END_TEST

START_TEST(one_photo_too_large_fails_the_job)
{
    struct task *task;

    job->route = ROUTE_DETECT;
    task = job_add_task(job, 1);
    append(task, 3);
    ck_assert_int_eq(job->failure.problem, PROBLEM_PAYLOAD_TOO_LARGE);
    ck_assert_int_eq(job->failure.limit, MAX_PHOTO);
    ck_assert_int_eq(job->failure.actual, -1);
    ck_assert_ptr_nonnull(strstr(job->failure.detail, "max_source_bytes"));
    ck_assert_ptr_null(task->upload.bytes);
    append(task, 1); /* ignored from then on */
    ck_assert_uint_eq(task->upload.n_bytes, 0);
}
END_TEST

START_TEST(of_several_one_too_large_fails_alone)
{
    struct task *tasks[3];

    job->route = ROUTE_BATCH;
    for (int i = 0; i < 3; i++) {
        tasks[i] = job_add_task(job, 3);
        ck_assert_ptr_nonnull(tasks[i]);
        ck_assert_ptr_ne(tasks[i], &job->entry);
        ck_assert_ptr_eq(tasks[i], &job->tasks[i]);
        ck_assert_int_eq(tasks[i]->index, i);
        ck_assert_ptr_eq(tasks[i]->job, job);
        append(tasks[i], i == 1 ? 3 : 2);
    }
    ck_assert_int_eq(job->failure.problem, PROBLEM_NONE);
    ck_assert_int_eq(tasks[1]->failure.problem, PROBLEM_PAYLOAD_TOO_LARGE);
    ck_assert_int_eq(tasks[1]->failure.limit, MAX_PHOTO);
    ck_assert_ptr_null(tasks[1]->upload.bytes);
    ck_assert_uint_eq(tasks[2]->upload.n_bytes, 2000);
    ck_assert_int_eq(tasks[2]->failure.problem, PROBLEM_NONE);
    ck_assert_ptr_null(job_add_task(job, 3));
    ck_assert_int_eq(job->failure.problem, PROBLEM_TOO_MANY_IMAGES);
    ck_assert_int_eq(job->failure.limit, 3);
    ck_assert_ptr_nonnull(strstr(job->failure.detail, "3 photos may"));
}
END_TEST

START_TEST(as_many_photos_as_there_may_ever_be)
{
    job->route = ROUTE_BATCH;
    for (int i = 0; i < JOB_MAX_IMAGES; i++) {
        ck_assert_ptr_nonnull(job_add_task(job, JOB_MAX_IMAGES));
    }
    ck_assert_ptr_null(job_add_task(job, JOB_MAX_IMAGES));
}
END_TEST

START_TEST(uploads_share_the_servers_memory)
{
    struct task *task = NULL;

    job->route = ROUTE_BATCH;
    for (int i = 0; i < 5; i++) {
        task = job_add_task(job, 5);
        append(task, 1);
    }
    /* A photo holds its limit at once: four of 2500 bytes, not five. */
    ck_assert_int_eq(job->failure.problem, PROBLEM_OVERLOADED);
    ck_assert_ptr_null(job->tasks[0].upload.bytes);
    ck_assert_uint_eq(atomic_load(&server.uploads.used_bytes), 0);
}
END_TEST

START_TEST(a_bodys_limit_has_its_setting)
{
    static const struct {
        enum route route;
        enum task_kind kind;
        const char *setting;
    } rows[] = {
        {ROUTE_ANALYZE, TASK_PHOTO, "(max_source_bytes)"},
        {ROUTE_ANALYZE, TASK_JSON, "(max_source_bytes)"},
        {ROUTE_BATCH, TASK_PHOTO, "(max_source_bytes)"},
        {ROUTE_BATCH, TASK_JSON, "(max_request_bytes)"},
        {ROUTE_OIP_INFER, TASK_TENSOR, "(max_request_bytes)"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct failure failure = {.problem = PROBLEM_NONE};

        job->route = rows[i].route;
        job->entry.kind = rows[i].kind;
        task_too_large(&job->entry, 12345, &failure);
        ck_assert_int_eq(failure.limit, 12345);
        ck_assert_msg(strstr(failure.detail, rows[i].setting) != NULL,
                      "%zu: %s", i, failure.detail);
    }
}
END_TEST

START_TEST(the_last_reference_wipes)
{
    unsigned long before = support_wiped_bytes();

    job->route = ROUTE_ANALYZE;
    append(job_add_task(job, 1), 1);
    job_hold(job);
    job_hold(job);
    job_release(job);
    job_release(job);
    ck_assert_uint_eq(support_wiped_bytes(), before);
    ck_assert_mem_eq(job->entry.upload.bytes, piece, sizeof piece);
    job_release(job);
    job = NULL;
    ck_assert_uint_ge(support_wiped_bytes(), before + sizeof piece);
}
END_TEST

START_TEST(replies)
{
    job_reply(job, strdup("{}"), "application/json");
    ck_assert_int_eq(job->failure.problem, PROBLEM_NONE);
    ck_assert_uint_eq(job->n_reply, 2);
    ck_assert_str_eq(job->content_type, "application/json");
    job_release(job);
    open_job();
    job_reply(job, NULL, "application/json");
    ck_assert_int_eq(job->failure.problem, PROBLEM_INTERNAL);
    ck_assert_ptr_null(job->reply);
}
END_TEST

START_TEST(request_ids)
{
    char first[JOB_MAX_ID];
    char longest[JOB_MAX_ID + 1];

    job_set_id(job, "a.B_9-");
    ck_assert_str_eq(job->id, "a.B_9-");
    job_set_id(job, NULL);
    ck_assert_uint_eq(strlen(job->id), 32);
    memcpy(first, job->id, sizeof first);
    job_set_id(job, "no spaces");
    ck_assert_str_ne(job->id, "no spaces");
    ck_assert_str_ne(job->id, first);
    job_set_id(job, "");
    ck_assert_uint_eq(strlen(job->id), 32);
    memset(longest, 'i', sizeof longest);
    longest[JOB_MAX_ID - 1] = '\0';
    job_set_id(job, longest);
    ck_assert_str_eq(job->id, longest);
    longest[JOB_MAX_ID - 1] = 'i';
    longest[JOB_MAX_ID] = '\0';
    job_set_id(job, longest);
    ck_assert_uint_eq(strlen(job->id), 32);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    struct job *none;
    struct task *task;

    (void)support_fail_allocation(1);
    none = job_create(&server);
    ck_assert(support_fail_allocation(0));
    ck_assert_ptr_null(none);
    job->route = ROUTE_BATCH;
    (void)support_fail_allocation(1);
    task = job_add_task(job, 3);
    ck_assert(support_fail_allocation(0));
    ck_assert_ptr_null(task);
    ck_assert_int_eq(job->failure.problem, PROBLEM_OVERLOADED);
    ck_assert_int_eq(job->n_tasks, 0);
    job_release(job);
    open_job();
    job->route = ROUTE_ANALYZE;
    task = job_add_task(job, 1);
    (void)support_fail_allocation(1);
    append(task, 1);
    ck_assert(support_fail_allocation(0));
    ck_assert_int_eq(job->failure.problem, PROBLEM_OVERLOADED);
}
END_TEST

Suite *job_suite(void)
{
    Suite *suite = suite_create("job");
    TCase *tests = tcase_create("job");

    tcase_add_checked_fixture(tests, open_job, close_job);
    tcase_add_test(tests, begins_empty);
    tcase_add_test(tests, one_photo_is_the_entry);
    tcase_add_test(tests, one_photo_too_large_fails_the_job);
    tcase_add_test(tests, of_several_one_too_large_fails_alone);
    tcase_add_test(tests, as_many_photos_as_there_may_ever_be);
    tcase_add_test(tests, uploads_share_the_servers_memory);
    tcase_add_test(tests, a_bodys_limit_has_its_setting);
    tcase_add_test(tests, the_last_reference_wipes);
    tcase_add_test(tests, replies);
    tcase_add_test(tests, request_ids);
    tcase_add_test(tests, every_allocation_may_fail);
    suite_add_tcase(suite, tests);
    return suite;
}
