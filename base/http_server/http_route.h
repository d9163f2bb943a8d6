/*
 * http_route.h - which route of the table a request means. Pure: text in, match out.
 *
 * Patterns are "/v2/models/:model/infer": a segment that starts with ':' takes any one segment, a
 * final
 * "/..." takes the rest of the path (named "..."). The first route of the table that fits wins, so
 * literals stand before parameters. Only http_request.c and the tests call this.
 */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/http_server.h"

#define ROUTE_MAX_PARAMS 8

enum route_outcome {
    ROUTE_FOUND,
    ROUTE_NO_PATH,   /* 404 */
    ROUTE_NO_METHOD, /* 405: the path exists with other methods */
    ROUTE_BAD_PATH,  /* 400: a broken escape, or a parameter that could leave its folder */
};

struct route_param {
    const char *name; /* view into the pattern, not terminated */
    size_t name_len;
    const char *value; /* view into scratch, decoded and terminated */
};

struct route_match {
    const struct http_route *route;
    size_t n_params;
    struct route_param params[ROUTE_MAX_PARAMS];
};

/*
 * Finds the route of method and path (as sent, without the query). HEAD means GET where no route
 * names HEAD. scratch has strlen(path) + 1 bytes and lives as long as the match. Parameters are
 * decoded after the path was split, so a ':' parameter never holds '/'; ".", "..", NUL and, in the
 * rest, any such segment give ROUTE_BAD_PATH.
 */
enum route_outcome route_find(const struct http_route *routes, const char *method, const char *path,
                              char *scratch, struct route_match *out);

/* The value for Allow: every method that path has, comma-separated, into out. */
void route_allowed(const struct http_route *routes, const char *path, char *out, size_t size_bytes);

/* True where the pattern is well formed: starts with '/', at most ROUTE_MAX_PARAMS parameters. */
bool route_pattern_valid(const char *pattern);

/* Decodes %XX of text[0..len) into out (len + 1 bytes, may be text itself); false where an escape
 * is broken or stands for NUL. */
bool percent_decode(const char *text, size_t len, char *out);

#endif
