// SPDX-License-Identifier: MIT
/*
 * notify.h - tells systemd how the daemon is (the protocol of sd_notify): a
 * datagram to the socket that $NOTIFY_SOCKET names, or nothing without one.
 *
 * Immutable once set up; the notes may be sent from any thread, each within a
 * second whatever the other side does.
 */
#ifndef AHA_SERVER_NOTIFY_H
#define AHA_SERVER_NOTIFY_H

#include <stdbool.h>
#include <sys/socket.h>

struct notify {
    int fd; /* -1: nobody wants to know */
    double watchdog_ms;
};

/**
 * Read $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID; call it while there is
 * one thread.
 *
 * @param out  always usable after it; release with notify_fini
 */
void notify_init(struct notify *out);

void notify_fini(struct notify *notify);

/**
 * How often notify_watchdog has to be called, which is half of what the
 * service manager tolerates; 0 when it does not watch.
 */
double notify_watchdog_ms(const struct notify *notify);

/**
 * Start is complete, or a reload is; the status says it to a person in one
 * line: control characters become spaces.
 */
void notify_ready(const struct notify *notify, const char *status);

/** A reload begins; notify_ready ends it, also when it failed. */
void notify_reloading(const struct notify *notify);

/** The stop begins. */
void notify_stopping(const struct notify *notify);

/** Still alive. */
void notify_watchdog(const struct notify *notify);

#endif
