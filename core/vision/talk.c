// SPDX-License-Identifier: MIT
#include "core/vision/talk.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

enum { MAX_POLL_MS = 100000 }; /* that fit into poll's int */

double talk_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

bool talk_wait(int fd, short events, double until_ms)
{
    struct pollfd waited = {.fd = fd, .events = events};
    double left_ms;
    int n;

    do {
        left_ms = until_ms - talk_now_ms();
        if (left_ms <= 0) {
            return false;
        }
        n = poll(&waited, 1, (int)ceil(fmin(left_ms, MAX_POLL_MS)));
    } while (n == 0 || (n < 0 && errno == EINTR));
    return n > 0;
}

bool talk_may_try_again(void)
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
        } else if (!talk_may_try_again() || !talk_wait(fd, POLLOUT, until_ms)) {
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
        } else if (n == 0 || !talk_may_try_again() ||
                   !talk_wait(fd, POLLIN, until_ms)) {
            return false;
        }
    }
    return true;
}
