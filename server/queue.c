// SPDX-License-Identifier: MIT
/*
 * DESIGN. One mutex guards everything; `filled` is signalled once per item and
 * broadcast on close. Nothing else is locked while the mutex is held.
 */
#include "server/queue.h"

#include <stdlib.h>

#include "server/thread.h"

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    void **items;
    size_t capacity;
    size_t first;
    size_t n;
    bool is_closed;
};

struct queue *queue_create(size_t capacity)
{
    struct queue *queue = calloc(1, sizeof *queue);

    if (queue == NULL) {
        return NULL;
    }
    queue->items = calloc(capacity, sizeof *queue->items);
    if (queue->items == NULL) {
        free(queue);
        return NULL;
    }
    queue->capacity = capacity;
    THREAD_CHECK(pthread_mutex_init(&queue->mutex, NULL));
    thread_cond_init(&queue->filled);
    return queue;
}

void queue_destroy(struct queue *queue)
{
    if (queue == NULL) {
        return;
    }
    THREAD_CHECK(pthread_cond_destroy(&queue->filled));
    THREAD_CHECK(pthread_mutex_destroy(&queue->mutex));
    free(queue->items);
    free(queue);
}

bool queue_push(struct queue *queue, void *item)
{
    bool is_taken;

    THREAD_CHECK(pthread_mutex_lock(&queue->mutex));
    is_taken = !queue->is_closed && queue->n < queue->capacity;
    if (is_taken) {
        queue->items[(queue->first + queue->n) % queue->capacity] = item;
        queue->n++;
        THREAD_CHECK(pthread_cond_signal(&queue->filled));
    }
    THREAD_CHECK(pthread_mutex_unlock(&queue->mutex));
    return is_taken;
}

void *queue_take(struct queue *queue)
{
    void *item = NULL;

    THREAD_CHECK(pthread_mutex_lock(&queue->mutex));
    while (queue->n == 0 && !queue->is_closed) {
        THREAD_CHECK(pthread_cond_wait(&queue->filled, &queue->mutex));
    }
    if (queue->n > 0) {
        item = queue->items[queue->first];
        queue->first = (queue->first + 1) % queue->capacity;
        queue->n--;
    }
    THREAD_CHECK(pthread_mutex_unlock(&queue->mutex));
    return item;
}

void queue_close(struct queue *queue)
{
    THREAD_CHECK(pthread_mutex_lock(&queue->mutex));
    queue->is_closed = true;
    THREAD_CHECK(pthread_cond_broadcast(&queue->filled));
    THREAD_CHECK(pthread_mutex_unlock(&queue->mutex));
}

size_t queue_depth(struct queue *queue)
{
    size_t n;

    THREAD_CHECK(pthread_mutex_lock(&queue->mutex));
    n = queue->n;
    THREAD_CHECK(pthread_mutex_unlock(&queue->mutex));
    return n;
}
