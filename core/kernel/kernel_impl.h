// SPDX-License-Identifier: MIT
/*
 * kernel_impl.h - plain loops written to vectorise; included once per ISA.
 *
 * Everything here is static and no project header with inline functions is
 * included, so that no copy built for one instruction set can be linked into
 * another's path. The includer defines ISA.
 */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "core/kernel/kernel.h"

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)
#define TEXT_(a)     #a
#define TEXT(a)      TEXT_(a)

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

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
            columns[i] = x[i * stride + offset];
        }
    }
    memset(columns + to, 0, (size_t)(out_w - to) * sizeof *columns);
}

/* One tap of one channel: where it lies for every output pixel of the rows. */
static void im2col_tap(const float *x, const struct window *window, int ky,
                       int kx, int row, int n_rows, float *columns)
{
    size_t out_w = (size_t)window->out_w;

    for (int r = row; r < row + n_rows; r++, columns += out_w) {
        int y = r * window->stride + ky - window->pad_top;

        if (y < 0 || y >= window->in_h) {
            memset(columns, 0, out_w * sizeof *columns);
            continue;
        }
        im2col_row(x + (size_t)y * (size_t)window->in_w, window->in_w,
                   window->out_w, window->stride, kx - window->pad_left,
                   columns);
    }
}

static void im2col(const float *x, int channels, const struct window *window,
                   int row, int n_rows, float *columns)
{
    size_t plane = (size_t)window->in_h * (size_t)window->in_w;
    size_t step = (size_t)n_rows * (size_t)window->out_w;

    for (int c = 0; c < channels; c++, x += plane) {
        for (int ky = 0; ky < window->kernel_h; ky++) {
            for (int kx = 0; kx < window->kernel_w; kx++, columns += step) {
                im2col_tap(x, window, ky, kx, row, n_rows, columns);
            }
        }
    }
}

/* y[i] += weight * x[i * stride], the two strides apart so each vectorises. */
static void tap(const float *restrict x, int n, int stride, float weight,
                float *restrict y)
{
    if (stride == 1) {
        for (int i = 0; i < n; i++) {
            y[i] += weight * x[i];
        }
    } else if (stride == 2) {
        for (int i = 0; i < n; i++) {
            y[i] += weight * x[2 * i];
        }
    } else {
        for (int i = 0; i < n; i++) {
            y[i] += weight * x[i * stride];
        }
    }
}

static void depthwise_edge_row(const float *x, const struct window *window,
                               const float *weight, int y_in, float *y)
{
    for (int ky = 0; ky < window->kernel_h; ky++) {
        int row = y_in + ky;

        if (row < 0 || row >= window->in_h) {
            continue;
        }
        for (int kx = 0; kx < window->kernel_w; kx++) {
            int offset = kx - window->pad_left;
            int from;
            int to;

            inside(window->in_w, window->out_w, window->stride, offset, &from,
                   &to);
            tap(x + (size_t)row * (size_t)window->in_w + from * window->stride +
                    offset,
                to - from, window->stride, weight[ky * window->kernel_w + kx],
                y + from);
        }
    }
}

/* Three rows at once, nine taps a value: the common case, kept in registers. */
static void depthwise_3x3_row(const float *restrict a, const float *restrict b,
                              const float *restrict c, int n,
                              const float *weight, float bias,
                              float *restrict y)
{
    float w0 = weight[0], w1 = weight[1], w2 = weight[2];
    float w3 = weight[3], w4 = weight[4], w5 = weight[5];
    float w6 = weight[6], w7 = weight[7], w8 = weight[8];

    for (int i = 0; i < n; i++) {
        float top = w0 * a[i] + w1 * a[i + 1] + w2 * a[i + 2];
        float middle = w3 * b[i] + w4 * b[i + 1] + w5 * b[i + 2];
        float bottom = w6 * c[i] + w7 * c[i + 1] + w8 * c[i + 2];

        y[i] = top + middle + bottom + bias;
    }
}

static bool is_plain_3x3(const struct window *window)
{
    return window->kernel_h == 3 && window->kernel_w == 3 &&
           window->stride == 1 && window->pad_top == 1 &&
           window->pad_left == 1 && window->out_w == window->in_w &&
           window->in_w > 2;
}

static void depthwise(const float *x, const struct window *window,
                      const float *weight, float bias, float *y)
{
    bool is_plain = is_plain_3x3(window);
    size_t in_w = (size_t)window->in_w;

    for (int r = 0; r < window->out_h; r++, y += window->out_w) {
        int y_in = r * window->stride - window->pad_top;

        for (int i = 0; i < window->out_w; i++) {
            y[i] = bias;
        }
        if (!is_plain || y_in < 0 || y_in + 3 > window->in_h) {
            depthwise_edge_row(x, window, weight, y_in, y);
            continue;
        }
        const float *a = x + (size_t)y_in * in_w;
        const float *ends[3] = {a, a + in_w, a + 2 * in_w};

        depthwise_3x3_row(a, a + in_w, a + 2 * in_w, window->in_w - 2, weight,
                          bias, y + 1);
        for (int k = 0; k < 3; k++) {
            const float *w = weight + 3 * k;

            y[0] += w[1] * ends[k][0] + w[2] * ends[k][1];
            y[in_w - 1] += w[0] * ends[k][in_w - 2] + w[1] * ends[k][in_w - 1];
        }
    }
}

static void bias_activation(float *restrict y, size_t n, float bias,
                            enum activation activation, float slope)
{
    if (activation == ACTIVATION_RELU) {
        slope = 0.0F;
    } else if (activation == ACTIVATION_NONE) {
        slope = 1.0F;
    }
    for (size_t i = 0; i < n; i++) {
        float v = y[i] + bias;

        y[i] = v > 0.0F ? v : v * slope;
    }
}

static void add_activation(const float *restrict a, const float *restrict b,
                           size_t n, enum activation activation, float slope,
                           float *y)
{
    if (activation == ACTIVATION_RELU) {
        slope = 0.0F;
    } else if (activation == ACTIVATION_NONE) {
        slope = 1.0F;
    }
    for (size_t i = 0; i < n; i++) {
        float v = a[i] + b[i];

        y[i] = v > 0.0F ? v : v * slope;
    }
}

static void max_pool(const float *x, const struct window *window, float *y)
{
    for (int r = 0; r < window->out_h; r++) {
        int top = r * window->stride - window->pad_top;
        int bottom = least(top + window->kernel_h, window->in_h);

        for (int c = 0; c < window->out_w; c++, y++) {
            int left = c * window->stride - window->pad_left;
            int right = least(left + window->kernel_w, window->in_w);
            float value = -INFINITY;

            for (int i = most(top, 0); i < bottom; i++) {
                for (int j = most(left, 0); j < right; j++) {
                    float v = x[(size_t)i * (size_t)window->in_w + (size_t)j];

                    value = v > value ? v : value;
                }
            }
            *y = value;
        }
    }
}

static void avg_pool(const float *x, const struct window *window, float *y)
{
    for (int r = 0; r < window->out_h; r++) {
        int top = r * window->stride;
        int bottom = least(top + window->kernel_h, window->in_h);

        for (int c = 0; c < window->out_w; c++, y++) {
            int left = c * window->stride;
            int right = least(left + window->kernel_w, window->in_w);
            float total = 0.0F;

            for (int i = top; i < bottom; i++) {
                for (int j = left; j < right; j++) {
                    total += x[(size_t)i * (size_t)window->in_w + (size_t)j];
                }
            }
            *y = total / (float)((bottom - top) * (right - left));
        }
    }
}

static void upsample2(const float *x, int h, int w, float *y)
{
    for (int r = 0; r < 2 * h; r++) {
        int above = most((r - 1) / 2 - (r == 0), 0);
        int below = least(r == 0 ? 0 : (r + 1) / 2, h - 1);
        float lower = r % 2 == 0 ? .75F : .25F; /* weight of `below` */
        const float *a = x + (size_t)above * (size_t)w;
        const float *b = x + (size_t)below * (size_t)w;

        for (int c = 0; c < w; c++, y += 2) {
            int before = most(c - 1, 0);
            int after = least(c + 1, w - 1);
            float here = a[c] + lower * (b[c] - a[c]);
            float left = a[before] + lower * (b[before] - a[before]);
            float right = a[after] + lower * (b[after] - a[after]);

            y[0] = .25F * left + .75F * here;
            y[1] = .75F * here + .25F * right;
        }
    }
}

static void channel_mean_max(const float *restrict x, int channels, size_t n,
                             float *restrict mean, float *restrict max)
{
    memcpy(mean, x, n * sizeof *mean);
    memcpy(max, x, n * sizeof *max);
    for (int c = 1; c < channels; c++) {
        const float *plane = x + (size_t)c * n;

        for (size_t i = 0; i < n; i++) {
            mean[i] += plane[i];
            max[i] = plane[i] > max[i] ? plane[i] : max[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        mean[i] /= (float)channels;
    }
}

static void multiply_map(const float *x, const float *restrict map,
                         int channels, size_t n, float *y)
{
    for (int c = 0; c < channels; c++) {
        for (size_t i = 0; i < n; i++) {
            y[(size_t)c * n + i] = x[(size_t)c * n + i] * map[i];
        }
    }
}

static float sum(const float *x, size_t n)
{
    float total = 0.0F;

    for (size_t i = 0; i < n; i++) {
        total += x[i];
    }
    return total;
}

const struct kernels PASTE(kernels_, ISA) = {
    .isa = TEXT(ISA),
    .im2col = im2col,
    .depthwise = depthwise,
    .bias_activation = bias_activation,
    .add_activation = add_activation,
    .max_pool = max_pool,
    .avg_pool = avg_pool,
    .upsample2 = upsample2,
    .channel_mean_max = channel_mean_max,
    .multiply_map = multiply_map,
    .sum = sum,
};
