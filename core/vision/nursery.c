// SPDX-License-Identifier: MIT
/*
 * DESIGN. The nursery is forked while the process is small and has one thread,
 * so a process forked from it costs little and has nobody's photos. It waits
 * for a socket, forks, and the child has that socket and no other. The child is
 * given an image's bytes, answers what it is asked of them, and ends when the
 * socket does; what it answers is not trusted. The nursery keeps a descriptor
 * of the socket too, so it sees the caller hang up: then, and when all takes
 * too long, it kills the child. When a child has ended it lets the socket go,
 * so that the caller reads its end whatever happened.
 *
 *   worker --a socket's other end--> nursery --fork, kill--> child
 *      `-----------bytes, requests, answers------------------'
 */
#include "core/vision/nursery.h"

#include <malloc.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/vision/decoder.h"
#include "core/vision/talk.h"

enum {
    N_CHANNELS = 3,
    CONTROL = 3,         /* the nursery's descriptor, after stderr */
    MAX_WAIT_MS = 60000, /* nothing depends on it */
    MAX_CHILDREN = 512,  /* at once; beyond it there is no memory */
    READY_MS = 10000,    /* for the nursery to be there */
    MAX_STACK = 8 << 20,
};

/* Of addresses: the program, libraries, and heaps of threads; as page tables
 * are not data, they are limited by this. */
static const rlim_t reserved_bytes = (rlim_t)4 << 30;

static const double FOREVER_MS = (double)INFINITY;

/* ---- a child */

static const struct talk_answer refusal = {.status = AHA_ERR_MEMORY};

struct child {
    int fd;
    bool is_unheard; /* something did not arrive, so nothing after it may */
    struct talk_answer answer;
};

static bool tell_asker(struct child *child, const void *bytes, size_t n_bytes)
{
    child->is_unheard =
        child->is_unheard || !talk_give(child->fd, bytes, n_bytes, FOREVER_MS);
    return !child->is_unheard;
}

static enum aha_status start_pixels(void *data, int width, int height,
                                    struct aha_error *err)
{
    struct child *child = data;

    child->answer.width = width;
    child->answer.height = height;
    return tell_asker(child, &child->answer, sizeof child->answer)
               ? AHA_OK
               : aha_error_set(err, AHA_ERR_IO, "nobody listens");
}

static bool give_rows(void *data, const uint8_t *rgb, size_t stride, int n)
{
    struct child *child = data;
    size_t n_bytes = (size_t)child->answer.width * N_CHANNELS;

    (void)tell_asker(child, &n, sizeof n);
    if (stride == n_bytes) {
        return tell_asker(child, rgb, stride * (size_t)n);
    }
    for (int i = 0; i < n; i++) {
        (void)tell_asker(child, rgb + stride * (size_t)i, n_bytes);
    }
    return !child->is_unheard;
}

/* @return whether it may be asked for more */
static bool answer(int fd, const struct talk_request *request,
                   const void *bytes, size_t n_bytes)
{
    struct child child = {.fd = fd, .answer = {.info = request->info}};
    const struct decoder_sink sink = {&child, start_pixels, give_rows};
    enum aha_status status =
        bytes == NULL ? AHA_ERR_MEMORY
        : request->shrink == 0
            ? decoder_header(bytes, n_bytes, &child.answer.info, NULL)
            : decoder_pixels(bytes, n_bytes, &request->info, request->shrink,
                             &sink, NULL);

    if (child.answer.width > 0) {
        return tell_asker(&child, &status, sizeof status);
    }
    child.answer.status = status;
    return tell_asker(&child, &child.answer, sizeof child.answer);
}

/* What it holds goes with the process, so nothing is freed. */
static void decode(const struct aha_isolation *how, int fd)
{
    struct talk_greeting greeting;
    struct talk_request request;
    void *bytes;

    if (how->seal_decoder != NULL && !how->seal_decoder(fd)) {
        (void)talk_give(fd, &refusal, sizeof refusal, FOREVER_MS);
        return;
    }
    if (!talk_take(fd, &greeting, sizeof greeting, FOREVER_MS)) {
        return;
    }
    bytes = alloc_array(greeting.n_bytes, 1);
    if (bytes != NULL && !talk_take(fd, bytes, greeting.n_bytes, FOREVER_MS)) {
        return;
    }
    while (talk_take(fd, &request, sizeof request, FOREVER_MS) &&
           answer(fd, &request, bytes, greeting.n_bytes) && bytes != NULL) {
    }
}

/* ---- the nursery */

struct charge {
    pid_t pid;
    int fd; /* a copy of what the child has */
    double until_ms;
    bool is_killed;
};

struct nursery {
    const struct aha_isolation *how;
    pid_t pid;
    int n;
    struct charge children[MAX_CHILDREN];
};

static void live(const struct nursery *nursery, int fd)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != nursery->pid) { /* it had ended before */
        return;
    }
    for (int i = 0; i < nursery->n; i++) {
        (void)close(nursery->children[i].fd);
    }
    (void)close(CONTROL);
    /* What is freed goes with the process, which has one thread. */
    (void)mallopt(M_PERTURB, 0); /* NOLINT(concurrency-mt-unsafe) */
    decode(nursery->how, fd);
}

static void raise_child(struct nursery *nursery, int fd)
{
    pid_t pid = nursery->n < MAX_CHILDREN ? fork() : -1;

    if (pid == 0) {
        live(nursery, fd);
        _exit(0);
    }
    if (pid < 0) {
        (void)talk_give(fd, &refusal, sizeof refusal, clock_now_ms());
        (void)close(fd);
        return;
    }
    nursery->children[nursery->n++] = (struct charge){
        pid, fd, clock_now_ms() + nursery->how->limit_ms, false};
}

/* Those that have ended are told of by the end of their sockets. */
static void reap(struct nursery *nursery)
{
    pid_t pid;

    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
        int i = 0;

        while (i < nursery->n && nursery->children[i].pid != pid) {
            i++;
        }
        if (i < nursery->n) {
            (void)close(nursery->children[i].fd);
            nursery->children[i] = nursery->children[--nursery->n];
        }
    }
}

/* Wait for whoever wants a child, and for what happens to those there are.
 * @return whether there is one */
static bool watch(struct nursery *nursery)
{
    struct pollfd polled[MAX_CHILDREN + 1] = {{CONTROL, POLLIN, 0}};
    double first_ms = FOREVER_MS;
    double now, wait_ms;
    struct timespec wait;
    sigset_t blocked;
    int n;

    for (int i = 0; i < nursery->n; i++) {
        const struct charge *child = &nursery->children[i];

        polled[i + 1] =
            (struct pollfd){child->is_killed ? -1 : child->fd, 0, 0};
        if (!child->is_killed) {
            first_ms = fmin(first_ms, child->until_ms);
        }
    }
    wait_ms = fmin(fmax(first_ms - clock_now_ms(), 0), MAX_WAIT_MS);
    wait = (struct timespec){(time_t)(wait_ms / 1e3),
                             (long)(wait_ms * 1e6) % 1000000000L};
    (void)pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    (void)sigdelset(&blocked, SIGCHLD);
    n = ppoll(polled, (nfds_t)nursery->n + 1, &wait, &blocked);
    now = clock_now_ms();
    for (int i = 0; i < nursery->n; i++) {
        struct charge *child = &nursery->children[i];

        if (!child->is_killed &&
            ((n > 0 && polled[i + 1].revents != 0) || now >= child->until_ms)) {
            child->is_killed = kill(child->pid, SIGKILL) == 0;
        }
    }
    return n > 0 && polled[0].revents != 0;
}

static void raise_children(const struct aha_isolation *how)
{
    struct nursery nursery = {.how = how, .pid = getpid()};
    bool has_asker = true;
    int fd;

    while (has_asker) {
        bool is_asked = watch(&nursery);

        reap(&nursery);
        if (is_asked) {
            has_asker = talk_take_socket(CONTROL, &fd);
            if (fd >= 0) {
                raise_child(&nursery, fd);
            }
        }
    }
    for (int i = 0; i < nursery.n; i++) {
        (void)kill(nursery.children[i].pid, SIGKILL);
    }
}

static void wake(int signal)
{
    (void)signal;
}

/* A child's end interrupts the wait, and only that. */
static void set_signals(void)
{
    struct sigaction waking = {.sa_handler = wake};
    sigset_t children;

    (void)sigemptyset(&children);
    (void)sigaddset(&children, SIGCHLD);
    (void)pthread_sigmask(SIG_BLOCK, &children, NULL);
    (void)sigaction(SIGCHLD, &waking, NULL);
}

/* A stricter hard limit is kept. */
static bool limit(int resource, rlim_t most)
{
    struct rlimit now;

    if (getrlimit(resource, &now) != 0) {
        return false;
    }
    now.rlim_max = now.rlim_max < most ? now.rlim_max : most;
    now.rlim_cur = now.rlim_max;
    return setrlimit(resource, &now) == 0;
}

/* @param askers  the caller's end, not to be had here */
static void be_nursery(const struct aha_isolation *how, int askers, int control)
{
    unsigned seals = 0;

    (void)prctl(PR_SET_NAME, "aha-nursery");
    set_signals();
    if (dup2(control, CONTROL) != CONTROL) {
        return;
    }
    if (control != CONTROL) {
        (void)close(control);
    }
    if (askers != CONTROL) {
        (void)close(askers);
    }
    closefrom(CONTROL + 1);
    if (how->max_bytes > 0 &&
        !(limit(RLIMIT_DATA, how->max_bytes) &&
          limit(RLIMIT_STACK, MAX_STACK) &&
          limit(RLIMIT_AS, how->max_bytes + reserved_bytes))) {
        return;
    }
    if (how->seal_nursery != NULL) {
        seals = how->seal_nursery();
    }
    if (talk_give(CONTROL, &seals, sizeof seals, FOREVER_MS)) {
        raise_children(how);
    }
}

enum aha_status nursery_start(const struct aha_isolation *how, int *askers,
                              unsigned *seals, struct aha_error *err)
{
    double start_ms = clock_now_ms();
    int ends[2];
    pid_t pid = -1;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0) {
        pid = fork();
        if (pid == 0) {
            be_nursery(how, ends[0], ends[1]);
            _exit(0);
        }
        (void)close(ends[1]);
        if (pid < 0) {
            (void)close(ends[0]);
        }
    }
    if (pid < 0) {
        return aha_error_set(err, AHA_ERR_ENVIRONMENT,
                             "No process can be started for decoders; is there "
                             "a limit on processes?");
    }
    if (!talk_take(ends[0], seals, sizeof *seals, start_ms + READY_MS)) {
        (void)close(ends[0]);
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return aha_error_set(err, AHA_ERR_ENVIRONMENT,
                             "The process that starts decoders is not there "
                             "after %.0f ms.",
                             clock_now_ms() - start_ms);
    }
    *askers = ends[0];
    return AHA_OK;
}
