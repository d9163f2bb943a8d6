/* deploy.c - see deploy.h. Reads in time order: put_desired, on_desired, push_missing, on_pushed.
 */
#include "deploy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/sha256.h"

#define DESIRED_TIMEOUT_MS 30000
#define ARTIFACT_TIMEOUT_MS 600000
#define MAX_ROUNDS 3 /* a replica that still misses what it was sent has another problem */

struct deploy {
    struct http_client *client;
    char *url, *token, *ca_file, *model, *desired, *artifact_dir;
    char missing[8][SHA256_HEX_BYTES];
    size_t n_missing, next_missing;
    int rounds;
    deploy_done *done;
    void *user;
};

static void deploy_free(struct deploy *d)
{
    free(d->url);
    free(d->token);
    free(d->ca_file);
    free(d->model);
    free(d->desired);
    free(d->artifact_dir);
    free(d);
}

static void finish(struct deploy *d, const struct err *err)
{
    d->done(err, d->user);
    deploy_free(d);
}

static enum err_code put_desired(struct deploy *d, struct err *e);

static void on_pushed(const struct http_result *r, void *user);

static enum err_code push_missing(struct deploy *d, struct err *e)
{
    char url[640], path[4096];
    const char *sha256 = d->missing[d->next_missing];
    snprintf(url, sizeof(url), "%s/leeway/v1/artifacts/%s", d->url, sha256);
    snprintf(path, sizeof(path), "%s/%s.safetensors", d->artifact_dir, sha256);
    struct http_call_options o = {.method = "PUT",
                                  .url = url,
                                  .token = d->token,
                                  .ca_file = d->ca_file,
                                  .body_file = path,
                                  .timeout_ms = ARTIFACT_TIMEOUT_MS};
    return http_call_start(d->client, &o, on_pushed, d, NULL, e);
}

static void on_pushed(const struct http_result *r, void *user)
{
    struct deploy *d = user;
    struct err e = {0};
    enum err_code rc = http_result_check(r, "push of an artifact", &e);
    if (rc == ERR_OK)
        rc = ++d->next_missing < d->n_missing ? push_missing(d, &e) : put_desired(d, &e);
    if (rc != ERR_OK)
        finish(d, &e);
}

/* Fills d->missing from {"missing": [...]}; false where the answer is another kind of conflict. */
static bool read_missing(struct deploy *d, const struct http_result *r)
{
    cJSON *doc = NULL;
    const cJSON *item = NULL;
    d->n_missing = d->next_missing = 0;
    if (json_parse("answer", r->body, r->body_len, &doc, NULL) != ERR_OK)
        return false;
    cJSON_ArrayForEach(item, json_at(doc, "missing"))
    {
        if (d->n_missing < 8 && cJSON_IsString(item) && sha256_is_hex(item->valuestring))
            snprintf(d->missing[d->n_missing++], SHA256_HEX_BYTES, "%s", item->valuestring);
    }
    cJSON_Delete(doc);
    return d->n_missing > 0;
}

static void on_desired(const struct http_result *r, void *user)
{
    struct deploy *d = user;
    struct err e = {0};
    bool missing = r->code == ERR_OK && r->status == 409 && read_missing(d, r);
    if (missing && d->rounds++ < MAX_ROUNDS) {
        if (push_missing(d, &e) != ERR_OK)
            finish(d, &e);
        return;
    }
    if (missing) /* not a conflict, which would mean that it runs something newer */
        err_set(&e, ERR_INTERNAL, "%s: still misses %.12s after it was sent %d times", d->url,
                d->missing[0], MAX_ROUNDS);
    else
        http_result_check(r, "desired state", &e);
    finish(d, &e);
}

static enum err_code put_desired(struct deploy *d, struct err *e)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    char url[640];
    snprintf(url, sizeof(url), "%s/leeway/v1/models/%s/desired", d->url, d->model);
    struct http_call_options o = {.method = "PUT",
                                  .url = url,
                                  .headers = headers,
                                  .token = d->token,
                                  .ca_file = d->ca_file,
                                  .body = d->desired,
                                  .body_len = strlen(d->desired),
                                  .timeout_ms = DESIRED_TIMEOUT_MS};
    return http_call_start(d->client, &o, on_desired, d, NULL, e);
}

enum err_code deploy_start(struct http_client *client, const struct deploy_target *t,
                           deploy_done *done, void *user, struct err *e)
{
    struct deploy *d = calloc(1, sizeof(*d));
    if (!d)
        return err_set(e, ERR_NOMEM, "no memory to deploy %s", t->model);
    d->client = client;
    d->done = done;
    d->user = user;
    d->url = strdup(t->replica_url);
    d->token = t->token ? strdup(t->token) : NULL;
    d->ca_file = t->ca_file ? strdup(t->ca_file) : NULL;
    d->model = strdup(t->model);
    d->desired = strdup(t->desired);
    d->artifact_dir = strdup(t->artifact_dir);
    enum err_code rc = ERR_OK;
    if (!d->url || !d->model || !d->desired || !d->artifact_dir || (t->token && !d->token) ||
        (t->ca_file && !d->ca_file))
        rc = err_set(e, ERR_NOMEM, "no memory to deploy %s", t->model);
    if (rc == ERR_OK)
        rc = put_desired(d, e);
    if (rc != ERR_OK)
        deploy_free(d);
    return rc;
}
