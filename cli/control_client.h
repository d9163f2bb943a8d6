/*
 * control_client.h - one call to leewayd's control API, waited for.
 *
 * Who calls it: the commands. The code in *e is ERR_UNREACHABLE only where no answer came, and
 * ERR_REFUSED only for a 422, so that cli_fail finds the right exit code.
 */
#ifndef CLI_CONTROL_CLIENT_H
#define CLI_CONTROL_CLIENT_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli.h"

struct control_answer {
    int status;
    char *text; /* owned: the body as it came, NUL-terminated */
    size_t len;
    cJSON *json; /* owned: the same, parsed; NULL where it is not JSON */
};

void control_answer_clean_up(struct control_answer *a);

/* "/v1/models/{}/drift" with each {} replaced by the next const char *, percent-encoded. */
void control_path(struct buf *out, const char *pattern, ...);
/* The same, appended: control_query(&path, "subject", text) adds "?subject=..." or "&...". */
void control_query(struct buf *path, const char *name, const char *value);

/* GET. On an error status *e has leewayd's sentence and *out is filled all the same. */
enum err_code control_get(const struct cli *cli, const char *path, struct control_answer *out,
                          struct err *e);
/* POST or PUT of a body; content_type NULL: JSON. */
enum err_code control_send(const struct cli *cli, const char *method, const char *path,
                           const char *content_type, const struct buf *body,
                           struct control_answer *out, struct err *e);
/* POST of a JSON object, which this takes and frees. */
enum err_code control_post(const struct cli *cli, const char *path, cJSON *body,
                           struct control_answer *out, struct err *e);

/* Turns the outcome of a call into *e; what names it ("leewayd"). For callers with a loop of their
 * own, too. */
struct http_result;
enum err_code control_check(const char *server, const struct http_result *r, struct err *e);

/* The token out of a file: the last word of its first line, so that "TOKEN" and a server's
 * "NAME ROLE TOKEN" both do. *out is owned. path NULL: *out is NULL. */
enum err_code control_read_token(const char *path, char **out, struct err *e);

#define CONTROL_ACTOR_BYTES 160
/* "X-Leeway-Actor: name"; empty where the name could not stand in the header. Returns out. */
char *control_actor_header(const struct cli *cli, char out[CONTROL_ACTOR_BYTES]);

#endif
