// SPDX-License-Identifier: MIT
/*
 * DESIGN. The mutex guards everything. The reader suspends its connection
 * while it holds the mutex, so that a line cannot come between looking and
 * suspending; whoever finds the connection waiting is the one to resume it.
 */
#include "server/http_stream.h"

#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "server/job.h"
#include "server/thread.h"

enum { BLOCK_BYTES = 16 * 1024 };

struct stream {
    pthread_mutex_t mutex;
    struct MHD_Connection *connection;
    char *text; /* what was put and not yet read begins at n_read */
    size_t n;
    size_t n_read;
    bool is_ended;
    bool is_broken;
    bool is_waiting; /* the connection is suspended */
};

struct stream *stream_create(struct MHD_Connection *connection)
{
    struct stream *stream = calloc(1, sizeof *stream);

    if (stream != NULL) {
        THREAD_CHECK(pthread_mutex_init(&stream->mutex, NULL));
        stream->connection = connection;
    }
    return stream;
}

void stream_destroy(struct stream *stream)
{
    if (stream != NULL) {
        THREAD_CHECK(pthread_mutex_destroy(&stream->mutex));
        free(stream->text);
        free(stream);
    }
}

static bool append(struct stream *stream, const char *line)
{
    size_t left = stream->n - stream->n_read;
    size_t length = strlen(line);
    char *text = malloc(left + length + 2);

    if (text == NULL) {
        return false;
    }
    if (left > 0) {
        memcpy(text, stream->text + stream->n_read, left);
    }
    memcpy(text + left, line, length + 1);
    memcpy(text + left + length, "\n", 2);
    free(stream->text);
    stream->text = text;
    stream->n = left + length + 1;
    stream->n_read = 0;
    return true;
}

/* Unlocks. */
static void wake(struct stream *stream)
{
    bool is_waiting = stream->is_waiting;

    stream->is_waiting = false;
    THREAD_CHECK(pthread_mutex_unlock(&stream->mutex));
    if (is_waiting) {
        MHD_resume_connection(stream->connection);
    }
}

void stream_put(struct stream *stream, char *text)
{
    THREAD_CHECK(pthread_mutex_lock(&stream->mutex));
    if (text == NULL || !append(stream, text)) {
        stream->is_broken = true;
    }
    wake(stream);
    free(text);
}

void stream_end(struct stream *stream)
{
    THREAD_CHECK(pthread_mutex_lock(&stream->mutex));
    stream->is_ended = true;
    wake(stream);
}

static ssize_t read_stream(void *data, uint64_t position, char *out, size_t max)
{
    struct stream *stream = ((struct job *)data)->stream;
    ssize_t result = 0;

    (void)position;
    THREAD_CHECK(pthread_mutex_lock(&stream->mutex));
    if (stream->is_broken) {
        result = MHD_CONTENT_READER_END_WITH_ERROR;
    } else if (stream->n > stream->n_read) {
        size_t n = stream->n - stream->n_read;

        n = n < max ? n : max;
        memcpy(out, stream->text + stream->n_read, n);
        stream->n_read += n;
        result = (ssize_t)n;
    } else if (stream->is_ended) {
        result = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        MHD_suspend_connection(stream->connection);
        stream->is_waiting = true;
    }
    THREAD_CHECK(pthread_mutex_unlock(&stream->mutex));
    return result;
}

static void release_job(void *data)
{
    job_release(data);
}

struct MHD_Response *stream_response(struct job *job)
{
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, job, release_job);

    if (response != NULL) {
        job_hold(job);
    }
    return response;
}
