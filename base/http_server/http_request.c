/*
 * http_request.c - a request from its head to its completion, in the order things happen: begin
 * (head copied, checked, routed, authorised), receive (body), dispatch (handler), on_completed.
 *
 * A refused request's body is read and thrown away up to a bound, so that the peer sees the answer
 * and can keep its connection; where more is announced the answer is sent at once and the
 * connection ends.
 */
#include "http_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

#define DRAIN_MAX_BYTES (1u << 20)
#define SLOWEST_BODY_BYTES_PER_S 1000

static void request_free(struct http_request *r)
{
    for (size_t i = 0; i < r->n_extra; i++)
        free((char *)r->extra[i].name);
    if (r->response != NULL)
        MHD_destroy_response(r->response);
    body_deinit(&r->body);
    free(r->extra);
    free(r->fields);
    free(r->text);
    free(r);
}

void http_request_release(struct http_request *r)
{
    r->answered = true;
    if (r->connection == NULL)
        request_free(r);
    else if (r->suspended)
        http_request_resume(r);
}

void http_request_suspend(struct http_request *r)
{
    r->suspended = true;
    r->server->driver.n_busy--;
    MHD_suspend_connection(r->connection);
}

void http_request_resume(struct http_request *r)
{
    r->suspended = false;
    r->server->driver.n_busy++;
    MHD_resume_connection(r->connection);
    loop_driver_kick(&r->server->driver);
}

/* ---- begin ---- */

static void link_request(struct http_server *s, struct http_request *r)
{
    atomic_fetch_add(&s->n_active, 1);
    if (s->n_threads > 0)
        return;
    s->driver.n_busy++;
    r->next = s->requests;
    if (r->next != NULL)
        r->next->prev = r;
    s->requests = r;
}

static void unlink_request(struct http_server *s, struct http_request *r)
{
    if (s->n_threads > 0)
        return;
    s->driver.n_busy--;
    if (r->prev != NULL)
        r->prev->next = r->next;
    else
        s->requests = r->next;
    if (r->next != NULL)
        r->next->prev = r->prev;
}

static char *put(char **at, const char *text, size_t len)
{
    char *copy = *at;
    memcpy(copy, text, len);
    copy[len] = '\0';
    *at += len + 1;
    return copy;
}

static size_t copy_fields(struct http_field *out, const struct head *h, enum MHD_ValueKind kind,
                          char **at)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n_fields; i++) {
        const struct head_field *f = &h->fields[i];
        if (f->kind != kind)
            continue;
        out[n].name = put(at, f->name, f->name_len);
        out[n++].value = put(at, f->value != NULL ? f->value : "", f->value_len);
    }
    return n;
}

/* Copies everything a handler may look at; returns where the route's scratch begins, NULL: no
 * memory. */
static char *copy_head(struct http_request *r, const struct head *h, const char *method,
                       const char *url)
{
    size_t method_len = strlen(method), url_len = strlen(url);
    char *at = malloc(method_len + 1 + 2 * (url_len + 1) + h->n_bytes + 2 * h->n_fields);
    r->fields = calloc(h->n_fields + 1, sizeof *r->fields);
    r->text = at;
    if (at == NULL || r->fields == NULL)
        return NULL;
    r->method = put(&at, method, method_len);
    r->path = put(&at, url, url_len);
    r->n_headers = copy_fields(r->fields, h, MHD_HEADER_KIND, &at);
    r->n_queries = copy_fields(r->fields + r->n_headers, h, MHD_GET_ARGUMENT_KIND, &at);
    return at;
}

static bool decode_queries(struct http_request *r)
{
    for (size_t i = r->n_headers; i < r->n_headers + r->n_queries; i++) {
        char *name = (char *)r->fields[i].name, *value = (char *)r->fields[i].value;
        if (!percent_decode(name, strlen(name), name) ||
            !percent_decode(value, strlen(value), value))
            return false;
    }
    return true;
}

static bool find_route(struct http_request *r, char *scratch)
{
    char allowed[128];
    switch (route_find(r->server->routes, r->method, r->path, scratch, &r->match)) {
    case ROUTE_FOUND:
        r->route = r->match.route;
        return true;
    case ROUTE_NO_PATH:
        http_respond_error(r, 404, "no such path");
        return false;
    case ROUTE_NO_METHOD:
        route_allowed(r->server->routes, r->path, allowed, sizeof allowed);
        http_add_header(r, "Allow", allowed);
        http_respond_error(r, 405, "method not allowed here, expected %s", allowed);
        return false;
    case ROUTE_BAD_PATH:
        http_respond_error(r, 400,
                           "path: broken escape, or a segment with '/', '\\', \".\", \"..\"");
        return false;
    }
    return false;
}

/* Without tokens whoever connects is the operator, unless it is somebody else's web page. */
static bool authorise_local(struct http_request *r)
{
    const char *name = http_header(r, "X-Leeway-Actor");
    bool changes = strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0;
    r->role = HTTP_OPERATOR;
    if (changes && !http_origin_allowed(http_header(r, "Origin"), http_header(r, "Host"),
                                        r->server->loopback_only)) {
        http_respond_error(r, 403, "cross-origin request refused: this server has no tokens");
        return false;
    }
    if (name != NULL && !http_auth_name_valid(name)) {
        http_respond_error(r, 400, "X-Leeway-Actor: expected at most %d letters, digits and ._@-",
                           AUTH_NAME_MAX);
        return false;
    }
    snprintf(r->actor, sizeof r->actor, name != NULL ? "local/%s" : "local", name);
    return true;
}

static bool authorise(struct http_request *r)
{
    struct err e;
    const char *name;
    if (r->server->auth == NULL)
        return authorise_local(r);
    enum err_code code =
        http_auth_identify(r->server->auth, http_header(r, "Authorization"), &name, &r->role, &e);
    if (code != ERR_OK && r->route->role != HTTP_PUBLIC) {
        http_add_header(r, "WWW-Authenticate", "Bearer realm=\"leeway\"");
        http_respond_err(r, &e);
        return false;
    }
    r->role = code == ERR_OK ? r->role : HTTP_PUBLIC;
    snprintf(r->actor, sizeof r->actor, "%s", code == ERR_OK ? name : "anonymous");
    if (r->role >= r->route->role)
        return true;
    http_respond_error(r, 403, "%s is a viewer, but this needs an operator", r->actor);
    return false;
}

static bool prepare_body(struct http_request *r, uint64_t announced)
{
    struct err e;
    const struct http_route *route = r->route;
    body_init(&r->body,
              route->max_body_bytes > 0 ? route->max_body_bytes : r->server->max_body_bytes);
    if (announced > r->body.max_bytes) {
        http_respond_error(r, 413, "body of %llu bytes, expected at most %zu",
                           (unsigned long long)announced, r->body.max_bytes);
        return false;
    }
    if (route->body_to_file && body_spool(&r->body, r->server->spool_dir, &e) != ERR_OK) {
        http_respond_err(r, &e);
        return false;
    }
    return true;
}

/* Every check that needs only the head; the first that fails answers and gives false. */
static bool accept_head(struct http_request *r, const struct head *h, const char *version,
                        struct head_body *framing, char *scratch)
{
    struct err e;
    r->close_after = true; /* until the framing is known to be unambiguous */
    if (h->too_large) {
        http_respond_error(r, 431, "head too large: expected at most %d fields and %d bytes",
                           STRICT_MAX_FIELDS, STRICT_MAX_HEAD_BYTES);
        return false;
    }
    if (head_check(h, version, framing, &e) != ERR_OK) {
        http_respond_err(r, &e);
        return false;
    }
    if (atomic_load(&r->server->stopping)) {
        http_respond_error(r, 503, "the server is stopping");
        return false;
    }
    r->close_after = false;
    if (!decode_queries(r)) {
        http_respond_error(r, 400, "query: broken escape");
        return false;
    }
    return find_route(r, scratch) && authorise(r) && prepare_body(r, framing->content_length);
}

static enum MHD_Result begin(struct http_server *s, struct MHD_Connection *connection,
                             const char *url, const char *method, const char *version,
                             struct http_request **out)
{
    struct head head;
    struct head_body framing = {0};
    struct http_request *r = calloc(1, sizeof *r);
    if (r == NULL)
        return MHD_NO;
    r->server = s;
    r->connection = connection;
    r->started_mono_ms = clock_mono_ms();
    body_init(&r->body, 0);
    link_request(s, r);
    *out = r;
    head_read(connection, &head);
    char *scratch = copy_head(r, &head, method, url);
    if (scratch == NULL)
        return MHD_NO;
    if (accept_head(r, &head, version, &framing, scratch))
        return MHD_YES;
    r->close_after |= framing.expects_continue || framing.content_length > DRAIN_MAX_BYTES;
    return r->close_after ? http_queue_answer(r) : MHD_YES;
}

/* ---- receive ---- */

/* The library's timeout restarts with every byte; a body that only drips is caught here. */
static bool drips(const struct http_request *r)
{
    int64_t elapsed_ms = clock_mono_ms() - r->started_mono_ms;
    uint64_t n_bytes = r->body.n_bytes + r->n_drained;
    return elapsed_ms > r->server->idle_timeout_s * INT64_C(1000) &&
           n_bytes < (uint64_t)elapsed_ms / 1000 * SLOWEST_BODY_BYTES_PER_S;
}

static enum MHD_Result receive(struct http_request *r, const char *data, size_t *len)
{
    struct err e;
    if (drips(r))
        return MHD_NO;
    if (!r->answered && body_add(&r->body, data, *len, &e) != ERR_OK)
        http_respond_err(r, &e);
    if (r->answered && (r->n_drained += *len) > DRAIN_MAX_BYTES)
        return MHD_NO;
    *len = 0;
    return MHD_YES;
}

/* ---- dispatch ---- */

static enum MHD_Result wait_for_answer(struct http_request *r)
{
    assert(r->server->n_threads == 0 && "a handler on a server thread must answer at once");
    if (r->server->n_threads > 0)
        return MHD_NO;
    http_request_suspend(r);
    return MHD_YES;
}

static void dispatch(struct http_request *r)
{
    struct err e;
    if (body_finish(&r->body, &e) != ERR_OK) {
        http_respond_err(r, &e);
        return;
    }
    r->dispatched = true;
    r->route->handler(r, r->server->user);
}

enum MHD_Result http_on_access(void *cls, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *len, void **context)
{
    struct http_request *r = *context;
    if (r == NULL)
        return begin(cls, connection, url, method, version, (struct http_request **)context);
    if (*len > 0)
        return receive(r, data, len);
    if (!r->answered && !r->dispatched)
        dispatch(r);
    return r->answered ? http_queue_answer(r) : wait_for_answer(r);
}

/* ---- completed ---- */

void http_on_completed(void *cls, struct MHD_Connection *connection, void **context,
                       enum MHD_RequestTerminationCode code)
{
    struct http_server *s = cls;
    struct http_request *r = *context;
    (void)connection;
    (void)code;
    if (r == NULL)
        return;
    *context = NULL;
    unlink_request(s, r);
    r->connection = NULL;
    r->server = NULL;
    r->suspended = false;
    if (r->sse != NULL)
        sse_completed(r->sse);
    if (!r->dispatched || r->answered)
        request_free(r);
    http_note_completed(s);
}

/* ---- views ---- */

const char *http_method(const struct http_request *r)
{
    return r->method;
}

const char *http_path(const struct http_request *r)
{
    return r->path;
}

const char *http_param(const struct http_request *r, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < r->match.n_params; i++) {
        const struct route_param *p = &r->match.params[i];
        if (p->name_len == len && memcmp(p->name, name, len) == 0)
            return p->value;
    }
    return NULL;
}

const char *http_query(const struct http_request *r, const char *name)
{
    for (size_t i = r->n_headers; i < r->n_headers + r->n_queries; i++)
        if (strcmp(r->fields[i].name, name) == 0)
            return r->fields[i].value;
    return NULL;
}

const char *http_header(const struct http_request *r, const char *name)
{
    for (size_t i = 0; i < r->n_headers; i++)
        if (strcasecmp(r->fields[i].name, name) == 0)
            return r->fields[i].value;
    return NULL;
}

const char *http_body(const struct http_request *r, size_t *len)
{
    *len = r->body.data != NULL ? r->body.n_bytes : 0;
    return r->body.data != NULL ? r->body.data : "";
}

const char *http_body_file(const struct http_request *r)
{
    return r->body.path;
}

const char *http_actor(const struct http_request *r)
{
    return r->actor;
}

enum http_role http_role(const struct http_request *r)
{
    return r->role;
}
