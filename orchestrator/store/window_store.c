/* window_store.c - what the collector must not lose; the blobs are its own business. */
#include "store/window_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/db_private.h"

#define FORGET_SOURCES_MS (INT64_C(30) * 86400000)

/* ---- sources ---- */

enum err_code window_store_put_source(struct store *s, const struct window_source *src,
                                      struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(s,
                            "INSERT OR REPLACE INTO source (model, replica, sha256, role, instance,"
                            " unix_ms, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, src->model);
    store_bind_text(st, 2, src->replica);
    store_bind_text(st, 3, src->sha256);
    store_bind_text(st, 4, src->role);
    store_bind_text(st, 5, src->instance);
    store_bind_int(st, 6, src->unix_ms);
    store_bind_blob(st, 7, src->data, src->len);
    return store_run(st, e);
}

static void read_source(struct store_stmt *st, struct window_source *src)
{
    *src = (struct window_source){
        .model = store_text(st, 0),
        .replica = store_text(st, 1),
        .sha256 = store_text(st, 2),
        .role = store_text(st, 3),
        .instance = store_text(st, 4),
        .unix_ms = store_int(st, 5),
    };
    src->data = store_blob(st, 6, &src->len);
}

enum err_code window_store_each_source(struct store *s, const char *model,
                                       window_source_visit *visit, void *user, struct err *e)
{
    struct store_stmt *st;
    struct window_source src;
    bool row = false;
    enum err_code rc;

    if ((rc = store_prepare(s,
                            "SELECT model, replica, sha256, role, instance, unix_ms, data"
                            " FROM source WHERE ?1 IS NULL OR model = ?1"
                            " ORDER BY model, replica, sha256, role",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    while ((rc = store_step(st, &row, e)) == ERR_OK && row) {
        read_source(st, &src);
        if ((rc = visit(user, &src, e))) {
            break;
        }
    }
    store_reset(st);
    return rc;
}

/* ---- accumulators ---- */

static enum err_code remove_state(struct store *s, const char *model, const char *name,
                                  struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(s, "DELETE FROM accumulator WHERE model = ?1 AND name = ?2", &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    store_bind_text(st, 2, name);
    return store_run(st, e);
}

enum err_code window_store_put_state(struct store *s, const char *model, const char *name,
                                     const void *data, size_t len, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if (!data) {
        return remove_state(s, model, name, e);
    }
    if ((rc = store_prepare(
             s, "INSERT OR REPLACE INTO accumulator (model, name, data) VALUES (?1, ?2, ?3)", &st,
             e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    store_bind_text(st, 2, name);
    store_bind_blob(st, 3, data, len);
    return store_run(st, e);
}

/* An owned copy of a blob column, never NULL on success. */
static enum err_code copy_blob(struct store_stmt *st, int col, void **data, size_t *len,
                               struct err *e)
{
    size_t n = 0;
    const void *blob = store_blob(st, col, &n);
    void *copy = malloc(n ? n : 1);

    if (!copy) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    if (blob) {
        memcpy(copy, blob, n);
    }
    *data = copy;
    *len = n;
    return ERR_OK;
}

enum err_code window_store_get_state(struct store *s, const char *model, const char *name,
                                     void **data, size_t *len, struct err *e)
{
    struct store_stmt *st;
    bool row;
    enum err_code rc;

    if ((rc = store_prepare(s, "SELECT data FROM accumulator WHERE model = ?1 AND name = ?2", &st,
                            e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    store_bind_text(st, 2, name);
    if ((rc = db_first(st, &row, e)) == ERR_OK) {
        rc = row ? copy_blob(st, 0, data, len, e)
                 : err_set(e, ERR_NOT_FOUND, "model \"%s\" has no state \"%s\"", model, name);
    }
    store_reset(st);
    return rc;
}

/* ---- closed windows ---- */

static enum err_code insert_window(struct store *s, const struct closed_window *w,
                                   const char *signals, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(s,
                            "INSERT INTO closed_window (model, from_ms, to_ms, n_rows, champion,"
                            " signals, profile) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, w->model);
    store_bind_int(st, 2, w->from_unix_ms);
    store_bind_int(st, 3, w->to_unix_ms);
    store_bind_int(st, 4, w->n_rows);
    store_bind_text(st, 5, w->champion);
    store_bind_text(st, 6, signals);
    if (w->profile) {
        store_bind_blob(st, 7, w->profile, w->profile_len);
    } else {
        store_bind_null(st, 7);
    }
    return store_run(st, e);
}

enum err_code window_store_close(struct store *s, const struct closed_window *w, int64_t *id,
                                 struct err *e)
{
    char *signals = w->signals ? json_print(w->signals) : strdup("[]");
    enum err_code rc;

    if (!signals) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    rc = insert_window(s, w, signals, e);
    free(signals);
    if (rc == ERR_OK && id) {
        *id = store_last_rowid(s);
    }
    return rc;
}

static cJSON *make_window(struct store_stmt *st)
{
    cJSON *json = cJSON_CreateObject();

    if (db_add_int(json, "id", store_int(st, 0)) &&
        db_add_int(json, "from_unix_ms", store_int(st, 1)) &&
        db_add_int(json, "to_unix_ms", store_int(st, 2)) &&
        db_add_int(json, "rows", store_int(st, 3)) &&
        db_add_text(json, "champion", store_text(st, 4)) &&
        db_add_json(json, "signals", store_text(st, 5))) {
        return json;
    }
    cJSON_Delete(json);
    return NULL;
}

/* Leaves only the signals of one feature. */
static void filter_signals(cJSON *windows, const char *feature)
{
    cJSON *window;

    cJSON_ArrayForEach(window, windows)
    {
        cJSON *signals = cJSON_GetObjectItemCaseSensitive(window, "signals");
        for (int i = cJSON_GetArraySize(signals) - 1; i >= 0; i--) {
            const char *name = cJSON_GetStringValue(
                cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(signals, i), "feature"));
            if (!name || strcmp(name, feature) != 0) {
                cJSON_DeleteItemFromArray(signals, i);
            }
        }
    }
}

enum err_code window_store_list(struct store *s, const char *model, const char *feature,
                                int64_t after_id, int limit, cJSON **out, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(s,
                            "SELECT id, from_ms, to_ms, n_rows, champion, signals FROM ("
                            " SELECT * FROM closed_window WHERE model = ?1 AND id > ?2"
                            " ORDER BY id DESC LIMIT ?3) ORDER BY id",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    store_bind_int(st, 2, after_id);
    store_bind_int(st, 3, limit > 0 ? limit : 100);
    rc = db_collect(st, make_window, out, e);
    if (rc == ERR_OK && feature) {
        filter_signals(*out, feature);
    }
    return rc;
}

static enum err_code read_profile(struct store_stmt *st, void **data, size_t *len, char *champion,
                                  struct err *e)
{
    enum err_code rc;

    if (champion && (rc = db_copy(champion, SHA256_HEX_BYTES, store_text(st, 1), "champion", e))) {
        return rc;
    }
    return copy_blob(st, 0, data, len, e);
}

enum err_code window_store_profile(struct store *s, const char *model, int64_t id, void **data,
                                   size_t *len, char champion[SHA256_HEX_BYTES], struct err *e)
{
    struct store_stmt *st;
    bool row;
    enum err_code rc;

    if ((rc = store_prepare(s,
                            "SELECT profile, champion FROM closed_window WHERE model = ?1"
                            " AND (?2 = 0 OR id = ?2) AND profile IS NOT NULL"
                            " ORDER BY id DESC LIMIT 1",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    store_bind_int(st, 2, id);
    if ((rc = db_first(st, &row, e)) == ERR_OK) {
        rc = row ? read_profile(st, data, len, champion, e)
                 : err_set(e, ERR_NOT_FOUND, "no profile of that window of model \"%s\" is kept",
                           model);
    }
    store_reset(st);
    return rc;
}

static enum err_code run_keeping(struct store *s, const char *sql, const char *model, int64_t keep,
                                 struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(s, sql, &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    store_bind_int(st, 2, keep);
    return store_run(st, e);
}

static enum err_code forget_sources(struct store *s, const char *model, struct err *e)
{
    return run_keeping(s,
                       "DELETE FROM source WHERE model = ?1 AND unix_ms <"
                       " (SELECT max(unix_ms) FROM source WHERE model = ?1) - ?2",
                       model, FORGET_SOURCES_MS, e);
}

enum err_code window_store_trim(struct store *s, const char *model, int64_t keep,
                                int64_t keep_profiles, struct err *e)
{
#define OLDER                                                                                      \
    " WHERE model = ?1 AND id <= (SELECT id FROM closed_window WHERE model = ?1"                   \
    " ORDER BY id DESC LIMIT 1 OFFSET ?2)"
    enum err_code rc = run_keeping(s, "DELETE FROM closed_window" OLDER, model, keep, e);

    if (rc != ERR_OK) {
        return rc;
    }
    rc = run_keeping(s, "UPDATE closed_window SET profile = NULL" OLDER " AND profile IS NOT NULL",
                     model, keep_profiles, e);
#undef OLDER
    return rc == ERR_OK ? forget_sources(s, model, e) : rc;
}
