// SPDX-License-Identifier: MIT
/*
 * queue.h - a bounded first-in first-out ring of pointers between threads.
 *
 * Every call is safe from any thread. The queue owns no item: a pointer
 * belongs to the pusher until push says true, then to whoever takes it.
 */
#ifndef AHA_SERVER_QUEUE_H
#define AHA_SERVER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct queue;

/** @return NULL when memory ran out; release with queue_destroy */
struct queue *queue_create(size_t capacity);

/** Nobody may be in a call; NULL is fine. */
void queue_destroy(struct queue *queue);

/** Never waits. @return false when full or closed: the item stays the caller's
 */
bool queue_push(struct queue *queue, void *item);

/**
 * Wait for an item. A closed queue still hands out what it holds.
 *
 * @return NULL once closed and empty
 */
void *queue_take(struct queue *queue);

/** Refuse further pushes and wake everybody who waits. */
void queue_close(struct queue *queue);

size_t queue_depth(struct queue *queue);

#endif
