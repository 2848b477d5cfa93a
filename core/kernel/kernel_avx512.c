// SPDX-License-Identifier: MIT
#if defined(__x86_64__)
#if !defined(__AVX512F__) || !defined(__AVX512VL__)
#error "this file needs -mavx512f -mavx512vl"
#endif
#define ISA      avx512
#define ISA_VNNI avx512_vnni
#define ISA_AMX  avx512_amx
#include "core/kernel/kernel_amx.h"
#include "core/kernel/kernel_impl.h"
#else
/* Nothing to build for this processor family. */
typedef int kernel_avx512_unused;
#endif
