/*
 * api.h - the control API of openapi.yaml: one route table, handlers by subject. Reads and writes
 * go to the worker as closures and are answered when they come back.
 */
#ifndef ORCHESTRATOR_API_H
#define ORCHESTRATOR_API_H

#include "base/http_server.h"

/* Ends with {0}; lives for ever. The user pointer of the handlers is the struct daemon. */
const struct http_route *api_routes(void);

#endif
