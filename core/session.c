// SPDX-License-Identifier: MIT
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aha/pipeline.h"

#include "core/alloc.h"
#include "core/pipeline_parts.h"
#include "core/weights.h"

static enum aha_status load_expression(struct expression **out,
                                       const char *path, struct aha_error *err)
{
    struct safetensors *file = NULL;
    enum aha_status status = safetensors_open(path, &file, err);

    if (status == AHA_OK) {
        status = expression_create(out, file, err);
    }
    safetensors_close(file);
    return status == AHA_OK ? status : weights_blame(err, status, path);
}

enum aha_status aha_pipeline_create(struct aha_pipeline **out,
                                    const struct aha_pipeline_files *files,
                                    struct aha_error *err)
{
    struct aha_pipeline *pipeline = alloc_array(1, sizeof *pipeline);
    enum aha_status status;

    if (pipeline == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    status = detector_create(&pipeline->detector, files->detector, err);
    if (status == AHA_OK) {
        status =
            landmarker_create(&pipeline->landmarker, files->landmarks, err);
    }
    if (status == AHA_OK) {
        status = load_expression(&pipeline->expression, files->expression, err);
    }
    if (status != AHA_OK) {
        aha_pipeline_destroy(pipeline);
        return status;
    }
    *out = pipeline;
    return AHA_OK;
}

static bool join(char *out, size_t capacity, const char *folder,
                 const char *name)
{
    int n = snprintf(out, capacity, "%s/%s", folder, name);

    return n > 0 && (size_t)n < capacity;
}

static bool holds_models(const char *folder)
{
    char path[PATH_MAX];

    return join(path, sizeof path, folder, "expression.safetensors") &&
           access(path, R_OK) == 0;
}

/* The folder of the running program, without a slash at its end. */
static bool program_folder(char *out, size_t capacity)
{
    ssize_t n = readlink("/proc/self/exe", out, capacity - 1);
    char *slash;

    if (n <= 0) {
        return false;
    }
    out[n] = '\0';
    slash = strrchr(out, '/');
    if (slash == NULL) {
        return false;
    }
    *slash = '\0';
    return true;
}

enum aha_status aha_models_folder(char *out, size_t capacity,
                                  struct aha_error *err)
{
    char program[PATH_MAX];
    char found[PATH_MAX];

    if (((join(found, sizeof found, ".", "models") && holds_models(found)) ||
         (program_folder(program, sizeof program) &&
          join(found, sizeof found, program, "../share/aha/models") &&
          holds_models(found))) &&
        strlen(found) < capacity) {
        memcpy(out, found, strlen(found) + 1);
        return AHA_OK;
    }
    return aha_error_set(err, AHA_ERR_IO,
                         "no weight files in ./models or beside the program; "
                         "name their folder with --models");
}

/* `path` as a folder and the name of the expression file in it. */
static bool split(const char *path, char *folder, size_t capacity,
                  const char **name)
{
    struct stat about;
    char *slash;

    if (strlen(path) >= capacity) {
        return false;
    }
    memcpy(folder, path, strlen(path) + 1);
    *name = "expression.safetensors";
    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode)) {
        return true;
    }
    slash = strrchr(folder, '/');
    *name = slash == NULL ? path : path + (slash - folder) + 1;
    if (slash == NULL) {
        memcpy(folder, ".", sizeof ".");
    } else {
        slash[slash == folder ? 1 : 0] = '\0';
    }
    return true;
}

enum aha_status aha_pipeline_open(struct aha_pipeline **out, const char *path,
                                  struct aha_error *err)
{
    char found[PATH_MAX];
    char folder[PATH_MAX];
    char detector[PATH_MAX];
    char landmarks[PATH_MAX];
    char expression[PATH_MAX];
    struct aha_pipeline_files files = {detector, landmarks, expression};
    const char *name = NULL;

    if (path == NULL) {
        enum aha_status status = aha_models_folder(found, sizeof found, err);

        if (status != AHA_OK) {
            return status;
        }
        path = found;
    }
    if (!split(path, folder, sizeof folder, &name) ||
        !join(detector, sizeof detector, folder, "detector.safetensors") ||
        !join(landmarks, sizeof landmarks, folder, "landmarks.safetensors") ||
        !join(expression, sizeof expression, folder, name)) {
        return aha_error_set(err, AHA_ERR_IO, "the folder's name is too long");
    }
    return aha_pipeline_create(out, &files, err);
}

void aha_pipeline_destroy(struct aha_pipeline *pipeline)
{
    if (pipeline == NULL) {
        return;
    }
    detector_destroy(pipeline->detector);
    landmarker_destroy(pipeline->landmarker);
    expression_destroy(pipeline->expression);
    free(pipeline);
}

const struct aha_model_info *aha_pipeline_model_info(
    const struct aha_pipeline *pipeline)
{
    return expression_info(pipeline->expression);
}

enum aha_status aha_session_create(struct aha_session **out,
                                   const struct aha_pipeline *pipeline,
                                   struct aha_error *err)
{
    struct aha_session *session = alloc_array(1, sizeof *session);
    enum aha_status status;

    if (session == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    session->pipeline = pipeline;
    status = detector_session_create(&session->detector, pipeline->detector);
    if (status == AHA_OK) {
        status =
            landmark_session_create(&session->landmarker, pipeline->landmarker);
    }
    if (status == AHA_OK) {
        status = expression_session_create(&session->expression,
                                           pipeline->expression);
    }
    if (status != AHA_OK) {
        aha_session_destroy(session);
        return aha_error_set(err, status, "no memory for a session");
    }
    *out = session;
    return AHA_OK;
}

void aha_session_destroy(struct aha_session *session)
{
    if (session == NULL) {
        return;
    }
    detector_session_destroy(session->detector);
    landmark_session_destroy(session->landmarker);
    expression_session_destroy(session->expression);
    free(session);
}
