// SPDX-License-Identifier: MIT
/*
 * bench_http.h - what the verb bench says of a load test. One thread.
 */
#ifndef AHA_CLI_BENCH_HTTP_H
#define AHA_CLI_BENCH_HTTP_H

#include <stdbool.h>

#include "cli/load.h"

/**
 * Print the figures on standard output, a table or JSON: of every outcome its
 * number and times.
 *
 * @return false when nothing was answered with 2xx, or, after a word on
 *         stderr, when memory ran out
 */
bool bench_report(const struct load_plan *plan,
                  const struct load_result *result, bool is_json);

#endif
