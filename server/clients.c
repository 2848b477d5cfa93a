// SPDX-License-Identifier: MIT
#include "server/clients.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "server/thread.h"

void clients_init(struct clients *clients)
{
    THREAD_CHECK(pthread_mutex_init(&clients->mutex, NULL));
    clients->first = NULL;
}

void clients_fini(struct clients *clients)
{
    assert(clients->first == NULL);
    THREAD_CHECK(pthread_mutex_destroy(&clients->mutex));
}

struct client *clients_open(struct clients *clients, int socket, double due_ms)
{
    struct client *client = calloc(1, sizeof *client);

    if (client == NULL) {
        return NULL;
    }
    client->socket = socket;
    client->due_ms = due_ms;
    THREAD_CHECK(pthread_mutex_lock(&clients->mutex));
    client->next = clients->first;
    if (client->next != NULL) {
        client->next->previous = client;
    }
    clients->first = client;
    THREAD_CHECK(pthread_mutex_unlock(&clients->mutex));
    return client;
}

void clients_close(struct clients *clients, struct client *client)
{
    if (client == NULL) {
        return;
    }
    THREAD_CHECK(pthread_mutex_lock(&clients->mutex));
    if (client->next != NULL) {
        client->next->previous = client->previous;
    }
    if (client->previous != NULL) {
        client->previous->next = client->next;
    } else {
        clients->first = client->next;
    }
    THREAD_CHECK(pthread_mutex_unlock(&clients->mutex));
    free(client);
}

void clients_await(struct clients *clients, struct client *client,
                   double due_ms)
{
    THREAD_CHECK(pthread_mutex_lock(&clients->mutex));
    client->due_ms = due_ms;
    THREAD_CHECK(pthread_mutex_unlock(&clients->mutex));
}

void clients_reset(const struct client *client)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};

    /* Of a unix socket nothing lingers. */
    (void)setsockopt(client->socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

int clients_cut(struct clients *clients, double now_ms)
{
    int n = 0;

    THREAD_CHECK(pthread_mutex_lock(&clients->mutex));
    for (struct client *client = clients->first; client != NULL;
         client = client->next) {
        if (client->due_ms > 0 && client->due_ms < now_ms) {
            clients_reset(client);
            /* Of one that has ended already, nothing is left to shut down. */
            (void)shutdown(client->socket, SHUT_RDWR);
            client->due_ms = 0;
            n++;
        }
    }
    THREAD_CHECK(pthread_mutex_unlock(&clients->mutex));
    return n;
}
