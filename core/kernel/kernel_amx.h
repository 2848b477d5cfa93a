// SPDX-License-Identifier: MIT
/*
 * kernel_amx.h - what the table of AMX has in place of AVX-512's. Private to
 * the tables.
 */
#ifndef AHA_KERNEL_AMX_H
#define AHA_KERNEL_AMX_H

#include "core/kernel/kernel.h"

/** kernels.conv_tiles. */
void kernel_amx_float(const struct conv_tiles *job);

/** kernels.conv_weave. */
void kernel_amx_weave(const struct conv_weave *job);

/** kernels.conv_int8, of the jobs that it serves. */
void kernel_amx_int8(const struct conv_int8 *job);

/** Not so when the channels of x end within a block that is not the only one.
 */
bool kernel_amx_serves(const struct conv_int8 *job);

#endif
