// SPDX-License-Identifier: MIT
/*
 * Outside the photo is a matter of weights, one axis at a time: a tap that
 * would fall off an edge is moved to it (repeat) or weighs nothing (zero).
 * Hence an upright map resamples rows and columns apart, and both ways of
 * computing give the same picture up to rounding.
 */
#include "core/vision/align.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/kernel/kernel.h"

enum {
    N_CHANNELS = 3,
    MAX_GRID = 16, /* samples a crop pixel and axis, at most */
    MAX_TAPS = 2 * MAX_GRID,
    MAX_COLUMNS = 64, /* crop columns resampled together */
    MAX_SPAN = 1024,  /* photo columns under them */
};

/* How much a pixel may be larger than n before it takes n + 1 samples. */
static const float GRID_TOLERANCE = 1e-3F;

struct aha_point affine_apply(const struct affine *map, struct aha_point p)
{
    return (struct aha_point){
        .x = map->a * p.x + map->b * p.y + map->tx,
        .y = map->c * p.x + map->d * p.y + map->ty,
    };
}

struct affine affine_compose(const struct affine *second,
                             const struct affine *first)
{
    return (struct affine){
        .a = second->a * first->a + second->b * first->c,
        .b = second->a * first->b + second->b * first->d,
        .tx = second->a * first->tx + second->b * first->ty + second->tx,
        .c = second->c * first->a + second->d * first->c,
        .d = second->c * first->b + second->d * first->d,
        .ty = second->c * first->tx + second->d * first->ty + second->ty,
    };
}

static bool is_finite(const struct affine *map)
{
    return isfinite(map->a) && isfinite(map->b) && isfinite(map->tx) &&
           isfinite(map->c) && isfinite(map->d) && isfinite(map->ty);
}

bool affine_invert(const struct affine *map, struct affine *out)
{
    float det = map->a * map->d - map->b * map->c;
    struct affine inverse = {
        .a = map->d / det,
        .b = -map->b / det,
        .c = -map->c / det,
        .d = map->a / det,
    };

    inverse.tx = -(inverse.a * map->tx + inverse.b * map->ty);
    inverse.ty = -(inverse.c * map->tx + inverse.d * map->ty);
    if (!is_finite(&inverse)) {
        return false;
    }
    *out = inverse;
    return true;
}

static struct aha_point mean_point(const struct aha_point *points, int n)
{
    struct aha_point mean = {0, 0};

    for (int i = 0; i < n; i++) {
        mean.x += points[i].x / (float)n;
        mean.y += points[i].y / (float)n;
    }
    return mean;
}

/*
 * In the plane, as complex numbers less their means, the least-squares
 * rotation and scale is one quotient: sum(conj(from) to) / sum(|from|^2).
 */
bool align_similarity(const struct aha_point *from, const struct aha_point *to,
                      int n, struct affine *out)
{
    struct aha_point from_mean = mean_point(from, n);
    struct aha_point to_mean = mean_point(to, n);
    struct affine map;
    float along = 0, across = 0, spread = 0;

    for (int i = 0; i < n; i++) {
        float x = from[i].x - from_mean.x, y = from[i].y - from_mean.y;
        float u = to[i].x - to_mean.x, v = to[i].y - to_mean.y;

        along += x * u + y * v;
        across += x * v - y * u;
        spread += x * x + y * y;
    }
    map.a = map.d = along / spread;
    map.c = across / spread;
    map.b = -map.c;
    map.tx = to_mean.x - (map.a * from_mean.x + map.b * from_mean.y);
    map.ty = to_mean.y - (map.c * from_mean.x + map.d * from_mean.y);
    if (!is_finite(&map) || (map.a == 0 && map.c == 0)) {
        return false;
    }
    *out = map;
    return true;
}

/* One resample: what the two public functions were asked for. */
struct warp {
    const struct aha_image *photo;
    struct affine map;
    enum align_border border;
    int grid_x, grid_y; /* samples a crop pixel, along its own axes */
    int width, height;
    float scale, bias;
    bool is_luma;
    float *out;
};

static float clamp(float v, float low, float high)
{
    return v > low ? (v < high ? v : high) : low; /* NaN is low */
}

static int grid_size(float scale)
{
    return (int)clamp(ceilf(scale - GRID_TOLERANCE), 1, MAX_GRID);
}

/* The two pixels a linear sample lies between, and their shares. */
struct tap {
    int low, high;
    float low_weight, high_weight;
};

static inline struct tap tap_at(float v, int n, enum align_border border)
{
    float edge = border == ALIGN_BORDER_ZERO ? 1 : 0;
    float at = clamp(v - 0.5F, -edge, (float)(n - 1) + edge);
    int low = (int)(at + edge) - (int)edge;
    float share = at - (float)low;
    struct tap tap = {low, low + 1, 1 - share, share};

    if (low < 0) {
        tap.low = 0;
        tap.low_weight = 0;
    }
    if (low + 1 >= n) {
        tap.high = n - 1;
        tap.high_weight = 0;
    }
    if (low >= n) {
        tap.low = n - 1;
        tap.low_weight = 0;
    }
    return tap;
}

/* Red, green, blue and nothing, side by side; `floats` anywhere in memory. */
typedef float colour __attribute__((vector_size(16)));
typedef float floats __attribute__((vector_size(16), aligned(4), may_alias));
typedef uint32_t bits __attribute__((vector_size(16)));
typedef int32_t signed_bits __attribute__((vector_size(16)));

/* Of what raw_colour gives. */
static const colour RAW = {1, 1.0F / (1 << 8), 1.0F / (1 << 16), 0};

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "a word of a picture begins with its low byte");

/* A word's three low bytes, each where it is: exact in floats. */
static inline colour raw_colour(uint32_t word)
{
    bits parts =
        (bits){word, word, word, word} & (bits){0xff, 0xff00, 0xff0000, 0};

    return __builtin_convertvector((signed_bits)parts, colour);
}

static inline colour raw_pixel(const uint8_t *rgb)
{
    return raw_colour(rgb[0] | (uint32_t)rgb[1] << 8 | (uint32_t)rgb[2] << 16);
}

static inline void store(const struct warp *warp, int i, int j, colour rgb)
{
    size_t plane = (size_t)warp->width * (size_t)warp->height;
    size_t at = (size_t)j * (size_t)warp->width + (size_t)i;

    if (warp->is_luma) {
        float y = 0.299F * rgb[0] + 0.587F * rgb[1] + 0.114F * rgb[2];

        warp->out[at] = y * warp->scale + warp->bias;
        return;
    }
    rgb = rgb * warp->scale + warp->bias;
    for (int k = 0; k < N_CHANNELS; k++) {
        warp->out[(size_t)k * plane + at] = rgb[k];
    }
}

static inline colour raw_sample(const struct warp *warp, float x, float y)
{
    const struct aha_image *photo = warp->photo;
    struct tap column = tap_at(x, photo->width, warp->border);
    struct tap row = tap_at(y, photo->height, warp->border);
    size_t stride = (size_t)photo->width * N_CHANNELS;
    const uint8_t *top = photo->rgb + (size_t)row.low * stride;
    const uint8_t *bottom = photo->rgb + (size_t)row.high * stride;
    size_t left = (size_t)column.low * N_CHANNELS;
    size_t right = (size_t)column.high * N_CHANNELS;

    return row.low_weight * column.low_weight * raw_pixel(top + left) +
           row.low_weight * column.high_weight * raw_pixel(top + right) +
           row.high_weight * column.low_weight * raw_pixel(bottom + left) +
           row.high_weight * column.high_weight * raw_pixel(bottom + right);
}

/* The same where a pixel and the next, both ways, are in the photo. */
static inline colour raw_sample_inside(const struct warp *warp, float x,
                                       float y)
{
    size_t stride = (size_t)warp->photo->width * N_CHANNELS;
    int left = (int)(x - 0.5F);
    int top = (int)(y - 0.5F);
    float right_share = x - 0.5F - (float)left;
    float bottom_share = y - 0.5F - (float)top;
    const uint8_t *at =
        warp->photo->rgb + (size_t)top * stride + (size_t)left * N_CHANNELS;
    uint32_t words[4];

    memcpy(&words[0], at, sizeof words[0]);
    memcpy(&words[1], at + N_CHANNELS, sizeof words[1]);
    memcpy(&words[2], at + stride, sizeof words[2]);
    memcpy(&words[3], at + stride + N_CHANNELS, sizeof words[3]);
    return (1 - bottom_share) * (1 - right_share) * raw_colour(words[0]) +
           (1 - bottom_share) * right_share * raw_colour(words[1]) +
           bottom_share * (1 - right_share) * raw_colour(words[2]) +
           bottom_share * right_share * raw_colour(words[3]);
}

/* Whether all corners are, with a pixel to spare for reading whole words. */
static bool is_inside(const struct warp *warp)
{
    const struct aha_image *photo = warp->photo;

    for (int i = 0; i < 4; i++) {
        struct aha_point corner = affine_apply(
            &warp->map,
            (struct aha_point){i % 2 == 0 ? 0.0F : (float)warp->width,
                               i / 2 == 0 ? 0.0F : (float)warp->height});

        if (!(corner.x >= 1 && corner.x <= (float)photo->width - 3 &&
              corner.y >= 1 && corner.y <= (float)photo->height - 3)) {
            return false;
        }
    }
    return true;
}

static void warp_any(const struct warp *warp)
{
    bool inside = is_inside(warp);
    const struct affine *map = &warp->map;
    float share = 1.0F / (float)(warp->grid_x * warp->grid_y);
    float step_x = 1.0F / (float)warp->grid_x;
    float step_y = 1.0F / (float)warp->grid_y;

    for (int j = 0; j < warp->height; j++) {
        for (int i = 0; i < warp->width; i++) {
            colour rgb = {0};

            for (int m = 0; m < warp->grid_y; m++) {
                float v = (float)j + ((float)m + 0.5F) * step_y;
                float x0 = map->b * v + map->tx;
                float y0 = map->d * v + map->ty;

                for (int k = 0; k < warp->grid_x; k++) {
                    float u = (float)i + ((float)k + 0.5F) * step_x;
                    float x = map->a * u + x0;
                    float y = map->c * u + y0;

                    rgb += inside ? raw_sample_inside(warp, x, y)
                                  : raw_sample(warp, x, y);
                }
            }
            store(warp, i, j, rgb * RAW * share);
        }
    }
}

/* Pixels of one axis and their shares of one crop pixel. */
struct taps {
    int n;
    int at[MAX_TAPS];
    float weight[MAX_TAPS];
};

static void add_tap(struct taps *taps, int at, float weight)
{
    for (int k = taps->n - 1; k >= 0; k--) {
        if (taps->at[k] == at) {
            taps->weight[k] += weight;
            return;
        }
    }
    taps->at[taps->n] = at;
    taps->weight[taps->n++] = weight;
}

/* Crop pixel i of an axis whose map is v -> scale v + shift. */
static void find_taps(struct taps *taps, int i, float scale, float shift,
                      int grid, int n, enum align_border border)
{
    taps->n = 0;
    for (int k = 0; k < grid; k++) {
        float u = (float)i + ((float)k + 0.5F) / (float)grid;
        struct tap tap = tap_at(scale * u + shift, n, border);

        add_tap(taps, tap.low, tap.low_weight / (float)grid);
        add_tap(taps, tap.high, tap.high_weight / (float)grid);
    }
}

/* out [n] = the rows' weighted sum, from the first'th photo column on. */
static void mix_rows(const struct aha_image *photo, const struct taps *rows,
                     int first, int n, float *out)
{
    const uint8_t *from[MAX_TAPS];

    for (int k = 0; k < rows->n; k++) {
        from[k] = photo->rgb +
                  ((size_t)rows->at[k] * (size_t)photo->width + (size_t)first) *
                      N_CHANNELS;
    }
    kernel_table()->mix_rows(from, rows->weight, rows->n, (size_t)n, out);
}

/* Crop columns [start, start + n) of every row. */
static void warp_columns(const struct warp *warp, int start, int n)
{
    const struct aha_image *photo = warp->photo;
    const struct affine *map = &warp->map;
    struct taps columns[MAX_COLUMNS];
    struct taps rows;
    float mixed[MAX_SPAN * N_CHANNELS + 1] = {0}; /* floats past the last */
    int first = photo->width, last = 0;

    for (int i = 0; i < n; i++) {
        find_taps(&columns[i], start + i, map->a, map->tx, warp->grid_x,
                  photo->width, warp->border);
        for (int k = 0; k < columns[i].n; k++) {
            first = columns[i].at[k] < first ? columns[i].at[k] : first;
            last = columns[i].at[k] > last ? columns[i].at[k] : last;
        }
    }
    for (int j = 0; j < warp->height; j++) {
        find_taps(&rows, j, map->d, map->ty, warp->grid_y, photo->height,
                  warp->border);
        mix_rows(photo, &rows, first, (last - first + 1) * N_CHANNELS, mixed);
        for (int i = 0; i < n; i++) {
            colour rgb = {0};

            for (int k = 0; k < columns[i].n; k++) {
                const float *from =
                    mixed + (ptrdiff_t)N_CHANNELS * (columns[i].at[k] - first);

                rgb += columns[i].weight[k] * *(const floats *)from;
            }
            store(warp, start + i, j, rgb);
        }
    }
}

/* The photo columns under n crop columns, with room for rounding. */
static float span_of(const struct warp *warp, int n)
{
    return warp->map.a * (float)n + 4;
}

static void warp_upright(const struct warp *warp)
{
    int n = MAX_COLUMNS;

    while (span_of(warp, n) > MAX_SPAN) {
        n--;
    }
    for (int start = 0; start < warp->width; start += n) {
        int rest = warp->width - start;

        warp_columns(warp, start, rest < n ? rest : n);
    }
}

static void run(struct warp *warp)
{
    const struct affine *map = &warp->map;

    warp->grid_x = grid_size(hypotf(map->a, map->c));
    warp->grid_y = grid_size(hypotf(map->b, map->d));
    if (map->b == 0 && map->c == 0 && map->a > 0 &&
        span_of(warp, 1) <= MAX_SPAN) {
        warp_upright(warp);
    } else {
        warp_any(warp);
    }
}

void align_warp_rgb(const struct aha_image *photo,
                    const struct affine *crop_to_photo, int width, int height,
                    enum align_border border, float scale, float bias,
                    float *out)
{
    struct warp warp = {.photo = photo,
                        .map = *crop_to_photo,
                        .border = border,
                        .width = width,
                        .height = height,
                        .scale = scale,
                        .bias = bias,
                        .out = out};

    run(&warp);
}

void align_warp_luma(const struct aha_image *photo,
                     const struct affine *crop_to_photo, int width, int height,
                     enum align_border border, float scale, float bias,
                     float *out)
{
    struct warp warp = {.photo = photo,
                        .map = *crop_to_photo,
                        .border = border,
                        .width = width,
                        .height = height,
                        .scale = scale,
                        .bias = bias,
                        .is_luma = true,
                        .out = out};

    run(&warp);
}
