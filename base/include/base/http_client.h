/*
 * http_client.h - HTTP calls on a uv loop (libcurl multi underneath): per-call deadline, retry with
 * exponential backoff and full jitter where the call is idempotent, cancel, bodies from and to files.
 */
#ifndef BASE_HTTP_CLIENT_H
#define BASE_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct uv_loop_s;
struct http_client;
struct http_call;

struct http_call_options {
    const char *method; /* default "GET" */
    const char *url;
    const char *const *headers; /* "Name: value" lines ended by NULL; may be NULL */
    const char *token;          /* sent as Authorization: Bearer; may be NULL */
    const void *body;           /* copied */
    size_t body_len;
    const char *body_file;   /* instead of body: streamed from this file */
    const char *save_to;     /* the body of a 2xx answer is written to this file (atomically) */
    const char *ca_file;     /* PEM; NULL: the system's */
    size_t max_body_bytes;   /* default 64 MiB in memory, 4 GiB to a file; more is ERR_LIMIT */
    int64_t timeout_ms;      /* whole call including retries; default 10000 */
    int64_t try_timeout_ms;  /* one try; default timeout_ms */
    int max_tries;           /* default 1; only for calls that may be repeated */
    int64_t backoff_ms;      /* first wait, doubled each time, jittered; default 200, cap 10000 */
};

struct http_result {
    enum err_code code; /* ERR_OK: an HTTP answer came (whatever its status) */
    char message[512];  /* where code != ERR_OK: what failed, with host and port */
    int status;
    const char *body; /* view, valid during the callback; NUL-terminated; "" with save_to */
    size_t body_len;
    const char *content_type; /* view; "" where absent */
    int tries;
    int64_t elapsed_ms;
    const struct http_result_headers *headers; /* for http_result_header */
};

/* Called exactly once on the loop thread, never from inside http_call_start. */
typedef void http_call_done(const struct http_result *result, void *user);

enum err_code http_client_new(struct uv_loop_s *loop, struct http_client **out, struct err *e);
/* Cancels what is running (their callbacks get ERR_CANCELLED), then calls on_closed (may be NULL). */
void http_client_close(struct http_client *c, void (*on_closed)(void *), void *user);

/* Starts a call; *out (may be NULL) is valid until done has been called. A retry happens on no answer,
 * 408, 429, 502, 503 and 504, while the deadline allows. */
enum err_code http_call_start(struct http_client *c, const struct http_call_options *o,
                              http_call_done *done, void *user, struct http_call **out,
                              struct err *e);
/* done is called soon with ERR_CANCELLED. */
void http_call_cancel(struct http_call *call);

/* Runs one call to its end on a loop of its own: for command-line programs. done is called before this
 * returns. */
enum err_code http_call_sync(const struct http_call_options *o, http_call_done *done, void *user,
                             struct err *e);

/* A header of the answer, any case; "" where absent. A view, valid during the callback. */
const char *http_result_header(const struct http_result *r, const char *name);

/* Turns "no answer" or a non-2xx answer into *e ("POST http://... answered 409: <error text>"); returns
 * ERR_OK for a 2xx answer. The code is the nearest of err.h's list. */
enum err_code http_result_check(const struct http_result *r, const char *what, struct err *e);

#endif
