// SPDX-License-Identifier: MIT
/*
 * cpus.h - how many processors this process may use.
 */
#ifndef AHA_SERVER_CPUS_H
#define AHA_SERVER_CPUS_H

/**
 * The least of the affinity mask and the CPU quota of the control group and
 * its parents (cgroup v2, cpu.max), rounded up; at least 1.
 */
int cpus_available(void);

#endif
