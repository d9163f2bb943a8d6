/*
 * http_server.c - starting a server: options checked, socket bound, daemon configured and driven.
 */
#include "http_internal.h"

#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

#define CONNECTION_POOL_BYTES 32768 /* head and receive buffer of one connection */
#define PEM_MAX_BYTES (1 << 20)
#define N_OPTIONS_MAX 16

struct tls_files {
    char *cert, *key; /* NULL: no TLS */
    size_t cert_len, key_len;
};

void http_server_options_init(struct http_server_options *o)
{
    *o = (struct http_server_options){
        .host = "127.0.0.1",
        .max_body_bytes = 1 << 20,
        .max_connections = 1000,
        .idle_timeout_s = 30,
        .server_name = "leeway",
    };
}

int http_server_port(const struct http_server *s)
{
    return s->port;
}

/* ---- checks ---- */

static enum err_code check_routes(const struct http_server_options *o,
                                  const struct http_route *routes, struct err *e)
{
    for (const struct http_route *r = routes; r->method != NULL; r++) {
        if (!route_pattern_valid(r->pattern))
            return err_set(e, ERR_INVALID, "route %s: malformed pattern", r->pattern);
        if (r->body_to_file && o->spool_dir == NULL)
            return err_set(e, ERR_INVALID, "route %s spools its body, but spool_dir is not set",
                           r->pattern);
    }
    return ERR_OK;
}

static enum err_code check_options(const struct http_server_options *o, uv_loop_t *loop,
                                   struct err *e)
{
    if ((o->cert_file == NULL) != (o->key_file == NULL))
        return err_set(e, ERR_INVALID, "cert_file and key_file: expected both or neither");
    if (o->n_threads < 0 || (o->n_threads == 0 && loop == NULL))
        return err_set(e, ERR_INVALID, "n_threads %d: expected 1 or more without a loop",
                       o->n_threads);
    if (o->max_connections < 1 || o->max_connections < o->n_threads)
        return err_set(e, ERR_INVALID, "max_connections %d: expected 1 or more, and n_threads (%d)",
                       o->max_connections, o->n_threads);
    if (o->idle_timeout_s < 1)
        return err_set(e, ERR_INVALID, "idle_timeout_s %d: expected 1 or more", o->idle_timeout_s);
    return ERR_OK;
}

/* ---- TLS ---- */

static void tls_files_clear(struct tls_files *t)
{
    if (t->key != NULL)
        gnutls_memset(t->key, 0, t->key_len);
    free(t->key);
    free(t->cert);
}

/* The library would only say that it did not start; ask GnuTLS for the reason first. */
static enum err_code tls_check_pair(const struct tls_files *t, const struct http_server_options *o,
                                    struct err *e)
{
    gnutls_certificate_credentials_t credentials;
    gnutls_datum_t cert = {(unsigned char *)t->cert, (unsigned)t->cert_len};
    gnutls_datum_t key = {(unsigned char *)t->key, (unsigned)t->key_len};
    int rc = gnutls_certificate_allocate_credentials(&credentials);
    if (rc < 0)
        return err_set(e, ERR_NOMEM, "TLS: %s", gnutls_strerror(rc));
    rc = gnutls_certificate_set_x509_key_mem(credentials, &cert, &key, GNUTLS_X509_FMT_PEM);
    gnutls_certificate_free_credentials(credentials);
    if (rc < 0)
        return err_set(e, ERR_INVALID, "certificate %s with key %s: %s", o->cert_file, o->key_file,
                       gnutls_strerror(rc));
    return ERR_OK;
}

static enum err_code tls_load(const struct http_server_options *o, struct tls_files *t,
                              struct err *e)
{
    if (o->cert_file == NULL)
        return ERR_OK;
    enum err_code code = file_read(o->cert_file, PEM_MAX_BYTES, &t->cert, &t->cert_len, e);
    if (code == ERR_OK)
        code = file_read(o->key_file, PEM_MAX_BYTES, &t->key, &t->key_len, e);
    return code == ERR_OK ? tls_check_pair(t, o, e) : code;
}

/* ---- the daemon ---- */

/* Paths and queries are split first and decoded by http_route.c afterwards. */
static size_t leave_escaped(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

/* At its limit the library stops listening, and starts again only when it is next run. */
static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http_server *s = cls;
    (void)connection;
    (void)context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED && s->n_threads == 0)
        loop_driver_kick(&s->driver);
}

static void on_library_message(void *cls, const char *fmt, va_list args)
{
    struct http_server *s = cls;
    char text[sizeof s->start_message];
    vsnprintf(text, sizeof text, fmt, args);
    text[strcspn(text, "\r\n")] = '\0';
    if (atomic_load(&s->starting))
        memcpy(s->start_message, text, sizeof text);
    log_debug("http_library", LOG_S("message", text));
}

static void set_options(struct http_server *s, const struct http_server_options *o,
                        const struct tls_files *tls, int fd, struct MHD_OptionItem *items)
{
    size_t n = 0;
    items[n++] =
        (struct MHD_OptionItem){MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_library_message, s};
    items[n++] =
        (struct MHD_OptionItem){MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)http_on_completed, s};
    items[n++] = (struct MHD_OptionItem){MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, s};
    items[n++] = (struct MHD_OptionItem){MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)leave_escaped, s};
    items[n++] = (struct MHD_OptionItem){MHD_OPTION_LISTEN_SOCKET, fd, NULL};
    items[n++] = (struct MHD_OptionItem){MHD_OPTION_CONNECTION_LIMIT, o->max_connections, NULL};
    items[n++] = (struct MHD_OptionItem){MHD_OPTION_CONNECTION_TIMEOUT, o->idle_timeout_s, NULL};
    items[n++] =
        (struct MHD_OptionItem){MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_POOL_BYTES, NULL};
    items[n++] = (struct MHD_OptionItem){MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL};
    if (tls->cert != NULL) {
        items[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, tls->cert};
        items[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key};
    }
    if (o->n_threads > 1)
        items[n++] = (struct MHD_OptionItem){MHD_OPTION_THREAD_POOL_SIZE, o->n_threads, NULL};
    items[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
}

/* Takes fd. */
static enum err_code start_daemon(struct http_server *s, const struct http_server_options *o,
                                  const struct tls_files *tls, int fd, struct err *e)
{
    struct MHD_OptionItem items[N_OPTIONS_MAX];
    unsigned flags = MHD_USE_ERROR_LOG | (tls->cert != NULL ? MHD_USE_TLS : 0);
    flags |= o->n_threads > 0 ? MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC
                              : MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    set_options(s, o, tls, fd, items);
    atomic_store(&s->starting, true);
    s->daemon = MHD_start_daemon(flags, 0, NULL, NULL, http_on_access, s, MHD_OPTION_ARRAY, items,
                                 MHD_OPTION_END);
    atomic_store(&s->starting, false);
    if (s->daemon != NULL)
        return ERR_OK;
    close(fd);
    return err_set(e, ERR_INTERNAL, "HTTP server on %s:%d did not start: %s", o->host, s->port,
                   s->start_message);
}

static enum err_code drive(struct http_server *s, struct err *e)
{
    if (s->n_threads > 0)
        return ERR_OK;
    int rc = loop_driver_start(&s->driver, s->loop, s->daemon, s);
    if (rc != 0)
        return err_set(e, ERR_INTERNAL, "HTTP server on the loop: %s", uv_strerror(rc));
    http_stop_handles_start(s);
    return ERR_OK;
}

/* ---- start ---- */

static char *copy_text(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

static struct http_server *server_new(uv_loop_t *loop, const struct http_server_options *o,
                                      const struct http_route *routes, void *user)
{
    pthread_condattr_t monotonic;
    struct http_server *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->loop = loop;
    s->routes = routes;
    s->user = user;
    s->max_body_bytes = o->max_body_bytes;
    s->idle_timeout_s = o->idle_timeout_s;
    s->n_threads = o->n_threads;
    s->port = o->port;
    s->spool_dir = copy_text(o->spool_dir);
    s->server_name = copy_text(o->server_name != NULL ? o->server_name : "leeway");
    pthread_mutex_init(&s->idle_lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->idle_cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return s;
}

/* Everything that may fail, in order; what was opened is closed by the caller through s. */
static enum err_code server_open(struct http_server *s, const struct http_server_options *o,
                                 const struct tls_files *tls, struct err *e)
{
    int fd;
    enum err_code code = ERR_OK;
    if (s->server_name == NULL || (o->spool_dir != NULL && s->spool_dir == NULL))
        return err_set(e, ERR_NOMEM, "out of memory");
    if (o->token_file != NULL)
        code = http_auth_load(o->token_file, &s->auth, e);
    if (code == ERR_OK)
        code = http_listen(o->host, &s->port, s->auth != NULL || tls->cert != NULL,
                           &s->loopback_only, &fd, e);
    if (code == ERR_OK)
        code = start_daemon(s, o, tls, fd, e);
    return code == ERR_OK ? drive(s, e) : code;
}

enum err_code http_server_start(struct uv_loop_s *loop, const struct http_server_options *o,
                                const struct http_route *routes, void *user,
                                struct http_server **out, struct err *e)
{
    struct tls_files tls = {0};
    struct http_server *s = NULL;
    enum err_code code = check_options(o, loop, e);
    if (code == ERR_OK)
        code = check_routes(o, routes, e);
    if (code == ERR_OK)
        code = tls_load(o, &tls, e);
    if (code == ERR_OK && (s = server_new(loop, o, routes, user)) == NULL)
        code = err_set(e, ERR_NOMEM, "out of memory");
    if (code == ERR_OK)
        code = server_open(s, o, &tls, e);
    tls_files_clear(&tls);
    if (code == ERR_OK) {
        *out = s;
        return ERR_OK;
    }
    if (s != NULL && s->daemon != NULL)
        MHD_stop_daemon(s->daemon);
    if (s != NULL)
        http_server_free(s);
    return code;
}
