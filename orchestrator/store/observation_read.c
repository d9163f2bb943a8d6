/* observation_read.c - labelled rows for those who fold over them, cut snapshots, or count. */
#include <string.h>

#include "store/db.h"
#include "store/observation_private.h"

/* Blobs of SQLite are not aligned for floats, so outputs are copied out. */
struct reader {
    float y[OBSERVATION_MAX_OUTPUTS], shadow_y[OBSERVATION_MAX_OUTPUTS];
};

#define ROW_COLUMNS                                                                                \
    "o.lseq, o.id, o.t, o.label_ms, o.label, o.role, v.text, o.y, sv.text, o.shadow_y, o.x"        \
    " FROM observation o LEFT JOIN word v ON v.id = o.version"                                     \
    " LEFT JOIN word sv ON sv.id = o.shadow_version "

static size_t read_outputs(struct store_stmt *st, int col, float *out)
{
    size_t len = 0;
    const void *blob = store_blob(st, col, &len);

    if (len > sizeof(float) * OBSERVATION_MAX_OUTPUTS) {
        len = sizeof(float) * OBSERVATION_MAX_OUTPUTS;
    }
    if (blob) {
        memcpy(out, blob, len);
    }
    return blob ? len / sizeof(float) : 0;
}

static void read_row(struct store_stmt *st, struct reader *r, struct labelled_row *row)
{
    *row = (struct labelled_row){
        .lseq = store_int(st, 0),
        .id = store_text(st, 1),
        .unix_ms = store_int(st, 2),
        .label_unix_ms = store_int(st, 3),
        .label = store_text(st, 4),
        .role = (enum observation_role)store_int(st, 5),
        .version = store_text(st, 6),
        .y = r->y,
        .n_y = read_outputs(st, 7, r->y),
        .shadow_version = store_text(st, 8),
        .shadow_y = r->shadow_y,
        .n_shadow_y = read_outputs(st, 9, r->shadow_y),
        .x = store_text(st, 10),
    };
}

static enum err_code visit_all(struct store_stmt *st, observation_visit *visit, void *user,
                               struct err *e)
{
    struct reader r;
    struct labelled_row row;
    bool more = false;
    enum err_code rc;

    while ((rc = store_step(st, &more, e)) == ERR_OK && more) {
        read_row(st, &r, &row);
        if ((rc = visit(user, &row, e))) {
            break;
        }
    }
    store_reset(st);
    return rc;
}

enum err_code observation_labelled_after(struct store *s, const char *model, int64_t after,
                                         int limit, observation_visit *visit, void *user,
                                         struct err *e)
{
    struct store_stmt *st;
    int64_t id = 0;
    enum err_code rc;

    if ((rc = db_intern(s, model, &id, e)) ||
        (rc = store_prepare(s,
                            "SELECT " ROW_COLUMNS "WHERE o.model = ?1 AND o.lseq > ?2"
                            " ORDER BY o.lseq LIMIT ?3",
                            &st, e))) {
        return rc;
    }
    store_bind_int(st, 1, id);
    store_bind_int(st, 2, after);
    store_bind_int(st, 3, limit);
    return visit_all(st, visit, user, e);
}

/* The oldest of the newest limit rows: from there a scan in time order needs no sorting. */
static enum err_code find_oldest(struct store *s, int64_t model, int64_t since_unix_ms,
                                 int64_t limit, int64_t *t, int64_t *seq, struct err *e)
{
    struct store_stmt *st;
    bool row;
    enum err_code rc;

    *t = since_unix_ms;
    *seq = 0;
    if ((rc = store_prepare(s,
                            "SELECT t, seq FROM observation WHERE model = ?1 AND state = 1"
                            " AND t >= ?2 ORDER BY t DESC, seq DESC LIMIT 1 OFFSET ?3",
                            &st, e))) {
        return rc;
    }
    store_bind_int(st, 1, model);
    store_bind_int(st, 2, since_unix_ms);
    store_bind_int(st, 3, limit - 1);
    if ((rc = db_first(st, &row, e)) == ERR_OK && row) {
        *t = store_int(st, 0);
        *seq = store_int(st, 1);
    }
    store_reset(st);
    return rc;
}

enum err_code observation_labelled_newest(struct store *s, const char *model, int64_t since_unix_ms,
                                          int64_t limit, observation_visit *visit, void *user,
                                          struct err *e)
{
    struct store_stmt *st;
    int64_t id = 0, t = 0, seq = 0;
    enum err_code rc;

    if (limit <= 0) {
        return ERR_OK;
    }
    if ((rc = db_intern(s, model, &id, e)) ||
        (rc = find_oldest(s, id, since_unix_ms, limit, &t, &seq, e)) ||
        (rc = store_prepare(s,
                            "SELECT " ROW_COLUMNS "WHERE o.model = ?1 AND o.state = 1"
                            " AND (o.t, o.seq) >= (?2, ?3) ORDER BY o.t, o.seq",
                            &st, e))) {
        return rc;
    }
    store_bind_int(st, 1, id);
    store_bind_int(st, 2, t);
    store_bind_int(st, 3, seq);
    return visit_all(st, visit, user, e);
}
