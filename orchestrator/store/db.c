/*
 * db.c - the tables of leewayd.
 *
 * Bulk rows name models, versions and the like by small integers (table word). Times are unix
 * milliseconds. JSON is kept as text and never searched by SQL; what is searched has a column.
 */
#include "store/db.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "store/db_private.h"

static const struct store_migration migrations[] = {
    {"words", "CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"},
    {"the registry",
     "CREATE TABLE model ("
     "  name TEXT PRIMARY KEY, schema TEXT NOT NULL, policy TEXT NOT NULL,"
     "  policy_sha256 TEXT NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL"
     ") WITHOUT ROWID;"
     "CREATE TABLE version ("
     "  sha256 TEXT PRIMARY KEY, model TEXT NOT NULL REFERENCES model(name),"
     "  number INTEGER NOT NULL, parent TEXT NOT NULL, run TEXT NOT NULL,"
     "  manifest TEXT NOT NULL, path TEXT NOT NULL, state TEXT NOT NULL,"
     "  created_ms INTEGER NOT NULL, UNIQUE (model, number)"
     ");"
     "CREATE TABLE champion ("
     "  id INTEGER PRIMARY KEY, model TEXT NOT NULL REFERENCES model(name),"
     "  sha256 TEXT NOT NULL REFERENCES version(sha256), since_ms INTEGER NOT NULL,"
     "  until_ms INTEGER, actor TEXT NOT NULL, reason TEXT NOT NULL"
     ");"
     "CREATE INDEX champion_of ON champion(model, since_ms);"
     "CREATE UNIQUE INDEX champion_now ON champion(model) WHERE until_ms IS NULL;"
     "CREATE TABLE desired ("
     "  model TEXT PRIMARY KEY REFERENCES model(name), generation INTEGER NOT NULL,"
     "  body TEXT, updated_ms INTEGER NOT NULL"
     ") WITHOUT ROWID;"},
    {"the audit log", "CREATE TABLE audit ("
                      "  seq INTEGER PRIMARY KEY, unix_ms INTEGER NOT NULL, actor TEXT NOT NULL,"
                      "  action TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL,"
                      "  prev TEXT NOT NULL, hash TEXT NOT NULL"
                      ");"
                      "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit"
                      "  BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;"
                      "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit"
                      "  BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;"},
    {"runs and their timelines",
     "CREATE TABLE run ("
     "  id TEXT PRIMARY KEY, model TEXT NOT NULL, state TEXT NOT NULL,"
     "  created_ms INTEGER NOT NULL, ended_ms INTEGER, policy_sha256 TEXT NOT NULL,"
     "  evidence TEXT NOT NULL, body TEXT NOT NULL"
     ");"
     "CREATE INDEX run_of ON run(model, created_ms);"
     "CREATE UNIQUE INDEX run_active ON run(model) WHERE ended_ms IS NULL;"
     "CREATE TABLE transition ("
     "  run TEXT NOT NULL REFERENCES run(id), n INTEGER NOT NULL, unix_ms INTEGER NOT NULL,"
     "  from_state TEXT NOT NULL, to_state TEXT NOT NULL, event TEXT NOT NULL,"
     "  actor TEXT NOT NULL, reason TEXT NOT NULL, numbers TEXT NOT NULL, action TEXT NOT NULL,"
     "  PRIMARY KEY (run, n)"
     ") WITHOUT ROWID;"},
    {"observations and labels",
     /* state: 0 its label is owed, 1 labelled, 2 no longer waited for */
     "CREATE TABLE observation ("
     "  seq INTEGER PRIMARY KEY, model INTEGER NOT NULL, id TEXT NOT NULL, t INTEGER NOT NULL,"
     "  role INTEGER NOT NULL, version INTEGER, x TEXT NOT NULL, y BLOB,"
     "  shadow_version INTEGER, shadow_y BLOB,"
     "  state INTEGER NOT NULL, label TEXT, label_ms INTEGER, lseq INTEGER"
     ");"
     "CREATE UNIQUE INDEX observation_id ON observation(model, id);"
     "CREATE INDEX observation_time ON observation(model, state, t);"
     "CREATE UNIQUE INDEX observation_lseq ON observation(model, lseq) WHERE lseq IS NOT NULL;"
     "CREATE TABLE label_waiting ("
     "  n INTEGER PRIMARY KEY, model INTEGER NOT NULL, id TEXT NOT NULL, label TEXT NOT NULL,"
     "  label_ms INTEGER NOT NULL"
     ");"
     "CREATE UNIQUE INDEX label_waiting_id ON label_waiting(model, id);"
     "CREATE TABLE log_offset ("
     "  model INTEGER NOT NULL, log_id TEXT NOT NULL, replica TEXT NOT NULL,"
     "  next_seq INTEGER NOT NULL, PRIMARY KEY (model, log_id)"
     ") WITHOUT ROWID;"
     "CREATE TABLE account ("
     "  model INTEGER PRIMARY KEY, observed INTEGER NOT NULL, imported INTEGER NOT NULL,"
     "  duplicates INTEGER NOT NULL, missed INTEGER NOT NULL, labelled INTEGER NOT NULL,"
     "  owed INTEGER NOT NULL, expired INTEGER NOT NULL, late INTEGER NOT NULL,"
     "  label_duplicates INTEGER NOT NULL, label_conflicts INTEGER NOT NULL,"
     "  labels_waiting INTEGER NOT NULL, labels_dropped INTEGER NOT NULL,"
     "  rows INTEGER NOT NULL, rows_dropped INTEGER NOT NULL"
     ");"},
    {"windows",
     "CREATE TABLE source ("
     "  model TEXT NOT NULL, replica TEXT NOT NULL, sha256 TEXT NOT NULL, role TEXT NOT NULL,"
     "  instance TEXT NOT NULL, unix_ms INTEGER NOT NULL, data BLOB NOT NULL,"
     "  PRIMARY KEY (model, replica, sha256, role)"
     ");"
     "CREATE TABLE accumulator ("
     "  model TEXT NOT NULL, name TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (model, name)"
     ");"
     "CREATE TABLE closed_window ("
     "  id INTEGER PRIMARY KEY AUTOINCREMENT, model TEXT NOT NULL, from_ms INTEGER NOT NULL,"
     "  to_ms INTEGER NOT NULL, n_rows INTEGER NOT NULL, champion TEXT NOT NULL,"
     "  signals TEXT NOT NULL, profile BLOB"
     ");"
     "CREATE INDEX closed_window_of ON closed_window(model, id);"},
};

enum err_code db_open(const char *path, struct store **out, struct err *e)
{
    return store_open(path, migrations, sizeof(migrations) / sizeof(*migrations), out, e);
}

static enum err_code find_word(struct store *s, const char *text, int64_t *id, bool *found,
                               struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(s, "SELECT id FROM word WHERE text = ?1", &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, text);
    if ((rc = db_first(st, found, e)) == ERR_OK && *found) {
        *id = store_int(st, 0);
    }
    store_reset(st);
    return rc;
}

enum err_code db_intern(struct store *s, const char *text, int64_t *id, struct err *e)
{
    struct store_stmt *st;
    bool found = false;
    enum err_code rc;

    if ((rc = find_word(s, text, id, &found, e)) || found) {
        return rc;
    }
    if ((rc = store_prepare(s, "INSERT INTO word (text) VALUES (?1)", &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, text);
    if ((rc = store_run(st, e)) == ERR_OK) {
        *id = store_last_rowid(s);
    }
    return rc;
}

enum err_code db_end(struct store *s, enum err_code rc, struct err *e)
{
    if (rc == ERR_OK) {
        return store_commit(s, e);
    }
    store_rollback(s);
    return rc;
}

enum err_code db_first(struct store_stmt *st, bool *row, struct err *e)
{
    *row = false;
    return store_step(st, row, e);
}

enum err_code db_collect(struct store_stmt *st, db_make *make, cJSON **out, struct err *e)
{
    cJSON *array = cJSON_CreateArray();
    enum err_code rc = array ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
    bool row = false;

    while (rc == ERR_OK && (rc = store_step(st, &row, e)) == ERR_OK && row) {
        cJSON *item = make(st);
        if (!item || !cJSON_AddItemToArray(array, item)) {
            cJSON_Delete(item);
            rc = err_set(e, ERR_NOMEM, "out of memory");
        }
    }
    store_reset(st);
    if (rc == ERR_OK) {
        *out = array;
    } else {
        cJSON_Delete(array);
    }
    return rc;
}

bool db_add_text(cJSON *json, const char *key, const char *text)
{
    return text ? cJSON_AddStringToObject(json, key, text) != NULL
                : cJSON_AddNullToObject(json, key) != NULL;
}

bool db_add_int(cJSON *json, const char *key, int64_t value)
{
    return cJSON_AddNumberToObject(json, key, (double)value) != NULL;
}

bool db_add_time(cJSON *json, const char *key, int64_t unix_ms)
{
    return unix_ms == 0 ? cJSON_AddNullToObject(json, key) != NULL : db_add_int(json, key, unix_ms);
}

enum err_code db_probe(struct store *s, struct err *e)
{
    enum err_code rc = store_begin(s, e);
    if (rc == ERR_OK)
        rc = store_exec(s,
                        "CREATE TABLE probe (x); INSERT INTO probe VALUES (zeroblob(65536));"
                        "DROP TABLE probe",
                        e);
    if (rc == ERR_OK)
        return store_commit(s, e);
    store_rollback(s);
    return rc;
}

bool db_add_json(cJSON *json, const char *key, const char *text)
{
    cJSON *node = NULL;

    if (!text || json_parse(key, text, strlen(text), &node, NULL) != ERR_OK) {
        return cJSON_AddNullToObject(json, key) != NULL;
    }
    return db_add_item(json, key, node);
}

bool db_add_item(cJSON *json, const char *key, cJSON *child)
{
    if (child && json && cJSON_AddItemToObject(json, key, child)) {
        return true;
    }
    cJSON_Delete(child);
    return false;
}

enum err_code db_copy(char *out, size_t size, const char *text, const char *what, struct err *e)
{
    size_t len = text ? strlen(text) : 0;

    if (len >= size) {
        return err_set(e, ERR_INVALID, "%s: expected at most %zu bytes, got %zu", what, size - 1,
                       len);
    }
    memcpy(out, text ? text : "", len + 1);
    return ERR_OK;
}
