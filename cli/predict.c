// SPDX-License-Identifier: MIT
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/common.h"
#include "cli/overlay.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "server/reply.h"

enum format {
    FORMAT_TABLE,
    FORMAT_JSON,   /* one array */
    FORMAT_NDJSON, /* one line a photo */
};

static const char help[] =
    "usage: aha predict [OPTION]... PHOTO...\n\n"
    "Find the faces in each photo and say what they express. JPEG, PNG, "
    "WebP,\nGIF, TIFF, HEIF, AVIF.\n\n"
    "  --json              one JSON array, the objects of POST /v1/analyze\n"
    "  --ndjson            one JSON object a line, as each photo is done\n"
    "  --overlay DIR       also write each photo to this folder with boxes,\n"
    "                      probabilities and attention drawn on it\n"
    "  --overlay-format F  of those: png, webp, or svg, which holds no photo "
    "(png)\n"
    "  --max-faces N       answer the N largest faces (64)\n"
    "  --min-face-size PX  skip smaller faces, by their box's shorter side "
    "(16)\n"
    "  --det-threshold P   least confidence of a detection, 0 to 1 (0.2)\n"
    "  --models PATH       folder of the weight files, or the expression file "
    "to\n"
    "                      take in one\n\n"
    "Exit status: 0, or 1 when some photo could not be answered.\n";

struct predict {
    struct engine engine;
    struct aha_options options;
    enum format format;
    const char *models;
    struct overlay overlay; /* folder NULL: none is asked for */
    int n_failed;
    int n_printed;
};

static void print_table(const struct predict *predict, const char *path,
                        const struct aha_analysis *analysis)
{
    const struct aha_model_info *info = predict->engine.info;

    if (predict->n_printed == 0) {
        (void)printf("%-12s %6s  %-21s %-24s %s\n", "expression", "prob.",
                     "box (x y w h)", "decided most by", "photo");
    }
    if (analysis->n_faces == 0) {
        (void)printf("%-12s %6s  %-21s %-24s %s\n", "(no face)", "", "", "",
                     path);
    }
    for (int i = 0; i < analysis->n_faces; i++) {
        const struct aha_face_result *face = &analysis->faces[i];
        const struct aha_box *box = &face->face.box;
        char where[32];
        char what[40];
        int most = 0;

        for (int k = 1; k < info->n_regions; k++) {
            if (face->regions[k].weight > face->regions[most].weight) {
                most = k;
            }
        }
        (void)snprintf(where, sizeof where, "%.0f %.0f %.0f %.0f",
                       (double)box->x, (double)box->y, (double)box->width,
                       (double)box->height);
        (void)snprintf(what, sizeof what, "%s %.0f %%",
                       info->regions[most].name,
                       100 * (double)face->regions[most].weight);
        (void)printf(
            "%-12s %5.1f%%  %-21s %-24s %s\n", info->labels[face->label],
            100 * (double)face->probabilities[face->label], where, what, path);
    }
}

static bool print_json(const struct predict *predict, char *text)
{
    if (text == NULL) {
        (void)fputs("aha: out of memory\n", stderr);
        return false;
    }
    if (predict->format == FORMAT_JSON) {
        (void)fputs(predict->n_printed == 0 ? "[\n" : ",\n", stdout);
    }
    (void)fputs(text, stdout);
    if (predict->format == FORMAT_NDJSON) {
        (void)fputc('\n', stdout);
    }
    free(text);
    return true;
}

static bool fail(struct predict *predict, const char *path, const char *code,
                 const char *detail)
{
    predict->n_failed++;
    if (predict->format == FORMAT_TABLE) {
        (void)fprintf(stderr, "aha: %s: %s\n", path, detail);
        return true;
    }
    return print_json(predict, reply_file_error(path, code, detail));
}

/* @return false when going on makes no sense */
static bool predict_photo(struct predict *predict, const char *path)
{
    struct aha_error err = {AHA_OK, ""};
    struct aha_analysis analysis;
    const struct reply_options reply = {.include = INCLUDE_DEFAULT};
    struct reply_context context = {
        .file = path,
        .model = predict->engine.info,
        .options = &reply,
        .queue_ms = -1,
        .total_ms = -1,
    };
    unsigned char *bytes = NULL;
    size_t n_bytes = 0;
    const char *problem = file_read(path, FILE_MAX_BYTES, &bytes, &n_bytes);
    bool is_fine = true;

    if (problem != NULL) {
        return fail(predict, path, "io_error", problem);
    }
    if (aha_analyze(predict->engine.session, bytes, n_bytes, &predict->options,
                    &analysis, &err) != AHA_OK) {
        free(bytes);
        return fail(predict, path, aha_status_name(err.status), err.text);
    }
    if (predict->overlay.folder != NULL &&
        !overlay_write(&predict->overlay, path, bytes, n_bytes, &analysis,
                       predict->engine.info)) {
        predict->n_failed++;
    }
    if (predict->format == FORMAT_TABLE) {
        print_table(predict, path, &analysis);
    } else {
        is_fine = print_json(predict, reply_analysis(&analysis, &context));
    }
    aha_analysis_fini(&analysis);
    free(bytes);
    return is_fine;
}

static int predict_all(struct predict *predict, int n, char **paths)
{
    struct progress progress;

    if (predict->overlay.folder != NULL &&
        !overlay_open(&predict->overlay, n, paths)) {
        overlay_close(&predict->overlay);
        return EXIT_SOME_FAILED;
    }
    if (!engine_open(&predict->engine, predict->models)) {
        overlay_close(&predict->overlay);
        return EXIT_SOME_FAILED;
    }
    progress_init(&progress, n);
    for (int i = 0; i < n; i++) {
        bool is_fine;

        progress_clear(&progress);
        is_fine = predict_photo(predict, paths[i]);
        predict->n_printed++;
        if (!is_fine) {
            predict->n_failed++;
            break;
        }
        (void)fflush(stdout);
        progress_step(&progress, i + 1);
    }
    progress_clear(&progress);
    if (predict->format == FORMAT_JSON) {
        (void)fputs("\n]\n", stdout);
    }
    engine_close(&predict->engine);
    overlay_close(&predict->overlay);
    return predict->n_failed == 0 ? EXIT_OK : EXIT_SOME_FAILED;
}

static bool read_option(struct predict *predict, int option)
{
    double value = 0;

    switch (option) {
    case 'j':
        predict->format = FORMAT_JSON;
        return true;
    case 'n':
        predict->format = FORMAT_NDJSON;
        return true;
    case 'm':
        predict->models = optarg;
        return true;
    case 'f':
        if (!number_parse("--max-faces", optarg, 1, AHA_MAX_FACES, &value)) {
            return false;
        }
        predict->options.max_faces = (int)value;
        return true;
    case 's':
        if (!number_parse("--min-face-size", optarg, 1, 1e5, &value)) {
            return false;
        }
        predict->options.min_face_size = (float)value;
        return true;
    case 't':
        if (!number_parse("--det-threshold", optarg, 0.01, 0.99, &value)) {
            return false;
        }
        predict->options.detection_threshold = (float)value;
        return true;
    case 'o':
        predict->overlay.folder = optarg;
        return true;
    case 'p':
        if (!overlay_format_parse(optarg, &predict->overlay.format)) {
            (void)fprintf(stderr,
                          "aha: --overlay-format takes png, webp or svg, not "
                          "%s\n",
                          optarg);
            return false;
        }
        return true;
    default:
        (void)fputs(help, stderr);
        return false;
    }
}

int predict_main(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"ndjson", no_argument, NULL, 'n'},
        {"overlay", required_argument, NULL, 'o'},
        {"overlay-format", required_argument, NULL, 'p'},
        {"max-faces", required_argument, NULL, 'f'},
        {"min-face-size", required_argument, NULL, 's'},
        {"det-threshold", required_argument, NULL, 't'},
        {"models", required_argument, NULL, 'm'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct predict predict = {.options = aha_options_default()};
    int option;

    predict.options.formats = AHA_FORMATS_ALL;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(help, stdout);
            return EXIT_OK;
        }
        if (!read_option(&predict, option)) {
            return EXIT_USAGE;
        }
    }
    if (optind == argc) {
        (void)fprintf(stderr, "aha predict: name at least one photo\n\n%s",
                      help);
        return EXIT_USAGE;
    }
    return predict_all(&predict, argc - optind, argv + optind);
}
