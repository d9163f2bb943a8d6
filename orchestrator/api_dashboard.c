/*
 * api_dashboard.c - the dashboard's files and openapi.yaml, embedded at build time
 * (dashboard.cmake), so that leewayd is one file and the page matches it.
 */
#include <string.h>

#include "api_private.h"
#include "dashboard/assets.h"

static void serve(struct http_request *req, const char *name)
{
    for (size_t i = 0; i < dashboard_n_assets; i++) {
        const struct dashboard_asset *a = &dashboard_assets[i];
        if (strcmp(a->name, name) != 0)
            continue;
        http_add_header(req, "Cache-Control", "no-cache");
        http_add_header(req, "X-Content-Type-Options", "nosniff");
        http_add_header(
            req, "Content-Security-Policy",
            "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
            "frame-ancestors 'none'");
        http_respond(req, 200, a->content_type, a->data, a->size_bytes);
        return;
    }
    http_respond_error(req, 404, "no file %s", name);
}

void api_get_dashboard(struct http_request *req, void *user)
{
    (void)user;
    serve(req, "index.html");
}

void api_get_asset(struct http_request *req, void *user)
{
    (void)user;
    serve(req, http_param(req, "name"));
}

void api_get_openapi(struct http_request *req, void *user)
{
    (void)user;
    serve(req, "openapi.yaml");
}
