// SPDX-License-Identifier: MIT
#include "core/ops/conv2d.h"

#include <string.h>

enum {
    BLOCK = KERNEL_BLOCK,
    PAIR = 2,                     /* output blocks that share an input band */
    BAND_FLOATS = 16 * 1024,      /* of input a band of rows reads */
    WINOGRAD_FLOATS = 256 * 1024, /* of work: stays in second-level cache */
    WINOGRAD_TILES = 14,          /* at once, at least */
};

void conv2d_size(const struct conv2d *conv, int h, int w, int *out_h,
                 int *out_w)
{
    int room_h = h + conv->pad_top + conv->pad_bottom - conv->kernel_h;
    int room_w = w + conv->pad_left + conv->pad_right - conv->kernel_w;

    *out_h = room_h < 0 ? 0 : room_h / conv->stride + 1;
    *out_w = room_w < 0 ? 0 : room_w / conv->stride + 1;
}

int64_t conv2d_multiply_adds(const struct conv2d *conv, int h, int w)
{
    int out_h;
    int out_w;

    conv2d_size(conv, h, w, &out_h, &out_w);
    return (int64_t)conv->out_c * (conv->in_c / conv->groups) * conv->kernel_h *
           conv->kernel_w * out_h * out_w;
}

static int winograd_size(const struct conv2d *conv)
{
    return conv->algorithm == CONV2D_WINOGRAD2 ? 2 : 4;
}

/* V of all input blocks and M of a pair of output blocks, for one tile. */
static size_t winograd_tile_floats(const struct conv2d *conv)
{
    size_t side = (size_t)winograd_size(conv) + 2;

    return side * side * (size_t)(kernel_blocks(conv->in_c) + PAIR) * BLOCK;
}

static int winograd_tiles(const struct conv2d *conv, int out_h, int out_w,
                          int images)
{
    int size = winograd_size(conv);
    int all = (out_h + size - 1) / size * ((out_w + size - 1) / size) * images;
    int most = (int)(WINOGRAD_FLOATS / winograd_tile_floats(conv));

    most =
        most < WINOGRAD_TILES ? WINOGRAD_TILES : most - most % WINOGRAD_TILES;
    return all < most ? all : most;
}

/* Output rows whose input rows stay in cache while all blocks read them. */
static int band_rows(const struct conv2d *conv, int out_w)
{
    int row = kernel_blocks(conv->in_c) * BLOCK * out_w * conv->stride;

    return row < 1 || row >= BAND_FLOATS ? 1 : BAND_FLOATS / row;
}

/* Floats of a row of a plain input with the padding beside it. */
static size_t padded_width(const struct conv2d *conv, int w)
{
    return (size_t)w + (size_t)conv->pad_left + (size_t)conv->pad_right;
}

size_t conv2d_work_floats(const struct conv2d *conv, const struct conv2d *front,
                          int h, int w, int images)
{
    int out_h;
    int out_w;

    if (front != NULL) {
        conv2d_size(front, h, w, &h, &w);
        return (size_t)band_rows(conv, w) * (size_t)w *
               (size_t)kernel_blocks(conv->in_c) * BLOCK;
    }
    conv2d_size(conv, h, w, &out_h, &out_w);
    switch (conv->algorithm) {
    case CONV2D_PLAIN:
        return (size_t)conv->in_c * (size_t)conv->kernel_h *
               padded_width(conv, w);
    case CONV2D_WINOGRAD2:
    case CONV2D_WINOGRAD4:
        return winograd_tile_floats(conv) *
               (size_t)winograd_tiles(conv, out_h, out_w, images);
    case CONV2D_TILES:
        return conv2d_tiles_work_floats(conv, h, w, images);
    case CONV2D_WEAVE:
        return conv2d_weave_work_floats(conv, out_w);
    case CONV2D_DIRECT:
    case CONV2D_DEPTHWISE:
    case CONV2D_INT8:
        break;
    }
    return 0;
}

/* The first tap of output row `row` of one block. */
static const float *input_row(const struct conv2d *conv, const struct map *x,
                              int image, int block, int row)
{
    ptrdiff_t y = (ptrdiff_t)row * conv->stride - conv->pad_top;

    return x->data + (size_t)image * x->image + (size_t)block * x->plane +
           y * (ptrdiff_t)x->row - (ptrdiff_t)conv->pad_left * BLOCK;
}

/* Where an output row of an image goes, what is added to it, its finish. */
static void aim(const struct conv2d *conv, const struct conv2d_run *run,
                int image, int row, struct conv_row *out)
{
    const struct map *y = &run->y;
    const struct map *residual = &run->residual;

    out->weight = conv->packed;
    out->y = y->data + (size_t)image * y->image + (size_t)row * y->row;
    out->y_block = y->plane;
    out->blocks = kernel_blocks(y->c);
    out->residual = NULL;
    if (residual->data != NULL) {
        out->residual = residual->data + (size_t)image * residual->image +
                        (size_t)row * residual->row;
        out->residual_block = residual->plane;
        out->residual_blocks = kernel_blocks(residual->c);
    }
    out->finish = conv->finish;
}

/* Only the blocks [first, first + n) of what was aimed at. */
static struct conv_row part(const struct conv_row *row, int first, int n)
{
    struct conv_row out = *row;
    size_t channels = (size_t)first * BLOCK;

    out.weight += (size_t)first * row->weight_block;
    out.y += (size_t)first * row->y_block;
    out.blocks = n;
    if (out.residual != NULL) {
        out.residual_blocks -= first;
        out.residual = out.residual_blocks > 0
                           ? out.residual + (size_t)first * row->residual_block
                           : NULL;
    }
    out.finish.bias += channels;
    out.finish.slope += channels;
    return out;
}

/* The rows that output row `row` sees, [in_c][kernel_h][padded width]. */
static void plain_rows(const struct conv2d *conv, const struct map *x,
                       const float *planes, int row, float *out)
{
    size_t width = padded_width(conv, x->w);
    int top = row * conv->stride - conv->pad_top;

    for (int c = 0; c < conv->in_c; c++) {
        for (int y = top; y < top + conv->kernel_h; y++, out += width) {
            size_t left = (size_t)conv->pad_left;
            size_t end = left + (size_t)x->w;

            if (y < 0 || y >= x->h) {
                memset(out, 0, width * sizeof *out);
                continue;
            }
            memset(out, 0, left * sizeof *out);
            memcpy(out + left, planes + (size_t)(c * x->h + y) * (size_t)x->w,
                   (size_t)x->w * sizeof *out);
            memset(out + end, 0, (width - end) * sizeof *out);
        }
    }
}

static void run_plain(const struct conv2d *conv, const struct conv2d_run *run)
{
    const struct map *x = &run->x;
    size_t width = padded_width(conv, x->w);
    struct conv_row row = {
        .x = run->work,
        .n = run->y.w,
        .pixel_step = conv->stride,
        .outer = conv->in_c,
        .tap_rows = conv->kernel_h,
        .tap_columns = conv->kernel_w,
        .inner = 1,
        .last_inner = 1,
        .outer_step = (size_t)conv->kernel_h * width,
        .tap_row_step = width,
        .tap_column_step = 1,
        .weight_block =
            (size_t)(conv->in_c * conv->kernel_h * conv->kernel_w) * BLOCK,
    };

    for (int image = 0; image < run->y.images; image++) {
        const float *planes = run->plain + (size_t)image * (size_t)x->c *
                                               (size_t)x->h * (size_t)x->w;

        for (int r = run->first; r < run->first + run->rows; r++) {
            plain_rows(conv, x, planes, r, run->work);
            aim(conv, run, image, r, &row);
            kernel_table()->conv_row(&row);
        }
    }
}

/* Rows [first, first + n) of one block of one image to y, `step` apart. */
static void depthwise_rows(const struct conv2d *conv, const struct map *x,
                           int image, int block, int first, int n, int width,
                           size_t step, float *y)
{
    size_t taps = (size_t)(conv->kernel_h * conv->kernel_w) * BLOCK;
    struct depthwise_row row = {
        .x_row = x->row,
        .n = width,
        .stride = conv->stride,
        .kernel_h = conv->kernel_h,
        .kernel_w = conv->kernel_w,
        .weight = conv->packed + (size_t)block * taps,
        .finish = {conv->finish.bias + (size_t)block * BLOCK,
                   conv->finish.slope + (size_t)block * BLOCK},
        .y = y,
    };

    for (int r = first; r < first + n; r++, row.y += step) {
        row.x = input_row(conv, x, image, block, r);
        kernel_table()->depthwise_row(&row);
    }
}

static void run_depthwise(const struct conv2d *conv,
                          const struct conv2d_run *run)
{
    const struct map *y = &run->y;

    for (int image = 0; image < y->images; image++) {
        for (int b = 0; b < kernel_blocks(y->c); b++) {
            depthwise_rows(
                conv, &run->x, image, b, run->first, run->rows, y->w, y->row,
                y->data + (size_t)image * y->image + (size_t)b * y->plane +
                    (size_t)run->first * y->row);
        }
    }
}

/* A pair of output blocks at a time over the band, so that its weights stay. */
static void run_band(const struct conv2d *conv, const struct conv2d_run *run,
                     int image, int first, int n)
{
    int blocks = kernel_blocks(run->x.c);
    size_t plane = (size_t)n * (size_t)run->y.w * BLOCK; /* in work */
    struct conv_row row = {
        .n = run->y.w,
        .pixel_step = conv->stride * BLOCK,
        .outer = blocks,
        .tap_rows = conv->kernel_h,
        .tap_columns = conv->kernel_w,
        .inner = BLOCK,
        .last_inner = conv->in_c - (blocks - 1) * BLOCK,
        .outer_step = run->front == NULL ? run->x.plane : plane,
        .tap_row_step = run->x.row,
        .tap_column_step = BLOCK,
        .weight_block = (size_t)conv->in_c *
                        (size_t)(conv->kernel_h * conv->kernel_w) * BLOCK,
    };

    for (int b = 0; run->front != NULL && b < blocks; b++) {
        depthwise_rows(run->front, &run->x, image, b, first, n, run->y.w,
                       (size_t)run->y.w * BLOCK, run->work + (size_t)b * plane);
    }
    for (int b = 0; b < kernel_blocks(run->y.c); b += PAIR) {
        int pair = kernel_blocks(run->y.c) - b < PAIR ? 1 : PAIR;

        for (int r = first; r < first + n; r++) {
            struct conv_row some;

            row.x = run->front == NULL
                        ? input_row(conv, &run->x, image, 0, r)
                        : run->work +
                              (size_t)(r - first) * (size_t)run->y.w * BLOCK;
            aim(conv, run, image, r, &row);
            some = part(&row, b, pair);
            kernel_table()->conv_row(&some);
        }
    }
}

static void run_direct(const struct conv2d *conv, const struct conv2d_run *run)
{
    int band = band_rows(conv, run->y.w);

    for (int image = 0; image < run->y.images; image++) {
        for (int done = 0; done < run->rows; done += band) {
            int left = run->rows - done;

            run_band(conv, run, image, run->first + done,
                     left < band ? left : band);
        }
    }
}

static void run_winograd(const struct conv2d *conv,
                         const struct conv2d_run *run)
{
    kernel_table()->winograd(&(struct winograd){
        .size = winograd_size(conv),
        .x = run->x,
        .y = run->y,
        .residual = run->residual,
        .pad_top = conv->pad_top,
        .pad_left = conv->pad_left,
        .pad_bottom = conv->pad_bottom,
        .pad_right = conv->pad_right,
        .weight = conv->packed,
        .finish = conv->finish,
        .work = run->work,
        .tiles = winograd_tiles(conv, run->y.h, run->y.w, run->y.images),
    });
}

void conv2d_run(const struct conv2d *conv, const struct conv2d_run *run)
{
    switch (conv->algorithm) {
    case CONV2D_PLAIN:
        run_plain(conv, run);
        break;
    case CONV2D_DEPTHWISE:
        run_depthwise(conv, run);
        break;
    case CONV2D_DIRECT:
        run_direct(conv, run);
        break;
    case CONV2D_WINOGRAD2:
    case CONV2D_WINOGRAD4:
        run_winograd(conv, run);
        break;
    case CONV2D_TILES:
        conv2d_tiles_run(conv, run);
        break;
    case CONV2D_WEAVE:
        conv2d_weave_run(conv, run);
        break;
    case CONV2D_INT8:
        conv2d_int8_run(conv, run);
        break;
    }
}
