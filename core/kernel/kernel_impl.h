// SPDX-License-Identifier: MIT
/*
 * kernel_impl.h - the kernels of one instruction set; included once per ISA.
 *
 * Everything that this file and its parts define is static, so that no copy
 * built for one instruction set can be linked into another's path. The includer
 * defines ISA.
 */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "core/kernel/conv_direct.h"
#include "core/kernel/conv_int8.h"
#include "core/kernel/conv_winograd.h"
#include "core/kernel/int8.h"
#include "core/kernel/kernel.h"
#include "core/kernel/kernel_vec.h"
#include "core/kernel/maps.h"

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)
#define TEXT_(a)     #a
#define TEXT(a)      TEXT_(a)

#define TABLE(name, convolve_tiles, weave, convolve_int8)                      \
    const struct kernels PASTE(kernels_, name) = {                             \
        .isa = TEXT(name),                                                     \
        .conv_row = conv_row,                                                  \
        .depthwise_row = depthwise_row,                                        \
        .winograd = winograd,                                                  \
        .conv_tiles = convolve_tiles,                                          \
        .conv_weave = weave,                                                   \
        .block = block,                                                        \
        .add = add,                                                            \
        .max_pool = max_pool,                                                  \
        .avg_pool = avg_pool,                                                  \
        .upsample2 = upsample2,                                                \
        .channel_mean_max = channel_mean_max,                                  \
        .multiply_map = multiply_map,                                          \
        .sum = sum,                                                            \
        .mix_rows = mix_rows,                                                  \
        .conv_int8 = convolve_int8,                                            \
        .quantize = quantize,                                                  \
        .avg_pool_int8 = avg_pool_int8,                                        \
    }

TABLE(ISA, NULL, NULL, conv_int8);
#if defined(ISA_VNNI)
TABLE(ISA_VNNI, NULL, NULL, conv_int8_vnni);
#endif
#if defined(ISA_AMX)
static void conv_int8_amx(const struct conv_int8 *job)
{
    (kernel_amx_serves(job) ? kernel_amx_int8 : conv_int8_vnni)(job);
}

TABLE(ISA_AMX, kernel_amx_float, kernel_amx_weave, conv_int8_amx);
#endif
