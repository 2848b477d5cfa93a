// SPDX-License-Identifier: MIT
/*
 * trace.h - where a request stands in its caller's trace: W3C Trace Context
 * Level 2, the header `traceparent`.
 *
 * `tracestate` is neither read nor sent on: it belongs to requests that go out,
 * and the daemon makes none. Pure but for the kernel's random numbers; any
 * thread.
 */
#ifndef AHA_SERVER_TRACE_H
#define AHA_SERVER_TRACE_H

#include <stdbool.h>

enum {
    TRACE_ID_TEXT = 33,   /* 32 hexadecimal digits and the end */
    TRACE_SPAN_TEXT = 17, /* 16 and the end */
    TRACE_TEXT = 56,      /* 00-ID-SPAN-FLAGS and the end */
};

struct trace {
    char id[TRACE_ID_TEXT];
    char parent[TRACE_SPAN_TEXT]; /* the caller's span; "" when there is none */
    char span[TRACE_SPAN_TEXT];   /* this request's own */
    bool is_sampled;              /* the caller records this trace */
    bool is_random;               /* the id is known to be random */
};

/**
 * Go on with the caller's trace, or begin one that is not sampled.
 *
 * @param header  value of `traceparent`; NULL or anything invalid begins a
 *                trace of its own
 */
void trace_begin(struct trace *trace, const char *header);

/** The value of `traceparent` that names this request's span. */
void trace_text(const struct trace *trace, char out[TRACE_TEXT]);

#endif
