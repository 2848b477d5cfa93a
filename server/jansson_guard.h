// SPDX-License-Identifier: MIT
/*
 * jansson_guard.h - Jansson where memory may run out, and holds photos.
 *
 * The reader of Jansson 2.14 goes on when there is no memory for a byte of a
 * longer word: an assertion of its own then ends the process, or, where the
 * byte was a string's last quote, it reads and writes on behind a buffer. So
 * the linker sends all calls of json_loadb here, core's too (--wrap, Makefile).
 */
#ifndef AHA_SERVER_JANSSON_GUARD_H
#define AHA_SERVER_JANSSON_GUARD_H

/**
 * From now on json_loadb is left when an allocation in it fails: NULL, with
 * json_error_out_of_memory, and nothing is lost. What Jansson frees is wiped.
 *
 * Call with one thread, while no value of Jansson's is alive.
 */
void jansson_guard_init(void);

#endif
