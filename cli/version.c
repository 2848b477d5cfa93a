// SPDX-License-Identifier: MIT
#include <getopt.h>
#include <stdio.h>

#include "aha/aha.h"

#include "cli/common.h"
#include "cli/verbs.h"

static const char help[] = "usage: aha version [--models PATH]\n\n"
                           "Print what this program is built of and runs on, "
                           "and the model it finds.\n";

static void print_model(const struct aha_model_info *info)
{
    (void)printf("model     %s %s (%s)\n", info->name, info->version,
                 info->license);
    (void)printf("          %.2f M parameters, %.0f M multiply-adds a face\n",
                 (double)info->n_parameters / 1e6,
                 (double)info->multiply_adds / 1e6);
    (void)printf("          sha256 %s\n", info->sha256);
    for (int i = 0; i < info->n_accuracies; i++) {
        (void)printf("          %.2f %% right on %s\n",
                     (double)info->accuracies[i].percent,
                     info->accuracies[i].data);
    }
    (void)printf("labels   ");
    for (int i = 0; i < info->n_labels; i++) {
        (void)printf(" %s", info->labels[i]);
    }
    (void)printf("\nregions  ");
    for (int i = 0; i < info->n_regions; i++) {
        (void)printf(" %s", info->regions[i].name);
    }
    (void)printf("\n");
}

int version_main(int argc, char **argv)
{
    static const struct option options[] = {
        {"models", required_argument, NULL, 'm'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct aha_build_info build = aha_build_info();
    struct engine engine = {0};
    const char *models = NULL;
    int option;

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'm') {
            models = optarg;
        } else {
            (void)fputs(help, option == 'h' ? stdout : stderr);
            return option == 'h' ? EXIT_OK : EXIT_USAGE;
        }
    }
    (void)printf("aha       %s\n", build.version);
    (void)printf("kernels   %s\n", build.kernels);
    (void)printf("OpenBLAS  %s\n", build.blas_core);
    (void)printf("libvips   %s\n", build.vips);
    (void)printf("compiler  %s\n", build.compiler);
    if (!engine_open(&engine, models)) {
        return EXIT_SOME_FAILED;
    }
    print_model(engine.info);
    engine_close(&engine);
    return EXIT_OK;
}
