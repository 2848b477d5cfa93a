// SPDX-License-Identifier: MIT
/*
 * health.c - asks a running daemon whether it is ready, for the health checks
 * of containers that have no other program in them. It loads no network, waits
 * for nothing without a deadline and reads a bounded answer.
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/common.h"
#include "cli/verbs.h"
#include "server/listen.h"
#include "server/thread.h"

enum {
    DEFAULT_PORT = 9090,
    HTTP_PORT = 80,
    DEFAULT_TIMEOUT_MS = 2000,
    MAX_TIMEOUT_MS = 600000,
    MAX_TEXT = 256,
    MAX_ANSWER = 4096,
    MAX_WHY = 512,
};

static const char help[] =
    "usage: aha health [OPTION]...\n\n"
    "Ask a running daemon whether it is ready: exit status 0 if so, else 1 and "
    "a line\nthat says why.\n\n"
    "  --url URL          http://ADDRESS[:PORT][/PATH] or unix:/path; else "
    "what\n"
    "                     $AHA_ADMIN_BIND and $AHA_ADMIN_PORT say\n"
    "                     [http://127.0.0.1:9090/readyz]\n"
    "  --timeout-ms N     for everything together [2000]\n";

struct target {
    struct sockaddr_storage address;
    socklen_t n_address;
    char host[MAX_TEXT]; /* for the header, and for people */
    char path[MAX_TEXT];
};

/* ---- where */

/* @return whether the text is a port, 1 to 65535 */
static bool parse_port(const char *text, int *out)
{
    size_t n = strlen(text);
    long value;

    if (n == 0 || n > 5 || strspn(text, "0123456789") < n) {
        return false;
    }
    value = strtol(text, NULL, 10);
    if (value < 1 || value > 65535) {
        return false;
    }
    *out = (int)value;
    return true;
}

/* ADDRESS, [ADDRESS], either with :PORT; cuts the text up. */
static bool parse_host(char *host, struct target *target)
{
    char *address = host;
    char *colon = strchr(host, ':');
    int port = HTTP_PORT;

    if (host[0] == '[') {
        char *end = strchr(host, ']');

        if (end == NULL || (end[1] != '\0' && end[1] != ':')) {
            return false;
        }
        address = host + 1;
        colon = end[1] == ':' ? end + 1 : NULL;
        *end = '\0';
    }
    if (colon != NULL) {
        *colon = '\0';
        if (!parse_port(colon + 1, &port)) {
            return false;
        }
    }
    target->n_address = listen_address(address, port, &target->address);
    return target->n_address > 0 && target->address.ss_family != AF_UNIX;
}

static bool parse_url(const char *url, struct target *target)
{
    static const char scheme[] = "http://";
    const char *host = url + sizeof scheme - 1;
    char copy[MAX_TEXT];
    size_t n_host;

    if (strlen(url) >= MAX_TEXT || strpbrk(url, " \r\n\t") != NULL) {
        return false;
    }
    (void)snprintf(target->path, sizeof target->path, "/readyz");
    if (strncmp(url, scheme, sizeof scheme - 1) != 0) {
        (void)snprintf(target->host, sizeof target->host, "localhost");
        target->n_address = listen_address(url, 0, &target->address);
        return target->n_address > 0 && target->address.ss_family == AF_UNIX;
    }
    n_host = strcspn(host, "/");
    memcpy(copy, host, n_host);
    copy[n_host] = '\0';
    memcpy(target->host, copy, n_host + 1);
    if (host[n_host] == '/' && host[n_host + 1] != '\0') {
        (void)snprintf(target->path, sizeof target->path, "%s", host + n_host);
    }
    return parse_host(copy, target);
}

/* The settings that the daemon itself would read. */
static bool read_environment(char url[MAX_TEXT])
{
    /* NOLINTBEGIN(concurrency-mt-unsafe): one thread */
    const char *bind = getenv("AHA_ADMIN_BIND");
    const char *port_text = getenv("AHA_ADMIN_PORT");
    /* NOLINTEND(concurrency-mt-unsafe) */
    int port = DEFAULT_PORT;

    if (bind == NULL || bind[0] == '\0' || strcmp(bind, "0.0.0.0") == 0) {
        bind = "127.0.0.1";
    } else if (strcmp(bind, "::") == 0) {
        bind = "::1";
    }
    if (strlen(bind) > MAX_TEXT / 2 ||
        (port_text != NULL && !parse_port(port_text, &port))) {
        (void)fprintf(stderr,
                      "aha health: AHA_ADMIN_BIND and AHA_ADMIN_PORT name no "
                      "place to ask; give --url\n");
        return false;
    }
    if (strncmp(bind, "unix:", 5) == 0) {
        (void)snprintf(url, MAX_TEXT, "%s", bind);
    } else {
        (void)snprintf(url, MAX_TEXT,
                       strchr(bind, ':') == NULL ? "http://%s:%d"
                                                 : "http://[%s]:%d",
                       bind, port);
    }
    return true;
}

/* ---- asking */

/* @return whether the socket is fit for the event before the deadline */
static bool wait_for(int fd, short event, double deadline_ms)
{
    for (;;) {
        struct pollfd poll_fd = {.fd = fd, .events = event};
        double left_ms = deadline_ms - thread_now_ms();
        int n;

        if (left_ms <= 0) {
            return false;
        }
        n = poll(&poll_fd, 1, (int)left_ms + 1);
        if (n > 0) {
            return true;
        }
        if (n < 0 && errno != EINTR) {
            return false;
        }
    }
}

/* @return 0, or the errno that says why not; ETIMEDOUT after the deadline */
static int connect_to(int fd, const struct target *target, double deadline_ms)
{
    int why = 0;
    socklen_t n = sizeof why;

    if (connect(fd, (const struct sockaddr *)(const void *)&target->address,
                target->n_address) == 0) {
        return 0;
    }
    if (errno != EINPROGRESS) {
        return errno;
    }
    if (!wait_for(fd, POLLOUT, deadline_ms)) {
        return ETIMEDOUT;
    }
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &n) == 0 ? why : errno;
}

/* 3 digits after HTTP/1.x, or 0 when it is not that */
static int status_of(const char *answer)
{
    static const char version[] = "HTTP/1.";
    const char *digits = answer + sizeof version + 1;

    if (strncmp(answer, version, sizeof version - 1) != 0 ||
        strspn(digits - 2, "01") < 1 || digits[-1] != ' ' ||
        strspn(digits, "0123456789") != 3) {
        return 0;
    }
    return (int)strtol(digits, NULL, 10);
}

/* Read until it is known that all is well, or until there is no more. */
static void read_answer(int fd, double deadline_ms, char answer[MAX_ANSWER])
{
    size_t n = 0;

    while (n < MAX_ANSWER - 1 && wait_for(fd, POLLIN, deadline_ms)) {
        ssize_t n_read = recv(fd, answer + n, MAX_ANSWER - 1 - n, 0);

        if (n_read <= 0) {
            break;
        }
        n += (size_t)n_read;
        answer[n] = '\0';
        if (strchr(answer, '\n') != NULL && status_of(answer) == 200) {
            break;
        }
    }
    answer[n] = '\0';
}

/* The sentence of a problem or the first line of whatever it is, printable. */
static void reason(const char *answer, char *out, size_t capacity)
{
    static const char member[] = "\"detail\":\"";
    const char *body = strstr(answer, "\r\n\r\n");
    const char *detail = body == NULL ? NULL : strstr(body, member);
    size_t n = 0;

    body = detail != NULL ? detail + sizeof member - 1
           : body != NULL ? body + 4
                          : "";
    while (n + 1 < capacity && body[n] >= ' ' && body[n] <= '~' &&
           (detail == NULL || body[n] != '"')) {
        out[n] = body[n];
        n++;
    }
    out[n] = '\0';
}

/* @return whether it is ready; else `why` says why not */
static bool ask(int fd, const struct target *target, double deadline_ms,
                char why[MAX_WHY])
{
    char text[MAX_ANSWER];
    int n = snprintf(text, sizeof text,
                     "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
                     target->path, target->host);
    int problem = connect_to(fd, target, deadline_ms);
    int status;

    if (problem != 0) {
        (void)snprintf(why, MAX_WHY, "%s",
                       problem == ECONNREFUSED || problem == ENOENT
                           ? "nothing listens there"
                       : problem == ETIMEDOUT ? "no connection in time"
                                              : "cannot connect");
        return false;
    }
    if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n) {
        (void)snprintf(why, MAX_WHY, "the connection was closed");
        return false;
    }
    read_answer(fd, deadline_ms, text);
    status = status_of(text);
    if (status == 200) {
        return true;
    }
    if (status != 0) {
        char detail[MAX_TEXT];

        reason(text, detail, sizeof detail);
        (void)snprintf(why, MAX_WHY, "not ready, status %d: %s", status,
                       detail);
    } else if (text[0] != '\0') {
        (void)snprintf(why, MAX_WHY, "what answers there speaks no HTTP");
    } else {
        (void)snprintf(why, MAX_WHY, "%s",
                       thread_now_ms() >= deadline_ms
                           ? "no answer in time"
                           : "the connection was closed without an answer");
    }
    return false;
}

static int check(const char *url, double timeout_ms)
{
    double deadline_ms = thread_now_ms() + timeout_ms;
    struct target target;
    char why[MAX_WHY] = "no socket can be opened";
    bool is_ready = false;
    int fd;

    if (!parse_url(url, &target)) {
        (void)fprintf(stderr,
                      "aha health: --url takes http://ADDRESS[:PORT][/PATH], "
                      "the address in digits or localhost, or unix:/path\n");
        return EXIT_USAGE;
    }
    fd = socket(target.address.ss_family,
                SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) {
        is_ready = ask(fd, &target, deadline_ms, why);
        (void)close(fd);
    }
    if (!is_ready) {
        (void)fprintf(stderr, "aha health: %s: %s\n", url, why);
        return EXIT_SOME_FAILED;
    }
    (void)puts("ready");
    return EXIT_OK;
}

int health_main(int argc, char **argv)
{
    static const struct option options[] = {
        {"url", required_argument, NULL, 'u'},
        {"timeout-ms", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    double timeout_ms = DEFAULT_TIMEOUT_MS;
    const char *given = NULL;
    char url[MAX_TEXT];
    int option;

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'u') {
            given = optarg;
        } else if (option != 't') {
            (void)fputs(help, option == 'h' ? stdout : stderr);
            return option == 'h' ? EXIT_OK : EXIT_USAGE;
        } else if (!number_parse("--timeout-ms", optarg, 1, MAX_TIMEOUT_MS,
                                 &timeout_ms)) {
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        (void)fputs(help, stderr);
        return EXIT_USAGE;
    }
    if (given == NULL) {
        if (!read_environment(url)) {
            return EXIT_USAGE;
        }
        given = url;
    }
    return check(given, timeout_ms);
}
