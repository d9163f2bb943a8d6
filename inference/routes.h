/*
 * routes.h - the table of what a replica answers, and the handlers it names.
 */
#ifndef INFERENCE_ROUTES_H
#define INFERENCE_ROUTES_H

#include "base/http_server.h"

/* *out is owned (free); max_body_bytes bounds infer requests. NULL: out of memory. */
struct http_route *routes_new(size_t max_body_bytes);

/* user: struct replica. */

/* clients: infer_api.c, metadata_api.c */
http_handler infer_post;
http_handler metadata_get_server, metadata_get_live, metadata_get_ready, metadata_get_model,
    metadata_get_model_ready;

/* the orchestrator: control_api.c */
http_handler control_get_replica, control_put_artifact, control_put_desired, control_get_state,
    control_get_report, control_get_observations, control_delete_model;

/* Prometheus: metrics_page.c */
http_handler metrics_get;

#endif
