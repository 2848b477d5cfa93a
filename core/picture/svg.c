// SPDX-License-Identifier: MIT
/*
 * The pen that writes SVG: elements and presentation attributes only, so that
 * it is shown under the strictest content security policy. Heat is drawn as
 * runs of cells of equal level, as coarse as the number of faces asks for.
 */
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aha/picture.h"

#include "core/alloc.h"
#include "core/picture/canvas.h"
#include "core/picture/font.h"
#include "core/picture/scene.h"

enum {
    FIRST_BYTES = 64 << 10,
    MAX_BYTES = 32 << 20,
    MAX_PIECE = 320, /* of one formatted piece, with the final NUL */
    MAX_TITLE = 160,
    ALL_CELLS = 32000, /* of all heat together, about */
    LEAST_CELLS = 6,   /* a side of a map */
    MOST_CELLS = 32,
    LEVELS = 12,
};

struct svg {
    struct pen pen;
    char *bytes; /* NUL-terminated */
    size_t n;
    size_t capacity;
    bool has_failed;
    int cells; /* a side of a map */
};

/* Room for n more and a NUL. */
static bool reserve(struct svg *svg, size_t n)
{
    size_t capacity = svg->capacity == 0 ? FIRST_BYTES : svg->capacity;
    char *bytes;

    while (capacity < MAX_BYTES && capacity - svg->n <= n) {
        capacity *= 2;
    }
    if (capacity == svg->capacity) {
        return capacity - svg->n > n;
    }
    if (capacity - svg->n <= n) {
        return false;
    }
    bytes = alloc_array(capacity, 1);
    if (bytes == NULL) {
        return false;
    }
    if (svg->n > 0) {
        memcpy(bytes, svg->bytes, svg->n);
    }
    free(svg->bytes);
    svg->bytes = bytes;
    svg->capacity = capacity;
    return true;
}

/* One piece of at most MAX_PIECE - 1 bytes; after a failure nothing. */
AHA_PRINTF(2, 3) static void put(struct svg *svg, const char *format, ...)
{
    char piece[MAX_PIECE];
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vsnprintf(piece, sizeof piece, format, arguments);
    va_end(arguments);
    if (n < 0 || n >= MAX_PIECE || svg->has_failed ||
        !reserve(svg, (size_t)n)) {
        svg->has_failed = true;
        return;
    }
    memcpy(svg->bytes + svg->n, piece, (size_t)n + 1);
    svg->n += (size_t)n;
}

static void put_escaped(struct svg *svg, const char *text)
{
    unsigned code;

    while ((code = font_read(&text)) != 0) {
        if (code >= 0x80 || code == '&' || code == '<' || code == '>' ||
            code == '"' || code == '\'') {
            put(svg, "&#%u;", code);
        } else {
            put(svg, "%c", (int)code);
        }
    }
}

/* An attribute of a colour, "#rrggbb". */
static void put_color(struct svg *svg, const char *name, struct color color)
{
    put(svg, " %s=\"#%02x%02x%02x\"", name, (unsigned)color.r,
        (unsigned)color.g, (unsigned)color.b);
}

static void begin(struct pen *pen, const char *title)
{
    struct svg *svg = (struct svg *)pen;

    put(svg, "<g><title>");
    put_escaped(svg, title);
    put(svg, "</title>");
}

static void end(struct pen *pen)
{
    put((struct svg *)pen, "</g>\n");
}

static void box(struct pen *pen, const struct aha_box *box, float radius,
                struct color color, float opacity)
{
    struct svg *svg = (struct svg *)pen;

    put(svg, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"",
        (double)box->x, (double)box->y, (double)box->width,
        (double)box->height);
    if (radius > 0) {
        put(svg, " rx=\"%.2f\"",
            (double)fminf(radius, fminf(box->width, box->height) / 2));
    }
    put_color(svg, "fill", color);
    if (opacity < 1) {
        put(svg, " fill-opacity=\"%.2f\"", (double)opacity);
    }
    put(svg, "/>");
}

static void outline(struct pen *pen, const struct aha_point corners[4],
                    float thickness, struct color color)
{
    struct svg *svg = (struct svg *)pen;

    put(svg, "<polygon points=\"%.2f,%.2f %.2f,%.2f %.2f,%.2f %.2f,%.2f\"",
        (double)corners[0].x, (double)corners[0].y, (double)corners[1].x,
        (double)corners[1].y, (double)corners[2].x, (double)corners[2].y,
        (double)corners[3].x, (double)corners[3].y);
    put_color(svg, "stroke", color);
    put(svg, " fill=\"none\" stroke-width=\"%.2f\"/>", (double)thickness);
}

static void dot(struct pen *pen, struct aha_point centre, float radius,
                struct color color)
{
    struct svg *svg = (struct svg *)pen;

    put(svg, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"%.2f\"", (double)centre.x,
        (double)centre.y, (double)radius);
    put_color(svg, "fill", color);
    put(svg, "/>");
}

/* The length is ours, so that another typeface cannot leave its plate. */
static void text(struct pen *pen, struct aha_point at, float size,
                 struct color color, const char *text)
{
    struct svg *svg = (struct svg *)pen;

    put(svg,
        "<text x=\"%.2f\" y=\"%.2f\" font-size=\"%.2f\" textLength=\"%.2f\""
        " lengthAdjust=\"spacingAndGlyphs\"",
        (double)at.x, (double)at.y, (double)size,
        (double)font_width(text, size));
    put_color(svg, "fill", color);
    put(svg, ">");
    put_escaped(svg, text);
    put(svg, "</text>");
}

/* The runs of one level as a path, "M3 4h2v1h-2z". @return whether any is */
static bool put_runs(struct svg *svg, const uint8_t *levels, int level)
{
    bool is_any = false;

    for (int y = 0; y < svg->cells; y++) {
        const uint8_t *row = levels + y * svg->cells;

        for (int x = 0, n = 0; x < svg->cells; x += n + 1) {
            for (n = 0; x + n < svg->cells && row[x + n] == level; n++) {
            }
            if (n > 0) {
                put(svg, "%sM%d %dh%dv1h-%dz", is_any ? "" : "<path d=\"", x, y,
                    n, n);
                is_any = true;
            }
        }
    }
    return is_any;
}

static void heat(struct pen *pen, const float quad[4][2], const float *map,
                 int width, int height, float glow)
{
    struct svg *svg = (struct svg *)pen;
    uint8_t levels[MOST_CELLS * MOST_CELLS] = {0};
    double cells = (double)svg->cells;

    for (int i = 0; i < svg->cells * svg->cells; i++) {
        int row = i / svg->cells;
        float u = ((float)(i % svg->cells) + 0.5F) / (float)svg->cells;
        float v = ((float)row + 0.5F) / (float)svg->cells;
        float value = canvas_map_at(map, width, height, u, v);

        levels[i] = (uint8_t)lroundf(fminf(fmaxf(value, 0), 1) * (float)LEVELS);
    }
    put(svg,
        "<g shape-rendering=\"crispEdges\""
        " transform=\"matrix(%.5f %.5f %.5f %.5f %.2f %.2f)\">",
        (double)(quad[1][0] - quad[0][0]) / cells,
        (double)(quad[1][1] - quad[0][1]) / cells,
        (double)(quad[3][0] - quad[0][0]) / cells,
        (double)(quad[3][1] - quad[0][1]) / cells, (double)quad[0][0],
        (double)quad[0][1]);
    for (int level = 1; level <= LEVELS; level++) {
        float attention = (float)level / LEVELS;

        if (put_runs(svg, levels, level)) {
            put(svg, "\"");
            put_color(svg, "fill", style_heat(attention));
            put(svg, " fill-opacity=\"%.3f\"/>",
                (double)(glow * style_heat_opacity(attention)));
        }
    }
    put(svg, "</g>");
}

static const struct pen_kind write_svg = {.begin = begin,
                                          .end = end,
                                          .box = box,
                                          .outline = outline,
                                          .dot = dot,
                                          .text = text,
                                          .heat = heat};

static int count_cells(const struct aha_analysis *analysis,
                       const struct aha_model_info *info)
{
    int n = (analysis->n_faces > 0 ? analysis->n_faces : 1) * info->n_regions;
    int side = (int)sqrtf((float)ALL_CELLS / (float)(n > 0 ? n : 1));

    return side < LEAST_CELLS  ? LEAST_CELLS
           : side > MOST_CELLS ? MOST_CELLS
                               : side;
}

/* What the picture shows, for those who cannot see it. */
static void put_description(struct svg *svg,
                            const struct aha_analysis *analysis,
                            const struct aha_model_info *info)
{
    char text[MAX_TITLE];

    put(svg, "<title>Facial expressions of %d %s</title>\n<desc>",
        analysis->n_faces, analysis->n_faces == 1 ? "face" : "faces");
    for (int i = 0; i < analysis->n_faces; i++) {
        const struct aha_face_result *face = &analysis->faces[i];
        int most = 0;

        for (int k = 1; k < info->n_regions; k++) {
            if (face->regions[k].weight > face->regions[most].weight) {
                most = k;
            }
        }
        (void)snprintf(text, sizeof text,
                       "Face %d: %s %.1f %%%s, decided most by %s, %.1f %%. ",
                       i + 1, info->labels[face->label],
                       100 * (double)face->probabilities[face->label],
                       face->uncertain ? ", uncertain" : "",
                       info->regions[most].name,
                       100 * (double)face->regions[most].weight);
        put_escaped(svg, text);
    }
    put(svg, "%s</desc>\n", analysis->n_faces == 0 ? "No face was found." : "");
}

enum aha_status aha_picture_svg(const struct aha_analysis *analysis,
                                const struct aha_model_info *info, char **out,
                                size_t *n_bytes, struct aha_error *err)
{
    struct svg svg = {.pen.kind = &write_svg,
                      .cells = count_cells(analysis, info)};
    int width = analysis->image.width;
    int height = analysis->image.height;

    put(&svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"%d\""
        " height=\"%d\" viewBox=\"0 0 %d %d\" font-weight=\"700\""
        " font-family=\"DejaVu Sans,Verdana,Arial,sans-serif\">\n",
        width, height, width, height);
    put_description(&svg, analysis, info);
    scene_draw(&svg.pen, analysis, info, 1, true);
    put(&svg, "</svg>\n");
    if (svg.has_failed) {
        free(svg.bytes);
        return aha_error_set(err, AHA_ERR_MEMORY,
                             "There is no memory for the picture.");
    }
    *out = svg.bytes;
    *n_bytes = svg.n;
    return AHA_OK;
}
