// SPDX-License-Identifier: MIT
/*
 * progress.h - one line on stderr that says how far a long run is.
 *
 * Shown on a terminal only. One thread.
 */
#ifndef AHA_CLI_PROGRESS_H
#define AHA_CLI_PROGRESS_H

#include <stdbool.h>

struct progress {
    bool is_shown;
    int total;
    double start_ms;
    double drawn_ms;
};

/** Nothing is shown for fewer than two items. */
void progress_init(struct progress *progress, int total);

/** `done` of the total are finished; redraws at most ten times a second. */
void progress_step(struct progress *progress, int done);

/** Clear the line before other output. */
void progress_clear(const struct progress *progress);

#endif
