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
#include "core/vision/apart.h"

#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/vision/decoder.h"

enum {
    N_CHANNELS = 3,
    CONTROL = 3,          /* the nursery's descriptor, after stderr */
    GRACE_MS = 1000,      /* for a child that is killed to be gone */
    MAX_CHILDREN = 512,   /* at once; beyond it there is no memory */
    MAX_POLL_MS = 100000, /* that fit into poll's int */
    N_ORIENTATIONS = 8,
};

static struct {
    bool is_on;
    int nursery; /* where sockets are sent to */
    double limit_ms;
} apart;

/* First of all, before the bytes. */
struct greeting {
    size_t n_bytes;
};

/* Then as often as it is wanted; until then a child waits. */
struct request {
    struct aha_image_info info; /* for a header the format alone */
    int shrink;                 /* 0: the header is wanted */
};

struct answer {
    enum aha_status status; /* AHA_OK, _DECODE or _MEMORY */
    struct aha_image_info info;
    int width; /* of the pixels, if they were asked for */
    int height;
};

/* Then pixels come in pieces, each behind the number of its rows; after the
 * last, enum aha_status, which is not above 0. */

static const double FOREVER_MS = (double)INFINITY;

static double now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

/* @return whether it is ready, or ended, in time */
static bool wait_for(int fd, short events, double until_ms)
{
    struct pollfd waited = {.fd = fd, .events = events};
    double left_ms;
    int n;

    do {
        left_ms = until_ms - now_ms();
        if (left_ms <= 0) {
            return false;
        }
        n = poll(&waited, 1, (int)ceil(fmin(left_ms, MAX_POLL_MS)));
    } while (n == 0 || (n < 0 && errno == EINTR));
    return n > 0;
}

static bool may_try_again(void)
{
    return errno == EAGAIN || errno == EINTR;
}

/* @return whether all of it was sent */
static bool give(int fd, const void *bytes, size_t n_bytes, double until_ms)
{
    const uint8_t *from = bytes;

    while (n_bytes > 0) {
        ssize_t n = send(fd, from, n_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n > 0) {
            from += n;
            n_bytes -= (size_t)n;
        } else if (!may_try_again() || !wait_for(fd, POLLOUT, until_ms)) {
            return false;
        }
    }
    return true;
}

/* @return whether all of it came */
static bool take(int fd, void *bytes, size_t n_bytes, double until_ms)
{
    uint8_t *to = bytes;

    while (n_bytes > 0) {
        ssize_t n = recv(fd, to, n_bytes, MSG_DONTWAIT);

        if (n > 0) {
            to += n;
            n_bytes -= (size_t)n;
        } else if (n == 0 || !may_try_again() ||
                   !wait_for(fd, POLLIN, until_ms)) {
            return false;
        }
    }
    return true;
}

/* ---- a child */

struct child {
    int fd;
    bool is_unheard; /* something did not arrive, so nothing after it may */
    struct answer answer;
};

static bool tell_asker(struct child *child, const void *bytes, size_t n_bytes)
{
    child->is_unheard =
        child->is_unheard || !give(child->fd, bytes, n_bytes, FOREVER_MS);
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
static bool answer(int fd, const struct request *request, const void *bytes,
                   size_t n_bytes)
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
static void decode(int fd)
{
    struct greeting greeting;
    struct request request;
    void *bytes;

    if (!take(fd, &greeting, sizeof greeting, FOREVER_MS)) {
        return;
    }
    bytes = alloc_array(greeting.n_bytes, 1);
    if (bytes != NULL && !take(fd, bytes, greeting.n_bytes, FOREVER_MS)) {
        return;
    }
    while (take(fd, &request, sizeof request, FOREVER_MS) &&
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
    int n;
    struct charge children[MAX_CHILDREN];
};

/* Room for one descriptor beside a message. */
union room {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(sizeof(int))];
};

/* @return false when there will be no more; *fd is -1 when none came */
static bool receive(int *fd)
{
    union room room = {{0}};
    char byte;
    struct iovec text = {&byte, sizeof byte};
    struct msghdr message = {.msg_iov = &text,
                             .msg_iovlen = 1,
                             .msg_control = &room,
                             .msg_controllen = sizeof room};
    const struct cmsghdr *head;
    ssize_t n = recvmsg(CONTROL, &message, MSG_CMSG_CLOEXEC);

    *fd = -1;
    if (n < 0) {
        return errno == EINTR || errno == ENOMEM || errno == ENOBUFS;
    }
    head = CMSG_FIRSTHDR(&message);
    if (head != NULL && head->cmsg_type == SCM_RIGHTS) {
        memcpy(fd, CMSG_DATA(head), sizeof *fd);
    }
    return n > 0;
}

static void live(const struct nursery *nursery, int fd)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < nursery->n; i++) {
        (void)close(nursery->children[i].fd);
    }
    (void)close(CONTROL);
    (void)mallopt(M_PERTURB, 0); /* what is freed goes with the process */
    if (nursery->how->seal_decoder != NULL) {
        nursery->how->seal_decoder(fd);
    }
    decode(fd);
}

/* @return whether this is the child, and at its end */
static bool raise_child(struct nursery *nursery, int fd)
{
    const struct answer refusal = {.status = AHA_ERR_MEMORY};
    pid_t pid = nursery->n < MAX_CHILDREN ? fork() : -1;

    if (pid == 0) {
        live(nursery, fd);
        return true;
    }
    if (pid < 0) {
        (void)give(fd, &refusal, sizeof refusal, now_ms());
        (void)close(fd);
        return false;
    }
    nursery->children[nursery->n++] =
        (struct charge){pid, fd, now_ms() + nursery->how->limit_ms, false};
    return false;
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
    struct timespec left;
    sigset_t blocked;
    double now;
    int n;

    for (int i = 0; i < nursery->n; i++) {
        const struct charge *child = &nursery->children[i];

        polled[i + 1] =
            (struct pollfd){child->is_killed ? -1 : child->fd, 0, 0};
        if (!child->is_killed) {
            first_ms = fmin(first_ms, child->until_ms);
        }
    }
    now = fmin(fmax(first_ms - now_ms(), 0), MAX_POLL_MS);
    left =
        (struct timespec){(time_t)(now / 1e3), (long)(now * 1e6) % 1000000000L};
    (void)pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    (void)sigdelset(&blocked, SIGCHLD);
    n = ppoll(polled, (nfds_t)nursery->n + 1, &left, &blocked);
    now = now_ms();
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
    struct nursery nursery = {.how = how};
    bool has_asker = true;
    int fd;

    while (has_asker) {
        bool is_asked = watch(&nursery);

        reap(&nursery);
        if (is_asked) {
            has_asker = receive(&fd);
            if (fd >= 0 && raise_child(&nursery, fd)) {
                return;
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

/* @param askers  the caller's end, not to be had here */
static void be_nursery(const struct aha_isolation *how, int askers, int control)
{
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
    if (how->max_bytes > 0) {
        const struct rlimit memory = {how->max_bytes, how->max_bytes};

        (void)setrlimit(RLIMIT_DATA, &memory);
    }
    if (how->seal_nursery != NULL) {
        how->seal_nursery();
    }
    raise_children(how);
}

enum aha_status aha_image_isolate(const struct aha_isolation *how,
                                  struct aha_error *err)
{
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
    apart.nursery = ends[0];
    apart.limit_ms = how->limit_ms;
    apart.is_on = true;
    return AHA_OK;
}

bool aha_image_is_nursery_lost(void)
{
    struct pollfd end = {.fd = apart.nursery};

    return apart.is_on && poll(&end, 1, 0) > 0;
}

/* ---- who asks */

bool apart_is_on(void)
{
    return apart.is_on;
}

static bool send_end(int fd, double until_ms)
{
    union room room = {{0}};
    char byte = 0;
    struct iovec text = {&byte, sizeof byte};
    struct msghdr message = {.msg_iov = &text,
                             .msg_iovlen = 1,
                             .msg_control = &room,
                             .msg_controllen = sizeof room};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);

    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    while (sendmsg(apart.nursery, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        if (!may_try_again() || !wait_for(apart.nursery, POLLOUT, until_ms)) {
            return false;
        }
    }
    return true;
}

static enum aha_status no_memory(struct aha_error *err)
{
    return aha_error_set(err, AHA_ERR_MEMORY,
                         "There is no memory to decode the image; try again.");
}

static enum aha_status lost(const struct apart_child *child,
                            struct aha_error *err)
{
    if (now_ms() - child->start_ms >= apart.limit_ms) {
        return aha_error_set(err, AHA_ERR_TIMEOUT,
                             "The image takes longer to decode than %.0f ms.",
                             apart.limit_ms);
    }
    return aha_error_set(err, AHA_ERR_CRASH,
                         "The image of format %s broke its decoder.",
                         aha_image_format_name(child->format));
}

/* What a child said of its work. */
static enum aha_status judge(const struct apart_child *child,
                             enum aha_status said, struct aha_error *err)
{
    switch (said) {
    case AHA_OK:
        return AHA_OK;
    case AHA_ERR_DECODE:
        return decoder_damaged(child->format, err);
    case AHA_ERR_MEMORY:
        return no_memory(err);
    default:
        return lost(child, err);
    }
}

/* What a child does not get whole is the last that it gets: it ends, and may
 * have said why before. */
static bool tell_child(const struct apart_child *child, const void *bytes,
                       size_t n_bytes)
{
    bool is_told = give(child->fd, bytes, n_bytes, child->until_ms);

    if (!is_told) {
        (void)shutdown(child->fd, SHUT_WR);
    }
    return is_told;
}

enum aha_status apart_start(enum aha_image_format format, const void *bytes,
                            size_t n_bytes, struct apart_child *out,
                            struct aha_error *err)
{
    struct greeting greeting = {n_bytes};
    double start_ms = now_ms();
    double until_ms = start_ms + apart.limit_ms + GRACE_MS;
    int ends[2];
    bool is_sent;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return no_memory(err);
    }
    *out = (struct apart_child){true, ends[0], format, start_ms, until_ms};
    is_sent = send_end(ends[1], until_ms);
    (void)close(ends[1]);
    if (!is_sent) {
        return aha_error_set(err, AHA_ERR_ENVIRONMENT,
                             "The process that starts decoders does not.");
    }
    if (tell_child(out, &greeting, sizeof greeting)) {
        (void)tell_child(out, bytes, n_bytes);
    }
    return AHA_OK;
}

void apart_end(struct apart_child *child)
{
    if (child->is_there) {
        (void)close(child->fd);
    }
    *child = (struct apart_child){0};
}

static enum aha_status ask(const struct apart_child *child,
                           const struct request *request, struct answer *out,
                           struct aha_error *err)
{
    (void)tell_child(child, request, sizeof *request);
    return take(child->fd, out, sizeof *out, child->until_ms)
               ? judge(child, out->status, err)
               : lost(child, err);
}

static bool is_possible(const struct aha_image_info *info)
{
    return info->width > 0 && info->height > 0 && info->orientation >= 1 &&
           info->orientation <= N_ORIENTATIONS;
}

enum aha_status apart_header(const struct apart_child *child,
                             struct aha_image_info *info, struct aha_error *err)
{
    const struct request request = {.info = *info};
    struct answer answer;
    enum aha_status status = ask(child, &request, &answer, err);

    if (status != AHA_OK) {
        return status;
    }
    if (!is_possible(&answer.info)) {
        return lost(child, err);
    }
    info->width = answer.info.width;
    info->height = answer.info.height;
    info->orientation = answer.info.orientation;
    return AHA_OK;
}

/* Hand on what a child sends, piece by piece. */
static enum aha_status pass_rows(const struct apart_child *child,
                                 const struct answer *answer,
                                 const struct decoder_sink *sink,
                                 struct aha_error *err)
{
    size_t stride = (size_t)answer->width * N_CHANNELS;
    int most = decoder_strip_rows(answer->width);
    size_t n_bytes = stride * (size_t)most;
    uint8_t *rgb = alloc_array(n_bytes, 1);
    enum aha_status status = AHA_OK;
    int left = answer->height;
    int n = 1;

    if (rgb == NULL) {
        return no_memory(err);
    }
    while (n > 0) {
        if (!take(child->fd, &n, sizeof n, child->until_ms) || n > left ||
            n > most || (n == AHA_OK && left > 0)) {
            status = lost(child, err);
            break;
        }
        if (n <= 0) {
            status = judge(child, (enum aha_status)n, err);
            break;
        }
        if (!take(child->fd, rgb, stride * (size_t)n, child->until_ms)) {
            status = lost(child, err);
            break;
        }
        if (!sink->rows(sink->data, rgb, stride, n)) {
            status = decoder_damaged(child->format, err);
            break;
        }
        left -= n;
    }
    alloc_wipe(rgb, n_bytes);
    free(rgb);
    return status;
}

static int shrunk(int side, int shrink)
{
    return (side + shrink - 1) / shrink;
}

enum aha_status apart_pixels(const struct apart_child *child,
                             const struct aha_image_info *info, int shrink,
                             const struct decoder_sink *sink,
                             struct aha_error *err)
{
    const struct request request = {.info = *info, .shrink = shrink};
    bool is_turned = info->orientation >= 5;
    int stored_width = is_turned ? info->height : info->width;
    int stored_height = is_turned ? info->width : info->height;
    struct answer answer;
    enum aha_status status = ask(child, &request, &answer, err);

    if (status != AHA_OK) {
        return status;
    }
    if (answer.width < 1 || answer.width > shrunk(stored_width, shrink) ||
        answer.height < 1 || answer.height > shrunk(stored_height, shrink)) {
        return lost(child, err);
    }
    status = sink->start(sink->data, answer.width, answer.height, err);
    return status == AHA_OK ? pass_rows(child, &answer, sink, err) : status;
}
