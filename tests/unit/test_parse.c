// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "server/jansson_guard.h"
#include "server/parse.h"
#include "server/server.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { MAX_PHOTO = 30, MAX_IMAGES = 3, MAX_BODY = 1 << 20 };

static struct server server;
static struct job *job;

static void set_up(void)
{
    memset(&server, 0, sizeof server);
    server.uploads.max_bytes = SIZE_MAX;
    jansson_guard_init(); /* lets what Jansson allocates fail, too */
    job = NULL;
}

static void tear_down(void)
{
    job_release(job);
    job = NULL;
    ck_assert_uint_eq(atomic_load(&server.uploads.used_bytes), 0);
}

/* A job whose body is n bytes of JSON. */
static void open_job(enum route route, const char *text, size_t n)
{
    struct aha_options limits = aha_options_default();

    job_release(job);
    job = job_create(&server);
    ck_assert_ptr_nonnull(job);
    job->route = route;
    job->max_photo_bytes = MAX_PHOTO;
    job->options = options_default(&limits, route == ROUTE_DETECT);
    job->entry.kind = TASK_JSON;
    job->n_tasks = route == ROUTE_BATCH ? 0 : 1;
    job->entry.upload.max_bytes = MAX_BODY;
    ck_assert_int_eq(upload_append(&job->entry.upload, text, n), UPLOAD_OK);
}

static bool photo(const char *text)
{
    open_job(ROUTE_ANALYZE, text, strlen(text));
    return parse_photo(job);
}

static bool photos(const char *text)
{
    open_job(ROUTE_BATCH, text, strlen(text));
    return parse_photos(job, MAX_IMAGES);
}

static void expect_bytes(const struct task *task, const char *bytes)
{
    ck_assert_int_eq(task->failure.problem, PROBLEM_NONE);
    ck_assert_uint_eq(task->upload.n_bytes, strlen(bytes));
    ck_assert_mem_eq(task->upload.bytes, bytes, strlen(bytes));
}

static const struct row {
    const char *text;
    enum problem problem;
} bad_photos[] = {
    /* no JSON */
    {" ", PROBLEM_MALFORMED_JSON},
    {"{", PROBLEM_MALFORMED_JSON},
    {"{}x", PROBLEM_MALFORMED_JSON},
    {"{'image':1}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"QUJD\"},}", PROBLEM_MALFORMED_JSON},
    {"\xef\xbb\xbf{}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"\xff\"}}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"QU\\u0000JD\"}}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"\\ud800\"}}", PROBLEM_MALFORMED_JSON},
    {"\xff\xd8\xff\xe0", PROBLEM_MALFORMED_JSON},
    /* no object */
    {"[]", PROBLEM_MALFORMED_JSON},
    {"null", PROBLEM_MALFORMED_JSON},
    {"\"image\"", PROBLEM_MALFORMED_JSON},
    {"1", PROBLEM_MALFORMED_JSON},
    /* no image */
    {"{}", PROBLEM_MISSING_FILE},
    {"{\"images\":[]}", PROBLEM_MISSING_FILE},
    {"{\"options\":{}}", PROBLEM_MISSING_FILE},
    {"{\"image\":null}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":\"QUJD\"}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":[]}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":{}}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":1}}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":null}}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":[\"QUJD\"]}}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"url\":\"http://a/\"}}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"QUJD\",\"x\":1}}", PROBLEM_MALFORMED_JSON},
    /* no base64 */
    {"{\"image\":{\"base64\":\"\"}}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"QUJ\"}}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"QU=D\"}}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"QU*D\"}}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"QUJD\\n\"}}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"QUI_\"}}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"====\"}}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"data:image/png;base64,\"}}",
     PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"data:image/png,QUJD\"}}",
     PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"data:text/html;base64,QUJD\"}}",
     PROBLEM_MALFORMED_JSON},
    /* keys that are twice there, or not ours */
    {"{\"image\":{\"base64\":\"QUJD\"},\"image\":{\"base64\":\"QUJD\"}}",
     PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"QUJD\",\"base64\":\"QUJD\"}}",
     PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"QUJD\"},\"options\":{\"top_k\":1,\"top_k\":1}}",
     PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"QUJD\"},\"Options\":{}}",
     PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"QUJD\"},\"\":{}}", PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"QUJD\"},\"options\":[]}",
     PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"QUJD\"},\"options\":null}",
     PROBLEM_MALFORMED_JSON},
    {"{\"image\":{\"base64\":\"QUJD\"},\"options\":\"top_k=1\"}",
     PROBLEM_MALFORMED_JSON},
    /* 31 bytes of a photo, 30 are accepted */
    {"{\"image\":{\"base64\":\"QUJDREVGQUJDREVGQUJDREVGQUJDREVGQUJDREVGQQ==\"}"
     "}",
     PROBLEM_PAYLOAD_TOO_LARGE},
};

START_TEST(refused_photos)
{
    for (size_t i = 0; i < sizeof bad_photos / sizeof *bad_photos; i++) {
        const struct row *row = &bad_photos[i];

        ck_assert_msg(!photo(row->text), "%s", row->text);
        ck_assert_msg(job->failure.problem == row->problem, "%s: %s", row->text,
                      job->failure.detail);
        ck_assert_uint_gt(strlen(job->failure.detail), 10);
    }
}
END_TEST

START_TEST(accepted_photos)
{
    ck_assert(photo("{\"image\":{\"base64\":\"QUJD\"}}"));
    expect_bytes(&job->entry, "ABC");
    ck_assert_uint_eq(job->entry.upload.max_bytes, MAX_PHOTO);
    /* Of the body, nothing is held any more. */
    ck_assert_uint_eq(atomic_load(&server.uploads.used_bytes),
                      job->entry.upload.capacity);
    ck_assert(photo(" {\"options\":{} , \"image\":{\"base64\":\"QUI=\"}}\n"));
    expect_bytes(&job->entry, "AB");
    ck_assert(photo("{\"image\":{\"base64\":"
                    "\"data:image/jpeg;base64,QUJDRA==\"}}"));
    expect_bytes(&job->entry, "ABCD");
    ck_assert(photo("{\"image\":{\"base64\":\"QU\\u004aD\"}}"));
    expect_bytes(&job->entry, "ABC");
    ck_assert(photo("{\"image\":{\"base64\":\"QUJDREVGQUJDREVGQUJDREVGQUJDREVG"
                    "QUJDREVG\"}}"));
    ck_assert_uint_eq(job->entry.upload.n_bytes, MAX_PHOTO);
}
END_TEST

START_TEST(a_photo_too_large_is_told_its_own_limit)
{
    ck_assert(!photo("{\"image\":{\"base64\":\"QUJDREVGQUJDREVGQUJDREVGQUJDREVG"
                     "QUJDREVGQQ==\"}}"));
    ck_assert_int_eq(job->failure.limit, MAX_PHOTO);
    ck_assert_ptr_nonnull(strstr(job->failure.detail, "max_source_bytes"));
}
END_TEST

/* A body with one photo and these options. */
static bool with_options(const char *options)
{
    char text[1024];

    (void)snprintf(text, sizeof text,
                   "{\"image\":{\"base64\":\"QUJD\"},\"options\":{%s}}",
                   options);
    return photo(text);
}

START_TEST(options_of_every_kind)
{
    ck_assert(with_options("\"max_faces\":3,\"min_face_size\":\"40.5\","
                           "\"det_threshold\":0.25,\"top_k\":2.0,"
                           "\"include\":[\"pose\",\"logits\"],"
                           "\"coords\":\"normalized\""));
    ck_assert_int_eq(job->options.photo.max_faces, 3);
    ck_assert(job->options.photo.min_face_size == 40.5F);
    ck_assert(job->options.photo.detection_threshold == 0.25F);
    ck_assert_int_eq(job->options.reply.top_k, 2);
    ck_assert_uint_eq(job->options.reply.include,
                      INCLUDE_POSE | INCLUDE_LOGITS);
    ck_assert(job->options.reply.is_normalized);
    ck_assert(with_options("\"include\":\"pose,logits\""));
    ck_assert_uint_eq(job->options.reply.include,
                      INCLUDE_POSE | INCLUDE_LOGITS);
    ck_assert(with_options("\"include\":[]"));
    ck_assert_uint_eq(job->options.reply.include, 0);
    ck_assert(with_options("\"include\":[\"landmarks\",\"pose\",\"quality\","
                           "\"attention\",\"attention_map\",\"evidence\","
                           "\"logits\",\"timing\"]"));
    ck_assert_uint_eq(job->options.reply.include, 255);
}
END_TEST

START_TEST(refused_options)
{
    static const char *const rows[] = {
        "\"max_faces\":0",
        "\"max_faces\":-1",
        "\"max_faces\":1.5",
        "\"max_faces\":1e300",
        "\"max_faces\":9223372036854775807",
        "\"max_faces\":true",
        "\"max_faces\":null",
        "\"max_faces\":{}",
        "\"max_faces\":[3]",
        "\"max_faces\":\"\"",
        "\"max_faces\":\"three\"",
        "\"min_face_size\":1e-300",
        "\"top_k\":0.9999999999",
        "\"include\":[\"pose\",\"pose\"]",
        "\"include\":[\"pose,logits\"]",
        "\"include\":[\"\"]",
        "\"include\":[\"pose\",\"\"]",
        "\"include\":[1]",
        "\"include\":[[\"pose\"]]",
        "\"include\":{\"pose\":true}",
        "\"include\":1",
        "\"include\":[\"landmarks\",\"pose\",\"quality\",\"attention\","
        "\"attention_map\",\"evidence\",\"logits\",\"timing\",\"landmarks\","
        "\"attention_map\",\"attention_map\",\"attention_map\",\"evidence\"]",
        "\"faces\":3",
        "\"\":3",
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_msg(!with_options(rows[i]), "%s", rows[i]);
        ck_assert_msg(job->failure.problem == PROBLEM_INVALID_PARAMETER,
                      "%s: %s", rows[i], job->failure.detail);
    }
    /* Numbers that no number can hold are no JSON here. */
    ck_assert(!with_options("\"max_faces\":1e400"));
    ck_assert_int_eq(job->failure.problem, PROBLEM_MALFORMED_JSON);
    ck_assert(!with_options("\"max_faces\":99999999999999999999"));
    ck_assert_int_eq(job->failure.problem, PROBLEM_MALFORMED_JSON);
}
END_TEST

START_TEST(an_option_of_the_query_is_not_given_again)
{
    static const char text[] =
        "{\"image\":{\"base64\":\"QUJD\"},\"options\":{\"top_k\":1}}";
    char detail[FAILURE_DETAIL];

    open_job(ROUTE_ANALYZE, text, sizeof text - 1);
    ck_assert(options_set(&job->options, "top_k", "1", sizeof detail, detail));
    ck_assert(!parse_photo(job));
    ck_assert_int_eq(job->failure.problem, PROBLEM_INVALID_PARAMETER);
    ck_assert_ptr_nonnull(strstr(job->failure.detail, "twice"));
}
END_TEST

START_TEST(options_of_a_detection)
{
    static const char text[] =
        "{\"image\":{\"base64\":\"QUJD\"},\"options\":{\"top_k\":1}}";

    open_job(ROUTE_DETECT, text, sizeof text - 1);
    ck_assert(!parse_photo(job));
    ck_assert_int_eq(job->failure.problem, PROBLEM_INVALID_PARAMETER);
}
END_TEST

static const struct row bad_batches[] = {
    {"{", PROBLEM_MALFORMED_JSON},
    {"[]", PROBLEM_MALFORMED_JSON},
    {"{}", PROBLEM_MISSING_FILE},
    {"{\"images\":null}", PROBLEM_MISSING_FILE},
    {"{\"images\":{}}", PROBLEM_MISSING_FILE},
    {"{\"images\":[]}", PROBLEM_MISSING_FILE},
    {"{\"images\":\"QUJD\"}", PROBLEM_MISSING_FILE},
    {"{\"image\":{\"base64\":\"QUJD\"}}", PROBLEM_MALFORMED_JSON},
    {"{\"images\":[{\"base64\":\"QUJD\"}],\"x\":1}", PROBLEM_MALFORMED_JSON},
    {"{\"images\":[{\"base64\":\"QUJD\"}],\"options\":1}",
     PROBLEM_MALFORMED_JSON},
    {"{\"images\":[{\"base64\":\"QUJD\"}],\"options\":{\"x\":1}}",
     PROBLEM_INVALID_PARAMETER},
    {"{\"images\":[1,1,1,1]}", PROBLEM_TOO_MANY_IMAGES},
};

START_TEST(refused_batches)
{
    for (size_t i = 0; i < sizeof bad_batches / sizeof *bad_batches; i++) {
        const struct row *row = &bad_batches[i];

        ck_assert_msg(!photos(row->text), "%s", row->text);
        ck_assert_msg(job->failure.problem == row->problem, "%s: %s", row->text,
                      job->failure.detail);
    }
    ck_assert_int_eq(job->failure.limit, MAX_IMAGES);
}
END_TEST

START_TEST(a_broken_photo_fails_alone)
{
    ck_assert(photos("{\"options\":{\"max_faces\":2},\"images\":["
                     "{\"base64\":\"QUJD\"},{\"base64\":\"***\"},"
                     "{\"base64\":\"data:image/png;base64,QUI=\"}]}"));
    ck_assert_int_eq(job->failure.problem, PROBLEM_NONE);
    ck_assert_int_eq(job->n_tasks, 3);
    expect_bytes(&job->tasks[0], "ABC");
    ck_assert_int_eq(job->tasks[1].failure.problem, PROBLEM_MALFORMED_JSON);
    expect_bytes(&job->tasks[2], "AB");
    ck_assert_int_eq(job->tasks[2].index, 2);
    ck_assert_int_eq(job->tasks[2].kind, TASK_PHOTO);
    ck_assert_int_eq(job->options.photo.max_faces, 2);
    ck_assert_ptr_null(job->entry.upload.bytes);
    ck_assert(photos("{\"images\":[1,{\"base64\":\"QUJDREVGQUJDREVGQUJDREVGQUJD"
                     "REVGQUJDREVGQQ==\"},null]}"));
    ck_assert_int_eq(job->tasks[0].failure.problem, PROBLEM_MALFORMED_JSON);
    ck_assert_int_eq(job->tasks[1].failure.problem, PROBLEM_PAYLOAD_TOO_LARGE);
    ck_assert_int_eq(job->tasks[1].failure.limit, MAX_PHOTO);
    ck_assert_int_eq(job->tasks[2].failure.problem, PROBLEM_MALFORMED_JSON);
}
END_TEST

START_TEST(memory_for_photos_is_bounded)
{
    static const char text[] =
        "{\"images\":[{\"base64\":\"QUJD\"},{\"base64\":\"QUJD\"}]}";

    open_job(ROUTE_BATCH, text, sizeof text - 1);
    server.uploads.max_bytes = atomic_load(&server.uploads.used_bytes) + 5;
    ck_assert(parse_photos(job, MAX_IMAGES));
    expect_bytes(&job->tasks[0], "ABC");
    ck_assert_int_eq(job->tasks[1].failure.problem, PROBLEM_OVERLOADED);
    server.uploads.max_bytes = SIZE_MAX;
}
END_TEST

START_TEST(depth_is_bounded)
{
    enum { DEPTH = 5000 };
    static const char *const begins[] = {"", "{\"image\":", "{\"images\":",
                                         "{\"image\":{\"base64\":\"QUJD\"},"
                                         "\"options\":{\"include\":"};
    char *text = malloc(2 * DEPTH + 128);

    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        size_t n = strlen(begins[i]);

        memcpy(text, begins[i], n);
        memset(text + n, '[', DEPTH);
        memset(text + n + DEPTH, ']', DEPTH);
        text[n + 2 * DEPTH] = '\0';
        ck_assert(!photo(text));
        ck_assert_int_eq(job->failure.problem, PROBLEM_MALFORMED_JSON);
        ck_assert(!photos(text));
        ck_assert_int_eq(job->failure.problem, PROBLEM_MALFORMED_JSON);
    }
    free(text);
}
END_TEST

static const char whole_photo[] =
    "{\"image\":{\"base64\":\"QUJDRA==\"},\"options\":{\"max_faces\":3,"
    "\"det_threshold\":0.5,\"include\":[\"pose\",\"timing\"]}}";
static const char whole_batch[] =
    "{\"images\":[{\"base64\":\"QUJDRA==\"},{\"base64\":\"QUI=\"}],"
    "\"options\":{\"sort\":\"left\",\"top_k\":2}}";

START_TEST(cut_anywhere)
{
    for (size_t n = 0; n < sizeof whole_photo - 1; n++) {
        open_job(ROUTE_ANALYZE, whole_photo, n);
        ck_assert(!parse_photo(job));
        ck_assert_int_eq(job->failure.problem, PROBLEM_MALFORMED_JSON);
    }
    ck_assert(photo(whole_photo));
    for (size_t n = 0; n < sizeof whole_batch - 1; n++) {
        open_job(ROUTE_BATCH, whole_batch, n);
        ck_assert(!parse_photos(job, MAX_IMAGES));
        ck_assert_int_eq(job->failure.problem, PROBLEM_MALFORMED_JSON);
    }
    ck_assert(photos(whole_batch));
}
END_TEST

/* Any byte for any byte: refused with a reason, or read. */
START_TEST(garbled_anywhere)
{
    static const unsigned char bytes[] = {0,   '"',  '{', '}', '[',  ']', ',',
                                          ':', '\\', '0', '-', 0x80, 0xff};

    for (size_t i = 0; i < sizeof whole_batch - 1; i++) {
        for (size_t k = 0; k < sizeof bytes; k++) {
            char text[sizeof whole_batch];
            bool is_read;

            memcpy(text, whole_batch, sizeof text);
            text[i] = (char)bytes[k];
            open_job(ROUTE_BATCH, text, sizeof text - 1);
            is_read = parse_photos(job, MAX_IMAGES);
            ck_assert(is_read == (job->failure.problem == PROBLEM_NONE));
        }
    }
}
END_TEST

START_TEST(what_was_read_is_wiped)
{
    unsigned long before;

    open_job(ROUTE_ANALYZE, whole_photo, sizeof whole_photo - 1);
    before = support_wiped_bytes();
    ck_assert(parse_photo(job));
    ck_assert_uint_ge(support_wiped_bytes(),
                      before + 2 * (sizeof whole_photo - 1));
}
END_TEST

/* Whatever fails, the job says so and nothing is lost. */
static void fail_every_allocation(enum route route, const char *text,
                                  bool (*parse)(struct job *job))
{
    unsigned long n = 0;
    bool has_failed;

    do {
        bool is_read;
        bool is_whole;

        open_job(route, text, strlen(text));
        (void)support_fail_allocation(++n);
        is_read = parse(job);
        has_failed = support_fail_allocation(0);
        is_whole = is_read;
        for (int i = 0; i < job->n_tasks; i++) {
            is_whole =
                is_whole && job->tasks[i].failure.problem == PROBLEM_NONE;
        }
        ck_assert_int_eq(job->failure.problem,
                         is_read ? PROBLEM_NONE : PROBLEM_OVERLOADED);
        ck_assert(has_failed || is_whole);
        ck_assert(is_whole || has_failed);
    } while (has_failed);
    ck_assert_uint_gt(n, 10);
}

static bool parse_up_to_three(struct job *some)
{
    return parse_photos(some, MAX_IMAGES);
}

START_TEST(every_allocation_may_fail)
{
    fail_every_allocation(ROUTE_ANALYZE, whole_photo, parse_photo);
    fail_every_allocation(ROUTE_BATCH, whole_batch, parse_up_to_three);
}
END_TEST

Suite *parse_suite(void)
{
    Suite *suite = suite_create("parse");
    TCase *tests = tcase_create("parse");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, refused_photos);
    tcase_add_test(tests, accepted_photos);
    tcase_add_test(tests, a_photo_too_large_is_told_its_own_limit);
    tcase_add_test(tests, options_of_every_kind);
    tcase_add_test(tests, refused_options);
    tcase_add_test(tests, an_option_of_the_query_is_not_given_again);
    tcase_add_test(tests, options_of_a_detection);
    tcase_add_test(tests, refused_batches);
    tcase_add_test(tests, a_broken_photo_fails_alone);
    tcase_add_test(tests, memory_for_photos_is_bounded);
    tcase_add_test(tests, depth_is_bounded);
    tcase_add_test(tests, cut_anywhere);
    tcase_add_test(tests, garbled_anywhere);
    tcase_add_test(tests, what_was_read_is_wiped);
    tcase_add_test(tests, every_allocation_may_fail);
    suite_add_tcase(suite, tests);
    return suite;
}
