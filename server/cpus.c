// SPDX-License-Identifier: MIT
#include "server/cpus.h"

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_line(const char *path, char *out, int capacity)
{
    FILE *stream = fopen(path, "r");
    bool is_read;

    if (stream == NULL) {
        return false;
    }
    is_read = fgets(out, capacity, stream) != NULL;
    (void)fclose(stream);
    return is_read;
}

/* CPUs of one group's quota, or INT_MAX: "max 100000" or "150000 100000". */
static int quota_of(const char *group)
{
    char path[PATH_MAX];
    char line[64];
    char *end = NULL;
    long long quota;
    long long period;

    if (snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group) >=
            (int)sizeof path ||
        !read_line(path, line, sizeof line)) {
        return INT_MAX;
    }
    quota = strtoll(line, &end, 10);
    if (end == line || quota <= 0) {
        return INT_MAX;
    }
    period = strtoll(end, NULL, 10);
    if (period <= 0 || quota / period >= INT_MAX - 1) {
        return INT_MAX;
    }
    return (int)((quota + period - 1) / period);
}

static int cgroup_cpus(void)
{
    char line[PATH_MAX];
    char *group;
    int least = INT_MAX;

    if (!read_line("/proc/self/cgroup", line, sizeof line) ||
        strncmp(line, "0::", 3) != 0) {
        return quota_of("");
    }
    group = line + 3;
    group[strcspn(group, "\n")] = '\0';
    for (;;) {
        char *slash = strrchr(group, '/');
        int quota = quota_of(strcmp(group, "/") == 0 ? "" : group);

        least = quota < least ? quota : least;
        if (slash == NULL || group[0] == '\0') {
            return least;
        }
        *slash = '\0';
    }
}

int cpus_available(void)
{
    cpu_set_t set;
    int affinity = 1;
    int quota = cgroup_cpus();

    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        affinity = CPU_COUNT(&set);
    }
    affinity = affinity < 1 ? 1 : affinity;
    return quota < affinity ? quota : affinity;
}
