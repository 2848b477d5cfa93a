// SPDX-License-Identifier: MIT
#include "server/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_LINE = 1024, MAX_TIME = 40 };

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
        n = snprintf(line, sizeof line, "%.19s %-5s %s", when, level, text);
    }
    write_line(line, n);
}

void log_request(const struct log *log, const struct job *job,
                 double duration_ms)
{
    double queue_ms = job->taken_ms > 0 ? job->taken_ms - job->queued_ms : 0;
    char path[JOB_MAX_PATH * 2];
    char method[64];
    char line[MAX_LINE];
    char when[MAX_TIME];
    int n;

    time_text(when);
    escape(job->path, sizeof path, path);
    escape(job->method, sizeof method, method);
    if (log->is_json) {
        n = snprintf(
            line, sizeof line,
            "{\"time\":\"%s\",\"level\":\"info\",\"request_id\":\"%s\","
            "\"method\":\"%s\",\"path\":\"%s\",\"status\":%d,\"code\":\"%s\","
            "\"bytes\":%zu,\"faces\":%d,\"queue_ms\":%.3f,\"decode_ms\":%.3f,"
            "\"detect_ms\":%.3f,\"align_ms\":%.3f,\"infer_ms\":%.3f,"
            "\"total_ms\":%.3f}",
            when, job->id, method, path, job->status,
            problem_info(job->problem)->code, job->n_received, job->n_faces,
            queue_ms, job->timing.decode_ms, job->timing.detect_ms,
            job->timing.align_ms, job->timing.infer_ms, duration_ms);
    } else {
        n = snprintf(
            line, sizeof line,
            "%.19s info  %3d %s %s %zu bytes, %d faces, %.1f ms%s%s", when,
            job->status, method, path, job->n_received, job->n_faces,
            duration_ms, job->problem == PROBLEM_NONE ? "" : ", ",
            job->problem == PROBLEM_NONE ? ""
                                         : problem_info(job->problem)->code);
    }
    write_line(line, n);
}
