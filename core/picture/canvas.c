// SPDX-License-Identifier: MIT
#include "core/picture/canvas.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/picture/font.h"

enum {
    N_CHANNELS = 3,
    MAX_TAPS = 4, /* of a glyph's pixel, each way */
    HEATS = 256,  /* colours of the table */
};

static const float LEAST_RISE = 1e-6F; /* of a line, for a divisor */
static const float HEAT_EDGE = 0.06F;  /* of a region's side */

/* Pixels that something covers: [x0, x1) x [y0, y1). */
struct area {
    int x0;
    int y0;
    int x1;
    int y1;
};

static int clip(float value, int limit)
{
    return value <= 0 ? 0 : value >= (float)limit ? limit : (int)value;
}

/* @return false when nothing of it is in the image, or it is not a number */
static bool find_area(const struct aha_image *image, float x0, float y0,
                      float x1, float y1, struct area *out)
{
    if (!isfinite(x0) || !isfinite(y0) || !isfinite(x1) || !isfinite(y1)) {
        return false;
    }
    *out = (struct area){
        clip(floorf(x0), image->width), clip(floorf(y0), image->height),
        clip(ceilf(x1), image->width), clip(ceilf(y1), image->height)};
    return out->x0 < out->x1 && out->y0 < out->y1;
}

static float unit(float value)
{
    return value <= 0 ? 0 : value >= 1 ? 1 : value;
}

static uint8_t *pixel_at(const struct aha_image *image, int x, int y)
{
    return image->rgb +
           N_CHANNELS * ((size_t)y * (size_t)image->width + (size_t)x);
}

static uint8_t mix(uint8_t under, uint8_t over, float opacity)
{
    return (uint8_t)((float)under + ((float)over - (float)under) * opacity +
                     0.5F);
}

static void blend(uint8_t *pixel, struct color color, float opacity)
{
    if (opacity > 0) {
        pixel[0] = mix(pixel[0], color.r, opacity);
        pixel[1] = mix(pixel[1], color.g, opacity);
        pixel[2] = mix(pixel[2], color.b, opacity);
    }
}

/* How much of a pixel is inside, by the distance of its centre. */
static float coverage(float distance)
{
    return unit(0.5F - distance);
}

void canvas_box(struct aha_image *image, const struct aha_box *box,
                float radius, struct color color, float opacity)
{
    float half_x = box->width / 2;
    float half_y = box->height / 2;
    float r = fminf(radius, fminf(half_x, half_y));
    struct area area;

    if (!find_area(image, box->x, box->y, box->x + box->width,
                   box->y + box->height, &area)) {
        return;
    }
    for (int y = area.y0; y < area.y1; y++) {
        float dy = fabsf((float)y + 0.5F - box->y - half_y) - half_y;

        for (int x = area.x0; x < area.x1; x++) {
            float dx = fabsf((float)x + 0.5F - box->x - half_x) - half_x;
            float inside = coverage(dx) * coverage(dy);

            if (dx > -r && dy > -r) {
                inside = coverage(hypotf(dx + r, dy + r) - r);
            }
            blend(pixel_at(image, x, y), color, inside * opacity);
        }
    }
}

/* A line's frame of reference: the distance along it and across it. */
struct track {
    struct aha_point from;
    float along_x; /* unit vector */
    float along_y;
    float length;
    float half; /* of the thickness */
};

static float line_coverage(const struct track *track, int x, int y)
{
    float dx = (float)x + 0.5F - track->from.x;
    float dy = (float)y + 0.5F - track->from.y;
    float along = dx * track->along_x + dy * track->along_y;
    float across = dx * track->along_y - dy * track->along_x;
    float beyond = fmaxf(-along, along - track->length);

    return coverage(fabsf(across) - track->half) *
           coverage(beyond - track->half);
}

void canvas_line(struct aha_image *image, struct aha_point from,
                 struct aha_point to, float thickness, struct color color)
{
    float dx = to.x - from.x;
    float dy = to.y - from.y;
    float length = hypotf(dx, dy);
    float reach = thickness + 2;
    struct track track = {from, 1, 0, length, thickness / 2};
    struct area area;

    if (!find_area(image, fminf(from.x, to.x) - reach,
                   fminf(from.y, to.y) - reach, fmaxf(from.x, to.x) + reach,
                   fmaxf(from.y, to.y) + reach, &area)) {
        return;
    }
    if (length > 0) {
        track.along_x = dx / length;
        track.along_y = dy / length;
    }
    /* Of each row only what is near the line. */
    for (int y = area.y0; y < area.y1; y++) {
        float rise =
            copysignf(fmaxf(fabsf(track.along_y), LEAST_RISE), track.along_y);
        float middle =
            from.x + ((float)y + 0.5F - from.y) * track.along_x / rise;
        float spread = reach / fabsf(rise);
        int last = clip(ceilf(middle + spread), area.x1);

        for (int x = clip(floorf(fmaxf(middle - spread, (float)area.x0)),
                          image->width);
             x < last; x++) {
            blend(pixel_at(image, x, y), color, line_coverage(&track, x, y));
        }
    }
}

void canvas_dot(struct aha_image *image, struct aha_point centre, float radius,
                struct color color)
{
    float reach = radius + 1;
    struct area area;

    if (!find_area(image, centre.x - reach, centre.y - reach, centre.x + reach,
                   centre.y + reach, &area)) {
        return;
    }
    for (int y = area.y0; y < area.y1; y++) {
        for (int x = area.x0; x < area.x1; x++) {
            float distance =
                hypotf((float)x + 0.5F - centre.x, (float)y + 0.5F - centre.y);

            blend(pixel_at(image, x, y), color, coverage(distance - radius));
        }
    }
}

static float stored(const struct font_glyph *glyph, int x, int y)
{
    char digit;

    if (x < 0 || y < 0 || x >= glyph->width || y >= glyph->height) {
        return 0;
    }
    digit = glyph->coverage[y * glyph->width + x];
    return (float)(digit <= '9' ? digit - '0' : digit - 'a' + 10) / FONT_OPAQUE;
}

/* At a place of the stored glyph, px. */
static float sample_glyph(const struct font_glyph *glyph, float x, float y)
{
    int x0 = (int)floorf(x - 0.5F);
    int y0 = (int)floorf(y - 0.5F);
    float u = x - 0.5F - (float)x0;
    float v = y - 0.5F - (float)y0;

    return (1 - v) * ((1 - u) * stored(glyph, x0, y0) +
                      u * stored(glyph, x0 + 1, y0)) +
           v * ((1 - u) * stored(glyph, x0, y0 + 1) +
                u * stored(glyph, x0 + 1, y0 + 1));
}

/* Of one pixel: averaged when glyphs shrink, sharpened when they grow. */
static float glyph_coverage(const struct font_glyph *glyph, float x, float y,
                            float step)
{
    int taps = (int)fminf(ceilf(step), MAX_TAPS);
    float sum = 0;

    for (int j = 0; j < taps; j++) {
        for (int i = 0; i < taps; i++) {
            sum +=
                sample_glyph(glyph, x + ((float)i + 0.5F) / (float)taps * step,
                             y + ((float)j + 0.5F) / (float)taps * step);
        }
    }
    sum /= (float)(taps * taps);
    return step >= 1 ? sum : unit((sum - 0.5F) / step + 0.5F);
}

static void paint_glyph(struct aha_image *image, const struct font_glyph *glyph,
                        struct aha_point at, float size, struct color color)
{
    float step = FONT_EM / size; /* stored px in one painted */
    float left = at.x + (float)glyph->left / step;
    float top = at.y + (float)glyph->top / step;
    struct area area;

    if (!find_area(image, left - 1, top - 1,
                   left + (float)glyph->width / step + 1,
                   top + (float)glyph->height / step + 1, &area)) {
        return;
    }
    for (int y = area.y0; y < area.y1; y++) {
        for (int x = area.x0; x < area.x1; x++) {
            blend(pixel_at(image, x, y), color,
                  glyph_coverage(glyph, ((float)x - left) * step,
                                 ((float)y - top) * step, step));
        }
    }
}

void canvas_text(struct aha_image *image, struct aha_point at, float size,
                 struct color color, const char *text)
{
    unsigned code;

    if (!(size > 0)) {
        return;
    }
    while ((code = font_read(&text)) != 0) {
        const struct font_glyph *glyph = font_glyph(code);

        paint_glyph(image, glyph, at, size, color);
        at.x += (float)glyph->advance * size / (FONT_ADVANCE * FONT_EM);
    }
}

void canvas_paste(struct aha_image *image, const struct aha_image *other, int x,
                  int y, int width, int height)
{
    for (int j = 0; j < height && y + j < image->height; j++) {
        for (int i = 0; i < width && x + i < image->width; i++) {
            int from_x = (int)((int64_t)i * other->width / width);
            int from_y = (int)((int64_t)j * other->height / height);
            const uint8_t *from = pixel_at(other, from_x, from_y);
            uint8_t *to = pixel_at(image, x + i, y + j);

            to[0] = from[0];
            to[1] = from[1];
            to[2] = from[2];
        }
    }
}

/* Between which two pixels of the other a pixel of ours lies, and where. */
struct between {
    int first;
    int second;
    float part; /* of the second */
};

static struct between find_between(int at, int n, int other_n)
{
    float x = ((float)at + 0.5F) * (float)other_n / (float)n - 0.5F;
    int first = x > 0 ? (int)x : 0;

    return (struct between){first, first + 1 < other_n ? first + 1 : first,
                            fmaxf(x - (float)first, 0)};
}

void canvas_enlarge(struct aha_image *image, const struct aha_image *other)
{
    for (int y = 0; y < image->height; y++) {
        struct between v = find_between(y, image->height, other->height);

        for (int x = 0; x < image->width; x++) {
            struct between u = find_between(x, image->width, other->width);
            const uint8_t *above[2] = {pixel_at(other, u.first, v.first),
                                       pixel_at(other, u.second, v.first)};
            const uint8_t *below[2] = {pixel_at(other, u.first, v.second),
                                       pixel_at(other, u.second, v.second)};
            uint8_t *to = pixel_at(image, x, y);

            for (int c = 0; c < N_CHANNELS; c++) {
                to[c] = mix(mix(above[0][c], above[1][c], u.part),
                            mix(below[0][c], below[1][c], u.part), v.part);
            }
        }
    }
}

float canvas_map_at(const float *map, int width, int height, float u, float v)
{
    float x = fminf(fmaxf(u * (float)width - 0.5F, 0), (float)(width - 1));
    float y = fminf(fmaxf(v * (float)height - 0.5F, 0), (float)(height - 1));
    int x0 = (int)x;
    int y0 = (int)y;
    int x1 = x0 + 1 < width ? x0 + 1 : x0;
    int y1 = y0 + 1 < height ? y0 + 1 : y0;
    float s = x - (float)x0;
    float t = y - (float)y0;
    const float *above = map + (size_t)y0 * (size_t)width;
    const float *below = map + (size_t)y1 * (size_t)width;

    return (1 - t) * ((1 - s) * above[x0] + s * above[x1]) +
           t * ((1 - s) * below[x0] + s * below[x1]);
}

/* Colour and opacity of each heat, worked out once. */
struct heats {
    struct color colors[HEATS];
    float opacities[HEATS];
};

static void fill_heats(float glow, struct heats *out)
{
    for (int i = 0; i < HEATS; i++) {
        float attention = (float)i / (HEATS - 1);

        out->colors[i] = style_heat(attention);
        out->opacities[i] = glow * style_heat_opacity(attention);
    }
}

/* Heat fades out towards the border of its region. */
static float edge(float u, float v)
{
    return unit(fminf(fminf(u, 1 - u), fminf(v, 1 - v)) / HEAT_EDGE);
}

void canvas_heat(struct aha_image *image, const float quad[4][2],
                 const float *map, int width, int height, float glow)
{
    float ax = quad[1][0] - quad[0][0]; /* along the top */
    float ay = quad[1][1] - quad[0][1];
    float bx = quad[3][0] - quad[0][0]; /* down the left */
    float by = quad[3][1] - quad[0][1];
    float det = ax * by - ay * bx;
    struct area area;
    struct heats heats;

    if (!(fabsf(det) > 0) ||
        !find_area(image, quad[0][0] + fminf(ax, 0) + fminf(bx, 0),
                   quad[0][1] + fminf(ay, 0) + fminf(by, 0),
                   quad[0][0] + fmaxf(ax, 0) + fmaxf(bx, 0),
                   quad[0][1] + fmaxf(ay, 0) + fmaxf(by, 0), &area)) {
        return;
    }
    fill_heats(glow, &heats);
    for (int y = area.y0; y < area.y1; y++) {
        for (int x = area.x0; x < area.x1; x++) {
            float dx = (float)x + 0.5F - quad[0][0];
            float dy = (float)y + 0.5F - quad[0][1];
            float u = (dx * by - dy * bx) / det;
            float v = (dy * ax - dx * ay) / det;
            int heat;

            if (u < 0 || u >= 1 || v < 0 || v >= 1) {
                continue;
            }
            heat = (int)(unit(canvas_map_at(map, width, height, u, v)) *
                         (HEATS - 1));
            blend(pixel_at(image, x, y), heats.colors[heat],
                  heats.opacities[heat] * edge(u, v));
        }
    }
}
