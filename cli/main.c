// SPDX-License-Identifier: MIT
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aha/aha.h"

#include "cli/common.h"
#include "cli/verbs.h"
#include "server/serve.h"

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    bool needs_core; /* its libraries, that is, which take time to start */
    const char *help;
} verbs[] = {
    {"predict", predict_main, true, "expressions of the faces in photo files"},
    {"inspect", inspect_main, true, "a contact sheet of what the networks saw"},
    {"evaluate", evaluate_main, true, "how right it is on a labelled data set"},
    {"serve", serve_main, true, "answer photos over HTTP"},
#ifndef AHA_NO_BENCH
    {"bench", bench_main, false, "put load on a running daemon, and time it"},
#endif
    {"health", health_main, false, "ask a running daemon whether it is ready"},
    {"version", version_main, true, "versions, kernels and the bundled model"},
};

enum { N_VERBS = sizeof verbs / sizeof *verbs };

static void print_help(FILE *stream)
{
    (void)fprintf(stream, "aha - facial expression recognition\n\n"
                          "usage: aha VERB [OPTION]... [PHOTO]...\n\n");
    for (int i = 0; i < N_VERBS; i++) {
        (void)fprintf(stream, "  %-8s  %s\n", verbs[i].name, verbs[i].help);
    }
    (void)fprintf(stream, "\n'aha VERB --help' explains a verb. To begin:\n"
                          "  aha predict photo.jpg\n"
                          "  aha serve\n");
}

int main(int argc, char **argv)
{
    struct aha_error err = {AHA_OK, ""};
    const char *name = argc < 2 ? "" : argv[1];

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
        strcmp(name, "help") == 0) {
        print_help(stdout);
        return EXIT_OK;
    }
    if (strcmp(name, "--version") == 0) {
        name = "version";
    }
    for (int i = 0; i < N_VERBS; i++) {
        if (strcmp(name, verbs[i].name) == 0) {
            int status;

            if (!verbs[i].needs_core) {
                return verbs[i].run(argc - 1, argv + 1);
            }
            if (aha_init(argv[0], &err) != AHA_OK) {
                (void)fprintf(stderr, "aha: %s\n", err.text);
                return EXIT_FAILURE;
            }
            status = verbs[i].run(argc - 1, argv + 1);
            aha_fini();
            return status;
        }
    }
    if (argc >= 2) {
        (void)fprintf(stderr, "aha: there is no verb '%s'\n\n", name);
    }
    print_help(stderr);
    return EXIT_USAGE;
}
