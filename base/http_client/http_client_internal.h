/*
 * http_client_internal.h - the structs behind http_client.h, shared by the files of this folder.
 *
 * A call is a small machine: CALL_WAITING (a timer starts the next try) -> CALL_RUNNING (libcurl
 * has it)
 * -> CALL_WAITING again, or CALL_SAVING (a pool thread makes the saved file durable) -> CALL_ENDING
 * (a timer calls done) -> CALL_DONE (its timer is closing; freed then). Every path to the user's
 * callback goes through that last timer, so it is never called from inside one of the user's own
 * calls.
 */
#ifndef HTTP_CLIENT_INTERNAL_H
#define HTTP_CLIENT_INTERNAL_H

#include <curl/curl.h>
#include <stdio.h>
#include <uv.h>

#include "base/buf.h"
#include "base/file_writer.h"
#include "base/http_client.h"
#include "base/rand.h"

struct http_client {
    uv_loop_t *loop;
    CURLM *multi;     /* NULL once closed */
    uv_timer_t timer; /* libcurl's */
    struct http_call *calls;
    struct rng jitter;
    int n_sockets; /* poll handles not yet closed */
    bool closing;
    void (*on_closed)(void *);
    void *close_user;
};

enum call_state { CALL_WAITING, CALL_RUNNING, CALL_SAVING, CALL_ENDING, CALL_DONE };

struct http_call {
    struct http_client *client;
    struct http_call *next, *prev;
    enum call_state state;
    http_call_done *done;
    void *user;
    uv_timer_t timer;
    uv_work_t save_work;

    /* what was asked */
    char *method, *url, *body_file, *save_to, *ca_file;
    char *peer; /* "host:port", for messages */
    struct curl_slist *headers;
    char *body; /* NULL: none */
    size_t body_len;
    size_t max_body_bytes, max_saved_bytes;
    int64_t try_timeout_ms, backoff_ms;
    int64_t started_mono_ms, deadline_mono_ms;
    int max_tries;

    /* the try that is running, or the last one */
    CURL *easy;
    char curl_message[CURL_ERROR_SIZE];
    FILE *upload;               /* body_file */
    struct buf received;        /* the answer's body in memory */
    struct file_writer *saving; /* or in a file */
    uint64_t n_saved_bytes;
    struct err io_error; /* what a body callback failed with; code ERR_OK: nothing */

    /* the outcome */
    int n_tries, status;
    struct err outcome; /* code ERR_OK: an answer came */
    char content_type[128];
};

/* ---- http_transfer.c: one try ---- */

/* Prepares call->easy; the time limit is timeout_ms. */
enum err_code transfer_begin(struct http_call *call, int64_t timeout_ms, struct err *e);
/* Reads status and headers of a finished try, or translates libcurl's failure, into the outcome. */
void transfer_finish(struct http_call *call, CURLcode code);
/* Drops the try: handle, files, received bytes. */
void transfer_discard(struct http_call *call);

/* ---- http_call.c: the machine ---- */

void call_on_transfer_done(struct http_call *call, CURLcode code);

/* ---- http_client.c: libcurl on the loop ---- */

/* Closes what remains of a closing client once its last call is gone. */
void client_call_gone(struct http_client *c);

#endif
