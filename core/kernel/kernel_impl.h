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

/*
 * The output columns [*from, *to) whose tap `offset` (kernel column minus left
 * padding) falls inside a row of in_w.
 */
static void inside(int in_w, int out_w, int stride, int offset, int *from,
                   int *to)
{
    int first = offset < 0 ? (-offset + stride - 1) / stride : 0;
    int last = in_w - 1 - offset;

    *from = least(first, out_w);
    *to = last < 0 ? *from : most(*from, least(last / stride + 1, out_w));
}

static void im2col_row(const float *x, int in_w, int out_w, int stride,
                       int offset, float *columns)
{
    int from;
    int to;

    inside(in_w, out_w, stride, offset, &from, &to);
    memset(columns, 0, (size_t)from * sizeof *columns);
    if (stride == 1) {
        memcpy(columns + from, x + from + offset,
               (size_t)(to - from) * sizeof *columns);
    } else {
        for (int i = from; i < to; i++) {
            columns[i] = x[2 * i + offset];
        }
    }
    memset(columns + to, 0, (size_t)(out_w - to) * sizeof *columns);
}

static void im2col(const float *x, int channels, const struct window *window,
                   int row, float *columns)
{
    int top = row * window->stride - window->pad_top;

    for (int c = 0; c < channels;
         c++, x += (size_t)window->in_h * window->in_row) {
        for (int y = top; y < top + window->kernel_h; y++) {
            for (int kx = 0; kx < window->kernel_w; kx++) {
                if (y < 0 || y >= window->in_h) {
                    memset(columns, 0, (size_t)window->out_w * sizeof *columns);
                } else {
                    im2col_row(x + (size_t)y * window->in_row, window->in_w,
                               window->out_w, window->stride,
                               kx - window->pad_left, columns);
                }
                columns += window->out_w;
            }
        }
    }
}

#define TABLE(name, convolve_int8)                                             \
    const struct kernels PASTE(kernels_, name) = {                             \
        .isa = TEXT(name),                                                     \
        .im2col = im2col,                                                      \
        .conv_row = conv_row,                                                  \
        .depthwise_row = depthwise_row,                                        \
        .winograd = winograd,                                                  \
        .block = block,                                                        \
        .add = add,                                                            \
        .max_pool = max_pool,                                                  \
        .avg_pool = avg_pool,                                                  \
        .upsample2 = upsample2,                                                \
        .channel_mean_max = channel_mean_max,                                  \
        .multiply_map = multiply_map,                                          \
        .sum = sum,                                                            \
        .conv_int8 = convolve_int8,                                            \
        .quantize = quantize,                                                  \
        .avg_pool_int8 = avg_pool_int8,                                        \
    }

TABLE(ISA, conv_int8);
#if defined(ISA_VNNI)
TABLE(ISA_VNNI, conv_int8_vnni);
#endif
