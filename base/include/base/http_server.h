/*
 * http_server.h - an HTTP/1.1 server (libmicrohttpd underneath) with a route table, for servers
 * that live on a uv loop and for servers with their own thread pool.
 *
 * What it does by itself: bounded bodies and headers, idle and slow-peer timeouts, a limit on
 * connections, 404/405/413/431 with {"error": ...}, HEAD for GET, token authentication with roles,
 * and the refusal of what libmicrohttpd lets through (Content-Length with Transfer-Encoding,
 * repeated Content-Length or Host, NUL in a header value). Refuses to listen on anything but
 * loopback without tokens or a certificate. What it does not do: cookies, ranges, HTTP/2.
 */
#ifndef BASE_HTTP_SERVER_H
#define BASE_HTTP_SERVER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct uv_loop_s;
struct http_server;
struct http_request; /* one request from its last body byte until it was answered */
struct http_sse;     /* one open text/event-stream */

enum http_role { HTTP_PUBLIC, HTTP_VIEWER, HTTP_OPERATOR };

/*
 * Called when the whole request is there. With n_threads == 0 it runs on the loop thread and may
 * answer later (keep the pointer; it stays valid until answered, also when the peer is gone). With
 * n_threads > 0 it runs on a server thread and must answer before it returns. Every request is
 * answered exactly once.
 */
typedef void http_handler(struct http_request *req, void *user);

struct http_route {
    const char *method;  /* "GET" */
    const char *pattern; /* "/v2/models/:model/infer"; a final "/..." segment takes the rest,
                            given as http_param(r, "...") */
    http_handler *handler;
    enum http_role role;
    size_t max_body_bytes; /* 0: the server's default */
    bool body_to_file;     /* the body is spooled into a file of options.spool_dir */
};

struct http_server_options {
    const char *host;       /* default "127.0.0.1" */
    int port;               /* 0: chosen by the system */
    const char *token_file; /* lines "NAME ROLE TOKEN" (role viewer or operator, # comments); NULL:
                               everybody who can connect is an operator */
    const char *cert_file, *key_file; /* PEM; both or neither */
    const char *spool_dir;
    size_t max_body_bytes;   /* default 1 MiB */
    int max_connections;     /* default 1000 */
    int idle_timeout_s;      /* default 30; also bounds a slow reader or writer */
    int n_threads;           /* 0: on the loop */
    const char *server_name; /* value of the Server header; default "leeway" */
};

/* Fills in the defaults above. */
void http_server_options_init(struct http_server_options *o);

#define HTTP_HOST_BYTES 256

/* The value of --listen, "127.0.0.1:7070" or "[::1]:0", into its two parts. The error names the
 * option and what it got. */
enum err_code http_listen_parse(const char *text, char host[HTTP_HOST_BYTES], int *port,
                                struct err *e);

/* Starts listening. routes is borrowed until stopped and ends with {0}; user is passed to the
 * handlers. With n_threads == 0 loop drives everything; with threads loop may be NULL. *out is
 * owned; it is freed by http_server_stop. Errors name the address and the file. */
enum err_code http_server_start(struct uv_loop_s *loop, const struct http_server_options *o,
                                const struct http_route *routes, void *user,
                                struct http_server **out, struct err *e);
int http_server_port(const struct http_server *s);
/* Stops accepting, lets running requests finish for at most grace_ms, ends event streams, then
 * calls on_stopped (may be NULL; on the loop thread, or before returning where there is no loop).
 */
void http_server_stop(struct http_server *s, int grace_ms, void (*on_stopped)(void *), void *user);

/* ---- the request; views are valid until it is answered ---- */

const char *http_method(const struct http_request *r);
const char *http_path(const struct http_request *r);
const char *http_param(const struct http_request *r,
                       const char *name); /* ":model"; decoded; NULL */
const char *http_query(const struct http_request *r, const char *name); /* decoded; NULL: absent */
const char *http_header(const struct http_request *r,
                        const char *name);                        /* any case; NULL: absent */
const char *http_body(const struct http_request *r, size_t *len); /* never NULL; NUL-terminated */
const char *
http_body_file(const struct http_request *r); /* of a body_to_file route; removed after the
                                                 answer unless the handler renamed it */
/* Who asks: the token's name; without tokens "local", or "local/NAME" after the X-Leeway-Actor
 * header. */
const char *http_actor(const struct http_request *r);
enum http_role http_role(const struct http_request *r);

/* ---- the answer; each of these answers the request and ends its life ---- */

void http_respond(struct http_request *r, int status, const char *content_type, const void *body,
                  size_t len); /* copies body */
void http_respond_take(struct http_request *r, int status, const char *content_type, void *body,
                       size_t len); /* takes a malloc'ed body */
void http_respond_json(struct http_request *r, int status, cJSON *body); /* takes body; NULL: 500 */
void http_respond_error(struct http_request *r, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));                          /* {"error": text} */
void http_respond_err(struct http_request *r, const struct err *e); /* status from the code */
void http_respond_file(struct http_request *r, int status, const char *content_type,
                       const char *path); /* 404 where absent */
/* Adds a header to the coming answer; copies both. */
void http_add_header(struct http_request *r, const char *name, const char *value);

/* ---- server-sent events (loop servers only) ---- */

/* Answers with an event stream. on_close is called once, from the loop, when the peer is gone, too
 * slow (more than 1 MiB waiting) or the server stops; the http_sse is invalid after it. NULL, with
 * the request answered 503 and no on_close to come, where the server is stopping or has threads. */
struct http_sse *http_sse_start(struct http_request *r, void (*on_close)(struct http_sse *, void *),
                                void *user);
/* Queues one event; event may be NULL, data is one line of JSON. A comment ping is sent every 15 s.
 */
void http_sse_send(struct http_sse *s, const char *event, const char *data);

#endif
