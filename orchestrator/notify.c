/* notify.c - see notify.h. */
#include "notify.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

#define NOTIFY_TRIES 5
#define NOTIFY_TIMEOUT_MS 60000

static void on_sent(const struct http_result *r, void *user)
{
    char *url = user;
    struct err e = {0};
    if (http_result_check(r, "webhook", &e) != ERR_OK)
        log_warn("webhook_failed", LOG_S("url", url), LOG_I("tries", r->tries),
                 LOG_S("error", e.message), LOG_S("next", "given up; the audit log has it"));
    free(url);
}

static void post(struct daemon *d, const char *url, const char *text)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    struct err e = {0};
    char *copy = strdup(url);
    struct http_call_options o = {.method = "POST",
                                  .url = url,
                                  .headers = headers,
                                  .body = text,
                                  .body_len = strlen(text),
                                  .timeout_ms = NOTIFY_TIMEOUT_MS,
                                  .try_timeout_ms = 10000,
                                  .max_tries = NOTIFY_TRIES};
    if (!copy || http_call_start(d->client, &o, on_sent, copy, NULL, &e) != ERR_OK) {
        log_warn("webhook_failed", LOG_S("url", url), LOG_S("error", e.message));
        free(copy);
    }
}

void notify_send(struct daemon *d, const struct campaign_notice *notice, const char *model,
                 const char *run, const char *reason)
{
    if (notice->n_webhooks == 0)
        return;
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "event", notice->event);
    cJSON_AddStringToObject(j, "model", model);
    cJSON_AddStringToObject(j, "run", run);
    cJSON_AddStringToObject(j, "reason", reason);
    cJSON_AddNumberToObject(j, "at_unix_ms", (double)clock_unix_ms());
    char *text = json_print(j);
    cJSON_Delete(j);
    for (size_t i = 0; text && i < notice->n_webhooks; i++)
        post(d, notice->webhooks[i], text);
    free(text);
}
