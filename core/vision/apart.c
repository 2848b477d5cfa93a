// SPDX-License-Identifier: MIT
/*
 * DESIGN. The nursery is forked while the process is small and has one thread,
 * so a process forked from it costs little and has nobody's photos. It waits
 * for a socket, forks, lets the child have that socket, and waits for the next.
 * The child reads one request from it, answers and ends; what it answers is not
 * trusted. A timer that it cannot stop ends it when it takes too long. The
 * caller reads the end of the socket whatever happened to the child.
 *
 *   worker --a socket's other end--> nursery --fork--> child
 *      `------------request, answer--------------------'
 */
#include "core/vision/apart.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/vision/decoder.h"

enum {
    N_CHANNELS = 3,
    CONTROL = 3,          /* the nursery's descriptor, after stderr */
    GRACE_MS = 1000,      /* for a child that is ended to be gone */
    MAX_POLL_MS = 100000, /* that fit into poll's int */
    N_ORIENTATIONS = 8,
};

static struct {
    bool is_on;
    int nursery; /* where sockets are sent to */
    double limit_ms;
} apart;

struct request {
    struct aha_image_info info;
    int shrink; /* 0: the header is wanted */
    size_t n_bytes;
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

/* What it holds goes with the process, so nothing is freed. */
struct child {
    int fd;
    struct answer answer;
};

static enum aha_status start_pixels(void *data, int width, int height,
                                    struct aha_error *err)
{
    struct child *child = data;

    child->answer.width = width;
    child->answer.height = height;
    return give(child->fd, &child->answer, sizeof child->answer, FOREVER_MS)
               ? AHA_OK
               : aha_error_set(err, AHA_ERR_IO, "nobody listens");
}

static bool give_rows(void *data, const uint8_t *rgb, size_t stride, int n)
{
    const struct child *child = data;
    size_t n_bytes = (size_t)child->answer.width * N_CHANNELS;
    bool ok = give(child->fd, &n, sizeof n, FOREVER_MS);

    if (stride == n_bytes) {
        return ok && give(child->fd, rgb, stride * (size_t)n, FOREVER_MS);
    }
    for (int i = 0; ok && i < n; i++) {
        ok = give(child->fd, rgb + stride * (size_t)i, n_bytes, FOREVER_MS);
    }
    return ok;
}

static void decode(int fd)
{
    struct request request;
    struct child child = {.fd = fd};
    const struct decoder_sink sink = {&child, start_pixels, give_rows};
    enum aha_status status = AHA_ERR_MEMORY;
    void *bytes;

    if (!take(fd, &request, sizeof request, FOREVER_MS)) {
        return;
    }
    child.answer.info = request.info;
    bytes = alloc_array(request.n_bytes, 1);
    if (bytes != NULL) {
        if (!take(fd, bytes, request.n_bytes, FOREVER_MS)) {
            return;
        }
        status = request.shrink == 0
                     ? decoder_header(bytes, request.n_bytes,
                                      &child.answer.info, NULL)
                     : decoder_pixels(bytes, request.n_bytes, &request.info,
                                      request.shrink, &sink, NULL);
    }
    if (child.answer.width > 0) {
        (void)give(fd, &status, sizeof status, FOREVER_MS);
    } else {
        child.answer.status = status;
        (void)give(fd, &child.answer, sizeof child.answer, FOREVER_MS);
    }
}

static void limit_time(double ms)
{
    const struct itimerval limit = {
        .it_value = {(time_t)(ms / 1e3),
                     (suseconds_t)(1 + (long)(ms * 1e3) % 1000000L)}};

    (void)setitimer(ITIMER_REAL, &limit, NULL);
}

static void live(const struct aha_isolation *how, int fd)
{
    (void)close(CONTROL);
    limit_time(how->limit_ms);
    if (how->seal_decoder != NULL) {
        how->seal_decoder(fd);
    }
    decode(fd);
}

/* ---- the nursery */

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

static void raise_children(const struct aha_isolation *how)
{
    const struct answer refusal = {.status = AHA_ERR_MEMORY};
    int fd;

    while (receive(&fd)) {
        pid_t pid = fd < 0 ? 1 : fork();

        if (pid == 0) {
            live(how, fd);
            return;
        }
        if (pid < 0) {
            (void)give(fd, &refusal, sizeof refusal, now_ms());
        }
        if (fd >= 0) {
            (void)close(fd);
        }
    }
}

/* Those of a child are as they are here. */
static void set_signals(void)
{
    sigset_t timer;

    (void)signal(SIGCHLD, SIG_IGN); /* nobody waits for a child */
    (void)signal(SIGALRM, SIG_DFL);
    (void)sigemptyset(&timer);
    (void)sigaddset(&timer, SIGALRM);
    (void)pthread_sigmask(SIG_UNBLOCK, &timer, NULL);
}

static void be_nursery(const struct aha_isolation *how, int control)
{
    (void)prctl(PR_SET_NAME, "aha-nursery");
    set_signals();
    if (dup2(control, CONTROL) != CONTROL) {
        return;
    }
    (void)close_range(CONTROL + 1, ~0U, 0);
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
            be_nursery(how, ends[1]);
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

/* A child's socket. */
static enum aha_status start(double until_ms, int *out, struct aha_error *err)
{
    int ends[2];
    bool is_sent;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return no_memory(err);
    }
    is_sent = send_end(ends[1], until_ms);
    (void)close(ends[1]);
    if (!is_sent) {
        (void)close(ends[0]);
        return aha_error_set(err, AHA_ERR_ENVIRONMENT,
                             "The process that starts decoders does not.");
    }
    *out = ends[0];
    return AHA_OK;
}

/* A child's socket and how long it is heard. */
struct asked {
    int fd;
    enum aha_image_format format;
    double start_ms;
    double until_ms;
};

static enum aha_status lost(const struct asked *asked, struct aha_error *err)
{
    if (now_ms() - asked->start_ms >= apart.limit_ms) {
        return aha_error_set(err, AHA_ERR_TIMEOUT,
                             "The image takes longer to decode than %.0f ms.",
                             apart.limit_ms);
    }
    return aha_error_set(err, AHA_ERR_CRASH,
                         "The image of format %s broke its decoder.",
                         aha_image_format_name(asked->format));
}

/* What a child said of its work. */
static enum aha_status judge(const struct asked *asked, enum aha_status said,
                             struct aha_error *err)
{
    switch (said) {
    case AHA_OK:
        return AHA_OK;
    case AHA_ERR_DECODE:
        return decoder_damaged(asked->format, err);
    case AHA_ERR_MEMORY:
        return no_memory(err);
    default:
        return lost(asked, err);
    }
}

/* Ask a new child; to be closed with hang_up whatever is returned. */
static enum aha_status ask(const struct request *request, const void *bytes,
                           struct asked *out, struct answer *answer,
                           struct aha_error *err)
{
    double start_ms = now_ms();
    enum aha_status status;

    *out = (struct asked){-1, request->info.format, start_ms,
                          start_ms + apart.limit_ms + GRACE_MS};
    status = start(out->until_ms, &out->fd, err);
    if (status != AHA_OK) {
        return status;
    }
    /* One that ended early may have said why. */
    if (give(out->fd, request, sizeof *request, out->until_ms)) {
        (void)give(out->fd, bytes, request->n_bytes, out->until_ms);
    }
    if (!take(out->fd, answer, sizeof *answer, out->until_ms)) {
        return lost(out, err);
    }
    return judge(out, answer->status, err);
}

static void hang_up(struct asked *asked)
{
    if (asked->fd >= 0) {
        (void)close(asked->fd);
    }
}

static bool is_possible(const struct aha_image_info *info)
{
    return info->width > 0 && info->height > 0 && info->orientation >= 1 &&
           info->orientation <= N_ORIENTATIONS;
}

enum aha_status apart_header(const void *bytes, size_t n_bytes,
                             struct aha_image_info *info, struct aha_error *err)
{
    struct request request = {.info = *info, .n_bytes = n_bytes};
    struct asked asked;
    struct answer answer;
    enum aha_status status = ask(&request, bytes, &asked, &answer, err);

    hang_up(&asked);
    if (status != AHA_OK) {
        return status;
    }
    if (!is_possible(&answer.info)) {
        return lost(&asked, err);
    }
    info->width = answer.info.width;
    info->height = answer.info.height;
    info->orientation = answer.info.orientation;
    return AHA_OK;
}

/* Hand on what a child sends, piece by piece. */
static enum aha_status pass_rows(const struct asked *asked,
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
        if (!take(asked->fd, &n, sizeof n, asked->until_ms) || n > left ||
            n > most || (n == AHA_OK && left > 0)) {
            status = lost(asked, err);
            break;
        }
        if (n <= 0) {
            status = judge(asked, (enum aha_status)n, err);
            break;
        }
        if (!take(asked->fd, rgb, stride * (size_t)n, asked->until_ms)) {
            status = lost(asked, err);
            break;
        }
        if (!sink->rows(sink->data, rgb, stride, n)) {
            status = decoder_damaged(asked->format, err);
            break;
        }
        left -= n;
    }
    alloc_wipe(rgb, n_bytes);
    free(rgb);
    return status;
}

enum aha_status apart_pixels(const void *bytes, size_t n_bytes,
                             const struct aha_image_info *info, int shrink,
                             const struct decoder_sink *sink,
                             struct aha_error *err)
{
    struct request request = {
        .info = *info, .shrink = shrink, .n_bytes = n_bytes};
    bool is_turned = info->orientation >= 5;
    struct asked asked;
    struct answer answer;
    enum aha_status status = ask(&request, bytes, &asked, &answer, err);

    if (status == AHA_OK &&
        (answer.width < 1 || answer.height < 1 ||
         answer.width > (is_turned ? info->height : info->width) ||
         answer.height > (is_turned ? info->width : info->height))) {
        status = lost(&asked, err);
    }
    if (status == AHA_OK) {
        status = sink->start(sink->data, answer.width, answer.height, err);
    }
    if (status == AHA_OK) {
        status = pass_rows(&asked, &answer, sink, err);
    }
    hang_up(&asked);
    return status;
}
