// SPDX-License-Identifier: MIT
#include "server/router.h"

#include <string.h>

static const struct route_info rows[] = {
#define ROUTE(id, listener_, method_, path_, access_, body_)                   \
    {.listener = LISTENER_##listener_,                                         \
     .method = method_,                                                        \
     .path = path_,                                                            \
     .allow = (method_)[0] == 'G' ? "GET, HEAD" : "POST",                      \
     .access = ROUTE_##access_,                                                \
     .body = BODY_##body_},
#include "server/routes.def"
#undef ROUTE
    {.method = "", .path = "", .allow = ""},
};

_Static_assert(sizeof rows / sizeof *rows == N_ROUTES, "a row a route");

/* Segment by segment; {…} takes any one that is not empty and not too long. */
static bool matches(const char *pattern, const char *path, char *name)
{
    name[0] = '\0';
    while (*pattern != '\0') {
        if (*pattern == '{') {
            size_t n = strcspn(path, "/");

            if (n == 0 || n >= ROUTE_MAX_NAME) {
                return false;
            }
            memcpy(name, path, n);
            name[n] = '\0';
            path += n;
            pattern += strcspn(pattern, "}") + 1;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *path == '\0';
}

enum route router_find(enum route_listener listener, const char *path,
                       char *name)
{
    for (int i = 0; i < ROUTE_NONE; i++) {
        if (rows[i].listener == listener && matches(rows[i].path, path, name)) {
            return (enum route)i;
        }
    }
    name[0] = '\0';
    return ROUTE_NONE;
}

const struct route_info *router_info(enum route route)
{
    return &rows[route];
}

bool router_allows(enum route route, const char *method)
{
    return strcmp(method, rows[route].method) == 0 ||
           (strcmp(method, "HEAD") == 0 &&
            strcmp(rows[route].method, "GET") == 0);
}
