/* hub.c - see hub.h. */
#include "hub.h"

#include <stdlib.h>

#include "base/json.h"

static void on_listener_gone(struct http_sse *sse, void *user)
{
    struct hub *h = user;
    for (size_t i = 0; i < h->n; i++) {
        if (h->listeners[i] != sse)
            continue;
        h->listeners[i] = h->listeners[--h->n];
        return;
    }
}

void hub_join(struct hub *h, struct http_request *req)
{
    if (h->n == HUB_MAX_LISTENERS) {
        http_respond_error(req, 503, "%d listeners already; try again later", HUB_MAX_LISTENERS);
        return;
    }
    struct http_sse *sse = http_sse_start(req, on_listener_gone, h);
    if (sse)
        h->listeners[h->n++] = sse;
}

void hub_send(struct hub *h, const char *event, cJSON *data)
{
    char *text = data && h->n > 0 ? json_print(data) : NULL;
    cJSON_Delete(data);
    if (!text)
        return;
    /* Backwards: sending may drop a listener, which moves the last one into its place. */
    for (size_t i = h->n; i-- > 0;)
        http_sse_send(h->listeners[i], event, text);
    free(text);
}

void hub_send_model(struct hub *h, const char *event, const char *model)
{
    cJSON *data = cJSON_CreateObject();
    cJSON_AddStringToObject(data, "model", model);
    hub_send(h, event, data);
}
