// SPDX-License-Identifier: MIT
/*
 * serve.h - the verb `aha serve`.
 */
#ifndef AHA_SERVER_SERVE_H
#define AHA_SERVER_SERVE_H

/**
 * Run the daemon until a signal ends it. aha_init() has run and the process
 * has one thread.
 *
 * @param argc, argv  from the verb's own name on
 *
 * @return the process's exit status: 0 after a clean stop, 1 when it cannot
 *         start, 2 for a wrong option
 */
int serve_main(int argc, char **argv);

#endif
