// SPDX-License-Identifier: MIT
#include "core/vision/upright.h"

#include <string.h>

enum { N_CHANNELS = 3 };

/* Source: EXIF 2.32, tag 0x0112. */
enum aha_status upright_start(struct upright *out, int width, int height,
                              struct aha_error *err)
{
    int turn = (out->orientation - 1) % 4;
    bool is_turned = out->orientation >= 5;
    bool flips_x = turn == 1 || turn == 2;
    bool flips_y = turn >= 2;
    enum aha_status status =
        aha_image_init(&out->image, is_turned ? height : width,
                       is_turned ? width : height, err);
    ptrdiff_t row, x, y;

    if (status != AHA_OK) {
        return status;
    }
    row = (ptrdiff_t)N_CHANNELS * out->image.width;
    x = flips_x ? -N_CHANNELS : N_CHANNELS;
    y = flips_y ? -row : row;
    out->n_stored = width;
    out->next = (flips_x ? row - N_CHANNELS : 0) +
                (flips_y ? row * (out->image.height - 1) : 0);
    out->along = is_turned ? y : x;
    out->down = is_turned ? x : y;
    return AHA_OK;
}

static void store_row(uint8_t *to, ptrdiff_t step, const uint8_t *from, int n)
{
    if (step == N_CHANNELS) {
        memcpy(to, from, (size_t)n * N_CHANNELS);
        return;
    }
    for (int i = 0; i < n; i++) {
        to[i * step] = from[i * N_CHANNELS];
        to[i * step + 1] = from[i * N_CHANNELS + 1];
        to[i * step + 2] = from[i * N_CHANNELS + 2];
    }
}

void upright_rows(struct upright *upright, const uint8_t *rgb, size_t stride,
                  int n)
{
    for (int i = 0; i < n; i++) {
        store_row(upright->image.rgb + upright->next, upright->along,
                  rgb + stride * (size_t)i, upright->n_stored);
        upright->next += upright->down;
    }
}
