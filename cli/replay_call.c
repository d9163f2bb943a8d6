/*
 * replay_call.c - one row in flight, in the order things happen: send, answered, try again or
 * settle, done.
 *
 * The served side goes to whichever replica is next; the frozen side always to the baseline. A row
 * is done when both are. A try that failed is repeated with the same id, so that a row which was
 * scored before its answer got lost is one observation.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "replay_private.h"

#define MAX_ANSWER_BYTES ((size_t)1 << 20)
#define TRY_TIMEOUT_MS 5000
#define BASELINE_BACKOFF_MS 100
#define BASELINE_MAX_BACKOFF_MS 2000

static void send_try(struct replay_call *call);

/* ---- settled ---- */

static void settle(struct replay_call *call, const struct err *err)
{
    struct replay_row *row = call->row;
    if (err && call->side == REPLAY_SERVED)
        row->err = *err;
    else if (err)
        replay_talk(row->replay, err->message);
    if (--row->calls_left == 0)
        replay_on_row_done(row);
}

/* ---- answered ---- */

/* Statuses that another replica, or the same one later, may not answer: a replica that has just
 * started does not know the model (404) or has no version ready (503). */
static bool may_pass(const struct http_result *r)
{
    return r->code == ERR_UNREACHABLE || r->code == ERR_TIMEOUT ||
           (r->code == ERR_OK &&
            (r->status == 404 || r->status == 408 || r->status == 429 || r->status >= 500));
}

static int64_t baseline_wait(struct replay_call *call)
{
    call->backoff_ms = call->backoff_ms ? 2 * call->backoff_ms : BASELINE_BACKOFF_MS;
    if (call->backoff_ms > BASELINE_MAX_BACKOFF_MS)
        call->backoff_ms = BASELINE_MAX_BACKOFF_MS;
    return call->backoff_ms;
}

static void on_timer(uv_timer_t *timer)
{
    send_try(timer->data);
}

static void try_again(struct replay_call *call, const struct err *err)
{
    struct replay *r = call->row->replay;
    int64_t now = clock_mono_ms();
    if (now >= call->row->give_up_mono_ms) {
        settle(call, err);
        return;
    }
    r->result->retries++;
    replay_talk(r, err->message);
    if (call->side == REPLAY_SERVED)
        replay_fleet_failed(&r->fleet, call->url, now);
    uv_timer_start(&call->timer, on_timer,
                   call->side == REPLAY_SERVED ? 0 : (uint64_t)baseline_wait(call), 0);
}

static enum err_code read_answer(struct replay_call *call, const struct http_result *result,
                                 struct err *e)
{
    cJSON *json = NULL;
    enum err_code code = http_result_check(result, "infer", e);
    if (code == ERR_OK)
        code = json_parse("answer", result->body, result->body_len, &json, e);
    if (code == ERR_OK)
        code = replay_answer_read(json, call->row->replay->map.regression, &call->answer, e);
    cJSON_Delete(json);
    return code;
}

static void on_answered(const struct http_result *result, void *user)
{
    struct replay_call *call = user;
    struct replay *r = call->row->replay;
    struct err e = {0};
    if (r->closing)
        return;
    if (read_answer(call, result, &e) == ERR_OK) {
        call->answered = true;
        if (call->side == REPLAY_SERVED)
            replay_fleet_succeeded(&r->fleet, call->url);
        settle(call, NULL);
    } else if (may_pass(result)) {
        try_again(call, &e);
    } else {
        settle(call, &e);
    }
}

/* ---- send ---- */

/* Where to; false: nowhere now, look again in *wait_ms. */
static bool choose_url(struct replay_call *call, int64_t *wait_ms)
{
    struct replay *r = call->row->replay;
    const char *url = call->side == REPLAY_FROZEN
                          ? r->options->baseline
                          : replay_fleet_pick(&r->fleet, clock_mono_ms(), wait_ms);
    if (url && url != call->url)
        snprintf(call->url, sizeof(call->url), "%s", url);
    return url != NULL;
}

static void wait_for_replica(struct replay_call *call, int64_t wait_ms)
{
    struct err e = {0};
    if (clock_mono_ms() < call->row->give_up_mono_ms) {
        uv_timer_start(&call->timer, on_timer, (uint64_t)wait_ms, 0);
        return;
    }
    err_set(&e, ERR_UNREACHABLE, "no replica answered %s", call->row->id);
    settle(call, &e);
}

static void send_try(struct replay_call *call)
{
    struct replay *r = call->row->replay;
    struct buf url = BUF_INIT;
    struct err e = {0};
    int64_t wait_ms = 0;
    if (!choose_url(call, &wait_ms)) {
        wait_for_replica(call, wait_ms);
        return;
    }
    buf_printf(&url, "%s%s", call->url, r->path);
    const struct http_call_options o = {.method = "POST",
                                        .url = url.data,
                                        .token = r->replica_token,
                                        .body = call->row->body.data,
                                        .body_len = call->row->body.len,
                                        .ca_file = r->cli->ca_file,
                                        .max_body_bytes = MAX_ANSWER_BYTES,
                                        .timeout_ms = TRY_TIMEOUT_MS};
    enum err_code code = http_call_start(r->client, &o, on_answered, call, NULL, &e);
    buf_free(&url);
    if (code != ERR_OK)
        settle(call, &e);
}

void replay_call_start(struct replay_row *row)
{
    int n_sides = row->replay->options->baseline ? 2 : 1;
    row->calls_left = n_sides;
    row->err = (struct err){0};
    for (int i = 0; i < n_sides; i++) {
        row->calls[i].answered = false;
        row->calls[i].backoff_ms = 0;
    }
    for (int i = 0; i < n_sides; i++)
        send_try(&row->calls[i]);
}
