/*
 * http_auth.h - who may ask: the token file, and what a request must show.
 *
 * Tokens are kept and compared as SHA-256, every one of them at each request, so that neither
 * memory nor time tells a token. Loaded once at start; read by any thread afterwards.
 */
#ifndef HTTP_AUTH_H
#define HTTP_AUTH_H

#include "base/http_server.h"

#define AUTH_NAME_MAX 64

struct http_auth;

/* Reads lines "NAME ROLE TOKEN" (role viewer or operator; a token has 16 characters or more);
 * errors say file:line. A file without any token is an error. *out is owned; free with
 * http_auth_free. */
enum err_code http_auth_load(const char *path, struct http_auth **out, struct err *e);
void http_auth_free(struct http_auth *a);

/* Finds the bearer of an Authorization value (NULL where absent). ERR_UNAUTHORIZED where there is
 * none. *name is a view, valid while a lives. */
enum err_code http_auth_identify(const struct http_auth *a, const char *authorization,
                                 const char **name, enum http_role *role, struct err *e);

/* Letters, digits and ._@- only, 1..AUTH_NAME_MAX of them: what a name in a log may hold. */
bool http_auth_name_valid(const char *name);

/*
 * Where no tokens guard a server, a web page in the operator's own browser could drive it. Such
 * requests carry Origin: it must be the very host asked, and, on a loopback server, be called by a
 * loopback name (a foreign name that resolves to loopback is DNS rebinding). Without Origin all is
 * well.
 */
bool http_origin_allowed(const char *origin, const char *host, bool loopback_only);

#endif
