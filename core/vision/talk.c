// SPDX-License-Identifier: MIT
#include "core/vision/talk.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "core/clock.h"

enum { MAX_POLL_MS = 100000 }; /* that fit into poll's int */

/* @return whether poll's events, or an end, came in time */
static bool wait_for(int fd, short events, double until_ms)
{
    struct pollfd waited = {.fd = fd, .events = events};
    double left_ms;
    int n;

    do {
        left_ms = until_ms - clock_now_ms();
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

bool talk_give(int fd, const void *bytes, size_t n_bytes, double until_ms)
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

bool talk_take(int fd, void *bytes, size_t n_bytes, double until_ms)
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

/* One byte, and room for a descriptor beside it. */
struct parcel {
    char byte;
    _Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int))];
    struct iovec text;
    struct msghdr message;
};

static void parcel_init(struct parcel *out)
{
    *out = (struct parcel){.text = {&out->byte, 1},
                           .message = {.msg_iov = &out->text,
                                       .msg_iovlen = 1,
                                       .msg_control = out->room,
                                       .msg_controllen = sizeof out->room}};
}

bool talk_give_socket(int over, int fd, double until_ms)
{
    struct parcel parcel;
    struct cmsghdr *head;

    parcel_init(&parcel);
    head = CMSG_FIRSTHDR(&parcel.message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    while (sendmsg(over, &parcel.message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        if (!may_try_again() || !wait_for(over, POLLOUT, until_ms)) {
            return false;
        }
    }
    return true;
}

bool talk_take_socket(int over, int *fd)
{
    struct parcel parcel;
    const struct cmsghdr *head;
    ssize_t n;

    parcel_init(&parcel);
    n = recvmsg(over, &parcel.message, MSG_CMSG_CLOEXEC);
    *fd = -1;
    if (n < 0) {
        return errno == EINTR || errno == ENOMEM || errno == ENOBUFS;
    }
    head = CMSG_FIRSTHDR(&parcel.message);
    if (head != NULL && head->cmsg_type == SCM_RIGHTS) {
        memcpy(fd, CMSG_DATA(head), sizeof *fd);
    }
    return n > 0;
}
