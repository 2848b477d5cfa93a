// SPDX-License-Identifier: MIT
#if defined(__x86_64__)
#if !defined(__AVX2__) || !defined(__FMA__)
#error "this file needs -mavx2 -mfma"
#endif
#define ISA      avx2
#define ISA_VNNI avx2_vnni
#include "core/kernel/kernel_impl.h"
#else
/* Nothing to build for this processor family. */
typedef int kernel_avx2_unused;
#endif
