// SPDX-License-Identifier: MIT
#include "core/picture/scene.h"

#include <math.h>
#include <stdio.h>

#include "core/picture/font.h"
#include "core/picture/layout.h"

enum { MAX_TITLE = 2 * AHA_MAX_NAME + 32 };

static const float LEAST_GLOW = 0.05F; /* under it nothing would be seen */
static const float LINE = 0.15F;       /* thickness, in text sizes */
static const float HALO = 1.7F;        /* of a line's thickness */
static const float LEAST_BAR = 0.005F; /* probability; less is written 0 % */
static const float BASE_LINE = 0.96F;  /* of the headline, in text sizes */
static const float ROW_BASE_LINE = 0.75F;

/* Everything a step needs at hand. */
struct scene {
    struct pen *pen;
    const struct pen_kind *kind;
    const struct aha_analysis *analysis;
    const struct aha_model_info *info;
    const struct plate *plates;
    float line; /* thickness */
};

/* How much of a region's heat is seen: the decisive one's in full. */
static float glow(const struct scene *scene,
                  const struct aha_face_result *result, int k)
{
    float most = 0;

    for (int i = 0; i < scene->info->n_regions; i++) {
        most = fmaxf(most, result->regions[i].weight);
    }
    return most > 0 ? sqrtf(fmaxf(result->regions[k].weight, 0) / most) : 0;
}

/* Titled "mouth 12.3 %". */
static void begin_region(const struct scene *scene,
                         const struct aha_face_result *result, int k)
{
    char title[MAX_TITLE];

    (void)snprintf(title, sizeof title, "%s %.1f %%",
                   scene->info->regions[k].name,
                   100 * (double)result->regions[k].weight);
    scene->kind->begin(scene->pen, title);
}

static void draw_heat(const struct scene *scene,
                      const struct aha_face_result *result)
{
    for (int k = 0; k < scene->info->n_regions; k++) {
        const struct aha_region_info *region = &scene->info->regions[k];
        float seen = glow(scene, result, k);

        if (result->regions[k].map != NULL && seen >= LEAST_GLOW) {
            begin_region(scene, result, k);
            scene->kind->heat(scene->pen, result->regions[k].quad,
                              result->regions[k].map, region->map_width,
                              region->map_height, seen);
            scene->kind->end(scene->pen);
        }
    }
}

/* A coloured line between two dark ones: seen on any photo. */
static void draw_outline(const struct scene *scene,
                         const struct aha_point corners[4], float thickness,
                         struct color color)
{
    scene->kind->outline(scene->pen, corners, HALO * thickness, STYLE_PLATE);
    scene->kind->outline(scene->pen, corners, thickness, color);
}

static void draw_regions(const struct scene *scene,
                         const struct aha_face_result *result)
{
    for (int k = 0; k < scene->info->n_regions; k++) {
        struct aha_point corners[4];

        for (int i = 0; i < 4; i++) {
            corners[i].x = result->regions[k].quad[i][0];
            corners[i].y = result->regions[k].quad[i][1];
        }
        begin_region(scene, result, k);
        scene->kind->outline(scene->pen, corners, scene->line / 2,
                             style_branch(scene->info->regions[k].branch));
        scene->kind->end(scene->pen);
    }
}

static void draw_box(const struct scene *scene, const struct aha_box *box,
                     float thickness, struct color color)
{
    float x1 = box->x + box->width;
    float y1 = box->y + box->height;
    const struct aha_point corners[4] = {
        {box->x, box->y}, {x1, box->y}, {x1, y1}, {box->x, y1}};

    draw_outline(scene, corners, thickness, color);
}

static void draw_face(const struct scene *scene, const struct plate *plate,
                      const struct aha_face_result *result)
{
    const struct aha_face *face = &result->face;
    float radius = fmaxf(scene->line * 0.8F,
                         0.008F * fmaxf(face->box.width, face->box.height));

    draw_box(scene, &face->box, fmaxf(scene->line, LINE * plate->size),
             style_label(result->label));
    for (int i = 0; i < AHA_N_LANDMARKS; i++) {
        scene->kind->begin(scene->pen, aha_landmark_name((enum aha_landmark)i));
        scene->kind->dot(scene->pen, face->landmarks[i], 1.6F * radius,
                         STYLE_PLATE);
        scene->kind->dot(scene->pen, face->landmarks[i], radius, STYLE_POINT);
        scene->kind->end(scene->pen);
    }
}

static void write_percent(char out[MAX_TITLE], const char *name, float value)
{
    (void)snprintf(out, MAX_TITLE, "%s%s%.*f %%", name,
                   name[0] == '\0' ? "" : " ", name[0] == '\0' ? 0 : 1,
                   100 * (double)value);
}

static void draw_row(const struct scene *scene, const struct plate *plate,
                     const struct aha_face_result *result, int label, float top)
{
    const struct aha_box *box = &plate->box;
    float s = plate->size;
    float small = LAYOUT_SMALL * s;
    float value = fminf(fmaxf(result->probabilities[label], 0), 1);
    float left = box->x + LAYOUT_PAD * s + plate->names + LAYOUT_GAP * s;
    float right =
        box->x + box->width - (LAYOUT_PAD + LAYOUT_GAP) * s - plate->percents;
    float base = top + ROW_BASE_LINE * s;
    struct aha_box bar = {left, top + (LAYOUT_ROW - LAYOUT_BAR) / 2 * s,
                          right - left, LAYOUT_BAR * s};
    struct color ink = label == result->label ? STYLE_INK : STYLE_DIM_INK;
    char text[MAX_TITLE];

    write_percent(text, scene->info->labels[label], value);
    scene->kind->begin(scene->pen, text);
    scene->kind->text(scene->pen,
                      (struct aha_point){box->x + LAYOUT_PAD * s, base}, small,
                      ink, scene->info->labels[label]);
    scene->kind->box(scene->pen, &bar, bar.height / 2, STYLE_TRACK, 1);
    bar.width *= value;
    if (value >= LEAST_BAR) {
        scene->kind->box(scene->pen, &bar, bar.height / 2, style_label(label),
                         1);
    }
    write_percent(text, "", value);
    scene->kind->text(scene->pen,
                      (struct aha_point){box->x + box->width - LAYOUT_PAD * s -
                                             font_width(text, small),
                                         base},
                      small, ink, text);
    scene->kind->end(scene->pen);
}

/* One bar of all labels, each as wide as it is probable. */
static void draw_bar(const struct scene *scene, const struct plate *plate,
                     const struct aha_face_result *result)
{
    float s = plate->size;
    float width = plate->box.width - 2 * LAYOUT_PAD * s;
    struct aha_box bar = {plate->box.x + LAYOUT_PAD * s,
                          plate->box.y + (LAYOUT_PAD + LAYOUT_HEAD) * s, 0,
                          LAYOUT_BAR * s};

    for (int i = 0; i < scene->info->n_labels; i++) {
        char title[MAX_TITLE];

        bar.x += bar.width;
        bar.width = width * fminf(fmaxf(result->probabilities[i], 0), 1);
        write_percent(title, scene->info->labels[i], result->probabilities[i]);
        scene->kind->begin(scene->pen, title);
        scene->kind->box(scene->pen, &bar, 0, style_label(i), 1);
        scene->kind->end(scene->pen);
    }
}

static void draw_plate(const struct scene *scene, const struct plate *plate,
                       const struct aha_face_result *result)
{
    const struct aha_box *box = &plate->box;
    float s = plate->size;
    struct aha_point at = {box->x + LAYOUT_PAD * s,
                           box->y + BASE_LINE * s + LAYOUT_PAD * s / 2};

    scene->kind->box(scene->pen, box, LAYOUT_PAD * s, STYLE_PLATE,
                     STYLE_PLATE_OPACITY);
    scene->kind->text(scene->pen, at, s, style_label(result->label),
                      plate->headline);
    if (!plate->is_full) {
        draw_bar(scene, plate, result);
        return;
    }
    for (int i = 0; i < scene->info->n_labels; i++) {
        draw_row(scene, plate, result, i,
                 box->y +
                     (LAYOUT_PAD + LAYOUT_HEAD + LAYOUT_ROW * (float)i) * s);
    }
}

static void draw_skipped(const struct scene *scene)
{
    for (int i = 0; i < scene->analysis->n_skipped; i++) {
        const struct aha_skipped *skipped = &scene->analysis->skipped[i];
        char title[MAX_TITLE];

        if (skipped->reason == AHA_SKIP_NO_LANDMARKS) {
            continue; /* likely no face at all */
        }
        (void)snprintf(title, sizeof title, "skipped: %s",
                       aha_skip_reason_name(skipped->reason));
        scene->kind->begin(scene->pen, title);
        draw_box(scene, &skipped->box, scene->line / 2, STYLE_SKIPPED);
        scene->kind->end(scene->pen);
    }
}

static void draw_nothing(const struct scene *scene, float size)
{
    static const char text[] = "no face was found";
    float wide = font_width(text, 1) + 2 * LAYOUT_PAD;
    float s = fminf(size, (float)scene->analysis->image.width / wide);
    struct aha_box box = {0, 0, wide * s, (LAYOUT_HEAD + LAYOUT_PAD) * s};

    scene->kind->box(scene->pen, &box, 0, STYLE_PLATE, STYLE_PLATE_OPACITY);
    scene->kind->text(
        scene->pen,
        (struct aha_point){LAYOUT_PAD * s, (BASE_LINE + LAYOUT_PAD / 2) * s}, s,
        STYLE_INK, text);
}

void scene_draw(struct pen *pen, const struct aha_analysis *analysis,
                const struct aha_model_info *info, float scale,
                bool has_outlines)
{
    struct plate plates[AHA_MAX_FACES];
    float size = layout_size(&analysis->image, scale);
    struct scene scene = {.pen = pen,
                          .kind = pen->kind,
                          .analysis = analysis,
                          .info = info,
                          .plates = plates,
                          .line = LINE * size};

    layout_plates(analysis, info, scale, plates);
    for (int i = 0; i < analysis->n_faces; i++) {
        draw_heat(&scene, &analysis->faces[i]);
    }
    draw_skipped(&scene);
    for (int i = 0; i < analysis->n_faces; i++) {
        pen->kind->begin(pen, plates[i].headline);
        if (has_outlines) {
            draw_regions(&scene, &analysis->faces[i]);
        }
        draw_face(&scene, &plates[i], &analysis->faces[i]);
        pen->kind->end(pen);
    }
    for (int i = 0; i < analysis->n_faces; i++) {
        draw_plate(&scene, &plates[i], &analysis->faces[i]);
    }
    if (analysis->n_faces == 0) {
        draw_nothing(&scene, 1.5F * size);
    }
}
