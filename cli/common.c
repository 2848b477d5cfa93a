// SPDX-License-Identifier: MIT
#include "cli/common.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool number_parse(const char *option, const char *text, double low, double high,
                  double *out)
{
    char *end = NULL;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !isfinite(value) || value < low ||
        value > high) {
        (void)fprintf(stderr, "aha: %s takes a number from %g to %g, not %s\n",
                      option, low, high, text);
        return false;
    }
    *out = value;
    return true;
}

bool engine_open(struct engine *engine, const char *models)
{
    struct aha_error err = {AHA_OK, ""};

    if (aha_pipeline_open(&engine->pipeline, models, &err) != AHA_OK ||
        aha_session_create(&engine->session, engine->pipeline, &err) !=
            AHA_OK) {
        (void)fprintf(stderr, "aha: %s\n", err.text);
        engine_close(engine);
        return false;
    }
    engine->info = aha_pipeline_model_info(engine->pipeline);
    return true;
}

void engine_close(struct engine *engine)
{
    aha_session_destroy(engine->session);
    aha_pipeline_destroy(engine->pipeline);
    *engine = (struct engine){0};
}

static const char *read_stream(FILE *stream, size_t max_bytes,
                               unsigned char **out, size_t *n_bytes)
{
    struct stat about;
    unsigned char *bytes;
    size_t n;

    if (fstat(fileno(stream), &about) != 0 || !S_ISREG(about.st_mode)) {
        return "This is no regular file.";
    }
    if ((uint64_t)about.st_size > max_bytes) {
        return "The file is too large to be a photo.";
    }
    bytes = malloc((size_t)about.st_size + 1);
    if (bytes == NULL) {
        return "Out of memory.";
    }
    n = fread(bytes, 1, (size_t)about.st_size, stream);
    if (n != (size_t)about.st_size) {
        free(bytes);
        return "The file cannot be read.";
    }
    *out = bytes;
    *n_bytes = n;
    return NULL;
}

const char *file_read(const char *path, size_t max_bytes, unsigned char **out,
                      size_t *n_bytes)
{
    FILE *stream = fopen(path, "rb");
    const char *problem;

    if (stream == NULL) {
        return errno == ENOENT ? "There is no such file."
                               : "The file cannot be opened.";
    }
    problem = read_stream(stream, max_bytes, out, n_bytes);
    (void)fclose(stream);
    return problem;
}
