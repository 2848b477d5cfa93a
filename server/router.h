// SPDX-License-Identifier: MIT
/*
 * router.h - from method and path to a route. Pure; safe from any thread.
 */
#ifndef AHA_SERVER_ROUTER_H
#define AHA_SERVER_ROUTER_H

#include <stdbool.h>

enum route {
#define ROUTE(id, method, path) ROUTE_##id,
#include "server/routes.def"
#undef ROUTE
    ROUTE_NONE, /* no such path */
    N_ROUTES,
};

/** Exact match of the path; the method is not looked at. */
enum route router_find(const char *path);

/** The path of a route, "" for ROUTE_NONE; static storage. */
const char *router_path(enum route route);

/** What the Allow header says: "POST" or "GET, HEAD"; static storage. */
const char *router_allow(enum route route);

/** Whether the route takes this method. */
bool router_allows(enum route route, const char *method);

#endif
