/*
 * http_internal.h - the structs behind http_server.h, shared by the files of this folder.
 *
 * Lifetimes. A request has two owners: libmicrohttpd's connection, until on_completed, and the
 * handler, from dispatch until it answers. Whoever lets go last frees it. On a loop server a
 * request whose handler has returned without an answer is suspended; libmicrohttpd never completes
 * a suspended request, so the handler is the first to let go, except when the server stops before
 * it: then the request lives on without a connection until answered, and the answer goes nowhere.
 *
 * Threads. A loop server does everything on its loop and takes no locks. With threads a request
 * stays on the thread that serves its connection; only n_active and stopping are shared.
 */
#ifndef HTTP_INTERNAL_H
#define HTTP_INTERNAL_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <uv.h>

#include "http_auth.h"
#include "http_route.h"
#include "http_strict.h"

/* Drives a daemon that has no thread of its own: see http_loop.c. */
struct loop_driver {
    struct MHD_Daemon *daemon;
    uv_poll_t poll;   /* libmicrohttpd's epoll descriptor */
    uv_timer_t timer; /* its next timeout */
    uv_idle_t soon;   /* active: it is run in the next turn of the loop */
    bool kicked;      /* a connection was resumed while the daemon ran */
    int n_busy;       /* requests being received or sent, not the suspended ones */
    int n_runs_without_event;
};

struct http_server {
    uv_loop_t *loop; /* NULL where there is none */
    const struct http_route *routes;
    void *user;
    struct http_auth *auth; /* NULL: everybody who can connect is an operator */
    char *spool_dir, *server_name;
    size_t max_body_bytes;
    int idle_timeout_s, n_threads, port;
    bool loopback_only;

    struct MHD_Daemon *daemon;
    atomic_bool starting; /* the library's messages go to start_message */
    char start_message[256];

    struct loop_driver driver;
    uv_timer_t ping_timer, grace_timer;
    int n_open_handles;
    struct http_request *requests; /* loop servers: those libmicrohttpd has not completed */

    atomic_bool stopping;
    atomic_int n_active; /* requests between their head and their completion */
    int grace_ms;
    int quiesced_fd; /* the listening socket after quiescing; -1 */
    uv_work_t stop_work;
    pthread_mutex_t idle_lock;
    pthread_cond_t idle_cond;
    void (*on_stopped)(void *);
    void *stop_user;
};

struct http_field {
    const char *name, *value;
};

/* A body that is being received: into memory or into a file, never both. */
struct http_body {
    size_t max_bytes;
    uint64_t n_bytes; /* received so far */
    char *data;       /* NUL-terminated after n_bytes */
    size_t cap;
    char *path; /* of the spool file */
    int fd;     /* -1 where there is none */
};

struct http_request {
    struct http_server *server;        /* NULL once the server is gone */
    struct MHD_Connection *connection; /* NULL once libmicrohttpd let go */
    struct http_request *next, *prev;  /* server->requests */
    const struct http_route *route;
    char *text; /* one allocation holding every string below */
    const char *method, *path;
    struct http_field *fields; /* n_headers, then n_queries */
    size_t n_headers, n_queries;
    struct route_match match;
    char actor[2 * AUTH_NAME_MAX];
    enum http_role role;
    int64_t started_mono_ms;
    struct http_body body;
    uint64_t n_drained; /* bytes of the body read and thrown away after a refusal */

    bool dispatched; /* the handler has it */
    bool answered;
    bool suspended;
    bool close_after; /* the connection cannot be used again */
    int status;
    struct MHD_Response *response; /* chosen, not yet queued */
    struct http_field *extra;      /* http_add_header, owned */
    size_t n_extra;
    struct http_sse *sse;
};

/* ---- http_listen.c ---- */

/* Binds host:port; *port becomes the real one. Refuses what is not loopback unless may_be_public.
 */
enum err_code http_listen(const char *host, int *port, bool may_be_public, bool *is_loopback,
                          int *out_fd, struct err *e);

/* ---- http_loop.c ---- */

/* Returns 0 or, with nothing left open, a uv error. */
int loop_driver_start(struct loop_driver *d, uv_loop_t *loop, struct MHD_Daemon *daemon,
                      void *data);
void loop_driver_kick(struct loop_driver *d); /* runs the daemon soon */
void loop_driver_stop(struct loop_driver *d); /* before MHD_stop_daemon */
/* on_closed is called for each of the three handles. */
void loop_driver_close(struct loop_driver *d, uv_close_cb on_closed);

/* ---- http_request.c ---- */

enum MHD_Result http_on_access(void *cls, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *len, void **context);
void http_on_completed(void *cls, struct MHD_Connection *connection, void **context,
                       enum MHD_RequestTerminationCode code);
/* The handler lets go. */
void http_request_release(struct http_request *r);
/* Parks the connection until resumed; only inside libmicrohttpd's callbacks, on a loop server. */
void http_request_suspend(struct http_request *r);
void http_request_resume(struct http_request *r);

/* ---- http_body.c ---- */

void body_init(struct http_body *b, size_t max_bytes);
/* Opens the spool file in dir. */
enum err_code body_spool(struct http_body *b, const char *dir, struct err *e);
/* ERR_LIMIT over max_bytes, ERR_NO_SPACE, ERR_IO, ERR_NOMEM. */
enum err_code body_add(struct http_body *b, const char *data, size_t len, struct err *e);
enum err_code body_finish(struct http_body *b, struct err *e);
/* Frees the memory and removes the spool file where it is still there. */
void body_deinit(struct http_body *b);

/* ---- http_respond.c ---- */

/* Gives r its answer and ends the handler's hold; takes response (NULL: out of memory). */
void http_answer(struct http_request *r, int status, struct MHD_Response *response);
/* Hands the chosen answer to libmicrohttpd; only inside its access callback. */
enum MHD_Result http_queue_answer(struct http_request *r);

/* ---- http_sse.c ---- */

void sse_end(struct http_sse *s);       /* after what is queued */
void sse_completed(struct http_sse *s); /* libmicrohttpd let go: tells the user, frees later */
void sse_ping_all(struct http_server *s);

/* ---- http_stop.c ---- */

void http_stop_handles_start(struct http_server *s); /* the ping and grace timers */
void http_note_completed(struct http_server *s);     /* one active request less */
void http_server_free(struct http_server *s);

#endif
