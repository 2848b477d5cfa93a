// SPDX-License-Identifier: MIT
#include "aha/picture.h"

#include "core/picture/canvas.h"

enum {
    TILE = 112, /* px, longest side of a region's tile */
    GAP = 8,
    BAR = 10, /* px, height of a weight's bar */
    ROW = 2 * TILE + BAR + 4 * GAP,
    MAX_ROWS = 16,
};

static const struct color PAPER = {250, 250, 248};
static const struct color BAR_INK = {25, 118, 210};
static const struct color BAR_PAPER = {218, 220, 224};

/* Everything the drawing needs at hand. */
struct sheet {
    const struct aha_model_info *info;
    const struct aha_analysis *analysis;
    const struct aha_inspection *pictures;
    struct aha_image image;
};

static struct aha_point on_sheet(const struct sheet *sheet, float x, float y)
{
    float s = sheet->pictures->photo_scale;

    return (struct aha_point){x * s + GAP, y * s + GAP};
}

static void fill(struct sheet *sheet, int x, int y, int width, int height,
                 struct color color)
{
    struct aha_box box = {(float)x, (float)y, (float)width, (float)height};

    canvas_box(&sheet->image, &box, 0, color, 1);
}

static void draw_face(struct sheet *sheet, const struct aha_face_result *result)
{
    const struct aha_box *box = &result->face.box;
    float x1 = box->x + box->width;
    float y1 = box->y + box->height;
    const struct aha_point corners[4] = {
        on_sheet(sheet, box->x, box->y), on_sheet(sheet, x1, box->y),
        on_sheet(sheet, x1, y1), on_sheet(sheet, box->x, y1)};

    for (int k = 0; k < sheet->info->n_regions; k++) {
        const float(*quad)[2] = result->regions[k].quad;

        for (int i = 0; i < 4; i++) {
            const float *next = quad[(i + 1) % 4];

            canvas_line(&sheet->image, on_sheet(sheet, quad[i][0], quad[i][1]),
                        on_sheet(sheet, next[0], next[1]), 1,
                        style_branch(sheet->info->regions[k].branch));
        }
    }
    for (int i = 0; i < 4; i++) {
        canvas_line(&sheet->image, corners[i], corners[(i + 1) % 4], 2,
                    style_label(result->label));
    }
    for (int i = 0; i < AHA_N_LANDMARKS; i++) {
        canvas_dot(&sheet->image,
                   on_sheet(sheet, result->face.landmarks[i].x,
                            result->face.landmarks[i].y),
                   2.5F, STYLE_POINT);
    }
}

static void draw_region(struct sheet *sheet, int face, int k, int x, int y)
{
    const struct aha_region_info *info = &sheet->info->regions[k];
    const struct aha_region_result *region =
        &sheet->analysis->faces[face].regions[k];
    const struct aha_image *crop =
        &sheet->pictures->crops[face * sheet->info->n_regions + k];
    int longer = crop->width > crop->height ? crop->width : crop->height;
    int width = crop->width * TILE / longer;
    int height = crop->height * TILE / longer;
    int below = y + TILE + GAP;
    float weight = region->weight < 0 ? 0 : region->weight;

    canvas_paste(&sheet->image, crop, x, y, width, height);
    canvas_paste(&sheet->image, crop, x, below, width, height);
    if (region->map != NULL) {
        const float quad[4][2] = {{(float)x, (float)below},
                                  {(float)(x + width), (float)below},
                                  {(float)(x + width), (float)(below + height)},
                                  {(float)x, (float)(below + height)}};

        canvas_heat(&sheet->image, quad, region->map, info->map_width,
                    info->map_height, 1);
    }
    fill(sheet, x, y + 2 * (TILE + GAP), TILE, BAR, BAR_PAPER);
    fill(sheet, x, y + 2 * (TILE + GAP),
         (int)((float)TILE * (weight > 1 ? 1 : weight)), BAR, BAR_INK);
}

enum aha_status aha_picture_sheet(const struct aha_analysis *analysis,
                                  const struct aha_model_info *info,
                                  const struct aha_inspection *pictures,
                                  struct aha_image *out, struct aha_error *err)
{
    struct sheet sheet = {
        .info = info, .analysis = analysis, .pictures = pictures};
    const struct aha_image *photo = &pictures->photo;
    int n_rows = analysis->n_faces < MAX_ROWS ? analysis->n_faces : MAX_ROWS;
    int columns = n_rows == 0 ? 0 : info->n_regions;
    int width = photo->width + 2 * GAP + columns * (TILE + GAP);
    int height = photo->height + 2 * GAP;
    enum aha_status status;

    if (n_rows * ROW + GAP > height) {
        height = n_rows * ROW + GAP;
    }
    status = aha_image_init(&sheet.image, width, height, err);
    if (status != AHA_OK) {
        return status;
    }
    fill(&sheet, 0, 0, width, height, PAPER);
    canvas_paste(&sheet.image, photo, GAP, GAP, photo->width, photo->height);
    for (int i = 0; i < analysis->n_faces; i++) {
        draw_face(&sheet, &analysis->faces[i]);
    }
    for (int i = 0; i < n_rows; i++) {
        for (int k = 0; k < columns; k++) {
            draw_region(&sheet, i, k, photo->width + 2 * GAP + k * (TILE + GAP),
                        GAP + i * ROW);
        }
    }
    *out = sheet.image;
    return AHA_OK;
}
