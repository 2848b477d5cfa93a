// SPDX-License-Identifier: MIT
#include "cli/canvas.h"

#include <math.h>
#include <stddef.h>

static uint8_t *pixel_at(struct aha_image *image, int x, int y)
{
    if (x < 0 || y < 0 || x >= image->width || y >= image->height) {
        return NULL;
    }
    return image->rgb + 3 * ((size_t)y * (size_t)image->width + (size_t)x);
}

static void put(struct aha_image *image, int x, int y, struct color color)
{
    uint8_t *pixel = pixel_at(image, x, y);

    if (pixel != NULL) {
        pixel[0] = color.r;
        pixel[1] = color.g;
        pixel[2] = color.b;
    }
}

void canvas_fill(struct aha_image *image, int x, int y, int width, int height,
                 struct color color)
{
    for (int j = y; j < y + height; j++) {
        for (int i = x; i < x + width; i++) {
            put(image, i, j, color);
        }
    }
}

void canvas_dot(struct aha_image *image, float x, float y, float radius,
                struct color color)
{
    int reach = (int)ceilf(radius);

    for (int j = -reach; j <= reach; j++) {
        for (int i = -reach; i <= reach; i++) {
            if ((float)(i * i + j * j) <= radius * radius) {
                put(image, (int)lroundf(x) + i, (int)lroundf(y) + j, color);
            }
        }
    }
}

void canvas_line(struct aha_image *image, float x0, float y0, float x1,
                 float y1, int thickness, struct color color)
{
    float steps = ceilf(fmaxf(fabsf(x1 - x0), fabsf(y1 - y0)));
    float limit = 4.0F * (float)(image->width + image->height);

    if (!(steps <= limit)) {
        return; /* far outside, or not a number */
    }
    for (int i = 0; i <= (int)steps; i++) {
        float t = steps > 0 ? (float)i / steps : 0;
        int x = (int)lroundf(x0 + t * (x1 - x0)) - thickness / 2;
        int y = (int)lroundf(y0 + t * (y1 - y0)) - thickness / 2;

        canvas_fill(image, x, y, thickness, thickness, color);
    }
}

void canvas_paste(struct aha_image *image, const struct aha_image *other, int x,
                  int y, int width, int height)
{
    for (int j = 0; j < height; j++) {
        for (int i = 0; i < width; i++) {
            size_t from_x = (size_t)i * (size_t)other->width / (size_t)width;
            size_t from_y = (size_t)j * (size_t)other->height / (size_t)height;
            const uint8_t *from =
                other->rgb + 3 * (from_y * (size_t)other->width + from_x);

            put(image, x + i, y + j, (struct color){from[0], from[1], from[2]});
        }
    }
}

static void map_range(const float *map, int n, float *low, float *high)
{
    *low = map[0];
    *high = map[0];
    for (int i = 1; i < n; i++) {
        *low = fminf(*low, map[i]);
        *high = fmaxf(*high, map[i]);
    }
}

void canvas_heat(struct aha_image *image, const float *map, int map_width,
                 int map_height, int x, int y, int width, int height)
{
    float low;
    float high;

    map_range(map, map_width * map_height, &low, &high);
    for (int j = 0; j < height; j++) {
        for (int i = 0; i < width; i++) {
            float value =
                map[(size_t)(j * map_height / height) * (size_t)map_width +
                    (size_t)(i * map_width / width)];
            float heat = high > low ? (value - low) / (high - low) : 0.5F;
            uint8_t *pixel = pixel_at(image, x + i, y + j);

            if (pixel != NULL) {
                pixel[0] = (uint8_t)(((float)pixel[0] + 255 * heat) / 2);
                pixel[1] =
                    (uint8_t)((float)pixel[1] / 2 + 100 * heat * (1 - heat));
                pixel[2] = (uint8_t)(((float)pixel[2] + 255 * (1 - heat)) / 2);
            }
        }
    }
}
