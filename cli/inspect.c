// SPDX-License-Identifier: MIT
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "aha/picture.h"

#include "cli/common.h"
#include "cli/verbs.h"

enum { PHOTO_SIDE = 640 }; /* px, longest side of the photo on the sheet */

static const char help[] =
    "usage: aha inspect PHOTO [--out SHEET.png] [--models PATH]\n\n"
    "Draw what the networks saw. On the left the photo with boxes, landmarks\n"
    "and regions; on the right one row a face: each region as it was cut, the\n"
    "same under its attention map, and a bar as long as its weight.\n\n"
    "  --out FILE     the sheet, a PNG (sheet.png)\n"
    "  --models PATH  folder of the weight files, or the expression file to "
    "take\n"
    "                 in one\n";

static void print_legend(const struct aha_analysis *analysis,
                         const struct aha_model_info *info)
{
    for (int i = 0; i < analysis->n_faces; i++) {
        const struct aha_face_result *result = &analysis->faces[i];

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
    if (analysis->n_faces == 0) {
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
    struct aha_image sheet = {0};
    unsigned char *bytes = NULL;
    size_t n_bytes = 0;
    const char *problem = file_read(path, FILE_MAX_BYTES, &bytes, &n_bytes);
    int exit_status = EXIT_SOME_FAILED;

    if (problem != NULL) {
        (void)fprintf(stderr, "aha: %s: %s\n", path, problem);
        return exit_status;
    }
    options.formats = AHA_FORMATS_ALL;
    if (!engine_open(&engine, models)) {
        goto out;
    }
    if (aha_inspect(engine.session, bytes, n_bytes, &options, PHOTO_SIDE,
                    &analysis, &pictures, &err) != AHA_OK) {
        (void)fprintf(stderr, "aha: %s: %s\n", path, err.text);
        goto out;
    }
    if (aha_picture_sheet(&analysis, engine.info, &pictures, &sheet, &err) !=
            AHA_OK ||
        aha_image_write_png(&sheet, out, &err) != AHA_OK) {
        (void)fprintf(stderr, "aha: %s: %s\n", out, err.text);
        goto out;
    }
    print_legend(&analysis, engine.info);
    (void)printf("wrote %s\n", out);
    exit_status = EXIT_OK;
out:
    aha_image_fini(&sheet);
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
