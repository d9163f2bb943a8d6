/*
 * routes.c - one table.
 */
#include "routes.h"

#include <stdlib.h>
#include <string.h>

#define ARTIFACT_MAX_BYTES ((size_t)4 << 30)

struct http_route *routes_new(size_t max_body_bytes)
{
    const struct http_route table[] = {
        {"GET", "/v2", metadata_get_server, HTTP_PUBLIC, 0, false},
        {"GET", "/v2/health/live", metadata_get_live, HTTP_PUBLIC, 0, false},
        {"GET", "/v2/health/ready", metadata_get_ready, HTTP_PUBLIC, 0, false},
        {"GET", "/v2/models/:model", metadata_get_model, HTTP_VIEWER, 0, false},
        {"GET", "/v2/models/:model/ready", metadata_get_model_ready, HTTP_PUBLIC, 0, false},
        {"POST", "/v2/models/:model/infer", infer_post, HTTP_VIEWER, max_body_bytes, false},
        {"GET", "/v2/models/:model/versions/:version", metadata_get_model, HTTP_VIEWER, 0, false},
        {"GET", "/v2/models/:model/versions/:version/ready", metadata_get_model_ready, HTTP_PUBLIC,
         0, false},
        {"POST", "/v2/models/:model/versions/:version/infer", infer_post, HTTP_VIEWER,
         max_body_bytes, false},
        {"GET", "/leeway/v1/replica", control_get_replica, HTTP_VIEWER, 0, false},
        {"PUT", "/leeway/v1/artifacts/:sha256", control_put_artifact, HTTP_OPERATOR,
         ARTIFACT_MAX_BYTES, true},
        {"PUT", "/leeway/v1/models/:model/desired", control_put_desired, HTTP_OPERATOR, 0, false},
        {"GET", "/leeway/v1/models/:model/state", control_get_state, HTTP_VIEWER, 0, false},
        {"GET", "/leeway/v1/models/:model/report", control_get_report, HTTP_VIEWER, 0, false},
        /* rows of clients: not for whoever may look at a dashboard */
        {"GET", "/leeway/v1/models/:model/observations", control_get_observations, HTTP_OPERATOR, 0,
         false},
        {"DELETE", "/leeway/v1/models/:model", control_delete_model, HTTP_OPERATOR, 0, false},
        {"GET", "/metrics", metrics_get, HTTP_VIEWER, 0, false},
        {0},
    };
    struct http_route *routes = malloc(sizeof table);
    if (routes) {
        memcpy(routes, table, sizeof table);
    }
    return routes;
}
