// SPDX-License-Identifier: MIT
/*
 * layers.c - how long each convolution takes within bench/network, for
 * bench/peers/layers.py.
 *
 * Linked to network.c with every call of conv2d_run led here
 * (-Wl,--wrap=conv2d_run). At the end prints, in the order of their first
 * calls, a line a convolution:
 *
 *   layer IN OUT KERNEL STRIDE HEIGHT WIDTH MICROSECONDS
 *
 * of the output, and a face. For one thread.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/race.h"
#include "core/ops/conv2d.h"

enum { MAX_LAYERS = 256 };

struct layer {
    const struct conv2d *conv;
    int h, w;
    double seconds;
    double faces;
};

static struct layer layers[MAX_LAYERS];
static int n_layers;

/* The names are the linker's. */
void __real_conv2d_run(const struct conv2d *conv, const struct conv2d_run *run);
void __wrap_conv2d_run(const struct conv2d *conv, const struct conv2d_run *run);

static void print_layers(void)
{
    for (int i = 0; i < n_layers; i++) {
        const struct layer *layer = &layers[i];

        (void)printf("layer %d %d %d %d %d %d %.3f\n", layer->conv->in_c,
                     layer->conv->out_c, layer->conv->kernel_h,
                     layer->conv->stride, layer->h, layer->w,
                     layer->seconds / layer->faces * 1e6);
    }
}

static struct layer *find(const struct conv2d *conv)
{
    for (int i = 0; i < n_layers; i++) {
        if (layers[i].conv == conv) {
            return &layers[i];
        }
    }
    if (n_layers == 0) {
        (void)atexit(print_layers);
    }
    if (n_layers == MAX_LAYERS) {
        abort();
    }
    layers[n_layers].conv = conv;
    return &layers[n_layers++];
}

void __wrap_conv2d_run(const struct conv2d *conv, const struct conv2d_run *run)
{
    double start = bench_now_s(CLOCK_MONOTONIC);
    struct layer *layer;

    __real_conv2d_run(conv, run);
    layer = find(conv);
    layer->seconds += bench_now_s(CLOCK_MONOTONIC) - start;
    layer->faces += (double)run->y.images * run->rows / run->y.h;
    layer->h = run->y.h;
    layer->w = run->y.w;
}
