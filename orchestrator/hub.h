/*
 * hub.h - who listens to live events, and telling them. Loop thread only. A listener that is too
 * slow is dropped by the server; it reads the state again when it comes back.
 */
#ifndef ORCHESTRATOR_HUB_H
#define ORCHESTRATOR_HUB_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "base/http_server.h"

#define HUB_MAX_LISTENERS 256

struct hub {
    size_t n;
    struct http_sse *listeners[HUB_MAX_LISTENERS];
};

/* Answers req with the event stream, or 503 where too many listen. */
void hub_join(struct hub *h, struct http_request *req);

/* Sends {"event": ..., data} to all. Takes data; NULL (out of memory) is ignored: events are hints.
 */
void hub_send(struct hub *h, const char *event, cJSON *data);
/* {"model": model}: something about it is new, read it again. */
void hub_send_model(struct hub *h, const char *event, const char *model);

#endif
