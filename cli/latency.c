// SPDX-License-Identifier: MIT
#include "cli/latency.h"

#include <math.h>
#include <stdlib.h>

const char *failure_name(int outcome)
{
    switch (outcome) {
    case FAILURE_TIMEOUT:
        return "timeout";
    case FAILURE_CONNECT:
        return "connect";
    case FAILURE_BROKEN:
        return "broken";
    default:
        return "";
    }
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

static double percentile(const double *sorted, int n, double share)
{
    int rank = (int)ceil(share * n);

    return sorted[rank < 1 ? 0 : rank - 1];
}

struct latency latency_of(const struct sample *samples, int n, int low,
                          int high, double *scratch)
{
    struct latency latency = {0};
    double sum = 0;

    for (int i = 0; i < n; i++) {
        if (samples[i].outcome >= low && samples[i].outcome <= high) {
            scratch[latency.n++] = samples[i].ms;
            sum += samples[i].ms;
        }
    }
    if (latency.n == 0) {
        return latency;
    }
    qsort(scratch, (size_t)latency.n, sizeof *scratch, compare);
    latency.mean_ms = sum / latency.n;
    latency.p50_ms = percentile(scratch, latency.n, 0.5);
    latency.p90_ms = percentile(scratch, latency.n, 0.9);
    latency.p99_ms = percentile(scratch, latency.n, 0.99);
    latency.p999_ms = percentile(scratch, latency.n, 0.999);
    latency.max_ms = scratch[latency.n - 1];
    return latency;
}
