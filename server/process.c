// SPDX-License-Identifier: MIT
#include "server/process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/thread.h"

void process_init(struct process *out)
{
    out->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    out->fds = opendir("/proc/self/fd");
    THREAD_CHECK(pthread_mutex_init(&out->lock, NULL));
}

void process_fini(struct process *process)
{
    if (process->statm >= 0) {
        (void)close(process->statm);
    }
    if (process->fds != NULL) {
        (void)closedir(process->fds);
    }
    THREAD_CHECK(pthread_mutex_destroy(&process->lock));
}

long process_resident_bytes(const struct process *process)
{
    char line[128];
    char *end = line;
    ssize_t n = pread(process->statm, line, sizeof line - 1, 0);

    if (n <= 0) {
        return 0;
    }
    line[n] = '\0';
    (void)strtol(line, &end, 10); /* all of the address space */
    return strtol(end, NULL, 10) * sysconf(_SC_PAGESIZE);
}

int process_open_fds(struct process *process)
{
    int n = -2; /* "." and ".." */

    if (process->fds == NULL) {
        return 0;
    }
    THREAD_CHECK(pthread_mutex_lock(&process->lock));
    rewinddir(process->fds);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the lock is held */
    while (readdir(process->fds) != NULL) {
        n++;
    }
    THREAD_CHECK(pthread_mutex_unlock(&process->lock));
    return n;
}
