// SPDX-License-Identifier: MIT
/*
 * clients.h - the open connections of a listener, and until when each has to
 * do its part.
 *
 * libmicrohttpd knows silence alone: a client that sends or takes a byte now
 * and then holds its connection for ever. Here every connection has a time by
 * which the head or the body has to be there, or the answer taken; whoever is
 * late is cut.
 *
 * Safe from any thread, but for _init and _fini. A client belongs to its
 * connection's thread, from _open to _close.
 */
#ifndef AHA_SERVER_CLIENTS_H
#define AHA_SERVER_CLIENTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct client {
    struct client *next;
    struct client *previous;
    int socket;
    double due_ms; /* of the monotonic clock; 0: nothing is awaited */

    /* the target of the request whose head is being read */
    const char *target; /* borrowed, and decoded since: where it was */
    size_t n_target;    /* bytes, as it came */
    size_t path_at;     /* bytes before its path, in the absolute form */
    bool is_target_good;
};

struct clients {
    pthread_mutex_t mutex; /* of the list and every due_ms */
    struct client *first;
};

void clients_init(struct clients *clients);

/** All must be closed. */
void clients_fini(struct clients *clients);

/**
 * A connection begins.
 *
 * @return NULL when memory ran out; release with clients_close
 */
struct client *clients_open(struct clients *clients, int socket, double due_ms);

/** It ends; its socket is not closed yet. NULL is fine. */
void clients_close(struct clients *clients, struct client *client);

/**
 * Let its end be a reset: of an answer that is not taken the kernel would keep
 * megabytes for as long as the client likes.
 */
void clients_reset(const struct client *client);

/** What comes next has to be done by then; 0: no matter when. */
void clients_await(struct clients *clients, struct client *client,
                   double due_ms);

/**
 * Shut the sockets down of all that are late: their connections' thread then
 * finds them ended.
 *
 * @return how many those were
 */
int clients_cut(struct clients *clients, double now_ms);

#endif
