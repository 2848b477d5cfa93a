// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/load.h"
#include "tests/unit/suites.h"

enum { MAX_URL = 64 };

static const struct load_photo photo = {"photo", 5, "image/jpeg"};

static struct load_plan plan_of(const char *url)
{
    return (struct load_plan){.url = url,
                              .photos = &photo,
                              .n_photos = 1,
                              .rate = 50,
                              .duration_s = 0.2,
                              .n_connections = 2,
                              .timeout_ms = 300};
}

/* A bound socket, and its address as a URL; nobody accepts. */
static int bound(char url[MAX_URL])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t n = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)(void *)&address, n), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)(void *)&address, &n),
                     0);
    (void)snprintf(url, MAX_URL, "http://127.0.0.1:%d",
                   ntohs(address.sin_port));
    return fd;
}

static struct load_result run(const struct load_plan *plan)
{
    struct load_result result;
    struct progress progress;
    struct aha_error err;

    progress_init(&progress, 0);
    ck_assert_int_eq(load_run(plan, &progress, &result, &err), AHA_OK);
    return result;
}

START_TEST(number_of_requests)
{
    struct load_plan plan = plan_of("http://localhost");

    ck_assert_int_eq(load_n_requests(&plan), 10);
    plan.rate = 1e9;
    ck_assert_int_eq(load_n_requests(&plan), LOAD_MAX_REQUESTS);
    plan.rate = 1e-9;
    ck_assert_int_eq(load_n_requests(&plan), 1);
}
END_TEST

START_TEST(nobody_listens)
{
    char url[MAX_URL];
    int fd = bound(url);
    struct load_plan plan = plan_of(url);
    struct load_result result = run(&plan);

    ck_assert_int_eq(result.n_samples, 10);
    for (int i = 0; i < result.n_samples; i++) {
        ck_assert_int_eq(result.samples[i].outcome, FAILURE_CONNECT);
    }
    free(result.samples);
    (void)close(fd);
}
END_TEST

/* Two connections hang: the requests behind them were due long ago, and it
 * counts. */
START_TEST(nobody_answers)
{
    char url[MAX_URL];
    int fd = bound(url);
    struct load_plan plan = plan_of(url);
    struct load_result result;

    ck_assert_int_eq(listen(fd, 16), 0);
    result = run(&plan);
    ck_assert_int_eq(result.n_samples, 10);
    for (int i = 0; i < result.n_samples; i++) {
        ck_assert_int_eq(result.samples[i].outcome, FAILURE_TIMEOUT);
        /* curl's 300 ms, which begin a little before ours. */
        ck_assert_double_ge(result.samples[i].ms, 290);
    }
    ck_assert_double_ge(result.lateness_ms, 100);
    free(result.samples);
    (void)close(fd);
}
END_TEST

START_TEST(no_address)
{
    static const char *const urls[] = {"", "localhost:80", "http://", "a b"};
    struct load_plan plan;
    struct load_result result;
    struct progress progress;
    struct aha_error err;

    progress_init(&progress, 0);
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        plan = plan_of(urls[i]);
        ck_assert_int_eq(load_run(&plan, &progress, &result, &err),
                         AHA_ERR_ARG);
    }
}
END_TEST

Suite *load_suite(void)
{
    Suite *suite = suite_create("load");
    TCase *tests = tcase_create("load");

    tcase_add_test(tests, number_of_requests);
    tcase_add_test(tests, nobody_listens);
    tcase_add_test(tests, nobody_answers);
    tcase_add_test(tests, no_address);
    suite_add_tcase(suite, tests);
    return suite;
}
