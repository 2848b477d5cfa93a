// SPDX-License-Identifier: MIT
/*
 * wrap.c - the linker sends our code's allocations here (--wrap), to be counted
 * and, when a test asks, to fail.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "tests/unit/support.h"

static atomic_ulong n_allocations;
static atomic_ulong fails_at; /* value of the counter; 0: never */
static atomic_bool has_failed;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t n);

unsigned long support_allocations(void)
{
    return atomic_load(&n_allocations);
}

bool support_fail_allocation(unsigned long n)
{
    bool last = atomic_exchange(&has_failed, false);

    atomic_store(&fails_at, n == 0 ? 0 : atomic_load(&n_allocations) + n);
    return last;
}

static bool must_fail(void)
{
    unsigned long now = atomic_fetch_add(&n_allocations, 1) + 1;

    if (now != atomic_load(&fails_at)) {
        return false;
    }
    atomic_store(&has_failed, true);
    return true;
}

void *__wrap_malloc(size_t n)
{
    return must_fail() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return must_fail() ? NULL : __real_calloc(n, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t n)
{
    return must_fail() ? NULL : __real_aligned_alloc(alignment, n);
}

/*
 * What is wiped, counted: nobody may look at memory once it is freed. The
 * second name is the one that a build with checks calls.
 */
static atomic_ulong n_wiped;

void explicit_bzero(void *bytes, size_t n);
void __explicit_bzero_chk(void *bytes, size_t n, size_t capacity);

unsigned long support_wiped_bytes(void)
{
    return atomic_load(&n_wiped);
}

void explicit_bzero(void *bytes, size_t n)
{
    volatile unsigned char *byte = bytes;

    for (size_t i = 0; i < n; i++) {
        byte[i] = 0;
    }
    atomic_fetch_add(&n_wiped, n);
}

void __explicit_bzero_chk(void *bytes, size_t n, size_t capacity)
{
    (void)capacity;
    explicit_bzero(bytes, n);
}
