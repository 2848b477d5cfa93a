// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "server/job.h"
#include "tests/unit/suites.h"

START_TEST(upload_is_bounded)
{
    struct job *job = job_create(NULL);
    char piece[1000];

    memset(piece, 'x', sizeof piece);
    job->max_bytes = 2500;
    job_reserve(job, 1 << 30); /* a claim is not believed beyond the limit */
    ck_assert_uint_eq(job->capacity, 2500);
    job_append(job, piece, sizeof piece);
    job_append(job, piece, sizeof piece);
    ck_assert_int_eq(job->problem, PROBLEM_NONE);
    ck_assert_uint_eq(job->n_bytes, 2000);
    job_append(job, piece, 501);
    ck_assert_int_eq(job->problem, PROBLEM_PAYLOAD_TOO_LARGE);
    ck_assert_int_eq(job->limit, 2500);
    ck_assert_ptr_null(job->bytes);
    job_append(job, piece, sizeof piece); /* ignored from then on */
    ck_assert_uint_eq(job->n_bytes, 0);
    job_destroy(job);
}
END_TEST

START_TEST(upload_grows_whole)
{
    struct job *job = job_create(NULL);
    unsigned char byte;

    job->max_bytes = 300000;
    for (int i = 0; i < 300000; i++) {
        byte = (unsigned char)(i * 7 % 251);
        job_append(job, &byte, 1);
    }
    ck_assert_int_eq(job->problem, PROBLEM_NONE);
    ck_assert_uint_eq(job->n_bytes, 300000);
    for (int i = 0; i < 300000; i++) {
        ck_assert_int_eq(job->bytes[i], i * 7 % 251);
    }
    job_destroy(job);
    job_destroy(NULL);
}
END_TEST

START_TEST(first_problem_stands)
{
    struct job *job = job_create(NULL);

    job_fail(job, PROBLEM_EMPTY_BODY, "first %d", 1);
    job_fail(job, PROBLEM_INTERNAL, "second");
    ck_assert_int_eq(job->problem, PROBLEM_EMPTY_BODY);
    ck_assert_str_eq(job->detail, "first 1");
    job_destroy(job);
}
END_TEST

START_TEST(request_ids)
{
    struct job *job = job_create(NULL);
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
    memset(longest, 'i', sizeof longest);
    longest[JOB_MAX_ID - 1] = '\0';
    job_set_id(job, longest);
    ck_assert_str_eq(job->id, longest);
    longest[JOB_MAX_ID - 1] = 'i';
    longest[JOB_MAX_ID] = '\0';
    job_set_id(job, longest);
    ck_assert_uint_eq(strlen(job->id), 32);
    job_destroy(job);
}
END_TEST

Suite *job_suite(void)
{
    Suite *suite = suite_create("job");
    TCase *tests = tcase_create("job");

    tcase_add_test(tests, upload_is_bounded);
    tcase_add_test(tests, upload_grows_whole);
    tcase_add_test(tests, first_problem_stands);
    tcase_add_test(tests, request_ids);
    suite_add_tcase(suite, tests);
    return suite;
}
