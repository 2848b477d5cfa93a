// SPDX-License-Identifier: MIT
#include "server/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_LINE = 1280, MAX_TIME = 40 };

struct log log_create(const char *format)
{
    return (struct log){
        .is_json = strcmp(format, "json") == 0 ||
                   (format[0] == '\0' && isatty(STDERR_FILENO) != 1),
    };
}

/* RFC 3339, UTC, milliseconds. */
static void time_text(char out[MAX_TIME])
{
    struct timespec now;
    struct tm parts;
    char seconds[MAX_TIME / 2];

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &parts) == NULL ||
        strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
        seconds[0] = '\0';
    }
    (void)snprintf(out, MAX_TIME, "%s.%03ldZ", seconds, now.tv_nsec / 1000000);
}

/* Anything but plain ASCII becomes \u00XX, so that a line stays a line. */
static void escape(const char *text, size_t capacity, char *out)
{
    size_t n = 0;

    for (; *text != '\0' && n + 7 < capacity; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') {
            n += (size_t)snprintf(out + n, capacity - n, "\\u%04x", c);
        } else {
            out[n++] = (char)c;
        }
    }
    out[n] = '\0';
}

static void write_line(char *line, int n)
{
    if (n <= 0) {
        return;
    }
    if (n > MAX_LINE - 2) {
        n = MAX_LINE - 2;
    }
    line[n] = '\n';
    /* One write, so that lines of several threads do not mix. */
    if (write(STDERR_FILENO, line, (size_t)n + 1) < 0) {
        return; /* nowhere to complain */
    }
}

void log_event(const struct log *log, const char *level, const char *fmt, ...)
{
    char text[MAX_LINE / 3];
    char escaped[MAX_LINE / 2];
    char line[MAX_LINE];
    char when[MAX_TIME];
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n < 0) {
        return;
    }
    time_text(when);
    if (log->is_json) {
        escape(text, sizeof escaped, escaped);
        n = snprintf(line, sizeof line,
                     "{\"time\":\"%s\",\"level\":\"%s\",\"message\":\"%s\"}",
                     when, level, escaped);
    } else {
        for (char *c = text; *c != '\0'; c++) {
            *c = (unsigned char)*c < 0x20 ? ' ' : *c; /* a line stays one */
        }
        n = snprintf(line, sizeof line, "%.19s %-5s %s", when, level, text);
    }
    write_line(line, n);
}

/* Of a stream that was broken off, workers are still at the tasks. */
static bool is_settled(const struct job *job)
{
    return job->stream == NULL || job->status != 0;
}

static int json_line(const struct job *job, const char *when, const char *path,
                     const char *method, double duration_ms, char *line)
{
    bool is_done = is_settled(job);
    double queue_ms = 0;
    struct aha_timing sum =
        is_done ? job_timing(job, &queue_ms) : (struct aha_timing){0};

    return snprintf(
        line, MAX_LINE,
        "{\"time\":\"%s\",\"level\":\"info\",\"request_id\":\"%s\","
        "\"trace_id\":\"%s\",\"span_id\":\"%s\",\"sampled\":%s,"
        "\"key\":\"%s\",\"method\":\"%s\",\"path\":\"%s\",\"status\":%d,"
        "\"code\":\"%s\",\"bytes\":%zu,\"photos\":%d,\"faces\":%d,"
        "\"queue_ms\":%.3f,\"decode_ms\":%.3f,\"detect_ms\":%.3f,"
        "\"align_ms\":%.3f,\"infer_ms\":%.3f,\"total_ms\":%.3f}",
        when, job->id, job->trace.id, job->trace.span,
        job->trace.is_sampled ? "true" : "false", job->key, method, path,
        job->status, problem_info(job->failure.problem)->code, job->n_received,
        is_done ? job->n_tasks : 0, is_done ? job->n_faces : 0, queue_ms,
        sum.decode_ms, sum.detect_ms, sum.align_ms, sum.infer_ms, duration_ms);
}

void log_request(const struct log *log, const struct job *job,
                 double duration_ms)
{
    bool has_failed = job->failure.problem != PROBLEM_NONE;
    char path[JOB_MAX_PATH * 2];
    char method[64];
    char line[MAX_LINE];
    char when[MAX_TIME];
    int n;

    time_text(when);
    escape(job->path, sizeof path, path);
    escape(job->method, sizeof method, method);
    if (log->is_json) {
        n = json_line(job, when, path, method, duration_ms, line);
    } else {
        n = snprintf(line, sizeof line,
                     "%.19s info  %3d %s %s %zu bytes, %d faces, %.1f ms%s%s",
                     when, job->status, method, path, job->n_received,
                     is_settled(job) ? job->n_faces : 0, duration_ms,
                     has_failed ? ", " : "",
                     has_failed ? problem_info(job->failure.problem)->code
                                : "");
    }
    write_line(line, n);
}
