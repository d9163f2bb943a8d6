/*
 * replay_labels.c - see replay_labels.h.
 */
#include "replay_labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "control_client.h"
#include "field.h"
#include "row_map.h"

#define TICK_MS 50
#define ENOUGH 200 /* so many due labels do not wait for the tick */
#define MAX_PER_CALL 2000
#define FIRST_BACKOFF_MS 100
#define MAX_BACKOFF_MS 5000
#define TRY_TIMEOUT_MS 30000

static void send_batch(struct replay_labels *l);

/* ---- the queue ---- */

static struct replay_label *at(const struct replay_labels *l, size_t i)
{
    return &l->ring[(l->head + i) % l->capacity];
}

static bool grow(struct replay_labels *l)
{
    size_t capacity = l->capacity ? 2 * l->capacity : 1024;
    struct replay_label *ring = malloc(capacity * sizeof(*ring));
    if (!ring)
        return false;
    for (size_t i = 0; i < l->n; i++)
        ring[i] = *at(l, i);
    free(l->ring);
    l->ring = ring;
    l->head = 0;
    l->capacity = capacity;
    return true;
}

enum err_code replay_labels_add(struct replay_labels *l, int64_t row, const char *text,
                                struct err *e)
{
    char *copy = strdup(text);
    if (!copy || (l->n == l->capacity && !grow(l))) {
        free(copy);
        return err_set(e, ERR_NOMEM, "no memory for %zu labels", l->n + 1);
    }
    l->n++;
    *at(l, l->n - 1) = (struct replay_label){.row = row, .text = copy};
    return ERR_OK;
}

/* Answers may overtake each other by as many rows as are in flight; so may labels, and one that is
 * not due holds back those behind it for that long. */
size_t replay_labels_n_due(struct replay_labels *l)
{
    while (l->n_due < l->n && (l->all || at(l, l->n_due)->row + l->delay_rows <= l->n_rows_gone))
        l->n_due++;
    return l->n_due;
}

static void drop_sent(struct replay_labels *l)
{
    for (size_t i = 0; i < l->n_in_call; i++)
        free(at(l, i)->text);
    l->head = (l->head + l->n_in_call) % l->capacity;
    l->n -= l->n_in_call;
    l->n_due -= l->n_in_call;
    l->n_in_call = 0;
}

/* ---- a call ---- */

static void on_tick(uv_timer_t *timer)
{
    struct replay_labels *l = timer->data;
    if (!l->sending && replay_labels_n_due(l) > 0)
        send_batch(l);
}

static void on_try_again(uv_timer_t *timer)
{
    struct replay_labels *l = timer->data;
    uv_timer_start(&l->timer, on_tick, TICK_MS, TICK_MS);
    send_batch(l);
}

static void wait_and_try_again(struct replay_labels *l, const char *message)
{
    l->retries++;
    l->on_problem(message, l->user);
    l->backoff_ms = l->backoff_ms ? 2 * l->backoff_ms : FIRST_BACKOFF_MS;
    if (l->backoff_ms > MAX_BACKOFF_MS)
        l->backoff_ms = MAX_BACKOFF_MS;
    uv_timer_start(&l->timer, on_try_again, (uint64_t)l->backoff_ms, 0);
}

static void on_stored(struct replay_labels *l, const struct http_result *result)
{
    cJSON *json = NULL;
    json_parse("answer", result->body, result->body_len, &json, NULL);
    l->accepted += field_int(json, "accepted");
    l->duplicates += field_int(json, "duplicates");
    l->conflicts += field_int(json, "conflicts");
    cJSON_Delete(json);
    drop_sent(l);
    l->sending = false;
    l->backoff_ms = 0;
    l->on_accepted(l->user);
    if (!l->closed && !l->sending && (l->all || replay_labels_n_due(l) >= ENOUGH) && l->n > 0)
        send_batch(l);
}

static void on_answered(const struct http_result *result, void *user)
{
    struct replay_labels *l = user;
    struct err e = {0};
    if (l->closed || result->code == ERR_CANCELLED)
        return;
    enum err_code code = control_check(l->cli->server, result, &e);
    if (code == ERR_OK) {
        on_stored(l, result);
    } else if (code == ERR_UNREACHABLE || code == ERR_BUSY || code == ERR_IO) {
        wait_and_try_again(l, e.message);
    } else {
        err_prefix(&e, "labels");
        l->on_failed(&e, l->user);
    }
}

static void fill_body(struct replay_labels *l)
{
    char id[256];
    size_t n = replay_labels_n_due(l);
    l->n_in_call = n < MAX_PER_CALL ? n : MAX_PER_CALL;
    buf_clear(&l->body);
    buf_puts(&l->body, "{\"labels\":[");
    for (size_t i = 0; i < l->n_in_call; i++) {
        const struct replay_label *label = at(l, i);
        snprintf(id, sizeof(id), "%.200s%lld", l->id_prefix, (long long)label->row);
        buf_puts(&l->body, i ? "," : "");
        row_map_put_label(l->regression, id, label->text, &l->body);
    }
    buf_puts(&l->body, "]}");
}

/* The first labels of the queue; a repeated call has the same ones, as far as they go. */
static void send_batch(struct replay_labels *l)
{
    struct err e = {0};
    char actor[CONTROL_ACTOR_BYTES];
    const char *headers[] = {control_actor_header(l->cli, actor)[0] ? actor : NULL, NULL};
    fill_body(l);
    l->sending = true;
    const struct http_call_options o = {.method = "POST",
                                        .url = l->url.data,
                                        .headers = headers,
                                        .token = l->token,
                                        .body = l->body.data,
                                        .body_len = l->body.len,
                                        .ca_file = l->cli->ca_file,
                                        .timeout_ms = TRY_TIMEOUT_MS};
    if (buf_failed(&l->body))
        err_set(&e, ERR_NOMEM, "no memory for %zu labels", l->n_in_call);
    if (e.code != ERR_OK || http_call_start(l->client, &o, on_answered, l, NULL, &e) != ERR_OK)
        l->on_failed(&e, l->user);
}

/* ---- from outside ---- */

enum err_code replay_labels_init(struct replay_labels *l, uv_loop_t *loop,
                                 struct http_client *client, struct err *e)
{
    l->client = client;
    buf_puts(&l->url, l->cli->server);
    while (l->url.len && l->url.data[l->url.len - 1] == '/')
        l->url.data[--l->url.len] = '\0';
    control_path(&l->url, "/v1/models/{}/labels", l->model);
    uv_timer_init(loop, &l->timer);
    l->timer.data = l;
    uv_timer_start(&l->timer, on_tick, TICK_MS, TICK_MS);
    return control_read_token(l->cli->token_file, &l->token, e);
}

void replay_labels_close(struct replay_labels *l)
{
    l->closed = true;
    uv_close((uv_handle_t *)&l->timer, NULL);
}

void replay_labels_free(struct replay_labels *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(at(l, i)->text);
    free(l->ring);
    free(l->token);
    buf_free(&l->url);
    buf_free(&l->body);
}

void replay_labels_rows_gone(struct replay_labels *l, int64_t n_rows)
{
    l->n_rows_gone = n_rows;
    if (!l->sending && replay_labels_n_due(l) >= ENOUGH)
        send_batch(l);
}

void replay_labels_flush(struct replay_labels *l)
{
    l->all = true;
    if (!l->sending && l->n > 0)
        send_batch(l);
}
