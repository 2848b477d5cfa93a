// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <microhttpd.h>

#include "server/listen.h"
#include "tests/unit/suites.h"

enum { BACKLOG = 8 };

static char folder[64];
static char path[96];   /* of a unix socket in the folder */
static char where[112]; /* unix:path */
static struct aha_error err;

static void make_folder(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/aha-listen-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/s", folder);
    (void)snprintf(where, sizeof where, "unix:%s", path);
    err = (struct aha_error){AHA_OK, ""};
}

static void remove_folder(void)
{
    (void)unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static struct listener must_open(const char *bind, int port)
{
    struct listener listener;

    ck_assert_msg(listen_open(bind, port, BACKLOG, "", &listener, &err) ==
                      AHA_OK,
                  "%s", err.text);
    return listener;
}

static void must_fail(const char *bind, int port, enum aha_status status,
                      const char *word)
{
    struct listener listener;

    ck_assert_int_eq(listen_open(bind, port, BACKLOG, "", &listener, &err),
                     status);
    ck_assert_msg(strstr(err.text, word) != NULL, "%s", err.text);
}

/* A connected socket, or -1. */
static int reach(const char *bind, int port)
{
    struct sockaddr_storage address;
    socklen_t n = listen_address(bind, port, &address);
    int fd;

    ck_assert_int_gt((int)n, 0);
    fd = socket(address.ss_family, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    if (connect(fd, (struct sockaddr *)(void *)&address, n) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static bool answers(const char *bind, int port)
{
    int fd = reach(bind, port);

    if (fd >= 0) {
        (void)close(fd);
    }
    return fd >= 0;
}

static bool has_ipv6(void)
{
    struct listener listener;

    if (listen_open("::1", 0, BACKLOG, "", &listener, NULL) != AHA_OK) {
        return false;
    }
    listen_close(&listener);
    return true;
}

START_TEST(addresses)
{
    static const char *const bad[] = {
        "",           "example.org", "1.2.3",      "1.2.3.4.5", "[::1]",
        " ::1",       "*",           "unix",       "unix:",     "unix:relative",
        "1.2.3.4:80", "Localhost",   "UNIX:/run/a"};
    struct sockaddr_storage address;
    char longest[128] = "unix:/";

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(listen_address(bad[i], 1, &address) == 0, "%s", bad[i]);
        must_fail(bad[i], 0, AHA_ERR_ARG, "--bind takes");
    }
    ck_assert_uint_eq(listen_address("localhost", 80, &address),
                      sizeof(struct sockaddr_in));
    ck_assert_uint_eq(listen_address("::", 80, &address),
                      sizeof(struct sockaddr_in6));
    memset(longest + 6, 'x', 106);
    ck_assert_uint_eq(listen_address(longest, 0, &address),
                      sizeof(struct sockaddr_un));
    longest[112] = 'x';
    ck_assert_uint_eq(listen_address(longest, 0, &address), 0);
}
END_TEST

START_TEST(v4)
{
    struct listener listener = must_open("127.0.0.1", 0);
    char url[LISTEN_MAX_URL];
    char expected[LISTEN_MAX_URL];

    ck_assert_int_gt(listener.port, 0);
    ck_assert(answers("127.0.0.1", listener.port));
    ck_assert((fcntl(listener.fd, F_GETFL) & O_NONBLOCK) != 0);
    ck_assert((fcntl(listener.fd, F_GETFD) & FD_CLOEXEC) != 0);
    (void)snprintf(expected, sizeof expected, "https://127.0.0.1:%d",
                   listener.port);
    listen_url(&listener, "https", url);
    ck_assert_str_eq(url, expected);
    listen_close(&listener);
    ck_assert_int_eq(listener.fd, -1);
    ck_assert(!answers("127.0.0.1", listener.port));
    listen_close(&listener);
}
END_TEST

START_TEST(v6)
{
    struct listener listener;
    char url[LISTEN_MAX_URL];
    char expected[LISTEN_MAX_URL];

    if (!has_ipv6()) {
        return; /* this machine has none */
    }
    listener = must_open("::1", 0);
    ck_assert(answers("::1", listener.port));
    ck_assert(!answers("127.0.0.1", listener.port));
    (void)snprintf(expected, sizeof expected, "http://[::1]:%d", listener.port);
    listen_url(&listener, "http", url);
    ck_assert_str_eq(url, expected);
    listen_close(&listener);
}
END_TEST

START_TEST(wildcard_is_called_localhost)
{
    struct listener listener = {.port = 8080};
    char url[LISTEN_MAX_URL];

    ck_assert(listen_address("0.0.0.0", 8080, &listener.address) > 0);
    listen_url(&listener, "http", url);
    ck_assert_str_eq(url, "http://localhost:8080");
    ck_assert(listen_address("::", 8080, &listener.address) > 0);
    listen_url(&listener, "http", url);
    ck_assert_str_eq(url, "http://localhost:8080");
}
END_TEST

START_TEST(port_in_use)
{
    struct listener listener = must_open("127.0.0.1", 0);
    struct listener second;

    must_fail("127.0.0.1", listener.port, AHA_ERR_IO,
              "something else does; choose another --port");
    ck_assert_int_eq(listen_open("127.0.0.1", listener.port, BACKLOG, "admin-",
                                 &second, &err),
                     AHA_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "choose another --admin-port"));
    listen_close(&listener);
    /* and at once again, whatever connections there were */
    listener = must_open("127.0.0.1", listener.port);
    listen_close(&listener);
}
END_TEST

START_TEST(address_of_another_machine)
{
    must_fail("192.0.2.1", 0, AHA_ERR_IO, "no address of this machine");
}
END_TEST

START_TEST(unix_socket)
{
    struct listener listener = must_open(where, 0);
    struct stat about;
    char url[LISTEN_MAX_URL];

    ck_assert_int_eq(listener.port, 0);
    ck_assert_int_eq(stat(path, &about), 0);
    ck_assert(S_ISSOCK(about.st_mode));
    ck_assert_uint_eq(about.st_mode & 0777, 0660);
    ck_assert(answers(where, 0));
    listen_url(&listener, "http", url);
    ck_assert_str_eq(url, where);
    must_fail(where, 0, AHA_ERR_IO, "something else does");
    ck_assert(answers(where, 0)); /* a failed start took nothing away */
    listen_close(&listener);
    ck_assert_int_ne(stat(path, &about), 0);
}
END_TEST

START_TEST(stale_unix_socket)
{
    struct listener dead = must_open(where, 0);
    struct listener listener;

    (void)close(listen_take(&dead)); /* as after a crash: the file stays */
    ck_assert_int_eq(access(path, F_OK), 0);
    listener = must_open(where, 0);
    ck_assert(answers(where, 0));
    listen_close(&listener);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(other_files_stay)
{
    char target[96];
    int fd = open(path, O_CREAT | O_WRONLY, 0600);

    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    must_fail(where, 0, AHA_ERR_IO, "no socket");
    ck_assert_int_eq(access(path, F_OK), 0);
    ck_assert_int_eq(unlink(path), 0);
    (void)snprintf(target, sizeof target, "%s/t", folder);
    ck_assert_int_eq(symlink(target, path), 0);
    must_fail(where, 0, AHA_ERR_IO, "no socket");
    ck_assert_int_ne(access(target, F_OK), 0);
    (void)snprintf(target, sizeof target, "unix:%s/no/s", folder);
    must_fail(target, 0, AHA_ERR_IO, "no such folder");
}
END_TEST

START_TEST(a_successors_file_stays)
{
    struct listener old = must_open(where, 0);
    struct listener new;

    ck_assert_int_eq(unlink(path), 0); /* by hand */
    new = must_open(where, 0);
    listen_close(&old);
    ck_assert(answers(where, 0));
    listen_close(&new);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

/* ---- libmicrohttpd serves on such sockets */

static enum MHD_Result hello(void *data, struct MHD_Connection *connection,
                             const char *url, const char *method,
                             const char *version, const char *bytes,
                             size_t *n_bytes, void **slot)
{
    static char text[] = "hello";
    struct MHD_Response *response;
    enum MHD_Result result;

    (void)data, (void)url, (void)method, (void)version, (void)bytes;
    (void)n_bytes, (void)slot;
    response = MHD_create_response_from_buffer(sizeof text - 1, text,
                                               MHD_RESPMEM_PERSISTENT);
    result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static void check_served(const char *bind, int port)
{
    static const char request[] =
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    char answer[512] = "";
    size_t n = 0;
    ssize_t n_read;
    int fd = reach(bind, port);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, request, sizeof request - 1),
                     sizeof request - 1);
    while (n < sizeof answer - 1 &&
           (n_read = read(fd, answer + n, sizeof answer - 1 - n)) > 0) {
        n += (size_t)n_read;
    }
    (void)close(fd);
    answer[n] = '\0';
    ck_assert_msg(strncmp(answer, "HTTP/1.1 200", 12) == 0 &&
                      strstr(answer, "\r\n\r\nhello") != NULL,
                  "%s port %d: %s", bind, port, answer);
}

static struct MHD_Daemon *serve(struct listener *listener)
{
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
        hello, NULL, MHD_OPTION_LISTEN_SOCKET, listen_take(listener),
        MHD_OPTION_END);

    ck_assert_ptr_nonnull(daemon);
    return daemon;
}

/* As the daemon stops: no new connections, then the end. */
static void quiesce_and_stop(struct MHD_Daemon *daemon,
                             struct listener *listener)
{
    int fd = MHD_quiesce_daemon(daemon);

    ck_assert_int_ge(fd, 0);
    listen_close(listener);
    (void)close(fd);
    MHD_stop_daemon(daemon);
}

START_TEST(served_over_a_unix_socket)
{
    struct listener listener = must_open(where, 0);
    struct MHD_Daemon *daemon = serve(&listener);

    check_served(where, 0);
    check_served(where, 0);
    quiesce_and_stop(daemon, &listener);
    ck_assert(!answers(where, 0));
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(served_over_both_internets)
{
    struct listener listener;
    struct MHD_Daemon *daemon;

    if (!has_ipv6()) {
        return;
    }
    listener = must_open("::", 0);
    daemon = serve(&listener);
    check_served("::1", listener.port);
    check_served("127.0.0.1", listener.port);
    quiesce_and_stop(daemon, &listener);
    ck_assert(!answers("127.0.0.1", listener.port));
}
END_TEST

Suite *listen_suite(void)
{
    Suite *suite = suite_create("listen");
    TCase *tests = tcase_create("listen");

    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_test(tests, addresses);
    tcase_add_test(tests, v4);
    tcase_add_test(tests, v6);
    tcase_add_test(tests, wildcard_is_called_localhost);
    tcase_add_test(tests, port_in_use);
    tcase_add_test(tests, address_of_another_machine);
    tcase_add_test(tests, unix_socket);
    tcase_add_test(tests, stale_unix_socket);
    tcase_add_test(tests, other_files_stay);
    tcase_add_test(tests, a_successors_file_stays);
    tcase_add_test(tests, served_over_a_unix_socket);
    tcase_add_test(tests, served_over_both_internets);
    suite_add_tcase(suite, tests);
    return suite;
}
