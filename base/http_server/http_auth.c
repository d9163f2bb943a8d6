/*
 * http_auth.c - the token file, bearer tokens, and the origin check of servers without tokens.
 */
#include "http_auth.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/sha256.h"

#define TOKEN_MIN_CHARS 16
#define TOKEN_FILE_MAX_BYTES (1 << 20)

struct auth_token {
    char name[AUTH_NAME_MAX + 1];
    enum http_role role;
    char hash[SHA256_HEX_BYTES];
};

struct http_auth {
    size_t n;
    struct auth_token *tokens;
};

bool http_auth_name_valid(const char *name)
{
    size_t len = strlen(name);
    return len >= 1 && len <= AUTH_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-") ==
               len;
}

static bool role_parse(const char *text, enum http_role *out)
{
    bool viewer = strcmp(text, "viewer") == 0;
    if (!viewer && strcmp(text, "operator") != 0)
        return false;
    *out = viewer ? HTTP_VIEWER : HTTP_OPERATOR;
    return true;
}

static enum err_code add_token(struct http_auth *a, const struct auth_token *t, struct err *e)
{
    struct auth_token *grown = realloc(a->tokens, (a->n + 1) * sizeof *grown);
    if (grown == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %zu tokens", a->n + 1);
    a->tokens = grown;
    a->tokens[a->n++] = *t;
    return ERR_OK;
}

/* One line without its newline; blank and comment lines add nothing. */
static enum err_code parse_line(struct http_auth *a, char *line, struct err *e)
{
    char *rest = line;
    const char *name = strtok_r(rest, " \t\r", &rest);
    if (name == NULL || name[0] == '#')
        return ERR_OK;
    const char *role = strtok_r(NULL, " \t\r", &rest);
    const char *token = strtok_r(NULL, " \t\r", &rest);
    struct auth_token t = {0};
    if (token == NULL || strtok_r(NULL, " \t\r", &rest) != NULL)
        return err_set(e, ERR_PARSE, "expected NAME ROLE TOKEN");
    if (!http_auth_name_valid(name))
        return err_set(e, ERR_PARSE, "expected a name of at most %d letters, digits and ._@-",
                       AUTH_NAME_MAX);
    if (!role_parse(role, &t.role))
        return err_set(e, ERR_PARSE, "expected role viewer or operator, got \"%.32s\"", role);
    if (strlen(token) < TOKEN_MIN_CHARS)
        return err_set(e, ERR_PARSE, "expected a token of %d characters or more, got %zu",
                       TOKEN_MIN_CHARS, strlen(token));
    memcpy(t.name, name, strlen(name) + 1);
    sha256_hex(token, strlen(token), t.hash);
    return add_token(a, &t, e);
}

static enum err_code parse_file(struct http_auth *a, const char *path, char *text, struct err *e)
{
    int line_number = 1;
    for (char *line = text; line != NULL; line_number++) {
        char *end = strchr(line, '\n');
        if (end != NULL)
            *end++ = '\0';
        if (parse_line(a, line, e) != ERR_OK)
            return err_prefix(e, "%s:%d", path, line_number);
        line = end;
    }
    if (a->n == 0)
        return err_set(e, ERR_INVALID, "%s: no token in it, expected lines NAME ROLE TOKEN", path);
    return ERR_OK;
}

enum err_code http_auth_load(const char *path, struct http_auth **out, struct err *e)
{
    struct err local;
    char *text;
    size_t len;
    e = e != NULL ? e : &local;
    enum err_code code = file_read(path, TOKEN_FILE_MAX_BYTES, &text, &len, e);
    if (code != ERR_OK)
        return code;
    struct http_auth *a = calloc(1, sizeof *a);
    code = a == NULL ? err_set(e, ERR_NOMEM, "out of memory") : parse_file(a, path, text, e);
    gnutls_memset(text, 0, len);
    free(text);
    if (code != ERR_OK) {
        http_auth_free(a);
        return code;
    }
    *out = a;
    return ERR_OK;
}

void http_auth_free(struct http_auth *a)
{
    if (a == NULL)
        return;
    free(a->tokens);
    free(a);
}

enum err_code http_auth_identify(const struct http_auth *a, const char *authorization,
                                 const char **name, enum http_role *role, struct err *e)
{
    char hash[SHA256_HEX_BYTES];
    const struct auth_token *found = NULL;
    if (authorization == NULL || strncasecmp(authorization, "Bearer ", 7) != 0)
        return err_set(e, ERR_UNAUTHORIZED, "a token is needed: Authorization: Bearer TOKEN");
    const char *token = authorization + 7 + strspn(authorization + 7, " ");
    sha256_hex(token, strlen(token), hash);
    for (size_t i = 0; i < a->n; i++)
        if (gnutls_memcmp(hash, a->tokens[i].hash, sizeof hash) == 0)
            found = &a->tokens[i];
    if (found == NULL)
        return err_set(e, ERR_UNAUTHORIZED, "unknown token");
    *name = found->name;
    *role = found->role;
    return ERR_OK;
}

/* "name", "name:port" and "[::1]:port" -> the length of the name. */
static size_t host_name_len(const char *host)
{
    return host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
}

static bool is_loopback_name(const char *host)
{
    size_t len = host_name_len(host);
    bool is_127 = strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") >= len;
    return is_127 || (len == 9 && strncasecmp(host, "localhost", 9) == 0) ||
           (len == 5 && strncmp(host, "[::1]", 5) == 0);
}

bool http_origin_allowed(const char *origin, const char *host, bool loopback_only)
{
    if (origin == NULL)
        return true;
    const char *origin_host = strstr(origin, "://");
    if (origin_host == NULL || host == NULL || strcasecmp(origin_host + 3, host) != 0)
        return false;
    return !loopback_only || is_loopback_name(host);
}
