// SPDX-License-Identifier: MIT
/*
 * The pen that paints on pixels. A scene's lengths are scaled by the mean of
 * both sides' factors, which shrinking on load makes a little different.
 */
#include "aha/picture.h"

#include "core/picture/canvas.h"
#include "core/picture/scene.h"

struct painter {
    struct pen pen;
    struct aha_image *image;
    float x; /* px of the image per px of the photo */
    float y;
    float mean;
};

static struct aha_point scaled(const struct painter *painter,
                               struct aha_point at)
{
    return (struct aha_point){at.x * painter->x, at.y * painter->y};
}

static void begin(struct pen *pen, const char *title)
{
    (void)pen;
    (void)title;
}

static void end(struct pen *pen)
{
    (void)pen;
}

static void box(struct pen *pen, const struct aha_box *box, float radius,
                struct color color, float opacity)
{
    struct painter *painter = (struct painter *)pen;
    struct aha_box here = {box->x * painter->x, box->y * painter->y,
                           box->width * painter->x, box->height * painter->y};

    canvas_box(painter->image, &here, radius * painter->mean, color, opacity);
}

static void outline(struct pen *pen, const struct aha_point corners[4],
                    float thickness, struct color color)
{
    struct painter *painter = (struct painter *)pen;

    for (int i = 0; i < 4; i++) {
        canvas_line(painter->image, scaled(painter, corners[i]),
                    scaled(painter, corners[(i + 1) % 4]),
                    thickness * painter->mean, color);
    }
}

static void dot(struct pen *pen, struct aha_point centre, float radius,
                struct color color)
{
    struct painter *painter = (struct painter *)pen;

    canvas_dot(painter->image, scaled(painter, centre), radius * painter->mean,
               color);
}

static void text(struct pen *pen, struct aha_point at, float size,
                 struct color color, const char *text)
{
    struct painter *painter = (struct painter *)pen;

    canvas_text(painter->image, scaled(painter, at), size * painter->mean,
                color, text);
}

static void heat(struct pen *pen, const float quad[4][2], const float *map,
                 int width, int height, float glow)
{
    struct painter *painter = (struct painter *)pen;
    const float here[4][2] = {
        {quad[0][0] * painter->x, quad[0][1] * painter->y},
        {quad[1][0] * painter->x, quad[1][1] * painter->y},
        {quad[2][0] * painter->x, quad[2][1] * painter->y},
        {quad[3][0] * painter->x, quad[3][1] * painter->y}};

    canvas_heat(painter->image, here, map, width, height, glow);
}

static const struct pen_kind paint = {.begin = begin,
                                      .end = end,
                                      .box = box,
                                      .outline = outline,
                                      .dot = dot,
                                      .text = text,
                                      .heat = heat};

enum aha_status aha_picture_draw(struct aha_image *photo,
                                 const struct aha_analysis *analysis,
                                 const struct aha_model_info *info,
                                 struct aha_error *err)
{
    struct painter painter = {.pen.kind = &paint, .image = photo};

    if (photo->rgb == NULL || analysis->image.width <= 0 ||
        analysis->image.height <= 0) {
        return aha_error_set(err, AHA_ERR_ARG, "There is no photo to draw on.");
    }
    painter.x = (float)photo->width / (float)analysis->image.width;
    painter.y = (float)photo->height / (float)analysis->image.height;
    painter.mean = (painter.x + painter.y) / 2;
    scene_draw(&painter.pen, analysis, info, painter.mean, false);
    return AHA_OK;
}
