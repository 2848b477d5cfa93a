// SPDX-License-Identifier: MIT
/*
 * router.h - from listener and path to a route. Pure; safe from any thread.
 */
#ifndef AHA_SERVER_ROUTER_H
#define AHA_SERVER_ROUTER_H

#include <stdbool.h>

enum route {
#define ROUTE(id, listener, method, path, access, body) ROUTE_##id,
#include "server/routes.def"
#undef ROUTE
    ROUTE_NONE, /* no such path */
    N_ROUTES,
};

enum route_listener {
    LISTENER_PUBLIC,
    LISTENER_ADMIN,
    N_LISTENERS,
};

enum route_access {
    ROUTE_OPEN,
    ROUTE_KEYED, /* wants an API key where keys are in use */
};

/** What is read of a request's body. */
enum route_body {
    BODY_NONE,
    BODY_PHOTO,  /* one photo: raw, form or JSON */
    BODY_PHOTOS, /* several: form or JSON */
    BODY_TENSOR, /* Open Inference Protocol */
};

struct route_info {
    enum route_listener listener;
    const char *method; /* "GET" or "POST" */
    const char *path;   /* with {id} as it stands in routes.def */
    const char *allow;  /* what the Allow header says */
    enum route_access access;
    enum route_body body;
};

enum { ROUTE_MAX_NAME = 64 };

/**
 * Match a path, the method is not looked at.
 *
 * @param name  ROUTE_MAX_NAME bytes: what stands for {id}, else ""
 */
enum route router_find(enum route_listener listener, const char *path,
                       char *name);

/** Static storage; for ROUTE_NONE all texts are "". */
const struct route_info *router_info(enum route route);

/** Whether the route takes this method. */
bool router_allows(enum route route, const char *method);

#endif
