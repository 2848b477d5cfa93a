// SPDX-License-Identifier: MIT
/*
 * listen.h - a listening socket: IPv4, IPv6, both at once, or a unix socket.
 *
 * The caller owns a listener; one thread at a time.
 */
#ifndef AHA_SERVER_LISTEN_H
#define AHA_SERVER_LISTEN_H

#include <sys/socket.h>
#include <sys/types.h>

#include "aha/error.h"

enum { LISTEN_MAX_URL = 160 };

struct listener {
    int fd;   /* non-blocking, closed on exec; -1 once taken or closed */
    int port; /* the one in use; 0 of a unix socket */
    struct sockaddr_storage address;
    /* of the unix socket's file: which one is ours to remove */
    dev_t device;
    ino_t inode;
};

/**
 * An address from its text: an IPv4 or IPv6 literal, `localhost` (127.0.0.1),
 * or unix: and an absolute path. Names are not looked up.
 *
 * @param port  ignored for a unix socket
 *
 * @return bytes of the address, or 0 (out is untouched) when it is none
 */
socklen_t listen_address(const char *text, int port,
                         struct sockaddr_storage *out);

/**
 * Open a socket and listen.
 *
 * `::` takes IPv4 too. The file of a unix socket that nobody answers on is
 * replaced, any other file is left; the new one lets owner and group connect.
 *
 * @param bind     as for listen_address
 * @param port     0 takes a free one
 * @param backlog  connections the kernel may keep waiting, at least 1
 * @param flags    how the settings begin that sentences name: "" for --bind
 *                 and --port, "admin-" for --admin-bind and --admin-port
 * @param out      written on success only; release with listen_close
 *
 * @return AHA_ERR_ARG when `bind` is no address, AHA_ERR_IO when it cannot be
 *         listened on, with a sentence that says what to do
 */
enum aha_status listen_open(const char *bind, int port, int backlog,
                            const char *flags, struct listener *out,
                            struct aha_error *err) AHA_MUST_CHECK;

/** The socket, which is the caller's to close from now on. */
int listen_take(struct listener *listener);

/**
 * Close the socket unless it was taken, and remove a unix socket's file.
 *
 * A taken socket is closed after this call, not before: while it is open, no
 * successor can have put a file of its own there that looks like ours. A second
 * call does nothing.
 */
void listen_close(struct listener *listener);

/** The file of a socket that --bind names, NULL for an internet address. */
const char *listen_path(const char *bind);

/**
 * How a client on this machine reaches it: `http://localhost:8080`,
 * `http://[::1]:8080`, `unix:/run/aha.sock`.
 *
 * @param scheme  "http" or "https"
 */
void listen_url(const struct listener *listener, const char *scheme,
                char out[LISTEN_MAX_URL]);

#endif
