/*
 * trainer_routes.c - the table of docs/wire.md, section leeway-trainer.
 */
#include "daemon/trainer.h"

#define SUBMIT_BYTES (1 << 20)
#define NO_BODY 4096
#define STORE_BYTES 0 /* the server's default, which is the store's bound */

const struct http_route trainer_routes[] = {
    {"GET", "/health", trainer_status_health, HTTP_PUBLIC, NO_BODY, false},
    {"GET", "/metrics", trainer_status_metrics, HTTP_VIEWER, NO_BODY, false},
    {"GET", "/v1/capacity", trainer_status_capacity, HTTP_VIEWER, NO_BODY, false},
    {"PUT", "/v1/snapshots/:sha256", content_api_put_snapshot, HTTP_OPERATOR, STORE_BYTES, true},
    {"GET", "/v1/snapshots/:sha256", content_api_get_snapshot, HTTP_VIEWER, NO_BODY, false},
    {"PUT", "/v1/artifacts/:sha256", content_api_put_artifact, HTTP_OPERATOR, STORE_BYTES, true},
    {"GET", "/v1/artifacts/:sha256", content_api_get_artifact, HTTP_VIEWER, NO_BODY, false},
    {"GET", "/v1/jobs", job_api_list, HTTP_VIEWER, NO_BODY, false},
    {"PUT", "/v1/jobs/:id", job_api_submit, HTTP_OPERATOR, SUBMIT_BYTES, false},
    {"GET", "/v1/jobs/:id", job_api_status, HTTP_VIEWER, NO_BODY, false},
    {"POST", "/v1/jobs/:id/cancel", job_api_cancel, HTTP_OPERATOR, NO_BODY, false},
    {"GET", "/v1/jobs/:id/log", job_api_log, HTTP_VIEWER, NO_BODY, false},
    {"GET", "/v1/jobs/:id/artifact", job_api_artifact, HTTP_VIEWER, NO_BODY, false},
    {"GET", "/v1/jobs/:id/scores", job_api_scores, HTTP_VIEWER, NO_BODY, false},
    {0},
};
