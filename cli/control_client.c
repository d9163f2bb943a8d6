/*
 * control_client.c - see control_client.h.
 */
#include "control_client.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/http_client.h"
#include "base/json.h"

#define TOKEN_FILE_MAX_BYTES 4096
#define ACTOR_MAX 64 /* as base/http_server takes it */

void control_answer_clean_up(struct control_answer *a)
{
    free(a->text);
    cJSON_Delete(a->json);
    *a = (struct control_answer){0};
}

/* ---- paths ---- */

static void put_escaped(struct buf *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (isalnum(*p) || strchr("-._~", *p))
            buf_append(out, p, 1);
        else
            buf_printf(out, "%%%02X", *p);
    }
}

void control_path(struct buf *out, const char *pattern, ...)
{
    va_list args;
    va_start(args, pattern);
    for (const char *hole; (hole = strstr(pattern, "{}")) != NULL; pattern = hole + 2) {
        buf_append(out, pattern, (size_t)(hole - pattern));
        put_escaped(out, va_arg(args, const char *));
    }
    va_end(args);
    buf_puts(out, pattern);
}

void control_query(struct buf *path, const char *name, const char *value)
{
    bool first = !path->data || !strchr(path->data, '?');
    buf_printf(path, "%c%s=", first ? '?' : '&', name);
    put_escaped(path, value);
}

/* ---- who asks ---- */

enum err_code control_read_token(const char *path, char **out, struct err *e)
{
    char *text = NULL;
    size_t len = 0;
    if (!path) {
        *out = NULL;
        return ERR_OK;
    }
    enum err_code code = file_read(path, TOKEN_FILE_MAX_BYTES, &text, &len, e);
    if (code != ERR_OK)
        return code;
    text[strcspn(text, "\r\n")] = '\0';
    char *end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        *--end = '\0';
    char *word = end;
    while (word > text && !isspace((unsigned char)word[-1]))
        word--;
    *out = *word ? strdup(word) : NULL;
    free(text);
    return *out ? ERR_OK : err_set(e, ERR_INVALID, "%s: expected a token in the first line", path);
}

char *control_actor_header(const struct cli *cli, char out[CONTROL_ACTOR_BYTES])
{
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-";
    size_t len = strlen(cli->actor);
    out[0] = '\0';
    if (len > 0 && len <= ACTOR_MAX && strspn(cli->actor, fine) == len)
        snprintf(out, CONTROL_ACTOR_BYTES, "X-Leeway-Actor: %s", cli->actor);
    return out;
}

/* ---- the outcome ---- */

static enum err_code code_of_status(int status)
{
    switch (status) {
    case 401:
        return ERR_UNAUTHORIZED;
    case 403:
        return ERR_FORBIDDEN;
    case 404:
        return ERR_NOT_FOUND;
    case 409:
        return ERR_CONFLICT;
    case 413:
        return ERR_LIMIT;
    case 422:
        return ERR_REFUSED;
    case 429:
    case 503:
        return ERR_BUSY;
    default:
        return status < 500 ? ERR_INVALID : ERR_IO;
    }
}

enum err_code control_check(const char *server, const struct http_result *r, struct err *e)
{
    cJSON *json = NULL;
    const char *sentence = NULL;
    if (r->code == ERR_INVALID || r->code == ERR_NOMEM || r->code == ERR_LIMIT)
        return err_set(e, r->code, "%s", r->message);
    if (r->code != ERR_OK)
        return err_set(e, ERR_UNREACHABLE,
                       "cannot reach leewayd at %s (%s); start it with `leewayd --data DIR --fleet "
                       "FILE --trainer URL`, or name another by --server or LEEWAY_SERVER",
                       server, r->message);
    if (r->status >= 200 && r->status < 300)
        return ERR_OK;
    json_parse("answer", r->body, r->body_len, &json, NULL);
    json_opt_string(json, "error", &sentence, NULL);
    if (sentence)
        err_set(e, code_of_status(r->status), "%s", sentence);
    else
        err_set(e, code_of_status(r->status), "%s answered %d", server, r->status);
    cJSON_Delete(json);
    return code_of_status(r->status);
}

struct waiting {
    const struct cli *cli;
    struct control_answer answer;
    struct err err;
};

static void on_answered(const struct http_result *r, void *user)
{
    struct waiting *w = user;
    control_check(w->cli->server, r, &w->err);
    w->answer.status = r->status;
    w->answer.len = r->body_len;
    w->answer.text = malloc(r->body_len + 1);
    if (!w->answer.text) {
        err_set(&w->err, ERR_NOMEM, "no memory for an answer of %zu bytes", r->body_len);
        return;
    }
    memcpy(w->answer.text, r->body, r->body_len);
    w->answer.text[r->body_len] = '\0';
    if (strncmp(r->content_type, "application/json", 16) == 0)
        json_parse("answer", r->body, r->body_len, &w->answer.json, NULL);
}

/* ---- the call ---- */

enum err_code control_send(const struct cli *cli, const char *method, const char *path,
                           const char *content_type, const struct buf *body,
                           struct control_answer *out, struct err *e)
{
    struct waiting w = {.cli = cli};
    struct buf url = BUF_INIT;
    char actor[CONTROL_ACTOR_BYTES], type[128], *token = NULL;
    const char *headers[3] = {NULL};
    size_t n_headers = 0;
    if (!path)
        return err_set(e, ERR_NOMEM, "out of memory");
    enum err_code code = control_read_token(cli->token_file, &token, e);
    if (code != ERR_OK)
        return code;
    if (control_actor_header(cli, actor)[0])
        headers[n_headers++] = actor;
    snprintf(type, sizeof(type), "Content-Type: %s",
             content_type ? content_type : "application/json");
    if (body)
        headers[n_headers++] = type;
    buf_printf(&url, "%.*s%s",
               (int)strlen(cli->server) - (cli->server[strlen(cli->server) - 1] == '/'),
               cli->server, path);
    const struct http_call_options o = {.method = method,
                                        .url = url.data,
                                        .headers = headers,
                                        .token = token,
                                        .body = body ? (body->data ? body->data : "") : NULL,
                                        .body_len = body ? body->len : 0,
                                        .ca_file = cli->ca_file,
                                        .timeout_ms = cli->timeout_ms};
    code = buf_failed(&url) ? err_set(e, ERR_NOMEM, "out of memory")
                            : http_call_sync(&o, on_answered, &w, e);
    buf_free(&url);
    free(token);
    if (code != ERR_OK)
        return code;
    *out = w.answer;
    if (w.err.code != ERR_OK && e)
        *e = w.err;
    return w.err.code;
}

enum err_code control_get(const struct cli *cli, const char *path, struct control_answer *out,
                          struct err *e)
{
    return control_send(cli, "GET", path, NULL, NULL, out, e);
}

enum err_code control_post(const struct cli *cli, const char *path, cJSON *body,
                           struct control_answer *out, struct err *e)
{
    char *text = json_print(body);
    cJSON_Delete(body);
    if (!text)
        return err_set(e, ERR_NOMEM, "out of memory");
    struct buf b = {.data = text, .len = strlen(text)};
    enum err_code code = control_send(cli, "POST", path, NULL, &b, out, e);
    free(text);
    return code;
}
