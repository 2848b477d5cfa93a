// SPDX-License-Identifier: MIT
/*
 * reply_about.h - what the service says of itself and of its model. As reply.h.
 */
#ifndef AHA_SERVER_REPLY_ABOUT_H
#define AHA_SERVER_REPLY_ABOUT_H

#include <stdbool.h>

#include "aha/model.h"

#include "server/config.h"

/** Of GET /v1/info. */
struct reply_about {
    const struct aha_model_info *model;
    const struct config *config;
    unsigned formats; /* that are accepted, bits `1 << enum aha_image_format` */
    int n_workers;
    bool has_keys;
    unsigned seals; /* that hold, bits `1 << enum seal` */
};

char *reply_info(const struct reply_about *about);

/** {"models": [card]} */
char *reply_models(const struct aha_model_info *model);

/** The model's card. */
char *reply_model(const struct aha_model_info *model);

/** Open Inference Protocol: the server, its model. */
char *reply_oip_server(void);
char *reply_oip_model(const struct aha_model_info *model);

char *reply_oip_model_ready(const struct aha_model_info *model);

/** {name: value} */
char *reply_flag(const char *name, bool value);

/** {"model": {...}}: what a reload put in place. */
char *reply_reload(const struct aha_model_info *model);

#endif
