/*
 * observation_ingest.c - stretches of the replicas' logs: each row once, committed together with
 * the offset where the next read begins.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/db.h"
#include "store/observation_private.h"

/* ---- one row ---- */

static enum err_code intern_version(struct obs *o, const char *sha256, int64_t *id, struct err *e)
{
    for (size_t i = 0; i < o->n_words; i++) {
        if (strcmp(o->words[i].sha256, sha256) == 0) {
            *id = o->words[i].id;
            return ERR_OK;
        }
    }
    enum err_code rc = db_intern(o->s, sha256, id, e);
    if (rc == ERR_OK && strlen(sha256) < SHA256_HEX_BYTES &&
        o->n_words < sizeof(o->words) / sizeof(*o->words)) {
        strcpy(o->words[o->n_words].sha256, sha256);
        o->words[o->n_words++].id = *id;
    }
    return rc;
}

static enum err_code bind_scored(struct obs *o, struct store_stmt *st, int i, const char *version,
                                 const float *y, size_t n_y, struct err *e)
{
    int64_t id = 0;
    enum err_code rc;

    if (!version) {
        store_bind_null(st, i);
        store_bind_null(st, i + 1);
        return ERR_OK;
    }
    if ((rc = intern_version(o, version, &id, e))) {
        return rc;
    }
    store_bind_int(st, i, id);
    store_bind_blob(st, i + 1, y, n_y * sizeof(*y));
    return ERR_OK;
}

static void bind_label(struct obs *o, struct store_stmt *st, int i, const char *label,
                       int64_t label_unix_ms)
{
    store_bind_int(st, i, label ? STATE_LABELLED : STATE_OWED);
    if (label) {
        store_bind_text(st, i + 1, label);
        store_bind_int(st, i + 2, label_unix_ms);
        store_bind_int(st, i + 3, o->account.labelled + 1);
    } else {
        store_bind_null(st, i + 1);
        store_bind_null(st, i + 2);
        store_bind_null(st, i + 3);
    }
}

enum err_code obs_insert(struct obs *o, const struct observation *row, const char *label,
                         int64_t label_unix_ms, bool *added, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    /* Only the id may collide: the lseq is new, and nothing bound here is NULL where it must not
     * be. */
    if ((rc = store_prepare(o->s,
                            "INSERT INTO observation (model, id, t, role, x, version, y,"
                            " shadow_version, shadow_y, state, label, label_ms, lseq)"
                            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
                            " ON CONFLICT (model, id) DO NOTHING",
                            &st, e))) {
        return rc;
    }
    store_bind_int(st, 1, o->model);
    store_bind_text(st, 2, row->id);
    store_bind_int(st, 3, row->unix_ms);
    store_bind_int(st, 4, row->role);
    store_bind_text(st, 5, row->x);
    if ((rc = bind_scored(o, st, 6, row->version, row->y, row->n_y, e)) ||
        (rc = bind_scored(o, st, 8, row->shadow_version, row->shadow_y, row->n_shadow_y, e))) {
        return rc;
    }
    bind_label(o, st, 10, label, label_unix_ms);
    if ((rc = store_run(st, e))) {
        return rc;
    }
    *added = store_changes(o->s) == 1;
    o->account.rows += *added;
    o->account.labelled += *added && label;
    o->account.owed += *added && !label;
    return ERR_OK;
}

static enum err_code check_row(const struct observation *row, struct err *e)
{
    if (!row->x || row->n_y > OBSERVATION_MAX_OUTPUTS ||
        row->n_shadow_y > OBSERVATION_MAX_OUTPUTS) {
        return err_set(e, ERR_INVALID,
                       "observation seq %" PRId64 ": expected x and at most %d outputs", row->seq,
                       OBSERVATION_MAX_OUTPUTS);
    }
    return obs_check_id(row->id, e);
}

static enum err_code add_row(struct obs *o, const struct observation *row,
                             struct observation_ingested *n, struct err *e)
{
    char label[LABEL_BYTES];
    int64_t label_unix_ms = 0;
    bool waits = false, added = false;
    enum err_code rc;

    if ((rc = check_row(row, e)) ||
        (rc = obs_take_waiting(o, row->id, label, &label_unix_ms, &waits, e)) ||
        (rc = obs_insert(o, row, waits ? label : NULL, label_unix_ms, &added, e))) {
        return rc;
    }
    o->account.observed += added;
    o->account.duplicates += !added;
    n->n_new += added;
    n->n_duplicate += !added;
    n->n_joined += added && waits;
    return ERR_OK;
}

/* ---- a stretch of a log ---- */

/* Where the batch stands: the next sequence number that is not yet in the store. */
struct cursor {
    struct obs o;
    int64_t next_seq;
    struct observation_ingested n;
};

static enum err_code read_offset(struct store *s, int64_t model, const char *log_id,
                                 int64_t *next_seq, bool *known, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    *next_seq = 0;
    if ((rc = store_prepare(s, "SELECT next_seq FROM log_offset WHERE model = ?1 AND log_id = ?2",
                            &st, e))) {
        return rc;
    }
    store_bind_int(st, 1, model);
    store_bind_text(st, 2, log_id);
    if ((rc = db_first(st, known, e)) == ERR_OK && *known) {
        *next_seq = store_int(st, 0);
    }
    store_reset(st);
    return rc;
}

enum err_code observation_next_seq(struct store *s, const char *model, const char *log_id,
                                   int64_t *next_seq, struct err *e)
{
    int64_t id = 0;
    bool known;
    enum err_code rc;

    if ((rc = db_intern(s, model, &id, e))) {
        return rc;
    }
    return read_offset(s, id, log_id, next_seq, &known, e);
}

static enum err_code write_offset(struct cursor *c, const struct observation_batch *b,
                                  struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(c->o.s,
                            "INSERT OR REPLACE INTO log_offset (model, log_id, replica, next_seq)"
                            " VALUES (?1, ?2, ?3, ?4)",
                            &st, e))) {
        return rc;
    }
    store_bind_int(st, 1, c->o.model);
    store_bind_text(st, 2, b->log_id);
    store_bind_text(st, 3, b->replica);
    store_bind_int(st, 4, c->next_seq);
    return store_run(st, e);
}

static enum err_code cursor_begin(struct store *s, const struct observation_batch *b,
                                  struct cursor *c, struct err *e)
{
    bool known;
    enum err_code rc;

    c->n = (struct observation_ingested){0};
    if ((rc = obs_begin(s, b->model, &c->o, e))) {
        return rc;
    }
    if ((rc = read_offset(s, c->o.model, b->log_id, &c->next_seq, &known, e))) {
        store_rollback(s);
    }
    return rc;
}

/* Up to seq nothing more will come. */
static void skip_to(struct cursor *c, int64_t seq)
{
    if (seq > c->next_seq) {
        c->n.n_missed += seq - c->next_seq;
        c->o.account.missed += seq - c->next_seq;
        c->next_seq = seq;
    }
}

static enum err_code cursor_add(struct cursor *c, const struct observation *row, struct err *e)
{
    if (row->seq < c->next_seq) {
        c->n.n_repeated++;
        return ERR_OK;
    }
    skip_to(c, row->seq);
    c->next_seq++;
    return add_row(&c->o, row, &c->n, e);
}

static enum err_code cursor_end(struct cursor *c, const struct observation_batch *b,
                                enum err_code rc, struct observation_ingested *out, struct err *e)
{
    if (rc == ERR_OK) {
        skip_to(c, b->next_seq);
        rc = write_offset(c, b, e);
    }
    rc = obs_end(&c->o, rc, e);
    if (rc == ERR_OK && out) {
        *out = c->n;
    }
    return rc;
}

enum err_code observation_ingest(struct store *s, const struct observation_batch *b,
                                 const struct observation *rows, size_t n,
                                 struct observation_ingested *out, struct err *e)
{
    struct cursor c;
    enum err_code rc = cursor_begin(s, b, &c, e);

    if (rc != ERR_OK) {
        return rc;
    }
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        rc = cursor_add(&c, &rows[i], e);
    }
    return cursor_end(&c, b, rc, out, e);
}

/* ---- NDJSON ---- */

struct line {
    cJSON *json; /* owned; the row's texts are views into it */
    char *x;     /* owned */
    float y[OBSERVATION_MAX_OUTPUTS], shadow_y[OBSERVATION_MAX_OUTPUTS];
    struct observation row;
};

static enum err_code get_outputs(const cJSON *json, const char *key, float *out, size_t *n,
                                 struct err *e)
{
    const cJSON *array, *item;
    enum err_code rc = json_get_array(json, key, &array, e);

    *n = 0;
    if (rc != ERR_OK) {
        return rc;
    }
    cJSON_ArrayForEach(item, array)
    {
        if (!cJSON_IsNumber(item) || *n == OBSERVATION_MAX_OUTPUTS) {
            return err_set(e, ERR_PARSE, "%s: expected at most %d numbers", key,
                           OBSERVATION_MAX_OUTPUTS);
        }
        out[(*n)++] = (float)item->valuedouble;
    }
    return ERR_OK;
}

static enum err_code get_role(const cJSON *json, enum observation_role *out, struct err *e)
{
    const char *role;
    enum err_code rc = json_get_string(json, "role", &role, e);

    if (rc != ERR_OK) {
        return rc;
    }
    if (strcmp(role, "champion") != 0 && strcmp(role, "candidate") != 0) {
        return err_set(e, ERR_PARSE, "role: expected champion or candidate, got \"%s\"", role);
    }
    *out = role[1] == 'h' ? OBSERVATION_CHAMPION : OBSERVATION_CANDIDATE;
    return ERR_OK;
}

static enum err_code get_version(const cJSON *json, const char *key, const char **out,
                                 struct err *e)
{
    enum err_code rc = json_get_string(json, key, out, e);

    if (rc == ERR_OK && !sha256_is_hex(*out)) {
        return err_set(e, ERR_PARSE, "%s: expected a SHA-256, got \"%s\"", key, *out);
    }
    return rc;
}

static enum err_code get_shadow(struct line *l, struct err *e)
{
    enum err_code rc;

    if (!json_at(l->json, "sv")) {
        return ERR_OK;
    }
    if ((rc = get_version(l->json, "sv", &l->row.shadow_version, e)) ||
        (rc = get_outputs(l->json, "sy", l->shadow_y, &l->row.n_shadow_y, e))) {
        return rc;
    }
    l->row.shadow_y = l->shadow_y;
    return ERR_OK;
}

/* One line of docs/wire.md's observation log. */
static enum err_code line_parse(struct line *l, const char *text, size_t len, struct err *e)
{
    const cJSON *x;
    enum err_code rc;

    l->row = (struct observation){.y = l->y};
    if ((rc = json_parse("line", text, len, &l->json, e)) ||
        (rc = json_get_int(l->json, "seq", 0, INT64_MAX, &l->row.seq, e)) ||
        (rc = json_get_string(l->json, "id", &l->row.id, e)) ||
        (rc = json_get_int(l->json, "t", 0, INT64_MAX, &l->row.unix_ms, e)) ||
        (rc = get_version(l->json, "v", &l->row.version, e)) ||
        (rc = get_role(l->json, &l->row.role, e)) ||
        (rc = get_outputs(l->json, "y", l->y, &l->row.n_y, e)) || (rc = get_shadow(l, e)) ||
        (rc = json_get_array(l->json, "x", &x, e))) {
        return rc;
    }
    l->x = json_print(x);
    l->row.x = l->x;
    return l->x ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
}

static void line_clear(struct line *l)
{
    cJSON_Delete(l->json);
    free(l->x);
    l->json = NULL;
    l->x = NULL;
}

static enum err_code add_line(struct cursor *c, struct line *l, const char *text, size_t len,
                              struct err *e)
{
    enum err_code rc = line_parse(l, text, len, e);

    if (rc == ERR_OK) {
        rc = cursor_add(c, &l->row, e);
    }
    line_clear(l);
    return rc;
}

static enum err_code add_lines(struct cursor *c, const char *text, size_t len, struct err *e)
{
    struct line *l = calloc(1, sizeof(*l));
    const char *end = text + len;
    int64_t number = 0;
    enum err_code rc = l ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");

    while (rc == ERR_OK && text < end) {
        const char *nl = memchr(text, '\n', (size_t)(end - text));
        size_t n = nl ? (size_t)(nl - text) : (size_t)(end - text);
        number++;
        if (n > 0 && (rc = add_line(c, l, text, n, e)) != ERR_OK) {
            err_prefix(e, "observation log, line %" PRId64, number);
        }
        text += n + 1;
    }
    free(l);
    return rc;
}

enum err_code observation_ingest_ndjson(struct store *s, const struct observation_batch *b,
                                        const char *text, size_t len,
                                        struct observation_ingested *out, struct err *e)
{
    struct cursor c;
    enum err_code rc = cursor_begin(s, b, &c, e);

    if (rc != ERR_OK) {
        return rc;
    }
    return cursor_end(&c, b, add_lines(&c, text, len, e), out, e);
}
