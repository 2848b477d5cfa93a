// SPDX-License-Identifier: MIT
/*
 * A child seals itself as the daemon does and tries what an intruder would, on
 * a thread that was there before its system calls were sealed.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <seccomp.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/seal.h"
#include "tests/unit/suites.h"

enum {
    PRIVILEGES = 1 << SEAL_PRIVILEGES,
    MEMORY = 1 << SEAL_MEMORY,
    FILES = 1 << SEAL_FILES,
    CALLS = 1 << SEAL_CALLS,
    MAX_PATH_BYTES = 64,
};

static const long HIGHER = 1L << 32; /* of a descriptor, which has 32 bits */

static char folder[MAX_PATH_BYTES]; /* that may be read */
static char inside[MAX_PATH_BYTES]; /* a file in it */
static char other[MAX_PATH_BYTES];  /* one beside it */
static int taken;                   /* a listening socket, of the time before */
static int notes;
static unsigned held; /* seals in the child */
static sem_t sealed;

static void make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "text", 4), 4);
    ck_assert_int_eq(close(fd), 0);
}

static void set_up(void)
{
    long us = (long)getpid();

    (void)snprintf(folder, sizeof folder, "/tmp/aha-seal-%ld", us);
    (void)snprintf(inside, sizeof inside, "/tmp/aha-seal-%ld/file", us);
    (void)snprintf(other, sizeof other, "/tmp/aha-seal-%ld.other", us);
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    make_file(inside);
    make_file(other);
    notes = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(notes, 0);
    ck_assert_int_ge(taken, 0);
    ck_assert_int_eq(listen(taken, 1), 0);
}

static void tear_down(void)
{
    (void)close(taken);
    (void)close(notes);
    (void)unlink(other);
    (void)unlink(inside);
    (void)rmdir(folder);
}

/* ---- what an intruder would try; each says whether it was denied */

static bool is_denied(int result)
{
    return result < 0 && (errno == EPERM || errno == EACCES);
}

static bool opening(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    return is_denied(fd);
}

static bool write_file(void)
{
    return opening(inside, O_WRONLY) && opening(inside, O_RDWR) &&
           opening(inside, O_RDONLY | O_TRUNC);
}

static bool make_another(void)
{
    return opening("/tmp/aha-seal-never", O_RDONLY | O_CREAT) &&
           opening("/tmp", O_TMPFILE | O_RDWR);
}

static bool remove_file(void)
{
    return is_denied(unlink(inside)) && is_denied(rename(inside, other)) &&
           is_denied(mkdir("/tmp/aha-seal-never", 0700)) &&
           is_denied(chmod(inside, 0777)) && is_denied(truncate(inside, 0));
}

static bool read_outside(void)
{
    return opening(other, O_RDONLY) && opening("/etc/passwd", O_RDONLY) &&
           opening("/proc/self/mem", O_RDONLY);
}

static bool make_sockets(void)
{
    return is_denied(socket(AF_INET, SOCK_STREAM, 0)) &&
           is_denied(socket(AF_INET6, SOCK_DGRAM, 0)) &&
           is_denied(socket(AF_UNIX, SOCK_STREAM, 0)) &&
           is_denied(socket(AF_NETLINK, SOCK_RAW, 0));
}

/* By a socket of the time before, once it listens no more. */
static bool connect_out(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(9),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const struct sockaddr *address = (const struct sockaddr *)(void *)&to;
    char byte = 'x';
    struct iovec text = {&byte, 1};
    struct msghdr message = {.msg_name = &to,
                             .msg_namelen = sizeof to,
                             .msg_iov = &text,
                             .msg_iovlen = 1};

    (void)shutdown(taken, SHUT_RDWR);
    return is_denied(connect(taken, address, sizeof to)) &&
           is_denied(
               (int)sendto(taken, "x", 1, MSG_NOSIGNAL, address, sizeof to)) &&
           is_denied((int)sendmsg(taken, &message, MSG_FASTOPEN)) &&
           is_denied((int)sendmsg(notes, &message, 0)) &&
           is_denied((int)syscall(SYS_sendmsg, HIGHER | notes, &message, 0)) &&
           is_denied((int)recvmsg(taken, &message, MSG_DONTWAIT)) &&
           is_denied(bind(taken, address, sizeof to));
}

/* Another number for a socket, or another pair of them. */
static bool double_sockets(void)
{
    int ends[2];

    return is_denied(dup(notes)) && is_denied(dup2(notes, taken)) &&
           is_denied(dup3(notes, taken, O_CLOEXEC)) &&
           is_denied(fcntl(notes, F_DUPFD_CLOEXEC, 0)) &&
           is_denied(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
}

static bool run_programs(void)
{
    char *const none[] = {NULL};

    return is_denied(execve("/bin/true", none, none)) &&
           is_denied((int)fork()) && is_denied((int)vfork());
}

enum { PAGE_BYTES = 4096, GUARD_INSTALL = 102 };

static void *map(int protection, int flags)
{
    return mmap(NULL, PAGE_BYTES, protection, flags | MAP_ANONYMOUS, -1, 0);
}

static bool make_code(void)
{
    void *page = map(PROT_READ | PROT_WRITE, MAP_PRIVATE);

    return page != MAP_FAILED &&
           is_denied(mprotect(page, PAGE_BYTES, PROT_READ | PROT_EXEC)) &&
           map(PROT_READ | PROT_EXEC, MAP_PRIVATE) == MAP_FAILED;
}

static bool signal_others(void)
{
    long init = 1;

    return is_denied(kill(getppid(), 0)) && is_denied(kill(1, 0)) &&
           is_denied((int)syscall(SYS_tgkill, init, init, 0)) &&
           is_denied(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

/* ---- what goes on working */

static bool read_inside(void)
{
    int fd = open(inside, O_RDONLY | O_CLOEXEC);
    char text[4];

    return fd >= 0 && read(fd, text, 4) == 4 && close(fd) == 0;
}

static void *nothing(void *data)
{
    return data;
}

static bool start_thread(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, nothing, NULL) == 0 &&
           pthread_join(thread, NULL) == 0;
}

static bool start_threads(void)
{
    return start_thread() && raise(SIGURG) == 0;
}

/* What is tried, and the seals that make it so. */
static const struct {
    bool (*holds)(void);
    unsigned seals;
} tries[] = {
    {read_inside, 0},      {start_threads, 0},     {write_file, CALLS},
    {make_another, CALLS}, {remove_file, CALLS},   {read_outside, FILES},
    {make_sockets, CALLS}, {connect_out, CALLS},   {run_programs, CALLS},
    {make_code, CALLS},    {signal_others, CALLS}, {double_sockets, CALLS},
};

enum { N_TRIES = sizeof tries / sizeof *tries };

/* @return how many tries went as they must, before the first that did not */
static void *intrude(void *data)
{
    int *n = data;

    (void)sem_wait(&sealed);
    for (*n = 0; *n < N_TRIES; (*n)++) {
        if ((tries[*n].seals & held) == tries[*n].seals && !tries[*n].holds()) {
            break;
        }
    }
    return NULL;
}

/* In a child, since a seal is for good. */
static int try_all(const struct seal_needs *needs, unsigned *seals)
{
    pthread_t thread;
    int n = -1;

    held = seal_process(needs);
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
        sem_init(&sealed, 0, 0) == 0 &&
        pthread_create(&thread, NULL, intrude, &n) == 0) {
        held |= seal_calls(needs);
        (void)sem_post(&sealed);
        (void)pthread_join(thread, NULL);
    }
    *seals = held;
    return n;
}

struct told {
    unsigned seals;
    int n;
};

/* Seal a child that other seals hold already or not, and hear of it. */
static struct told child(const struct seal_needs *needs, void prepare(void))
{
    struct told told = {0, -1};
    int ends[2];
    int status = -1;
    pid_t pid;

    ck_assert_int_eq(pipe(ends), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        prepare();
        told.n = try_all(needs, &told.seals);
        _exit(write(ends[1], &told, sizeof told) == sizeof told ? 0 : 1);
    }
    (void)close(ends[1]);
    ck_assert_int_eq(read(ends[0], &told, sizeof told), sizeof told);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    (void)close(ends[0]);
    return told;
}

static void as_it_is(void)
{
}

/* All that the kernel says it knows. */
static unsigned known(void)
{
    uint32_t action = SECCOMP_RET_ERRNO;
    unsigned seals = PRIVILEGES | MEMORY;

    if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 1) {
        seals |= FILES;
    }
    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0) {
        seals |= CALLS;
    }
    return seals;
}

/* What holds in a child, which has all seals, if it has these. */
static void expect_sealed(const struct seal_needs *needs, unsigned seals,
                          void prepare(void), bool (*holds)(void))
{
    int status = -1;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        unsigned wanted = known();
        unsigned all;

        prepare();
        all = seal_process(needs) | seal_calls(needs);
        _exit(all == wanted && ((all & seals) == 0 || holds()) ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}

/* What asking a nursery needs, and no more. */
static bool pair_up(void)
{
    int ends[2];

    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 &&
           is_denied(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends)) &&
           is_denied(
               socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) &&
           make_sockets();
}

START_TEST(an_asker_pairs_sockets_alone)
{
    const struct seal_needs mine = {.notes = -1, .has_nursery = true};

    expect_sealed(&mine, CALLS, as_it_is, pair_up);
}
END_TEST

static struct seal_needs needs(void)
{
    return (struct seal_needs){.read = {inside, "", NULL}, .notes = notes};
}

START_TEST(an_intruder_finds_nothing_to_do)
{
    struct seal_needs mine = needs();
    struct told told = child(&mine, as_it_is);

    ck_assert_int_eq(told.n, N_TRIES);
    ck_assert_uint_eq(told.seals, known());
}
END_TEST

static void forget(const int *calls, int n)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

    for (int i = 0; i < n; i++) {
        (void)seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), calls[i], 0);
    }
    (void)seccomp_load(filter);
    seccomp_release(filter);
}

/* Kernels of old. */
static void forget_both(void)
{
    static const int both[] = {SCMP_SYS(landlock_create_ruleset),
                               SCMP_SYS(seccomp)};

    forget(both, 2);
}

static void forget_landlock(void)
{
    static const int landlock[] = {SCMP_SYS(landlock_create_ruleset)};

    forget(landlock, 1);
}

START_TEST(an_old_kernel_leaves_seals_out)
{
    struct seal_needs mine = needs();
    struct told told = child(&mine, forget_both);

    ck_assert_uint_eq(told.seals, PRIVILEGES | MEMORY);
    ck_assert_int_eq(told.n, N_TRIES);
}
END_TEST

START_TEST(calls_are_sealed_without_landlock)
{
    struct seal_needs mine = needs();
    struct told told = child(&mine, forget_landlock);

    ck_assert_uint_eq(told.seals, known() & ~(unsigned)FILES);
    ck_assert_int_eq(told.n, N_TRIES);
}
END_TEST

/* ---- a decoder's process */

static bool read_nothing(void)
{
    return opening(inside, O_RDONLY) && read_outside();
}

/* Memory that its limit would not count. */
static bool take_uncounted(void)
{
    void *counted = map(PROT_READ | PROT_WRITE, MAP_PRIVATE);

    return counted != MAP_FAILED &&
           is_denied(mprotect(counted, PAGE_BYTES, PROT_READ)) &&
           is_denied(mprotect(counted, PAGE_BYTES, PROT_NONE)) &&
           mremap(counted, PAGE_BYTES, 2 * PAGE_BYTES, MREMAP_MAYMOVE) ==
               MAP_FAILED &&
           is_denied(madvise(counted, PAGE_BYTES, GUARD_INSTALL)) &&
           map(PROT_READ, MAP_PRIVATE) == MAP_FAILED &&
           map(PROT_READ | PROT_WRITE, MAP_SHARED) == MAP_FAILED &&
           map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_GROWSDOWN) ==
               MAP_FAILED;
}

static bool pass_descriptors(void)
{
    char byte;
    struct iovec text = {&byte, 1};
    struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1};

    return is_denied((int)recvmsg(taken, &message, MSG_DONTWAIT)) &&
           is_denied((int)sendmsg(taken, &message, MSG_DONTWAIT));
}

static bool signal_anybody(void)
{
    return is_denied(kill(getppid(), 0)) && is_denied(kill(getpid(), 0)) &&
           is_denied(prctl(PR_SET_PDEATHSIG, 0)) &&
           is_denied((int)waitpid(-1, NULL, WNOHANG));
}

static bool says_nothing(void)
{
    struct stat out, err;

    return fstat(STDOUT_FILENO, &out) == 0 && S_ISCHR(out.st_mode) &&
           fstat(STDERR_FILENO, &err) == 0 && err.st_rdev == out.st_rdev;
}

static int try_as_decoder(unsigned seals)
{
    static const struct {
        bool (*holds)(void);
        unsigned seals;
    } all[] = {{start_thread, 0}, /* WebP's decoder does */
               {make_sockets, CALLS},     {run_programs, CALLS},
               {make_code, CALLS},        {take_uncounted, CALLS},
               {pass_descriptors, CALLS}, {signal_anybody, CALLS},
               {says_nothing, 0},         {make_another, CALLS},
               {read_nothing, FILES}};

    if (!seal_decoder(-1)) {
        return -1;
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if ((all[i].seals & seals) == all[i].seals && !all[i].holds()) {
            return (int)i + 1;
        }
    }
    return 0;
}

START_TEST(a_decoder_finds_less)
{
    int first_wrong = -1;
    int ends[2];
    pid_t pid;

    ck_assert_int_eq(pipe(ends), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        unsigned wanted = known();
        unsigned seals = seal_nursery();

        if (seals == wanted && fork() == 0) {
            first_wrong = try_as_decoder(seals);
            (void)!write(ends[1], &first_wrong, sizeof first_wrong);
        }
        _exit(0);
    }
    (void)close(ends[1]);
    ck_assert_int_eq(read(ends[0], &first_wrong, sizeof first_wrong),
                     sizeof first_wrong);
    ck_assert_int_eq(first_wrong, 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    (void)close(ends[0]);
}
END_TEST

/* ---- a file, or folder, that would open everything */

static char in_root[MAX_PATH_BYTES]; /* a file, if one can be made there */

static void go_to_root(void)
{
    if (chdir("/") != 0) {
        _exit(1);
    }
}

static bool read_it_alone(void)
{
    int fd = open(in_root, O_RDONLY | O_CLOEXEC);

    return fd >= 0 && read_outside();
}

static void leave_root(void)
{
    (void)unlink(in_root);
    tear_down();
}

START_TEST(the_root_is_not_read)
{
    static const char *const ways[] = {"./", "", "/", "//", "/./", "/tmp/../"};
    char path[2 * MAX_PATH_BYTES];
    const struct seal_needs mine = {.read = {path}, .notes = -1};
    int fd;

    (void)snprintf(in_root, sizeof in_root, "/aha-seal-%ld", (long)getpid());
    fd = open(in_root, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        (void)snprintf(path, sizeof path, "%s", ways[i]);
        expect_sealed(&mine, FILES, go_to_root, read_outside);
        if (fd >= 0) { /* as root, who may */
            (void)snprintf(path, sizeof path, "%s%s", ways[i], in_root + 1);
            expect_sealed(&mine, FILES, go_to_root, read_it_alone);
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}
END_TEST

static bool socket_goes(void)
{
    return unlink(inside) == 0 && is_denied(unlink(other));
}

START_TEST(a_socket_file_may_go)
{
    struct seal_needs mine = {.sockets = {inside}, .notes = -1};

    expect_sealed(&mine, FILES, as_it_is, socket_goes);
}
END_TEST

START_TEST(lists)
{
    char text[SEAL_MAX_TEXT];

    seal_list(0, text);
    ck_assert_str_eq(text, "none");
    seal_list(FILES, text);
    ck_assert_str_eq(text, "files");
    seal_list(~0U, text);
    ck_assert_str_eq(text, "privileges, memory, files, calls, decoders");
}
END_TEST

Suite *seal_suite(void)
{
    Suite *suite = suite_create("seal");
    TCase *tests = tcase_create("seal");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, an_intruder_finds_nothing_to_do);
    tcase_add_test(tests, an_old_kernel_leaves_seals_out);
    tcase_add_test(tests, calls_are_sealed_without_landlock);
    tcase_add_test(tests, an_asker_pairs_sockets_alone);
    tcase_add_test(tests, a_decoder_finds_less);
    tcase_add_test(tests, a_socket_file_may_go);
    tcase_add_test(tests, lists);
    suite_add_tcase(suite, tests);
    tests = tcase_create("root");
    tcase_add_checked_fixture(tests, set_up, leave_root);
    tcase_add_test(tests, the_root_is_not_read);
    suite_add_tcase(suite, tests);
    return suite;
}
