// SPDX-License-Identifier: MIT
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/jansson_guard.h"
#include "server/parse.h"
#include "server/server.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum {
    SIDE = 16,
    N = SIDE * SIDE, /* values of a smallest plane */
    MAX_TEXT = 64 * 1024,
    MAX_BODY = 1 << 20,
};

static struct server server;
static struct job *job;
static struct parse_planes planes;
static char text[MAX_TEXT];
static size_t n_text;

static void set_up(void)
{
    memset(&server, 0, sizeof server);
    server.uploads.max_bytes = SIZE_MAX;
    jansson_guard_init();
    job = NULL;
    memset(&planes, 0, sizeof planes);
    n_text = 0;
}

static void tear_down(void)
{
    free(planes.luma);
    job_release(job);
    ck_assert_uint_eq(atomic_load(&server.uploads.used_bytes), 0);
}

static void put(const char *more)
{
    size_t n = strlen(more);

    ck_assert_uint_lt(n_text + n, sizeof text);
    memcpy(text + n_text, more, n);
    n_text += n;
}

/* The same value n times, with commas between. */
static void put_values(const char *value, int n)
{
    for (int i = 0; i < n; i++) {
        put(i > 0 ? "," : "");
        put(value);
    }
}

/* A request for one plane with these other members: `"id":"x",` and so on. */
static void put_plane(const char *members)
{
    put("{");
    put(members);
    put("\"inputs\":[{\"name\":\"face\",\"datatype\":\"FP32\","
        "\"shape\":[1,1,16,16],\"data\":[");
    put_values("0.5", N);
    put("]}]}");
}

/* A job whose body is what was put, n bytes of it. */
static void open_job(size_t n, size_t n_header)
{
    job_release(job);
    free(planes.luma);
    memset(&planes, 0, sizeof planes);
    job = job_create(&server);
    ck_assert_ptr_nonnull(job);
    job->route = ROUTE_OIP_INFER;
    job->entry.kind = TASK_TENSOR;
    job->n_tasks = 1;
    job->n_header = n_header;
    job->max_body_bytes = job->entry.upload.max_bytes = MAX_BODY;
    ck_assert_int_eq(upload_append(&job->entry.upload, text, n), UPLOAD_OK);
}

static bool parse_bytes(size_t n, size_t n_header)
{
    open_job(n, n_header);
    return parse_tensors(job, &planes);
}

/* What was put is the request; the next put begins anew. */
static bool parse(void)
{
    size_t n = n_text;

    n_text = 0;
    return parse_bytes(n, 0);
}

static void expect_refused(const char *what)
{
    ck_assert_msg(!parse(), "%s", what);
    ck_assert_msg(job->failure.problem == PROBLEM_INVALID_TENSOR, "%s: %s",
                  what, job->failure.detail);
    ck_assert_ptr_null(planes.luma);
    ck_assert_ptr_null(job->entry.upload.bytes);
}

START_TEST(flat_data)
{
    put_plane("");
    ck_assert_msg(parse(), "%s", job->failure.detail);
    ck_assert_int_eq(planes.n, 1);
    ck_assert_int_eq(planes.height, SIDE);
    ck_assert_int_eq(planes.width, SIDE);
    ck_assert_uint_eq(planes.n_bytes, N * sizeof(float));
    for (int i = 0; i < N; i++) {
        ck_assert(planes.luma[i] == 0.5F);
    }
    ck_assert_str_eq(job->tensor.id, "");
    ck_assert_ptr_null(job->entry.upload.bytes);
}
END_TEST

/* [2, 1, 16, 17], nested as deep as the shape is; value i is i. */
START_TEST(nested_data)
{
    char value[32];
    int i = 0;

    put("{\"inputs\":[{\"name\":\"face\",\"datatype\":\"FP32\","
        "\"shape\":[2,1,16,17],\"data\":[");
    for (int n = 0; n < 2; n++) {
        put(n > 0 ? ",[[" : "[[");
        for (int y = 0; y < 16; y++) {
            put(y > 0 ? ",[" : "[");
            for (int x = 0; x < 17; x++) {
                (void)snprintf(value, sizeof value, "%s%d", x > 0 ? "," : "",
                               i++);
                put(value);
            }
            put("]");
        }
        put("]]");
    }
    put("]}]}");
    ck_assert_msg(parse(), "%s", job->failure.detail);
    ck_assert_int_eq(planes.n, 2);
    ck_assert_int_eq(planes.height, 16);
    ck_assert_int_eq(planes.width, 17);
    for (int k = 0; k < i; k++) {
        ck_assert(planes.luma[k] == (float)k);
    }
}
END_TEST

START_TEST(bytes_as_numbers)
{
    put("{\"inputs\":[{\"name\":\"face\",\"datatype\":\"UINT8\","
        "\"shape\":[1,1,16,16],\"data\":[");
    put_values("51", N);
    put("]}]}");
    ck_assert(parse());
    ck_assert(fabsf(planes.luma[N - 1] - 0.2F) < 1e-6F);
}
END_TEST

/* One tensor object of 256 values in a request. */
static void put_tensor(const char *members, const char *value, int n)
{
    put("{\"inputs\":[{");
    put(members);
    put(",\"data\":[");
    put_values(value, n);
    put("]}]}");
}

START_TEST(shapes)
{
    static const char *const refused[] = {
        "[1,1,16]",
        "[1,1,16,16,1]",
        "[0,1,16,16]",
        "[65,1,16,16]",
        "[-1,1,16,16]",
        "[1,3,16,16]",
        "[1,0,16,16]",
        "[1,1,15,16]",
        "[1,1,16,15]",
        "[1,1,1025,16]",
        "[1,1,16,1025]",
        "[1,1,16,16.0]",
        "[1,1,16,\"16\"]",
        "[1,1,16,null]",
        "[]",
        "16",
        "null",
        "{}",
        "[1,1,4294967312,16]",
        "[1,1,16,9223372036854775807]",
        "[[1,1,16,16]]",
        "\"[1,1,16,16]\"",
    };

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char members[128];

        (void)snprintf(members, sizeof members,
                       "\"name\":\"face\",\"datatype\":\"FP32\",\"shape\":%s",
                       refused[i]);
        put_tensor(members, "0", N);
        expect_refused(refused[i]);
    }
    put_tensor("\"name\":\"face\",\"datatype\":\"FP32\"", "0", N);
    expect_refused("no shape");
    /* Within bounds, but more values than a body may have. */
    put_tensor("\"name\":\"face\",\"datatype\":\"FP32\","
               "\"shape\":[1,1,1024,1024]",
               "0", N);
    ck_assert(!parse());
    ck_assert_int_eq(job->failure.problem, PROBLEM_PAYLOAD_TOO_LARGE);
    ck_assert_int_eq(job->failure.limit, MAX_BODY / 4);
    ck_assert_int_eq(job->failure.actual, 1024 * 1024);
}
END_TEST

START_TEST(names_and_types)
{
    static const char *const refused[] = {
        "\"datatype\":\"FP32\",\"shape\":[1,1,16,16]",
        "\"name\":\"image\",\"datatype\":\"FP32\",\"shape\":[1,1,16,16]",
        "\"name\":1,\"datatype\":\"FP32\",\"shape\":[1,1,16,16]",
        "\"name\":\"face\",\"shape\":[1,1,16,16]",
        "\"name\":\"face\",\"datatype\":\"FP64\",\"shape\":[1,1,16,16]",
        "\"name\":\"face\",\"datatype\":\"fp32\",\"shape\":[1,1,16,16]",
        "\"name\":\"face\",\"datatype\":32,\"shape\":[1,1,16,16]",
    };

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        put_tensor(refused[i], "0", N);
        expect_refused(refused[i]);
    }
    put_tensor("\"name\":\"face\",\"datatype\":\"FP32\",\"parameters\":{},"
               "\"x\":null,\"shape\":[1,1,16,16]",
               "0", N);
    ck_assert(parse()); /* what the protocol leaves open is passed over */
}
END_TEST

START_TEST(values)
{
    static const char members[] =
        "\"name\":\"face\",\"datatype\":\"FP32\",\"shape\":[1,1,16,16]";
    static const char *const refused[] = {
        "null", "true", "\"0\"", "{}", "\"NaN\"", "[0,0]", "[]", "[[[[0]]]]"};
    static const char *const broken[] = {
        "NaN", "Infinity", "-Infinity", "1e999", "nan", ".5", "0x1"};

    put_tensor(members, "0", N - 1);
    expect_refused("one value less");
    put_tensor(members, "0", N + 1);
    expect_refused("one value more");
    put_tensor(members, "0", 0);
    expect_refused("no values");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        put_tensor(members, refused[i], N);
        expect_refused(refused[i]);
    }
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        put_tensor(members, broken[i], N);
        ck_assert_msg(!parse(), "%s", broken[i]);
        ck_assert_int_eq(job->failure.problem, PROBLEM_MALFORMED_JSON);
    }
    put_tensor(members, "1e300", N);
    expect_refused("no float is so large");
    put_tensor(members, "-1e30", N);
    ck_assert(parse()); /* the pipeline clamps it */
    ck_assert(planes.luma[0] < 0);
}
END_TEST

START_TEST(inputs)
{
    static const char *const refused[] = {
        "{}",
        "{\"inputs\":null}",
        "{\"inputs\":{}}",
        "{\"inputs\":[]}",
        "{\"inputs\":[1]}",
        "{\"inputs\":[[]]}",
        "{\"inputs\":[{}]}",
        "{\"inputs\":[{},{}]}",
        "{\"inputs\":[{\"name\":\"face\",\"datatype\":\"FP32\","
        "\"shape\":[1,1,16,16]}]}",
        "{\"inputs\":[{\"name\":\"face\",\"datatype\":\"FP32\","
        "\"shape\":[1,1,16,16],\"data\":0}]}",
    };

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        put(refused[i]);
        expect_refused(refused[i]);
    }
    put("[]");
    ck_assert(!parse());
    ck_assert_int_eq(job->failure.problem, PROBLEM_MALFORMED_JSON);
}
END_TEST

START_TEST(ids)
{
    char members[256];

    put_plane("\"id\":\"request 1 \\u00e9\",");
    ck_assert(parse());
    ck_assert_str_eq(job->tensor.id, "request 1 \xc3\xa9");
    put_plane("\"id\":\"\",");
    ck_assert(parse());
    put_plane("\"id\":1,");
    expect_refused("a number");
    put_plane("\"id\":null,");
    expect_refused("null");
    (void)snprintf(members, sizeof members, "\"id\":\"%0*d\",",
                   TENSOR_MAX_ID - 1, 0);
    put_plane(members);
    ck_assert(parse());
    ck_assert_uint_eq(strlen(job->tensor.id), TENSOR_MAX_ID - 1);
    (void)snprintf(members, sizeof members, "\"id\":\"%0*d\",", TENSOR_MAX_ID,
                   0);
    put_plane(members);
    expect_refused("too long");
}
END_TEST

START_TEST(outputs)
{
    const struct tensor_request *request;

    put_plane("");
    ck_assert(parse());
    request = &job->tensor;
    ck_assert_int_eq(request->n_outputs, N_OUTPUTS);
    for (int i = 0; i < N_OUTPUTS; i++) {
        ck_assert_int_eq(request->outputs[i], i);
        ck_assert(!request->is_binary[i]);
    }
    put_plane("\"parameters\":{\"binary_data_output\":true},");
    ck_assert(parse());
    request = &job->tensor;
    ck_assert_int_eq(request->n_outputs, N_OUTPUTS);
    ck_assert(request->is_binary[0] && request->is_binary[N_OUTPUTS - 1]);
    put_plane("\"parameters\":{\"binary_data_output\":true},"
              "\"outputs\":[{\"name\":\"attention\"},{\"name\":\"logits\","
              "\"parameters\":{\"binary_data\":false}}],");
    ck_assert(parse());
    request = &job->tensor;
    ck_assert_int_eq(request->n_outputs, 2);
    ck_assert_int_eq(request->outputs[0], OUTPUT_ATTENTION);
    ck_assert(request->is_binary[0]);
    ck_assert_int_eq(request->outputs[1], OUTPUT_LOGITS);
    ck_assert(!request->is_binary[1]);
    put_plane("\"outputs\":[{\"name\":\"probabilities\","
              "\"parameters\":{\"binary_data\":true}}],");
    ck_assert(parse());
    ck_assert(job->tensor.is_binary[0]);
}
END_TEST

START_TEST(refused_outputs)
{
    static const char *const rows[] = {
        "\"outputs\":[],",
        "\"outputs\":null,",
        "\"outputs\":\"logits\",",
        "\"outputs\":[\"logits\"],",
        "\"outputs\":[{}],",
        "\"outputs\":[{\"name\":\"labels\"}],",
        "\"outputs\":[{\"name\":1}],",
        "\"outputs\":[{\"name\":\"logits\"},{\"name\":\"logits\"}],",
        "\"outputs\":[{\"name\":\"attention\"},{\"name\":\"logits\"},"
        "{\"name\":\"attention\"}],",
        "\"outputs\":[{\"name\":\"attention\"},{\"name\":\"logits\"},"
        "{\"name\":\"probabilities\"},{\"name\":\"logits\"}],",
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_plane(rows[i]);
        expect_refused(rows[i]);
    }
}
END_TEST

/* A header for a binary tensor of so many bytes. */
static void put_binary(const char *datatype, const char *size)
{
    put("{\"inputs\":[{\"name\":\"face\",\"shape\":[1,1,16,16],\"datatype\":"
        "\"");
    put(datatype);
    put("\",\"parameters\":{\"binary_data_size\":");
    put(size);
    put("}}]}");
}

/* What was put, then n bytes. */
static bool parse_with(const void *bytes, size_t n)
{
    size_t n_header = n_text;

    ck_assert_uint_le(n_text + n, sizeof text);
    memcpy(text + n_text, bytes, n);
    n_text = 0;
    return parse_bytes(n_header + n, n_header);
}

START_TEST(binary_floats)
{
    float sent[N];

    for (int i = 0; i < N; i++) {
        sent[i] = (float)i / N;
    }
    put_binary("FP32", "1024");
    ck_assert_msg(parse_with(sent, sizeof sent), "%s", job->failure.detail);
    ck_assert_mem_eq(planes.luma, sent, sizeof sent);
    sent[3] = NAN;
    put_binary("FP32", "1024");
    ck_assert(!parse_with(sent, sizeof sent));
    ck_assert_int_eq(job->failure.problem, PROBLEM_INVALID_TENSOR);
}
END_TEST

START_TEST(binary_bytes)
{
    unsigned char sent[N];

    for (int i = 0; i < N; i++) {
        sent[i] = (unsigned char)i;
    }
    put_binary("UINT8", "256");
    ck_assert_msg(parse_with(sent, sizeof sent), "%s", job->failure.detail);
    for (int i = 0; i < N; i++) {
        ck_assert(fabsf(planes.luma[i] - (float)i / 255) < 1e-6F);
    }
}
END_TEST

START_TEST(refused_binaries)
{
    static const float zeros[N + 1];
    static const struct {
        const char *datatype;
        const char *size;
        size_t sent;
    } rows[] = {
        {"FP32", "1024", 1023},   {"FP32", "1024", 1025},
        {"FP32", "1024", 0},      {"FP32", "1020", 1020},
        {"FP32", "256", 256},     {"UINT8", "1024", 1024},
        {"UINT8", "255", 256},    {"FP32", "-1024", 1024},
        {"FP32", "1024.0", 1024}, {"FP32", "\"1024\"", 1024},
        {"FP32", "null", 1024},   {"FP32", "9223372036854775807", 1024},
        {"FP32", "0", 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_binary(rows[i].datatype, rows[i].size);
        ck_assert_msg(!parse_with(zeros, rows[i].sent), "%zu", i);
        ck_assert_int_eq(job->failure.problem, PROBLEM_INVALID_TENSOR);
        ck_assert_ptr_null(planes.luma);
    }
    put_plane("");
    ck_assert(!parse_with(zeros, 4)); /* data, and bytes that nothing names */
    ck_assert_int_eq(job->failure.problem, PROBLEM_INVALID_TENSOR);
}
END_TEST

START_TEST(header_lengths)
{
    size_t n;

    put_plane("");
    n = n_text;
    ck_assert(parse_bytes(n, n));
    ck_assert(!parse_bytes(n, n + 1));
    ck_assert_int_eq(job->failure.problem, PROBLEM_INVALID_TENSOR);
    ck_assert(!parse_bytes(n, SIZE_MAX));
    ck_assert_int_eq(job->failure.problem, PROBLEM_INVALID_TENSOR);
    ck_assert(!parse_bytes(n, n - 1));
    ck_assert_int_eq(job->failure.problem, PROBLEM_MALFORMED_JSON);
    ck_assert(!parse_bytes(0, 0));
    ck_assert_int_eq(job->failure.problem, PROBLEM_MALFORMED_JSON);
}
END_TEST

START_TEST(cut_anywhere)
{
    size_t n;

    put_plane("\"id\":\"a\",\"outputs\":[{\"name\":\"logits\"}],");
    n = n_text;
    for (size_t i = 0; i < n; i++) {
        ck_assert(!parse_bytes(i, 0));
        ck_assert_int_eq(job->failure.problem, PROBLEM_MALFORMED_JSON);
    }
    ck_assert(parse_bytes(n, 0));
}
END_TEST

START_TEST(depth_is_bounded)
{
    put("{\"inputs\":[{\"name\":\"face\",\"datatype\":\"FP32\","
        "\"shape\":[1,1,16,16],\"data\":");
    for (int i = 0; i < 5000; i++) {
        put("[");
    }
    for (int i = 0; i < 5000; i++) {
        put("]");
    }
    put("}]}");
    ck_assert(!parse());
    ck_assert_int_eq(job->failure.problem, PROBLEM_MALFORMED_JSON);
    /* Deeper than the shape, however few. */
    put_tensor("\"name\":\"face\",\"datatype\":\"FP32\","
               "\"shape\":[1,1,16,16]",
               "[[[[[0]]]]]", N);
    expect_refused("six deep");
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    unsigned long fails = 0;
    bool has_failed;
    size_t n;

    put_plane("\"id\":\"a\",");
    n = n_text;
    do {
        bool is_read;

        open_job(n, 0);
        (void)support_fail_allocation(++fails);
        is_read = parse_tensors(job, &planes);
        has_failed = support_fail_allocation(0);
        ck_assert_msg(is_read == !has_failed, "allocation %lu", fails);
        ck_assert_int_eq(job->failure.problem,
                         is_read ? PROBLEM_NONE : PROBLEM_OVERLOADED);
        ck_assert(is_read == (planes.luma != NULL));
    } while (has_failed);
    ck_assert_uint_gt(fails, 10);
}
END_TEST

Suite *parse_tensor_suite(void)
{
    Suite *suite = suite_create("parse_tensor");
    TCase *tests = tcase_create("parse_tensor");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, flat_data);
    tcase_add_test(tests, nested_data);
    tcase_add_test(tests, bytes_as_numbers);
    tcase_add_test(tests, shapes);
    tcase_add_test(tests, names_and_types);
    tcase_add_test(tests, values);
    tcase_add_test(tests, inputs);
    tcase_add_test(tests, ids);
    tcase_add_test(tests, outputs);
    tcase_add_test(tests, refused_outputs);
    tcase_add_test(tests, binary_floats);
    tcase_add_test(tests, binary_bytes);
    tcase_add_test(tests, refused_binaries);
    tcase_add_test(tests, header_lengths);
    tcase_add_test(tests, cut_anywhere);
    tcase_add_test(tests, depth_is_bounded);
    tcase_add_test(tests, every_allocation_may_fail);
    suite_add_tcase(suite, tests);
    return suite;
}
