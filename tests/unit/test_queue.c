// SPDX-License-Identifier: MIT
#include <check.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "server/queue.h"
#include "tests/unit/suites.h"

enum { N_THREADS = 4, N_ITEMS = 20000 };

START_TEST(keeps_order_and_bound)
{
    struct queue *queue = queue_create(3);
    int items[4];

    ck_assert_ptr_nonnull(queue);
    for (int i = 0; i < 3; i++) {
        ck_assert(queue_push(queue, &items[i]));
    }
    ck_assert(!queue_push(queue, &items[3]));
    ck_assert_uint_eq(queue_depth(queue), 3);
    ck_assert_ptr_eq(queue_take(queue), &items[0]);
    ck_assert(queue_push(queue, &items[3]));
    for (int i = 1; i < 4; i++) {
        ck_assert_ptr_eq(queue_take(queue), &items[i]);
    }
    ck_assert_uint_eq(queue_depth(queue), 0);
    queue_destroy(queue);
}
END_TEST

START_TEST(closed_queue_hands_out_the_rest)
{
    struct queue *queue = queue_create(2);
    int item;

    ck_assert(queue_push(queue, &item));
    queue_close(queue);
    ck_assert(!queue_push(queue, &item));
    ck_assert_ptr_eq(queue_take(queue), &item);
    ck_assert_ptr_null(queue_take(queue));
    ck_assert_ptr_null(queue_take(queue));
    queue_destroy(queue);
    queue_destroy(NULL);
}
END_TEST

static void *take_all(void *data)
{
    struct queue *queue = data;
    uintptr_t sum = 0;
    uintptr_t *item;

    while ((item = queue_take(queue)) != NULL) {
        sum += *item;
    }
    return (void *)sum;
}

START_TEST(every_item_reaches_one_taker)
{
    static uintptr_t items[N_ITEMS];
    struct queue *queue = queue_create(16);
    pthread_t threads[N_THREADS];
    uintptr_t total = 0;

    for (int i = 0; i < N_THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_all, queue), 0);
    }
    for (uintptr_t i = 0; i < N_ITEMS; i++) {
        items[i] = i;
        while (!queue_push(queue, &items[i])) {
            /* full: the takers are at it */
        }
    }
    queue_close(queue);
    for (int i = 0; i < N_THREADS; i++) {
        void *sum = NULL;

        ck_assert_int_eq(pthread_join(threads[i], &sum), 0);
        total += (uintptr_t)sum;
    }
    ck_assert_uint_eq(total, (uintptr_t)N_ITEMS * (N_ITEMS - 1) / 2);
    queue_destroy(queue);
}
END_TEST

Suite *queue_suite(void)
{
    Suite *suite = suite_create("queue");
    TCase *tests = tcase_create("queue");

    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, keeps_order_and_bound);
    tcase_add_test(tests, closed_queue_hands_out_the_rest);
    tcase_add_test(tests, every_item_reaches_one_taker);
    suite_add_tcase(suite, tests);
    return suite;
}
