// SPDX-License-Identifier: MIT
#include <check.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "server/notify.h"
#include "tests/unit/suites.h"

static char path[64];
static int manager; /* the service manager's end */
static struct notify notify;

static void clear(void)
{
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
}

static void bind_manager(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t n = strlen(name);

    memcpy(address.sun_path, name, n);
    if (name[0] == '@') {
        address.sun_path[0] = '\0';
    }
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    ck_assert_int_ge(manager, 0);
    ck_assert_int_eq(
        bind(manager, (struct sockaddr *)(void *)&address,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)),
        0);
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
}

static void begin(void)
{
    clear();
    (void)snprintf(path, sizeof path, "/tmp/aha-notify-%ld", (long)getpid());
    (void)unlink(path);
    bind_manager(path);
}

static void end(void)
{
    notify_fini(&notify);
    (void)close(manager);
    (void)unlink(path);
    clear();
}

static void expect(const char *note)
{
    char text[1024];
    ssize_t n = recv(manager, text, sizeof text - 1, 0);

    ck_assert_int_ge(n, 0);
    text[n] = '\0';
    ck_assert_str_eq(text, note);
}

START_TEST(notes)
{
    notify_init(&notify);
    ck_assert_int_ge(notify.fd, 0);
    notify_ready(&notify, "ready on http://localhost:8080");
    expect("READY=1\nSTATUS=ready on http://localhost:8080");
    notify_watchdog(&notify);
    expect("WATCHDOG=1");
    notify_stopping(&notify);
    expect("STOPPING=1");
    ck_assert(notify_watchdog_ms(&notify) == 0);
}
END_TEST

START_TEST(reloading_tells_the_time)
{
    char text[128];
    struct timespec now;
    long long us;
    ssize_t n;

    notify_init(&notify);
    notify_reloading(&notify);
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    n = recv(manager, text, sizeof text - 1, 0);
    ck_assert_int_gt(n, 0);
    text[n] = '\0';
    ck_assert_int_eq(strncmp(text, "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
    us = strtoll(text + 27, NULL, 10);
    ck_assert_int_le(us, (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    ck_assert_int_gt(us, (long long)(now.tv_sec - 60) * 1000000);
}
END_TEST

START_TEST(abstract_name)
{
    char name[64];

    (void)close(manager);
    (void)snprintf(name, sizeof name, "@aha-notify-%ld", (long)getpid());
    bind_manager(name);
    notify_init(&notify);
    notify_stopping(&notify);
    expect("STOPPING=1");
}
END_TEST

START_TEST(a_status_is_one_line)
{
    char status[2000];
    char text[1024];
    ssize_t n;

    notify_init(&notify);
    notify_ready(&notify, "two\nlines\r\tand \x7f");
    expect("READY=1\nSTATUS=two lines  and  ");
    memset(status, 's', sizeof status);
    status[sizeof status - 1] = '\0';
    notify_ready(&notify, status);
    n = recv(manager, text, sizeof text, 0);
    ck_assert_int_gt(n, 200);
    ck_assert_int_lt(n, 300);
}
END_TEST

START_TEST(nobody_listens)
{
    static const char *const names[] = {
        "", "/", "@", "relative", "vsock:2:1", "/nowhere/at/all"};
    char longest[200];

    memset(longest, 'x', sizeof longest);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    for (size_t i = 0; i <= sizeof names / sizeof *names; i++) {
        const char *name =
            i < sizeof names / sizeof *names ? names[i] : longest;

        ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
        notify_init(&notify);
        ck_assert_int_eq(notify.fd, -1);
        notify_ready(&notify, "ready");
        notify_reloading(&notify);
        notify_stopping(&notify);
        notify_fini(&notify);
    }
    clear();
    notify_init(&notify);
    ck_assert_int_eq(notify.fd, -1);
    notify_watchdog(&notify);
}
END_TEST

START_TEST(manager_that_is_gone)
{
    notify_init(&notify);
    notify_watchdog(&notify);
    (void)close(manager); /* refused from now on, and no SIGPIPE */
    notify_watchdog(&notify);
    (void)unlink(path);
    bind_manager(path); /* another is not told; systemd keeps its socket */
    notify_watchdog(&notify);
    ck_assert_int_eq(recv(manager, (char[1]){0}, 1, MSG_DONTWAIT), -1);
}
END_TEST

START_TEST(watchdog)
{
    static const struct {
        const char *us;
        double ms;
    } cases[] = {
        {"30000000", 15000}, {"1000", 0.5}, {"0", 0},
        {"-5", 0},           {"", 0},       {"many", 0},
        {"5x", 0},           {" 5", 0},     {"99999999999999999999", 0}};
    char pid[32];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_int_eq(setenv("WATCHDOG_USEC", cases[i].us, 1), 0);
        notify_init(&notify);
        ck_assert_msg(notify_watchdog_ms(&notify) == cases[i].ms, "%s",
                      cases[i].us);
        notify_fini(&notify);
    }
    ck_assert_int_eq(setenv("WATCHDOG_USEC", "30000000", 1), 0);
    for (int other = 0; other < 2; other++) {
        (void)snprintf(pid, sizeof pid, "%ld", (long)getpid() + other);
        ck_assert_int_eq(setenv("WATCHDOG_PID", pid, 1), 0);
        notify_init(&notify);
        ck_assert(notify_watchdog_ms(&notify) == (other == 0 ? 15000 : 0));
        notify_fini(&notify);
    }
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_PID");
    notify_init(&notify);
    ck_assert(notify_watchdog_ms(&notify) == 0);
}
END_TEST

Suite *notify_suite(void)
{
    Suite *suite = suite_create("notify");
    TCase *tests = tcase_create("notify");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, notes);
    tcase_add_test(tests, reloading_tells_the_time);
    tcase_add_test(tests, abstract_name);
    tcase_add_test(tests, a_status_is_one_line);
    tcase_add_test(tests, nobody_listens);
    tcase_add_test(tests, manager_that_is_gone);
    tcase_add_test(tests, watchdog);
    suite_add_tcase(suite, tests);
    return suite;
}
