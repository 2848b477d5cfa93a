// SPDX-License-Identifier: MIT
#include "server/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MAX_STATUS = 256, MAX_NOTE = MAX_STATUS + 64 };

/* @return bytes of the address, or 0 when the text names no unix socket */
static socklen_t parse_address(const char *text, struct sockaddr_storage *out)
{
    struct sockaddr_un *address = (struct sockaddr_un *)(void *)out;
    size_t n = strlen(text);

    if ((text[0] != '/' && text[0] != '@') || n < 2 ||
        n >= sizeof address->sun_path) {
        return 0;
    }
    memset(out, 0, sizeof *out);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, text, n);
    if (text[0] == '@') {
        address->sun_path[0] = '\0'; /* a name without a file, not ended */
        return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    }
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1);
}

/* A positive decimal number, or 0. */
static int64_t number(const char *text)
{
    char *end = NULL;
    long long value;

    if (text == NULL || text[0] < '0' || text[0] > '9') {
        return 0;
    }
    errno = 0;
    value = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0' ? value : 0;
}

/* Connected here, so that nothing needs to send to an address later. */
static int open_socket(const struct sockaddr_storage *address,
                       socklen_t n_address)
{
    /* Long enough for a busy service manager, short enough for any caller. */
    const struct timeval patience = {.tv_sec = 1};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
                               sizeof patience) != 0 ||
                    connect(fd, (const struct sockaddr *)(const void *)address,
                            n_address) != 0)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

void notify_init(struct notify *out)
{
    /* NOLINTBEGIN(concurrency-mt-unsafe): one thread yet */
    const char *address = getenv("NOTIFY_SOCKET");
    const char *pid = getenv("WATCHDOG_PID");
    int64_t watchdog_us = number(getenv("WATCHDOG_USEC"));
    /* NOLINTEND(concurrency-mt-unsafe) */
    struct sockaddr_storage where;
    socklen_t n_where;

    *out = (struct notify){.fd = -1};
    if (address == NULL) {
        return;
    }
    n_where = parse_address(address, &where);
    if (n_where == 0) {
        return;
    }
    out->fd = open_socket(&where, n_where);
    if (out->fd >= 0 && (pid == NULL || number(pid) == getpid())) {
        out->watchdog_ms = (double)watchdog_us / 1e3 / 2;
    }
}

void notify_fini(struct notify *notify)
{
    if (notify->fd >= 0) {
        (void)close(notify->fd);
    }
    *notify = (struct notify){.fd = -1};
}

double notify_watchdog_ms(const struct notify *notify)
{
    return notify->watchdog_ms;
}

/* A note that is lost is the service manager's to miss: nothing to be done. */
static void send_note(const struct notify *notify, const char *note)
{
    if (notify->fd >= 0) {
        (void)send(notify->fd, note, strlen(note), MSG_NOSIGNAL);
    }
}

void notify_ready(const struct notify *notify, const char *status)
{
    static const char state[] = "READY=1\nSTATUS=";
    char note[MAX_NOTE];

    (void)snprintf(note, sizeof note, "%s%.*s", state, MAX_STATUS - 1, status);
    for (char *c = note + sizeof state - 1; *c != '\0'; c++) {
        *c = (unsigned char)*c < ' ' || *c == 0x7f ? ' ' : *c;
    }
    send_note(notify, note);
}

void notify_reloading(const struct notify *notify)
{
    char note[MAX_NOTE];
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)snprintf(note, sizeof note, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
                   (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    send_note(notify, note);
}

void notify_stopping(const struct notify *notify)
{
    send_note(notify, "STOPPING=1");
}

void notify_watchdog(const struct notify *notify)
{
    send_note(notify, "WATCHDOG=1");
}
