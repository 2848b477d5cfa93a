// SPDX-License-Identifier: MIT
#include "server/router.h"

#include <string.h>

static const struct row {
    const char *method;
    const char *path;
} rows[] = {
#define ROUTE(id, method_, path_) {method_, path_},
#include "server/routes.def"
#undef ROUTE
    {"", ""},
};

_Static_assert(sizeof rows / sizeof *rows == N_ROUTES, "a row a route");

enum route router_find(const char *path)
{
    for (int i = 0; i < ROUTE_NONE; i++) {
        if (strcmp(path, rows[i].path) == 0) {
            return (enum route)i;
        }
    }
    return ROUTE_NONE;
}

const char *router_path(enum route route)
{
    return rows[route].path;
}

const char *router_allow(enum route route)
{
    return strcmp(rows[route].method, "GET") == 0 ? "GET, HEAD"
                                                  : rows[route].method;
}

bool router_allows(enum route route, const char *method)
{
    return strcmp(method, rows[route].method) == 0 ||
           (strcmp(method, "HEAD") == 0 &&
            strcmp(rows[route].method, "GET") == 0);
}
