/* observation_account.c - the account of one model: read, written, and kept within its limits. */
#include <string.h>

#include "store/db.h"
#include "store/observation_private.h"

/* ---- reading and writing ---- */

static enum err_code read_account(struct obs *o, struct err *e)
{
    struct store_stmt *st;
    bool row;
    enum err_code rc;

#define X(column) #column ","
    if ((rc = store_prepare(
             o->s, "SELECT " OBSERVATION_ACCOUNT_LIST(X) " 0 FROM account WHERE model = ?1", &st,
             e))) {
        return rc;
    }
#undef X
    store_bind_int(st, 1, o->model);
    if ((rc = db_first(st, &row, e)) == ERR_OK && row) {
        int col = 0;
#define X(column) o->account.column = store_int(st, col++);
        OBSERVATION_ACCOUNT_LIST(X)
#undef X
    }
    store_reset(st);
    return rc;
}

static enum err_code write_account(struct obs *o, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;
    int i = 2;

#define X(column) "," #column
#define Y(column) ",?"
    if ((rc = store_prepare(o->s,
                            "INSERT OR REPLACE INTO account (model" OBSERVATION_ACCOUNT_LIST(
                                X) ") VALUES (?" OBSERVATION_ACCOUNT_LIST(Y) ")",
                            &st, e))) {
        return rc;
    }
#undef X
#undef Y
    store_bind_int(st, 1, o->model);
#define X(column) store_bind_int(st, i++, o->account.column);
    OBSERVATION_ACCOUNT_LIST(X)
#undef X
    return store_run(st, e);
}

enum err_code obs_load(struct store *s, const char *model, struct obs *o, struct err *e)
{
    enum err_code rc;

    *o = (struct obs){.s = s};
    if ((rc = db_intern(s, model, &o->model, e))) {
        return rc;
    }
    return read_account(o, e);
}

enum err_code obs_begin(struct store *s, const char *model, struct obs *o, struct err *e)
{
    enum err_code rc = store_begin(s, e);

    if (rc == ERR_OK && (rc = obs_load(s, model, o, e)) != ERR_OK) {
        store_rollback(s);
    }
    return rc;
}

enum err_code obs_end(struct obs *o, enum err_code rc, struct err *e)
{
    if (rc == ERR_OK) {
        rc = write_account(o, e);
    }
    return db_end(o->s, rc, e);
}

static enum err_code oldest_owed(struct obs *o, int64_t *unix_ms, struct err *e)
{
    struct store_stmt *st;
    bool row;
    enum err_code rc;

    if ((rc = store_prepare(o->s, "SELECT min(t) FROM observation WHERE model = ?1 AND state = 0",
                            &st, e))) {
        return rc;
    }
    store_bind_int(st, 1, o->model);
    if ((rc = db_first(st, &row, e)) == ERR_OK) {
        *unix_ms = store_is_null(st, 0) ? 0 : store_int(st, 0);
    }
    store_reset(st);
    return rc;
}

enum err_code observation_account_get(struct store *s, const char *model,
                                      struct observation_account *out, struct err *e)
{
    struct obs o;
    enum err_code rc;

    if ((rc = obs_load(s, model, &o, e)) ||
        (rc = oldest_owed(&o, &o.account.oldest_owed_unix_ms, e))) {
        return rc;
    }
    *out = o.account;
    return ERR_OK;
}

/* ---- limits ---- */

/* Labels owed for too long are not waited for any more; at most max of them. */
static enum err_code expire(struct obs *o, int64_t before_unix_ms, int64_t max, int64_t *n,
                            struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(o->s,
                            "UPDATE observation SET state = 2 WHERE seq IN (SELECT seq"
                            " FROM observation WHERE model = ?1 AND state = 0 AND t < ?2"
                            " ORDER BY t LIMIT ?3)",
                            &st, e))) {
        return rc;
    }
    store_bind_int(st, 1, o->model);
    store_bind_int(st, 2, before_unix_ms);
    store_bind_int(st, 3, max);
    if ((rc = store_run(st, e)) == ERR_OK) {
        *n = store_changes(o->s);
        o->account.owed -= *n;
        o->account.expired += *n;
    }
    return rc;
}

/* The oldest n rows go. A label still owed for one of them is not waited for any more. */
static enum err_code drop_rows(struct obs *o, int64_t n, struct err *e)
{
    struct store_stmt *st;
    bool row = false;
    enum err_code rc;

#define OLDEST(state)                                                                              \
    "SELECT * FROM (SELECT seq, t FROM observation WHERE model = ?1 AND state = " #state           \
    " ORDER BY t, seq LIMIT ?2)"
    if ((rc = store_prepare(o->s,
                            "DELETE FROM observation WHERE seq IN (SELECT seq FROM (" OLDEST(
                                0) " UNION ALL " OLDEST(1) " UNION ALL " OLDEST(2) ") ORDER BY t,"
                                                                                   " seq LIMIT ?2)"
                                                                                   " RETURNING "
                                                                                   "state",
                            &st, e))) {
        return rc;
    }
#undef OLDEST
    store_bind_int(st, 1, o->model);
    store_bind_int(st, 2, n);
    while ((rc = store_step(st, &row, e)) == ERR_OK && row) {
        if (store_int(st, 0) == STATE_OWED) {
            o->account.owed--;
            o->account.expired++;
        }
        o->account.rows--;
        o->account.rows_dropped++;
    }
    store_reset(st);
    return rc;
}

static enum err_code drop_waiting_labels(struct obs *o, int64_t n, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(o->s,
                            "DELETE FROM label_waiting WHERE n IN (SELECT n FROM label_waiting"
                            " WHERE model = ?1 ORDER BY n LIMIT ?2)",
                            &st, e))) {
        return rc;
    }
    store_bind_int(st, 1, o->model);
    store_bind_int(st, 2, n);
    if ((rc = store_run(st, e)) == ERR_OK) {
        o->account.labels_waiting -= store_changes(o->s);
        o->account.labels_dropped += store_changes(o->s);
    }
    return rc;
}

static int64_t at_most(int64_t n, int64_t max)
{
    return n < max ? n : max;
}

static enum err_code keep_bounded(struct obs *o, const struct observation_limits *l,
                                  int64_t max_work, int64_t now_unix_ms, bool *more, struct err *e)
{
    int64_t rows = l->max_rows > 0 ? o->account.rows - l->max_rows : 0;
    int64_t labels = o->account.labels_waiting - l->max_labels_waiting;
    int64_t expired = 0;
    enum err_code rc = ERR_OK;

    if (l->max_wait_ms > 0) {
        rc = expire(o, now_unix_ms - l->max_wait_ms, max_work, &expired, e);
    }
    if (rc == ERR_OK && rows > 0) {
        rc = drop_rows(o, at_most(rows, max_work), e);
    }
    if (rc == ERR_OK && labels > 0) {
        rc = drop_waiting_labels(o, at_most(labels, max_work), e);
    }
    *more = rows > max_work || labels > max_work || expired == max_work;
    return rc;
}

enum err_code observation_keep_bounded(struct store *s, const char *model,
                                       const struct observation_limits *limits, int64_t max_work,
                                       int64_t now_unix_ms, bool *more, struct err *e)
{
    struct obs o;
    bool again = false;
    enum err_code rc = obs_begin(s, model, &o, e);

    if (rc != ERR_OK) {
        return rc;
    }
    rc = obs_end(&o, keep_bounded(&o, limits, max_work, now_unix_ms, &again, e), e);
    if (rc == ERR_OK) {
        *more = again;
    }
    return rc;
}
