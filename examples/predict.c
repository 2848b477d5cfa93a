// SPDX-License-Identifier: MIT
/*
 * predict.c - what the faces of one photo express, through libaha.
 *
 *   cc predict.c -o predict $(pkg-config --cflags --libs aha)
 *   ./predict $(pkg-config --variable=modelsdir aha) photo.jpg
 */
#include <aha/aha.h>
#include <aha/pipeline.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_BYTES = 16 << 20 };

/* The whole file, at most MAX_BYTES - 1; the caller frees it. */
static unsigned char *read_file(const char *path, size_t *n_bytes)
{
    FILE *stream = fopen(path, "rb");
    unsigned char *bytes = stream == NULL ? NULL : malloc(MAX_BYTES);

    *n_bytes = bytes == NULL ? 0 : fread(bytes, 1, MAX_BYTES, stream);
    if (stream != NULL) {
        (void)fclose(stream);
    }
    if (*n_bytes == 0 || *n_bytes == MAX_BYTES) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

static void print_faces(const struct aha_analysis *analysis,
                        const struct aha_model_info *model)
{
    for (int i = 0; i < analysis->n_faces; i++) {
        const struct aha_face_result *result = &analysis->faces[i];

        (void)printf("%s %.3f at %.0f,%.0f\n", model->labels[result->label],
                     (double)result->probabilities[result->label],
                     (double)result->face.box.x, (double)result->face.box.y);
    }
}

int main(int argc, char **argv)
{
    struct aha_options options = aha_options_default();
    struct aha_error err = {AHA_OK, ""};
    struct aha_pipeline *pipeline = NULL;
    struct aha_session *session = NULL;
    struct aha_analysis analysis;
    unsigned char *photo;
    size_t n_bytes;
    int status = EXIT_FAILURE;

    if (argc != 3) {
        (void)fputs("usage: predict MODELS PHOTO\n", stderr);
        return EXIT_FAILURE;
    }
    photo = read_file(argv[2], &n_bytes);
    if (photo == NULL) {
        (void)fprintf(stderr, "%s cannot be read\n", argv[2]);
        return EXIT_FAILURE;
    }
    if (aha_init(argv[0], &err) != AHA_OK ||
        aha_pipeline_open(&pipeline, argv[1], &err) != AHA_OK ||
        aha_session_create(&session, pipeline, &err) != AHA_OK ||
        aha_analyze(session, photo, n_bytes, &options, &analysis, &err) !=
            AHA_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
    } else {
        print_faces(&analysis, aha_pipeline_model_info(pipeline));
        aha_analysis_fini(&analysis);
        status = EXIT_SUCCESS;
    }
    aha_session_destroy(session);
    aha_pipeline_destroy(pipeline);
    aha_fini();
    free(photo);
    return status;
}
