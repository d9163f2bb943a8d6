/*
 * fuzz_http_route.c - any path against a table of patterns: a parameter never leaves its segment,
 * the rest never leaves its folder, whatever the escapes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/http_server/http_route.h"

static const struct http_route routes[] = {
    {"GET", "/", NULL, HTTP_PUBLIC, 0, false},
    {"GET", "/v1/:a/x/:b", NULL, HTTP_PUBLIC, 0, false},
    {"GET", "/v1/:a", NULL, HTTP_PUBLIC, 0, false},
    {"GET", "/...", NULL, HTTP_PUBLIC, 0, false},
    {0},
};

static void check_rest(const char *rest)
{
    if (rest[0] == '/' || strstr(rest, "//") != NULL || strcmp(rest, "..") == 0 ||
        strncmp(rest, "../", 3) == 0 || strstr(rest, "/../") != NULL)
        abort();
    size_t len = strlen(rest);
    if (len >= 3 && strcmp(rest + len - 3, "/..") == 0)
        abort();
}

static void check(const struct route_match *m)
{
    for (size_t i = 0; i < m->n_params; i++) {
        const char *value = m->params[i].value;
        if (strcmp(m->params[i].name, "...") == 0)
            check_rest(value);
        else if (strchr(value, '/') != NULL || value[0] == '\0' || strcmp(value, "..") == 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct route_match m;
    char *path = malloc(size + 1), *scratch;
    memcpy(path, data, size);
    path[size] = '\0';
    scratch = malloc(strlen(path) + 1); /* exactly what is promised: the sanitizer sees one more */
    if (route_find(routes, "GET", path, scratch, &m) == ROUTE_FOUND)
        check(&m);
    free(scratch);
    free(path);
    return 0;
}
