// SPDX-License-Identifier: MIT
#include <check.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/clients.h"
#include "tests/unit/suites.h"

enum { N_PAIRS = 4 };

static struct clients clients;
static int pairs[N_PAIRS][2];
static struct client *open_clients[N_PAIRS];

static void set_up(void)
{
    clients_init(&clients);
    for (int i = 0; i < N_PAIRS; i++) {
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
        open_clients[i] = clients_open(&clients, pairs[i][0], 100.0 * i);
        ck_assert_ptr_nonnull(open_clients[i]);
    }
}

static void tear_down(void)
{
    for (int i = 0; i < N_PAIRS; i++) {
        clients_close(&clients, open_clients[i]);
        (void)close(pairs[i][0]);
        (void)close(pairs[i][1]);
    }
    clients_close(&clients, NULL);
    clients_fini(&clients);
}

static bool is_cut(int i)
{
    char byte;

    return recv(pairs[i][1], &byte, 1, MSG_DONTWAIT) == 0;
}

START_TEST(the_late_are_cut_once)
{
    ck_assert_int_eq(clients_cut(&clients, 50), 0);
    ck_assert_int_eq(clients_cut(&clients, 250), 2);
    ck_assert_int_eq(clients_cut(&clients, 250), 0);
    ck_assert(!is_cut(0)); /* of which nothing is awaited */
    ck_assert(is_cut(1));
    ck_assert(is_cut(2));
    ck_assert(!is_cut(3));
}
END_TEST

START_TEST(what_is_awaited_changes)
{
    clients_await(&clients, open_clients[0], 10);
    clients_await(&clients, open_clients[1], 0);
    clients_await(&clients, open_clients[2], 400);
    ck_assert_int_eq(clients_cut(&clients, 399), 2);
    ck_assert(is_cut(0));
    ck_assert(!is_cut(1));
    ck_assert(!is_cut(2));
    ck_assert(is_cut(3));
}
END_TEST

START_TEST(the_closed_are_left_alone)
{
    static const int order[] = {1, 3, 0, 2}; /* middle, an end, the other */

    for (int k = 0; k < N_PAIRS; k++) {
        int i = order[k];

        clients_close(&clients, open_clients[i]);
        open_clients[i] = NULL;
        for (int other = 0; other < N_PAIRS; other++) {
            if (open_clients[other] != NULL) {
                clients_await(&clients, open_clients[other], 1);
            }
        }
        ck_assert_int_eq(clients_cut(&clients, 2), N_PAIRS - 1 - k);
        ck_assert(!is_cut(1));
    }
}
END_TEST

Suite *clients_suite(void)
{
    Suite *suite = suite_create("clients");
    TCase *tests = tcase_create("clients");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_late_are_cut_once);
    tcase_add_test(tests, what_is_awaited_changes);
    tcase_add_test(tests, the_closed_are_left_alone);
    suite_add_tcase(suite, tests);
    return suite;
}
