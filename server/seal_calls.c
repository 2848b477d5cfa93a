// SPDX-License-Identifier: MIT
/*
 * DESIGN. The list is what a started daemon was seen to call (strace, all HTTP
 * tests, every format, TLS, reload and stop), what the same library functions
 * call on other kernels and processors, and what a dying process needs to say
 * why. The rest fails with EPERM and kills nobody: a library's update that
 * tries something new gets on without, or costs one request its answer, where a
 * killed thread would leave its locks taken and a killed process everybody's
 * requests unanswered. An attacker gains nothing from the error.
 *
 * Not on it, for one: socket, connect, bind, listen, recvmsg (which can receive
 * descriptors), dup, fcntl, ioctl, fork, execve, ptrace, memfd_create.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/seal.h"

enum {
    DESCRIPTOR_BITS = 32,
    HIGHER_ADVICE = ~0x1f, /* guards of pages, and what breaks memory */
};

/* With any arguments. Those a processor does not have are passed over. */
static const int calls[] = {
    /* connections */
    SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl), SCMP_SYS(poll), SCMP_SYS(ppoll),
    SCMP_SYS(recvfrom), SCMP_SYS(shutdown), SCMP_SYS(read), SCMP_SYS(readv),
    SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close),
    /* memory */
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap),
    /* threads and time */
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(exit),
    SCMP_SYS(exit_group), SCMP_SYS(gettid), SCMP_SYS(getpid),
    SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep), SCMP_SYS(restart_syscall), SCMP_SYS(getrandom),
    /* signals; sigaltstack is what sanitizers call */
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait), SCMP_SYS(sigaltstack),
    /* files that are read again, and what the process uses */
    SCMP_SYS(fstat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat),
    SCMP_SYS(statx), SCMP_SYS(lseek), SCMP_SYS(pread64), SCMP_SYS(getdents64)};

/* One of those that depend on an argument: (value & mask) == wanted. */
struct limited {
    int call;
    unsigned argument;
    uint64_t mask;
    uint64_t wanted;
};

static const struct limited limited[] = {
    /* no file for writing, none that is made */
    {SCMP_SYS(open), 1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY},
    {SCMP_SYS(openat), 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY},
    /* no new code */
    {SCMP_SYS(mmap), 2, PROT_EXEC, 0},
    {SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
    {SCMP_SYS(madvise), 2, (uint32_t)HIGHER_ADVICE, 0},
    /* threads, no processes */
    {SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD},
    {SCMP_SYS(prctl), 0, UINT32_MAX, PR_SET_NAME},
};

static const struct {
    uint32_t level;
    uint32_t name;
} socket_options[] = {
    /* when answers leave */
    {IPPROTO_TCP, TCP_NODELAY},
    {IPPROTO_TCP, TCP_CORK},
    /* how a client that does not take its answer is let go */
    {SOL_SOCKET, SO_LINGER},
};

static int add_limited(scmp_filter_ctx filter)
{
    int failed = 0;

    for (size_t i = 0; i < sizeof socket_options / sizeof *socket_options;
         i++) {
        failed |=
            seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
                             SCMP_A1_32(SCMP_CMP_EQ, socket_options[i].level),
                             SCMP_A2_32(SCMP_CMP_EQ, socket_options[i].name));
    }
    for (size_t i = 0; i < sizeof limited / sizeof *limited; i++) {
        failed |=
            seccomp_rule_add(filter, SCMP_ACT_ALLOW, limited[i].call, 1,
                             SCMP_CMP64(limited[i].argument, SCMP_CMP_MASKED_EQ,
                                        limited[i].mask, limited[i].wanted));
    }
    return failed;
}

/* Signals to oneself: how main hears of a reload, and how a process aborts. */
static int add_signals(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp to_us =
        SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)getpid());

    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1,
                                  &to_us) |
           seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                                  &to_us);
}

/*
 * To no address. That of a sendmsg cannot be looked at, so the socket of notes,
 * which knows where it sends, has sendto alone. MSG_FASTOPEN is a connect.
 *
 * The kernel looks at 32 bits of a descriptor, a comparison at 64, so another
 * descriptor is told by a bit that differs among the lower ones.
 */
static int add_sending(scmp_filter_ctx filter, int notes)
{
    int failed =
        seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 2,
                         SCMP_A3_64(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0),
                         SCMP_A4_64(SCMP_CMP_EQ, 0));

    for (int i = 0; i < DESCRIPTOR_BITS; i++) {
        uint32_t bit = UINT32_C(1) << i;

        failed |= seccomp_rule_add(
            filter, SCMP_ACT_ALLOW, SCMP_SYS(sendmsg), 2,
            SCMP_A0_64(SCMP_CMP_MASKED_EQ, bit, ~(uint32_t)notes & bit),
            SCMP_A2_64(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0));
    }
    return failed;
}

/* A nursery is sent sockets, forks and kills; its children then lose this. */
static int add_raising(scmp_filter_ctx filter)
{
    static const int raising[] = {SCMP_SYS(recvmsg), SCMP_SYS(clone),
                                  SCMP_SYS(wait4),   SCMP_SYS(kill),
                                  SCMP_SYS(seccomp), SCMP_SYS(getppid)};
    int failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                                  SCMP_A0_32(SCMP_CMP_EQ, PR_SET_PDEATHSIG));

    for (size_t i = 0; i < sizeof raising / sizeof *raising; i++) {
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, raising[i], 0);
    }
    return failed;
}

static int add_asking(scmp_filter_ctx filter)
{
    /* One of datagrams could send to any address. */
    return seccomp_rule_add(
        filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 2,
        SCMP_A0_32(SCMP_CMP_EQ, AF_UNIX),
        SCMP_A1_32(SCMP_CMP_EQ, SOCK_STREAM | SOCK_CLOEXEC));
}

static int add_all(scmp_filter_ctx filter, const struct seal_needs *needs)
{
    int failed = 0;

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    }
    for (int i = 0; i < SEAL_MAX_SOCKETS; i++) {
        if (needs->sockets[i] != NULL) {
            failed |=
                seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(unlink), 0) |
                seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(unlinkat), 0);
        }
    }
    /* Its flags lie where a filter cannot look; the C library then does with
     * clone. */
    failed |=
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (needs->has_nursery) {
        failed |= add_asking(filter);
    }
    return failed | add_limited(filter) | add_sending(filter, needs->notes) |
           (needs->is_nursery ? add_raising(filter) : add_signals(filter));
}

unsigned seal_calls(const struct seal_needs *needs)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    bool is_sealed;

    if (filter == NULL) {
        return 0;
    }
    /* A thread killed for a call of another architecture would hold locks. */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
                           SCMP_ACT_KILL_PROCESS);
    /* A search tree, not a list; and old kernels slow down nobody here. */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    is_sealed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
                add_all(filter, needs) == 0 && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return is_sealed ? 1U << SEAL_CALLS : 0;
}

/* RLIMIT_DATA counts what is private and may be written: so nothing else may
 * be had that takes memory, nor be made of what was counted. The stack is not
 * counted there, so it must not be moved away from its own limit. */
static int deny_uncounted(scmp_filter_ctx filter)
{
    static const unsigned uncounted[] = {MAP_SHARED, MAP_GROWSDOWN};
    int failed =
        seccomp_rule_add(
            filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mmap), 1,
            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_READ | PROT_WRITE, PROT_READ)) |
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mprotect), 1,
                         SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE, 0)) |
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mremap), 0);

    for (size_t i = 0; i < sizeof uncounted / sizeof *uncounted; i++) {
        failed |= seccomp_rule_add(
            filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mmap), 1,
            SCMP_A3(SCMP_CMP_MASKED_EQ, uncounted[i], uncounted[i]));
    }
    return failed;
}

bool seal_decoder_calls(void)
{
    /* Of what the nursery may: no processes, no signals, no descriptors by
     * message. */
    static const int lost[] = {SCMP_SYS(recvmsg), SCMP_SYS(sendmsg),
                               SCMP_SYS(wait4),   SCMP_SYS(kill),
                               SCMP_SYS(seccomp), SCMP_SYS(prctl)};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int failed;

    if (filter == NULL) {
        return false;
    }
    failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                              SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
        failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), lost[i], 0);
    }
    failed |= deny_uncounted(filter);
    /* It has no new privileges already, and may not ask again. */
    failed |= seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    failed |= failed == 0 ? seccomp_load(filter) : 0;
    seccomp_release(filter);
    return failed == 0;
}
