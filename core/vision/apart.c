// SPDX-License-Identifier: MIT
/*
 * Whoever asks a decoder's process. nursery.c has how these come and go. What
 * they say is not trusted, and they are not waited for for ever.
 */
#include "core/vision/apart.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/vision/nursery.h"
#include "core/vision/talk.h"

enum {
    N_CHANNELS = 3,
    GRACE_MS = 1000, /* for a child that is killed to be gone */
    N_ORIENTATIONS = 8,
};

static struct {
    bool is_on;
    int nursery; /* where sockets are sent to */
    double limit_ms;
} apart;

enum aha_status aha_image_isolate(const struct aha_isolation *how,
                                  unsigned *seals, struct aha_error *err)
{
    unsigned held = 0;
    enum aha_status status = nursery_start(how, &apart.nursery, &held, err);

    if (seals != NULL) {
        *seals = held;
    }
    apart.limit_ms = how->limit_ms;
    apart.is_on = status == AHA_OK;
    return status;
}

bool aha_image_is_nursery_lost(void)
{
    struct pollfd end = {.fd = apart.nursery};

    return apart.is_on && poll(&end, 1, 0) > 0;
}

bool apart_is_on(void)
{
    return apart.is_on;
}

static enum aha_status no_memory(struct aha_error *err)
{
    return aha_error_set(err, AHA_ERR_MEMORY,
                         "There is no memory to decode the image; try again.");
}

static enum aha_status lost(const struct apart_child *child,
                            struct aha_error *err)
{
    if (clock_now_ms() - child->start_ms >= apart.limit_ms) {
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
    bool is_told = talk_give(child->fd, bytes, n_bytes, child->until_ms);

    if (!is_told) {
        (void)shutdown(child->fd, SHUT_WR);
    }
    return is_told;
}

enum aha_status apart_start(enum aha_image_format format, const void *bytes,
                            size_t n_bytes, struct apart_child *out,
                            struct aha_error *err)
{
    struct talk_greeting greeting = {n_bytes};
    double start_ms = clock_now_ms();
    double until_ms = start_ms + apart.limit_ms + GRACE_MS;
    int ends[2];
    bool is_sent;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return no_memory(err);
    }
    *out = (struct apart_child){true, ends[0], format, start_ms, until_ms};
    is_sent = talk_give_socket(apart.nursery, ends[1], until_ms);
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
                           const struct talk_request *request,
                           struct talk_answer *out, struct aha_error *err)
{
    (void)tell_child(child, request, sizeof *request);
    return talk_take(child->fd, out, sizeof *out, child->until_ms)
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
    const struct talk_request request = {.info = *info};
    struct talk_answer answer;
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
                                 const struct talk_answer *answer,
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
        if (!talk_take(child->fd, &n, sizeof n, child->until_ms) || n > left ||
            n > most || (n == AHA_OK && left > 0)) {
            status = lost(child, err);
            break;
        }
        if (n <= 0) {
            status = judge(child, (enum aha_status)n, err);
            break;
        }
        if (!talk_take(child->fd, rgb, stride * (size_t)n, child->until_ms)) {
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
    const struct talk_request request = {.info = *info, .shrink = shrink};
    bool is_turned = info->orientation >= 5;
    int stored_width = is_turned ? info->height : info->width;
    int stored_height = is_turned ? info->width : info->height;
    struct talk_answer answer;
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
