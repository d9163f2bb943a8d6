/*
 * run_json.h - runs in the shape of the control API (openapi.yaml: Run), from the machine's struct
 * or from the store's objects.
 */
#ifndef ORCHESTRATOR_RUN_JSON_H
#define ORCHESTRATOR_RUN_JSON_H

#include <cjson/cJSON.h>

#include "base/err.h"
#include "base/store.h"
#include "machine/run_machine.h"

/* What a live event carries: id, model, state, reason, weight. Owned. */
cJSON *run_brief_json(const struct run *r);

/* The whole Run of the OpenAPI file; with its timeline where asked. Worker thread. *out is owned.
 */
enum err_code run_full_json(struct store *s, const char *run_id, bool timeline, cJSON **out,
                            struct err *e);

/* The newest runs (model NULL: all), each in full without its timeline. Worker thread. */
enum err_code run_list_json(struct store *s, const char *model, int limit, cJSON **out,
                            struct err *e);

#endif
