// SPDX-License-Identifier: MIT
/*
 * bench_http.c - the verb bench: a load test of a running daemon.
 */
#include "cli/bench_http.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aha/image.h"

#include "cli/common.h"
#include "cli/verbs.h"

enum { MAX_MEDIA_TYPE = 32, MAX_RATE = 10000, MAX_SECONDS = 3600 };

static const char help[] =
    "usage: aha bench [OPTION]... URL PHOTO...\n\n"
    "Send the photos in turn to a running daemon, at a constant rate whether "
    "or not\nit keeps up, and say how long the answers took. URL is "
    "http://HOST:PORT, or with\na path and parameters of its own.\n\n"
    "  --rate R         requests a second (10)\n"
    "  --duration S     seconds of them (10)\n"
    "  --connections N  at most so many at once; a request that finds all of\n"
    "                   them taken waits, and its wait counts (64)\n"
    "  --closed N       instead of a rate: N connections that ask again as\n"
    "                   soon as they are answered\n"
    "  --timeout-ms N   for each request, from when it was due (10000)\n"
    "  --header H       one more header, as in 'X-API-Key: ...'\n"
    "  --json           the figures as JSON\n\n"
    "Exit status: 0, or 1 when no request was answered with 2xx.\n";

/* Photos as they are sent; the arrays are owned. */
struct photos {
    int n;
    struct load_photo *list;
    struct file {
        unsigned char *bytes;
        char media_type[MAX_MEDIA_TYPE];
    } * files;
};

static void photos_fini(struct photos *photos)
{
    for (int i = 0; i < photos->n; i++) {
        free(photos->files[i].bytes);
    }
    free(photos->files);
    free(photos->list);
}

static bool photos_read(struct photos *photos, int n, char **paths)
{
    photos->list = calloc((size_t)n, sizeof *photos->list);
    photos->files = calloc((size_t)n, sizeof *photos->files);
    if (photos->list == NULL || photos->files == NULL) {
        (void)fputs("aha: out of memory\n", stderr);
        return false;
    }
    for (int i = 0; i < n; i++) {
        struct file *file = &photos->files[i];
        size_t n_bytes = 0;
        const char *problem =
            file_read(paths[i], FILE_MAX_BYTES, &file->bytes, &n_bytes);

        if (problem != NULL) {
            (void)fprintf(stderr, "aha: %s: %s\n", paths[i], problem);
            return false;
        }
        (void)snprintf(
            file->media_type, sizeof file->media_type, "image/%s",
            aha_image_format_name(aha_image_sniff(file->bytes, n_bytes)));
        photos->list[i] =
            (struct load_photo){file->bytes, n_bytes, file->media_type};
        photos->n++;
    }
    return true;
}

static int run(struct load_plan *plan, int n, char **paths, bool is_json)
{
    struct aha_error err = {AHA_OK, ""};
    struct photos photos = {0};
    struct load_result result = {0};
    struct progress progress;
    int exit_status = EXIT_SOME_FAILED;

    if (!photos_read(&photos, n, paths)) {
        goto out;
    }
    plan->photos = photos.list;
    plan->n_photos = photos.n;
    progress_init(&progress, plan->rate > 0 ? load_n_requests(plan) : 0);
    if (load_run(plan, &progress, &result, &err) != AHA_OK) {
        (void)fprintf(stderr, "aha bench: %s\n", err.text);
        exit_status = err.status == AHA_ERR_ARG ? EXIT_USAGE : EXIT_SOME_FAILED;
        goto out;
    }
    progress_clear(&progress);
    if (bench_report(plan, &result, is_json)) {
        exit_status = EXIT_OK;
    }
out:
    free(result.samples);
    photos_fini(&photos);
    return exit_status;
}

static bool read_option(struct load_plan *plan, int option)
{
    double value = 0;

    switch (option) {
    case 'r':
        return number_parse("--rate", optarg, 0.01, MAX_RATE, &plan->rate);
    case 'd':
        return number_parse("--duration", optarg, 0.1, MAX_SECONDS,
                            &plan->duration_s);
    case 'c':
    case 'l':
        if (!number_parse(option == 'c' ? "--connections" : "--closed", optarg,
                          1, LOAD_MAX_CONNECTIONS, &value)) {
            return false;
        }
        plan->n_connections = (int)value;
        plan->rate = option == 'l' ? 0 : plan->rate;
        return true;
    case 't':
        return number_parse("--timeout-ms", optarg, 1, MAX_SECONDS * 1e3,
                            &plan->timeout_ms);
    case 'e':
        plan->header = optarg;
        return true;
    default:
        (void)fputs(help, stderr);
        return false;
    }
}

int bench_main(int argc, char **argv)
{
    static const struct option options[] = {
        {"rate", required_argument, NULL, 'r'},
        {"duration", required_argument, NULL, 'd'},
        {"connections", required_argument, NULL, 'c'},
        {"closed", required_argument, NULL, 'l'},
        {"timeout-ms", required_argument, NULL, 't'},
        {"header", required_argument, NULL, 'e'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct load_plan plan = {
        .rate = 10, .duration_s = 10, .n_connections = 64, .timeout_ms = 10000};
    bool is_json = false;
    int option;

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(help, stdout);
            return EXIT_OK;
        }
        if (option == 'j') {
            is_json = true;
        } else if (!read_option(&plan, option)) {
            return EXIT_USAGE;
        }
    }
    if (argc - optind < 2) {
        (void)fprintf(stderr,
                      "aha bench: name the daemon and at least one photo\n\n%s",
                      help);
        return EXIT_USAGE;
    }
    plan.url = argv[optind];
    return run(&plan, argc - optind - 1, argv + optind + 1, is_json);
}
