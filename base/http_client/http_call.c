/*
 * http_call.c - the life of one call, in the order things happen: start, try, transfer done, retry
 * or save, end. The states are in http_client_internal.h.
 */
#include "http_client_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "http_retry.h"

#define DEFAULT_TIMEOUT_MS 10000
#define DEFAULT_BACKOFF_MS 200
#define DEFAULT_MAX_MEMORY_BYTES ((size_t)64 << 20)
#define DEFAULT_MAX_FILE_BYTES ((size_t)4 << 30)

/* ---- end ---- */

static void call_free(struct http_call *call)
{
    transfer_discard(call);
    buf_free(&call->received);
    curl_slist_free_all(call->headers);
    free(call->method);
    free(call->url);
    free(call->body_file);
    free(call->save_to);
    free(call->ca_file);
    free(call->peer);
    free(call->body);
    free(call);
}

static void on_timer_closed(uv_handle_t *handle)
{
    call_free(handle->data);
}

static void unlink_call(struct http_call *call)
{
    if (call->prev != NULL)
        call->prev->next = call->next;
    else
        call->client->calls = call->next;
    if (call->next != NULL)
        call->next->prev = call->prev;
}

static void on_end(uv_timer_t *timer)
{
    struct http_call *call = timer->data;
    struct http_client *c = call->client;
    bool answered = call->outcome.code == ERR_OK;
    struct http_result result = {
        .code = call->outcome.code,
        .status = answered ? call->status : 0,
        .body = answered && call->received.len > 0 ? call->received.data : "",
        .body_len = answered ? call->received.len : 0,
        .content_type = answered ? call->content_type : "",
        .tries = call->n_tries,
        .elapsed_ms = clock_mono_ms() - call->started_mono_ms,
        .headers = answered ? (const struct http_result_headers *)call->easy : NULL,
    };
    memcpy(result.message, answered ? "" : call->outcome.message,
           answered ? 1 : sizeof result.message);
    call->state = CALL_DONE;
    call->done(&result, call->user);
    unlink_call(call);
    uv_close((uv_handle_t *)timer, on_timer_closed);
    client_call_gone(c);
}

static void end_soon(struct http_call *call)
{
    call->state = CALL_ENDING;
    uv_timer_start(&call->timer, on_end, 0, 0);
}

/* ---- save ---- */

static void on_save_work(uv_work_t *work)
{
    struct http_call *call = work->data;
    file_writer_commit(call->saving, &call->io_error);
}

static void on_saved(uv_work_t *work, int status)
{
    struct http_call *call = work->data;
    (void)status;
    call->saving = NULL; /* commit freed it */
    if (call->outcome.code == ERR_OK)
        call->outcome = call->io_error;
    end_soon(call);
}

/* fsync may take long, so the file is made durable off the loop. */
static void save_then_end(struct http_call *call)
{
    call->state = CALL_SAVING;
    call->save_work.data = call;
    uv_queue_work(call->client->loop, &call->save_work, on_save_work, on_saved);
}

/* ---- try ---- */

static int64_t left_ms(const struct http_call *call)
{
    return call->deadline_mono_ms - clock_mono_ms();
}

static void on_try(uv_timer_t *timer)
{
    struct http_call *call = timer->data;
    int64_t left = left_ms(call);
    transfer_discard(call);
    call->n_tries++;
    if (left <= 0) {
        err_set(&call->outcome, ERR_TIMEOUT, "%s: no time left", call->peer);
        end_soon(call);
        return;
    }
    int64_t limit = call->try_timeout_ms < left ? call->try_timeout_ms : left;
    if (transfer_begin(call, limit, &call->outcome) != ERR_OK) {
        end_soon(call);
        return;
    }
    call->state = CALL_RUNNING;
    curl_multi_add_handle(call->client->multi, call->easy);
}

static bool worth_repeating(const struct http_call *call)
{
    if (call->n_tries >= call->max_tries)
        return false;
    if (call->outcome.code == ERR_OK)
        return http_status_is_passing(call->status);
    return call->outcome.code == ERR_UNREACHABLE || call->outcome.code == ERR_TIMEOUT;
}

/* Starts the wait for another try; false where there will be none. */
static bool retry(struct http_call *call)
{
    curl_off_t retry_after_s = 0;
    if (!worth_repeating(call))
        return false;
    if (call->outcome.code == ERR_OK)
        curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    int64_t wait_ms = http_backoff_ms(call->backoff_ms, call->n_tries, retry_after_s * 1000,
                                      left_ms(call), rng_uniform(&call->client->jitter));
    if (wait_ms < 0)
        return false;
    call->state = CALL_WAITING;
    uv_timer_start(&call->timer, on_try, (uint64_t)wait_ms, 0);
    return true;
}

void call_on_transfer_done(struct http_call *call, CURLcode code)
{
    transfer_finish(call, code);
    curl_multi_remove_handle(call->client->multi, call->easy);
    if (retry(call))
        return;
    if (call->outcome.code == ERR_OK && call->saving != NULL)
        save_then_end(call);
    else
        end_soon(call);
}

void http_call_cancel(struct http_call *call)
{
    if (call->state == CALL_ENDING || call->state == CALL_DONE)
        return;
    err_set(&call->outcome, ERR_CANCELLED, "%s: cancelled", call->peer);
    if (call->state == CALL_SAVING)
        return; /* on_saved ends it */
    if (call->state == CALL_RUNNING)
        curl_multi_remove_handle(call->client->multi, call->easy);
    end_soon(call);
}

/* ---- start ---- */

static enum err_code parse_url(struct http_call *call, struct err *e)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *host = NULL, *port = NULL;
    bool ok = url != NULL && curl_url_set(url, CURLUPART_URL, call->url, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
              (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    if (ok && asprintf(&call->peer, "%s:%s", host, port) < 0)
        call->peer = NULL;
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(url);
    if (!ok)
        return err_set(e, ERR_INVALID, "expected an http:// or https:// URL, got \"%.200s\"",
                       call->url);
    return call->peer != NULL ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
}

static bool add_header(struct http_call *call, const char *line)
{
    struct curl_slist *grown = curl_slist_append(call->headers, line);
    if (grown == NULL)
        return false;
    call->headers = grown;
    return true;
}

static bool names_content_type(const char *const *headers)
{
    for (; headers != NULL && *headers != NULL; headers++)
        if (strncasecmp(*headers, "Content-Type:", 13) == 0)
            return true;
    return false;
}

/* libcurl would call a body a web form. */
static const char *default_content_type(const struct http_call_options *o)
{
    if (names_content_type(o->headers))
        return NULL;
    if (o->body_file != NULL)
        return "Content-Type: application/octet-stream";
    return o->body != NULL ? "Content-Type: application/json" : "Content-Type:";
}

static enum err_code add_token(struct http_call *call, const char *token, struct err *e)
{
    char line[1024];
    int len = snprintf(line, sizeof line, "Authorization: Bearer %s", token);
    if (len >= (int)sizeof line || strpbrk(token, "\r\n") != NULL)
        return err_set(e, ERR_INVALID, "token: expected one line of at most 1000 characters");
    return add_header(call, line) ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
}

static enum err_code copy_headers(struct http_call *call, const struct http_call_options *o,
                                  struct err *e)
{
    const char *content_type = default_content_type(o);
    bool ok = content_type == NULL || add_header(call, content_type);
    for (const char *const *h = o->headers; h != NULL && *h != NULL; h++) {
        if (strpbrk(*h, "\r\n") != NULL)
            return err_set(e, ERR_INVALID, "header \"%.32s\": expected one line", *h);
        ok = ok && add_header(call, *h);
    }
    if (!ok)
        return err_set(e, ERR_NOMEM, "out of memory");
    return o->token != NULL ? add_token(call, o->token, e) : ERR_OK;
}

static char *copy_text(const char *text, bool *ok)
{
    char *copy = text != NULL ? strdup(text) : NULL;
    *ok = *ok && (text == NULL || copy != NULL);
    return copy;
}

static enum err_code copy_texts(struct http_call *call, const struct http_call_options *o,
                                struct err *e)
{
    bool ok = true;
    call->method = copy_text(o->method != NULL ? o->method : "GET", &ok);
    call->url = copy_text(o->url, &ok);
    call->body_file = copy_text(o->body_file, &ok);
    call->save_to = copy_text(o->save_to, &ok);
    call->ca_file = copy_text(o->ca_file, &ok);
    if (o->body != NULL) {
        call->body = malloc(o->body_len + 1);
        ok = ok && call->body != NULL;
    }
    if (!ok)
        return err_set(e, ERR_NOMEM, "out of memory");
    if (o->body != NULL)
        memcpy(call->body, o->body, o->body_len);
    call->body_len = o->body_len;
    return ERR_OK;
}

static void set_limits(struct http_call *call, const struct http_call_options *o)
{
    int64_t timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : DEFAULT_TIMEOUT_MS;
    bool to_memory = o->max_body_bytes > 0 && o->save_to == NULL;
    bool to_file = o->max_body_bytes > 0 && o->save_to != NULL;
    call->max_body_bytes = to_memory ? o->max_body_bytes : DEFAULT_MAX_MEMORY_BYTES;
    call->max_saved_bytes = to_file ? o->max_body_bytes : DEFAULT_MAX_FILE_BYTES;
    call->try_timeout_ms = o->try_timeout_ms > 0 ? o->try_timeout_ms : timeout_ms;
    call->backoff_ms = o->backoff_ms > 0 ? o->backoff_ms : DEFAULT_BACKOFF_MS;
    call->max_tries = o->max_tries > 0 ? o->max_tries : 1;
    call->started_mono_ms = clock_mono_ms();
    call->deadline_mono_ms = call->started_mono_ms + timeout_ms;
}

static enum err_code prepare(struct http_call *call, const struct http_call_options *o,
                             struct err *e)
{
    enum err_code code = copy_texts(call, o, e);
    if (code == ERR_OK)
        code = parse_url(call, e);
    if (code == ERR_OK)
        code = copy_headers(call, o, e);
    if (code == ERR_OK && o->body_file != NULL && access(o->body_file, R_OK) != 0)
        code = err_set_errno(e, errno, "open %s", o->body_file);
    return code;
}

static void link_call(struct http_client *c, struct http_call *call)
{
    call->next = c->calls;
    if (call->next != NULL)
        call->next->prev = call;
    c->calls = call;
}

enum err_code http_call_start(struct http_client *c, const struct http_call_options *o,
                              http_call_done *done, void *user, struct http_call **out,
                              struct err *e)
{
    if (c->closing)
        return err_set(e, ERR_CANCELLED, "the HTTP client is closing");
    if (o->url == NULL)
        return err_set(e, ERR_INVALID, "expected a URL");
    struct http_call *call = calloc(1, sizeof *call);
    if (call == NULL)
        return err_set(e, ERR_NOMEM, "out of memory");
    call->client = c;
    call->done = done;
    call->user = user;
    set_limits(call, o);
    enum err_code code = prepare(call, o, e);
    if (code != ERR_OK) {
        call_free(call);
        return code;
    }
    uv_timer_init(c->loop, &call->timer);
    call->timer.data = call;
    link_call(c, call);
    uv_timer_start(&call->timer, on_try, 0, 0);
    if (out != NULL)
        *out = call;
    return ERR_OK;
}
