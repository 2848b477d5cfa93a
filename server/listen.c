// SPDX-License-Identifier: MIT
#include "server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char unix_prefix[] = "unix:";

enum {
    N_UNIX_PREFIX = sizeof unix_prefix - 1,
    UNIX_MODE = 0660,
    MAX_PATH = sizeof((struct sockaddr_un *)0)->sun_path - 1,
};

/* The storage by its family; the standard's own way to look at an address. */
static struct sockaddr_in *as_v4(struct sockaddr_storage *address)
{
    return (struct sockaddr_in *)(void *)address;
}

static struct sockaddr_in6 *as_v6(struct sockaddr_storage *address)
{
    return (struct sockaddr_in6 *)(void *)address;
}

static struct sockaddr_un *as_unix(struct sockaddr_storage *address)
{
    return (struct sockaddr_un *)(void *)address;
}

static bool is_unix(const char *text)
{
    return strncmp(text, unix_prefix, N_UNIX_PREFIX) == 0;
}

const char *listen_path(const char *bind)
{
    return is_unix(bind) ? bind + N_UNIX_PREFIX : NULL;
}

socklen_t listen_address(const char *text, int port,
                         struct sockaddr_storage *out)
{
    struct sockaddr_storage address = {0};
    socklen_t n = 0;

    if (is_unix(text)) {
        const char *path = text + N_UNIX_PREFIX;

        if (path[0] == '/' && strlen(path) <= MAX_PATH) {
            as_unix(&address)->sun_family = AF_UNIX;
            memcpy(as_unix(&address)->sun_path, path, strlen(path) + 1);
            n = sizeof(struct sockaddr_un);
        }
    } else if (inet_pton(AF_INET,
                         strcmp(text, "localhost") == 0 ? "127.0.0.1" : text,
                         &as_v4(&address)->sin_addr) == 1) {
        as_v4(&address)->sin_family = AF_INET;
        as_v4(&address)->sin_port = htons((uint16_t)port);
        n = sizeof(struct sockaddr_in);
    } else if (inet_pton(AF_INET6, text, &as_v6(&address)->sin6_addr) == 1) {
        as_v6(&address)->sin6_family = AF_INET6;
        as_v6(&address)->sin6_port = htons((uint16_t)port);
        n = sizeof(struct sockaddr_in6);
    }
    if (n > 0) {
        *out = address;
    }
    return n;
}

static enum aha_status fail(const char *bind, int port, const char *flags,
                            int why, struct aha_error *err)
{
    if (is_unix(bind)) {
        return aha_error_set(
            err, AHA_ERR_IO, "cannot listen on %.80s: %s", bind,
            why == EADDRINUSE ? "something else does; choose another path"
            : why == EEXIST   ? "the file is there and no socket"
            : why == ENOENT   ? "there is no such folder"
            : why == EACCES   ? "not permitted to make the file"
                              : "the socket's file cannot be made");
    }
    switch (why) {
    case EADDRINUSE:
        return aha_error_set(err, AHA_ERR_IO,
                             "cannot listen on %.60s port %d: something else "
                             "does; choose another --%sport",
                             bind, port, flags);
    case EACCES:
        return aha_error_set(err, AHA_ERR_IO,
                             "cannot listen on %.60s port %d: not permitted; "
                             "choose a --%sport over 1023",
                             bind, port, flags);
    case EADDRNOTAVAIL:
        return aha_error_set(err, AHA_ERR_IO,
                             "cannot listen on %.60s port %d: it is no address "
                             "of this machine; choose another --%sbind",
                             bind, port, flags);
    default:
        return aha_error_set(
            err, AHA_ERR_IO,
            "cannot listen on %.60s port %d: the address cannot be used", bind,
            port);
    }
}

/* Make way for a socket whose owner is gone.
 *
 * @return 0, or an errno that says why not */
static int remove_stale(const struct sockaddr_storage *address, socklen_t n)
{
    const char *path =
        ((const struct sockaddr_un *)(const void *)address)->sun_path;
    struct stat about;
    bool is_dead;
    int fd;

    if (lstat(path, &about) != 0) {
        return errno == ENOENT ? 0 : errno; /* it went just now */
    }
    if (!S_ISSOCK(about.st_mode)) {
        return EEXIST;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return errno;
    }
    is_dead =
        connect(fd, (const struct sockaddr *)(const void *)address, n) < 0 &&
        errno == ECONNREFUSED;
    (void)close(fd);
    if (!is_dead) {
        return EADDRINUSE;
    }
    return unlink(path) == 0 || errno == ENOENT ? 0 : errno;
}

/* Bind a unix socket; nobody can connect before its mode is set, since it
 * does not listen yet. @return 0 or an errno */
static int bind_unix(struct listener *listener, socklen_t n)
{
    const struct sockaddr *address =
        (const struct sockaddr *)(const void *)&listener->address;
    const char *path = as_unix(&listener->address)->sun_path;
    struct stat about;
    int why;

    if (bind(listener->fd, address, n) != 0) {
        if (errno != EADDRINUSE) {
            return errno;
        }
        why = remove_stale(&listener->address, n);
        if (why != 0 || bind(listener->fd, address, n) != 0) {
            return why != 0 ? why : errno;
        }
    }
    if (chmod(path, UNIX_MODE) != 0 || lstat(path, &about) != 0) {
        why = errno;
        (void)unlink(path);
        return why;
    }
    listener->device = about.st_dev;
    listener->inode = about.st_ino;
    return 0;
}

static int bind_internet(struct listener *listener, socklen_t n)
{
    struct sockaddr *address = (struct sockaddr *)(void *)&listener->address;
    int on = 1;
    int off = 0;

    if (setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) !=
            0 ||
        (listener->address.ss_family == AF_INET6 &&
         setsockopt(listener->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off,
                    sizeof off) != 0) ||
        bind(listener->fd, address, n) != 0 ||
        getsockname(listener->fd, address, &n) != 0) {
        return errno;
    }
    listener->port = ntohs(listener->address.ss_family == AF_INET
                               ? as_v4(&listener->address)->sin_port
                               : as_v6(&listener->address)->sin6_port);
    return 0;
}

enum aha_status listen_open(const char *bind, int port, int backlog,
                            const char *flags, struct listener *out,
                            struct aha_error *err)
{
    struct listener listener = {.fd = -1};
    socklen_t n = listen_address(bind, port, &listener.address);
    int why;

    if (n == 0) {
        return aha_error_set(err, AHA_ERR_ARG,
                             "--%sbind takes an IPv4 or IPv6 address, "
                             "localhost or unix:/path (%d bytes), not %.60s",
                             flags, MAX_PATH, bind);
    }
    listener.fd = socket(listener.address.ss_family,
                         SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener.fd < 0) {
        return fail(bind, port, flags, errno, err);
    }
    why = is_unix(bind) ? bind_unix(&listener, n) : bind_internet(&listener, n);
    if (why == 0 && listen(listener.fd, backlog) != 0) {
        why = errno; /* two may bind a port that only one can listen on */
    }
    if (why != 0) {
        listen_close(&listener);
        return fail(bind, port, flags, why, err);
    }
    *out = listener;
    return AHA_OK;
}

int listen_take(struct listener *listener)
{
    int fd = listener->fd;

    listener->fd = -1;
    return fd;
}

void listen_close(struct listener *listener)
{
    if (listener->inode != 0) {
        const char *path = as_unix(&listener->address)->sun_path;
        struct stat about;

        /* Someone may have removed ours and put another in its place. */
        if (lstat(path, &about) == 0 && about.st_ino == listener->inode &&
            about.st_dev == listener->device) {
            (void)unlink(path);
        }
        listener->inode = 0;
    }
    if (listener->fd >= 0) {
        (void)close(listen_take(listener));
    }
}

void listen_url(const struct listener *listener, const char *scheme,
                char out[LISTEN_MAX_URL])
{
    struct sockaddr_storage address = listener->address;
    char host[INET6_ADDRSTRLEN] = "";

    switch (address.ss_family) {
    case AF_UNIX:
        (void)snprintf(out, LISTEN_MAX_URL, "%s%s", unix_prefix,
                       as_unix(&address)->sun_path);
        return;
    case AF_INET6:
        (void)inet_ntop(AF_INET6, &as_v6(&address)->sin6_addr, host,
                        sizeof host);
        break;
    default:
        (void)inet_ntop(AF_INET, &as_v4(&address)->sin_addr, host, sizeof host);
        break;
    }
    if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0) {
        (void)snprintf(out, LISTEN_MAX_URL, "%s://localhost:%d", scheme,
                       listener->port);
    } else {
        (void)snprintf(out, LISTEN_MAX_URL,
                       address.ss_family == AF_INET6 ? "%s://[%s]:%d"
                                                     : "%s://%s:%d",
                       scheme, host, listener->port);
    }
}
