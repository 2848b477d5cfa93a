// SPDX-License-Identifier: MIT
/*
 * DESIGN. An allocation that fails during json_loadb leaves it by longjmp, and
 * all that the call had allocated is freed: heads before the blocks make them a
 * ring, a thread's own. What was read leaves the ring, so that other threads
 * may free it. Jansson holds no lock and no file while it allocates.
 */
#include "server/jansson_guard.h"

#include <malloc.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* Before every block of Jansson's; alone in its ring outside of json_loadb. */
struct head {
    struct head *next;
    struct head *previous;
};

_Static_assert(sizeof(struct head) % _Alignof(max_align_t) == 0,
               "blocks are aligned as malloc's");

/* One call of json_loadb. */
struct reading {
    struct head taken;
    jmp_buf leave;
};

/* This thread's, or NULL. */
static _Thread_local struct reading *current;

/* By the linker's names: what is called, and what is Jansson's own. */
json_t *guarded_loadb(const char *text, size_t n, size_t flags,
                      json_error_t *why) __asm__("__wrap_json_loadb");
json_t *plain_loadb(const char *text, size_t n, size_t flags,
                    json_error_t *why) __asm__("__real_json_loadb");

static void *take(size_t n)
{
    struct head *head =
        n <= SIZE_MAX - sizeof *head ? malloc(sizeof *head + n) : NULL;

    if (head == NULL && current != NULL) {
        longjmp(current->leave, 1);
    }
    if (head == NULL) {
        return NULL;
    }
    *head = (struct head){head, head};
    if (current != NULL) {
        *head = (struct head){current->taken.next, &current->taken};
        head->next->previous = head;
        head->previous->next = head;
    }
    return head + 1;
}

static void wipe_and_free(struct head *head)
{
    explicit_bzero(head, malloc_usable_size(head));
    free(head);
}

static void give_back(void *bytes)
{
    if (bytes != NULL) {
        struct head *head = (struct head *)bytes - 1;

        head->next->previous = head->previous;
        head->previous->next = head->next;
        wipe_and_free(head);
    }
}

void jansson_guard_init(void)
{
    json_set_alloc_funcs(take, give_back);
}

/* When an allocation fails, NULL with the ring as it is then. */
static json_t *read_or_leave(struct reading *reading, const char *text,
                             size_t n, size_t flags, json_error_t *why)
{
    json_t *root;

    if (setjmp(reading->leave) != 0) {
        current = NULL;
        (void)snprintf(why->text, sizeof why->text, "out of memory");
        why->text[sizeof why->text - 1] = (char)json_error_out_of_memory;
        return NULL;
    }
    current = reading;
    root = plain_loadb(text, n, flags, why);
    current = NULL;
    return root;
}

json_t *guarded_loadb(const char *text, size_t n, size_t flags,
                      json_error_t *why)
{
    struct reading reading;
    struct head *taken = &reading.taken;
    struct head *next;
    json_t *root;

    *taken = (struct head){taken, taken};
    root = read_or_leave(&reading, text, n, flags, why);
    for (struct head *head = taken->next; head != taken; head = next) {
        next = head->next;
        *head = (struct head){head, head};
        if (root == NULL) {
            wipe_and_free(head);
        }
    }
    return root;
}
