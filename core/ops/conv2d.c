// SPDX-License-Identifier: MIT
#include "core/ops/conv2d.h"

#include "core/blas.h"

/* Columns of one GEMM are cut so that they stay in the second-level cache. */
enum { MAX_COLUMN_FLOATS = 192 * 1024 };

void conv2d_size(const struct conv2d *conv, int h, int w, int *out_h,
                 int *out_w)
{
    int room_h = h + conv->pad_top + conv->pad_bottom - conv->kernel_h;
    int room_w = w + conv->pad_left + conv->pad_right - conv->kernel_w;

    *out_h = room_h < 0 ? 0 : room_h / conv->stride + 1;
    *out_w = room_w < 0 ? 0 : room_w / conv->stride + 1;
}

/* A 1 x 1 convolution reads its input as the column matrix it already is. */
static int is_pointwise(const struct conv2d *conv)
{
    return conv->kernel_h == 1 && conv->kernel_w == 1 && conv->stride == 1 &&
           conv->pad_top == 0 && conv->pad_left == 0 && conv->pad_bottom == 0 &&
           conv->pad_right == 0;
}

static int rows_at_once(const struct conv2d *conv, int out_h, int out_w)
{
    int64_t depth = (int64_t)conv->in_c * conv->kernel_h * conv->kernel_w;
    int64_t rows = out_w < 1 ? 1 : MAX_COLUMN_FLOATS / (depth * out_w);

    return rows < 1 ? 1 : rows > out_h ? out_h : (int)rows;
}

size_t conv2d_work_floats(const struct conv2d *conv, int h, int w)
{
    int out_h;
    int out_w;

    if (conv->groups != 1 || is_pointwise(conv)) {
        return 0;
    }
    conv2d_size(conv, h, w, &out_h, &out_w);
    return (size_t)conv->in_c * (size_t)conv->kernel_h *
           (size_t)conv->kernel_w * (size_t)out_w *
           (size_t)rows_at_once(conv, out_h, out_w);
}

int64_t conv2d_multiply_adds(const struct conv2d *conv, int h, int w)
{
    int out_h;
    int out_w;

    conv2d_size(conv, h, w, &out_h, &out_w);
    return (int64_t)conv->out_c * (conv->in_c / conv->groups) * conv->kernel_h *
           conv->kernel_w * out_h * out_w;
}

static struct window window_of(const struct conv2d *conv, int h, int w)
{
    struct window window = {
        .in_h = h,
        .in_w = w,
        .kernel_h = conv->kernel_h,
        .kernel_w = conv->kernel_w,
        .stride = conv->stride,
        .pad_top = conv->pad_top,
        .pad_left = conv->pad_left,
    };

    conv2d_size(conv, h, w, &window.out_h, &window.out_w);
    return window;
}

static void finish(const struct conv2d *conv, size_t plane, size_t from,
                   size_t n, float *y)
{
    const struct kernels *kernels = kernel_table();

    for (int c = 0; c < conv->out_c; c++) {
        kernels->bias_activation(y + (size_t)c * plane + from, n, conv->bias[c],
                                 conv->activation,
                                 conv->slope == NULL ? 0.0F : conv->slope[c]);
    }
}

static void run_depthwise(const struct conv2d *conv, const float *x,
                          const struct window *window, float *y)
{
    const struct kernels *kernels = kernel_table();
    size_t in_plane = (size_t)window->in_h * (size_t)window->in_w;
    size_t out_plane = (size_t)window->out_h * (size_t)window->out_w;
    size_t taps = (size_t)conv->kernel_h * (size_t)conv->kernel_w;

    for (int c = 0; c < conv->out_c; c++) {
        float *plane = y + (size_t)c * out_plane;

        kernels->depthwise(x + (size_t)c * in_plane, window,
                           conv->weight + (size_t)c * taps, conv->bias[c],
                           plane);
        if (conv->activation != ACTIVATION_NONE) {
            kernels->bias_activation(plane, out_plane, 0.0F, conv->activation,
                                     conv->slope == NULL ? 0.0F
                                                         : conv->slope[c]);
        }
    }
}

void conv2d_run(const struct conv2d *conv, const float *x, int h, int w,
                float *work, float *y)
{
    struct window window = window_of(conv, h, w);
    int plane = window.out_h * window.out_w;
    int depth = conv->in_c * conv->kernel_h * conv->kernel_w;
    int step;

    if (conv->groups != 1) {
        run_depthwise(conv, x, &window, y);
        return;
    }
    if (is_pointwise(conv)) {
        blas_gemm(conv->out_c, plane, depth, conv->weight, depth, x, plane, y,
                  plane);
        finish(conv, (size_t)plane, 0, (size_t)plane, y);
        return;
    }
    step = rows_at_once(conv, window.out_h, window.out_w);
    for (int row = 0; row < window.out_h; row += step) {
        int rows = row + step > window.out_h ? window.out_h - row : step;
        int from = row * window.out_w;
        int n = rows * window.out_w;

        kernel_table()->im2col(x, conv->in_c, &window, row, rows, work);
        blas_gemm(conv->out_c, n, depth, conv->weight, depth, work, n, y + from,
                  plane);
        finish(conv, (size_t)plane, (size_t)from, (size_t)n, y);
    }
}
