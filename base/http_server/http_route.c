/*
 * http_route.c - matching a path against the route table, and percent-decoding.
 */
#include "http_route.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool percent_decode(const char *text, size_t len, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%') {
            if (len - i < 3)
                return false;
            int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
            if (high < 0 || low < 0 || high + low == 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        out[n++] = c;
    }
    out[n] = '\0';
    return true;
}

static size_t segment_len(const char *text)
{
    return strcspn(text, "/");
}

static bool is_rest(const char *pattern)
{
    return strcmp(pattern, "...") == 0;
}

bool route_pattern_valid(const char *pattern)
{
    size_t n_params = 0;
    if (pattern[0] != '/')
        return false;
    for (const char *at = pattern; *at == '/'; at += segment_len(at)) {
        at++;
        if (*at == ':' && segment_len(at) == 1)
            return false;
        n_params += *at == ':' || is_rest(at);
    }
    return n_params <= ROUTE_MAX_PARAMS;
}

/* Takes one segment off both texts; false where they differ. At the end of both, *pattern is "". */
static bool step(const char **pattern, const char **path)
{
    if (**pattern != '/' || **path != '/')
        return false;
    const char *want = *pattern + 1, *got = *path + 1;
    size_t want_len = segment_len(want), got_len = segment_len(got);
    *pattern = want + want_len;
    *path = got + got_len;
    if (*want == ':')
        return got_len > 0;
    return want_len == got_len && memcmp(want, got, want_len) == 0;
}

static bool pattern_fits(const char *pattern, const char *path)
{
    while (*pattern != '\0') {
        if (*path == '/' && is_rest(pattern + 1))
            return true;
        if (!step(&pattern, &path))
            return false;
    }
    return *path == '\0';
}

static bool method_fits(const struct http_route *route, const char *method)
{
    return strcmp(route->method, method) == 0;
}

static const struct http_route *find_for_method(const struct http_route *routes, const char *method,
                                                const char *path, bool *path_exists)
{
    for (const struct http_route *route = routes; route->method != NULL; route++) {
        if (!pattern_fits(route->pattern, path))
            continue;
        *path_exists = true;
        if (method_fits(route, method))
            return route;
    }
    return NULL;
}

/* A decoded segment that, joined to a folder, names something inside it. */
static bool segment_safe(const char *text, size_t len)
{
    return !(len == 1 && text[0] == '.') && !(len == 2 && text[0] == '.' && text[1] == '.') &&
           memchr(text, '\\', len) == NULL;
}

static bool rest_safe(const char *rest)
{
    for (const char *at = rest;;) {
        size_t len = segment_len(at);
        if (!segment_safe(at, len) || (len == 0 && rest[0] != '\0'))
            return false;
        if (at[len] == '\0')
            return true;
        at += len + 1;
    }
}

static bool take_param(struct route_match *m, const char *name, size_t name_len, const char *text,
                       size_t len, char **scratch)
{
    char *value = *scratch;
    if (!percent_decode(text, len, value))
        return false;
    *scratch += strlen(value) + 1;
    m->params[m->n_params++] = (struct route_param){name, name_len, value};
    return true;
}

/* Fills the parameters of a route that fits; false where one is broken or unsafe. */
static bool take_params(const char *pattern, const char *path, char *scratch, struct route_match *m)
{
    while (*pattern != '\0') {
        const char *want = pattern + 1, *got = path + 1;
        if (is_rest(want))
            return take_param(m, want, 3, got, strlen(got), &scratch) &&
                   rest_safe(m->params[m->n_params - 1].value);
        if (*want == ':') {
            if (!take_param(m, want + 1, segment_len(want) - 1, got, segment_len(got), &scratch))
                return false;
            const char *value = m->params[m->n_params - 1].value;
            if (strchr(value, '/') != NULL || !segment_safe(value, strlen(value)))
                return false;
        }
        step(&pattern, &path);
    }
    return true;
}

enum route_outcome route_find(const struct http_route *routes, const char *method, const char *path,
                              char *scratch, struct route_match *out)
{
    bool path_exists = false;
    const struct http_route *route = find_for_method(routes, method, path, &path_exists);
    if (route == NULL && strcmp(method, "HEAD") == 0)
        route = find_for_method(routes, "GET", path, &path_exists);
    if (route == NULL)
        return path_exists ? ROUTE_NO_METHOD : ROUTE_NO_PATH;
    *out = (struct route_match){.route = route};
    return take_params(route->pattern, path, scratch, out) ? ROUTE_FOUND : ROUTE_BAD_PATH;
}

static bool listed(const char *list, const char *method)
{
    size_t len = strlen(method);
    for (const char *at = list; (at = strstr(at, method)) != NULL; at += len)
        if ((at == list || at[-1] == ' ') && (at[len] == '\0' || at[len] == ','))
            return true;
    return false;
}

static void list_method(const char *method, char *out, size_t size_bytes)
{
    size_t used = strlen(out), need = strlen(method) + (used > 0 ? 2 : 0);
    if (listed(out, method) || used + need >= size_bytes)
        return;
    if (used > 0)
        strcat(out, ", ");
    strcat(out, method);
}

void route_allowed(const struct http_route *routes, const char *path, char *out, size_t size_bytes)
{
    out[0] = '\0';
    for (const struct http_route *route = routes; route->method != NULL; route++) {
        if (!pattern_fits(route->pattern, path))
            continue;
        list_method(route->method, out, size_bytes);
        if (strcmp(route->method, "GET") == 0)
            list_method("HEAD", out, size_bytes);
    }
}
