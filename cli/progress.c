// SPDX-License-Identifier: MIT
#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 30, REDRAW_MS = 100 };

static double now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

void progress_init(struct progress *progress, int total)
{
    *progress = (struct progress){
        .is_shown = total > 1 && isatty(STDERR_FILENO) == 1,
        .total = total,
        .start_ms = now_ms(),
    };
}

void progress_step(struct progress *progress, int done)
{
    double now = now_ms();
    double rate;
    char bar[WIDTH + 1];

    if (!progress->is_shown ||
        (done < progress->total && now - progress->drawn_ms < REDRAW_MS)) {
        return;
    }
    progress->drawn_ms = now;
    rate = done / ((now - progress->start_ms + 1) / 1e3);
    for (int i = 0; i < WIDTH; i++) {
        bar[i] = i < done * WIDTH / progress->total ? '#' : '.';
    }
    bar[WIDTH] = '\0';
    (void)fprintf(stderr, "\r[%s] %d/%d  %.1f photos/s  %.0f s to go  ", bar,
                  done, progress->total, rate,
                  rate > 0 ? (progress->total - done) / rate : 0);
    (void)fflush(stderr);
}

void progress_clear(const struct progress *progress)
{
    if (progress->is_shown) {
        (void)fputs("\r\033[K", stderr);
    }
}
