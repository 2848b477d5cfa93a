// SPDX-License-Identifier: MIT
/*
 * reply_json.h - what the files of the JSON writer share; private to them.
 */
#ifndef AHA_SERVER_REPLY_JSON_H
#define AHA_SERVER_REPLY_JSON_H

#include <stdbool.h>

#include <jansson.h>

#include "server/reply.h"

/** How coordinates are written: in pixels, or as shares of the photo's size. */
struct reply_scale {
    double x;
    double y;
    double step;
};

/** A number to the nearest step; NULL when it is not finite. */
json_t *reply_rounded(double value, double step);

json_t *reply_box(const struct reply_scale *scale, const struct aha_box *box);

/** Every face, in the order that is asked for. */
json_t *reply_faces(const struct aha_analysis *analysis,
                    const struct reply_scale *scale,
                    const struct reply_context *context);

/**
 * Takes the value; without object or value *is_whole becomes false, which
 * reply_if_whole then turns into no object at all.
 */
void reply_put(json_t *object, const char *key, json_t *value, bool *is_whole);

json_t *reply_if_whole(json_t *object, bool is_whole);

/** Takes the object and gives its compact text; NULL stays NULL. */
char *reply_text(json_t *object);

/** {"id", "version", "sha256"} of a model. */
json_t *reply_model_object(const struct aha_model_info *model);

#endif
