// SPDX-License-Identifier: MIT
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/canvas.h"
#include "cli/common.h"
#include "cli/verbs.h"

enum {
    PHOTO_SIDE = 640, /* px, longest side of the photo on the sheet */
    TILE = 112,       /* px, longest side of a region's tile */
    GAP = 8,
    BAR = 10, /* px, height of a weight's bar */
    ROW = 2 * TILE + BAR + 4 * GAP,
    MAX_ROWS = 16,
};

static const struct color PAPER = {250, 250, 248};
static const struct color FACE_BOX = {255, 214, 0};
static const struct color POINT = {0, 200, 83};
static const struct color BAR_INK = {25, 118, 210};
static const struct color BAR_PAPER = {218, 220, 224};
/* global, local, mixture */
static const struct color QUADS[AHA_N_BRANCHES] = {
    {255, 255, 255}, {0, 188, 212}, {233, 30, 99}};

static const char help[] =
    "usage: aha inspect PHOTO [--out SHEET.png] [--models DIR]\n\n"
    "Draw what the networks saw. On the left the photo with boxes, landmarks\n"
    "and regions; on the right one row a face: each region as it was cut, the\n"
    "same under its attention map, and a bar as long as its weight.\n\n"
    "  --out FILE    the sheet, a PNG (sheet.png)\n"
    "  --models DIR  folder of the weight files\n";

/* Everything the drawing needs at hand. */
struct sheet {
    const struct aha_model_info *info;
    const struct aha_analysis *analysis;
    const struct aha_inspection *pictures;
    struct aha_image image;
};

static void draw_face(struct sheet *sheet, const struct aha_face_result *result)
{
    float s = sheet->pictures->photo_scale;
    const struct aha_box *box = &result->face.box;
    float x0 = box->x * s + GAP;
    float y0 = box->y * s + GAP;
    float x1 = x0 + box->width * s;
    float y1 = y0 + box->height * s;
    const float corners[5][2] = {
        {x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}};

    for (int k = 0; k < sheet->info->n_regions; k++) {
        for (int i = 0; i < 4; i++) {
            const float *from = result->regions[k].quad[i];
            const float *to = result->regions[k].quad[(i + 1) % 4];

            canvas_line(&sheet->image, from[0] * s + GAP, from[1] * s + GAP,
                        to[0] * s + GAP, to[1] * s + GAP, 1,
                        QUADS[sheet->info->regions[k].branch]);
        }
    }
    for (int i = 0; i < 4; i++) {
        canvas_line(&sheet->image, corners[i][0], corners[i][1],
                    corners[i + 1][0], corners[i + 1][1], 2, FACE_BOX);
    }
    for (int i = 0; i < AHA_N_LANDMARKS; i++) {
        canvas_dot(&sheet->image, result->face.landmarks[i].x * s + GAP,
                   result->face.landmarks[i].y * s + GAP, 2.5F, POINT);
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
    float weight = region->weight < 0 ? 0 : region->weight;

    canvas_paste(&sheet->image, crop, x, y, width, height);
    canvas_paste(&sheet->image, crop, x, y + TILE + GAP, width, height);
    if (region->map != NULL) {
        canvas_heat(&sheet->image, region->map, info->map_width,
                    info->map_height, x, y + TILE + GAP, width, height);
    }
    canvas_fill(&sheet->image, x, y + 2 * (TILE + GAP), TILE, BAR, BAR_PAPER);
    canvas_fill(&sheet->image, x, y + 2 * (TILE + GAP),
                (int)((float)TILE * (weight > 1 ? 1 : weight)), BAR, BAR_INK);
}

static enum aha_status draw_sheet(struct sheet *sheet, struct aha_error *err)
{
    const struct aha_image *photo = &sheet->pictures->photo;
    int n_rows = sheet->analysis->n_faces < MAX_ROWS ? sheet->analysis->n_faces
                                                     : MAX_ROWS;
    int columns = n_rows == 0 ? 0 : sheet->info->n_regions;
    int width = photo->width + 2 * GAP + columns * (TILE + GAP);
    int height = photo->height + 2 * GAP;
    enum aha_status status;

    if (n_rows * ROW + GAP > height) {
        height = n_rows * ROW + GAP;
    }
    status = aha_image_init(&sheet->image, width, height, err);
    if (status != AHA_OK) {
        return status;
    }
    canvas_fill(&sheet->image, 0, 0, width, height, PAPER);
    canvas_paste(&sheet->image, photo, GAP, GAP, photo->width, photo->height);
    for (int i = 0; i < sheet->analysis->n_faces; i++) {
        draw_face(sheet, &sheet->analysis->faces[i]);
    }
    for (int i = 0; i < n_rows; i++) {
        for (int k = 0; k < columns; k++) {
            draw_region(sheet, i, k, photo->width + 2 * GAP + k * (TILE + GAP),
                        GAP + i * ROW);
        }
    }
    return AHA_OK;
}

static void print_legend(const struct sheet *sheet)
{
    const struct aha_model_info *info = sheet->info;

    for (int i = 0; i < sheet->analysis->n_faces; i++) {
        const struct aha_face_result *result = &sheet->analysis->faces[i];

        (void)printf("face %d: %s %.1f %%\n", i + 1,
                     info->labels[result->label],
                     100 * (double)result->probabilities[result->label]);
        for (int k = 0; k < info->n_regions; k++) {
            (void)printf("  column %d  %-12s %-8s weight %5.1f %%\n", k + 1,
                         info->regions[k].name,
                         aha_branch_name(info->regions[k].branch),
                         100 * (double)result->regions[k].weight);
        }
    }
    if (sheet->analysis->n_faces == 0) {
        (void)printf("no face was found\n");
    }
}

static int inspect_photo(const char *path, const char *out, const char *models)
{
    struct aha_options options = aha_options_default();
    struct aha_error err = {AHA_OK, ""};
    struct engine engine = {0};
    struct aha_analysis analysis = {0};
    struct aha_inspection pictures = {0};
    struct sheet sheet = {0};
    unsigned char *bytes = NULL;
    size_t n_bytes = 0;
    const char *problem = file_read(path, FILE_MAX_BYTES, &bytes, &n_bytes);
    int exit_status = EXIT_SOME_FAILED;

    if (problem != NULL) {
        (void)fprintf(stderr, "aha: %s: %s\n", path, problem);
        return exit_status;
    }
    if (!engine_open(&engine, models)) {
        goto out;
    }
    if (aha_inspect(engine.session, bytes, n_bytes, &options, PHOTO_SIDE,
                    &analysis, &pictures, &err) != AHA_OK) {
        (void)fprintf(stderr, "aha: %s: %s\n", path, err.text);
        goto out;
    }
    sheet.info = engine.info;
    sheet.analysis = &analysis;
    sheet.pictures = &pictures;
    if (draw_sheet(&sheet, &err) != AHA_OK ||
        aha_image_write_png(&sheet.image, out, &err) != AHA_OK) {
        (void)fprintf(stderr, "aha: %s: %s\n", out, err.text);
        goto out;
    }
    print_legend(&sheet);
    (void)printf("wrote %s\n", out);
    exit_status = EXIT_OK;
out:
    aha_image_fini(&sheet.image);
    aha_inspection_fini(&pictures);
    aha_analysis_fini(&analysis);
    engine_close(&engine);
    free(bytes);
    return exit_status;
}

int inspect_main(int argc, char **argv)
{
    static const struct option options[] = {
        {"out", required_argument, NULL, 'o'},
        {"models", required_argument, NULL, 'm'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *out = "sheet.png";
    const char *models = NULL;
    int option;

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    while ((option = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
        switch (option) {
        case 'o':
            out = optarg;
            break;
        case 'm':
            models = optarg;
            break;
        default:
            (void)fputs(help, option == 'h' ? stdout : stderr);
            return option == 'h' ? EXIT_OK : EXIT_USAGE;
        }
    }
    if (argc - optind != 1) {
        (void)fprintf(stderr, "aha inspect: name one photo\n\n%s", help);
        return EXIT_USAGE;
    }
    return inspect_photo(argv[optind], out, models);
}
