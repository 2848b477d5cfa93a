// SPDX-License-Identifier: MIT
#if defined(__aarch64__)
#define ISA neon
#include "core/kernel/kernel_impl.h"
#else
/* Nothing to build for this processor family. */
typedef int kernel_neon_unused;
#endif
