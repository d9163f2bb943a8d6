/*
 * audit.c - the chain: hash = SHA-256 of seq, unix_ms, actor, action, subject, detail and the
 * previous hash, each ended by a NUL byte, which no field can hold.
 */
#include "store/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/db_private.h"

struct record {
    int64_t seq, unix_ms;
    const char *actor, *action, *subject, *detail, *prev;
};

static enum err_code hash_record(const struct record *r, char hash[SHA256_HEX_BYTES], struct err *e)
{
    struct sha256 *sha = sha256_new();
    char number[24];

    if (!sha) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    const int64_t numbers[] = {r->seq, r->unix_ms};
    for (size_t i = 0; i < 2; i++) {
        int len = snprintf(number, sizeof(number), "%" PRId64, numbers[i]);
        sha256_update(sha, number, (size_t)len + 1);
    }
    const char *const texts[] = {r->actor, r->action, r->subject, r->detail, r->prev};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        sha256_update(sha, texts[i], strlen(texts[i]) + 1);
    }
    sha256_finish(sha, hash);
    sha256_free(sha);
    return ERR_OK;
}

enum err_code audit_head(struct store *s, int64_t *seq, char hash[SHA256_HEX_BYTES], struct err *e)
{
    struct store_stmt *st;
    bool row;
    enum err_code rc;

    if ((rc = store_prepare(s, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", &st, e)) ||
        (rc = db_first(st, &row, e))) {
        return rc;
    }
    *seq = row ? store_int(st, 0) : 0;
    snprintf(hash, SHA256_HEX_BYTES, "%s", row ? store_text(st, 1) : "");
    store_reset(st);
    return ERR_OK;
}

static enum err_code insert_record(struct store *s, const struct record *r, struct err *e)
{
    struct store_stmt *st;
    char hash[SHA256_HEX_BYTES];
    enum err_code rc;

    if ((rc = hash_record(r, hash, e)) ||
        (rc = store_prepare(s,
                            "INSERT INTO audit (seq, unix_ms, actor, action, subject, detail,"
                            " prev, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                            &st, e))) {
        return rc;
    }
    store_bind_int(st, 1, r->seq);
    store_bind_int(st, 2, r->unix_ms);
    store_bind_text(st, 3, r->actor);
    store_bind_text(st, 4, r->action);
    store_bind_text(st, 5, r->subject);
    store_bind_text(st, 6, r->detail);
    store_bind_text(st, 7, r->prev);
    store_bind_text(st, 8, hash);
    return store_run(st, e);
}

enum err_code audit_append(struct store *s, const struct audit_entry *entry, int64_t *seq,
                           struct err *e)
{
    char prev[SHA256_HEX_BYTES];
    int64_t head = 0;
    enum err_code rc = audit_head(s, &head, prev, e);

    if (rc != ERR_OK) {
        return rc;
    }
    char *detail = entry->detail ? json_print(entry->detail) : strdup("{}");
    if (!detail) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    rc = insert_record(s,
                       &(struct record){.seq = head + 1,
                                        .unix_ms = entry->unix_ms,
                                        .actor = entry->actor,
                                        .action = entry->action,
                                        .subject = entry->subject,
                                        .detail = detail,
                                        .prev = prev},
                       e);
    free(detail);
    if (rc == ERR_OK && seq) {
        *seq = head + 1;
    }
    return rc;
}

/* ---- verifying ---- */

/* "": a NULL column, which only tampering can make. */
static const char *text_at(struct store_stmt *st, int col)
{
    const char *text = store_text(st, col);

    return text ? text : "";
}

static enum err_code check_record(struct store_stmt *st, struct audit_check *c, struct err *e)
{
    char hash[SHA256_HEX_BYTES];
    struct record r = {.seq = store_int(st, 0),
                       .unix_ms = store_int(st, 1),
                       .actor = text_at(st, 2),
                       .action = text_at(st, 3),
                       .subject = text_at(st, 4),
                       .detail = text_at(st, 5),
                       .prev = text_at(st, 6)};
    const char *what = NULL;
    enum err_code rc = hash_record(&r, hash, e);

    if (rc != ERR_OK) {
        return rc;
    }
    if (r.seq != c->n + 1) {
        what = "is missing";
    } else if (strcmp(r.prev, c->head) != 0) {
        what = "does not follow the record before it";
    } else if (strcmp(hash, text_at(st, 7)) != 0) {
        what = "was changed: its hash does not match";
    }
    if (what) {
        c->first_broken = c->n + 1;
        return err_set(e, ERR_CORRUPT, "audit record %" PRId64 " %s", c->first_broken, what);
    }
    c->n++;
    memcpy(c->head, hash, sizeof(hash));
    return ERR_OK;
}

enum err_code audit_verify(struct store *s, struct audit_check *out, struct err *e)
{
    struct audit_check c = {0};
    struct store_stmt *st;
    bool row = false;
    enum err_code rc;

    if ((rc = store_prepare(s,
                            "SELECT seq, unix_ms, actor, action, subject, detail, prev, hash"
                            " FROM audit ORDER BY seq",
                            &st, e))) {
        return rc;
    }
    while ((rc = store_step(st, &row, e)) == ERR_OK && row) {
        if ((rc = check_record(st, &c, e))) {
            break;
        }
    }
    store_reset(st);
    if (rc == ERR_OK || rc == ERR_CORRUPT) {
        *out = c;
    }
    return rc;
}

/* ---- listing ---- */

static cJSON *make_record(struct store_stmt *st)
{
    cJSON *json = cJSON_CreateObject();

    if (db_add_int(json, "seq", store_int(st, 0)) &&
        db_add_int(json, "unix_ms", store_int(st, 1)) &&
        db_add_text(json, "actor", store_text(st, 2)) &&
        db_add_text(json, "action", store_text(st, 3)) &&
        db_add_text(json, "subject", store_text(st, 4)) &&
        db_add_json(json, "detail", store_text(st, 5)) &&
        db_add_text(json, "hash", store_text(st, 6))) {
        return json;
    }
    cJSON_Delete(json);
    return NULL;
}

/* Binds text at i, and at i + 1 whether it is a prefix ("text*"). */
static enum err_code bind_pattern(struct store_stmt *st, int i, const char *text, struct err *e)
{
    char prefix[512];
    size_t len = text ? strlen(text) : 0;

    if (len == 0 || text[len - 1] != '*') {
        store_bind_text(st, i, text);
        store_bind_int(st, i + 1, 0);
        return ERR_OK;
    }
    enum err_code rc = db_copy(prefix, sizeof(prefix), text, "filter", e);
    if (rc == ERR_OK) {
        prefix[len - 1] = '\0';
        store_bind_text(st, i, prefix);
        store_bind_int(st, i + 1, 1);
    }
    return rc;
}

#define MATCHES(column, text, is_prefix)                                                           \
    "(?" #text " IS NULL OR " #column " = ?" #text " OR (?" #is_prefix " AND substr(" #column      \
    ", 1, length(?" #text ")) = ?" #text "))"

enum err_code audit_list(struct store *s, const struct audit_filter *f, cJSON **out, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(
             s,
             "SELECT seq, unix_ms, actor, action, subject, detail, hash FROM audit"
             " WHERE " MATCHES(actor, 1, 2) " AND " MATCHES(action, 3, 4) " AND " MATCHES(
                 subject, 5, 6) " AND unix_ms >= ?7 AND unix_ms <= ?8 AND seq < ?9"
                                " ORDER BY seq DESC LIMIT ?10",
             &st, e)) ||
        (rc = bind_pattern(st, 1, f->actor, e)) || (rc = bind_pattern(st, 3, f->action, e)) ||
        (rc = bind_pattern(st, 5, f->subject, e))) {
        return rc;
    }
    store_bind_int(st, 7, f->from_unix_ms);
    store_bind_int(st, 8, f->to_unix_ms ? f->to_unix_ms : INT64_MAX);
    store_bind_int(st, 9, f->before_seq ? f->before_seq : INT64_MAX);
    store_bind_int(st, 10, f->limit <= 0 ? 100 : f->limit > 1000 ? 1000 : f->limit);
    return db_collect(st, make_record, out, e);
}
