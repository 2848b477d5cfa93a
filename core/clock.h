// SPDX-License-Identifier: MIT
/*
 * clock.h - the time that deadlines and durations are in. Safe from any thread.
 */
#ifndef AHA_CORE_CLOCK_H
#define AHA_CORE_CLOCK_H

/** Milliseconds of CLOCK_MONOTONIC. */
double clock_now_ms(void);

#endif
