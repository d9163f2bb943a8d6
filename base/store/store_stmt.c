/*
 * store_stmt.c - prepared statements: made once per SQL text, reset on every request, so that a
 * caller cannot forget to and never sees another one's bindings.
 */
#include <stdlib.h>
#include <string.h>

#include "store_private.h"

/* FNV-1a: texts of our own, no enemy chooses them. */
static size_t bucket_of(const char *sql)
{
    uint32_t hash = 2166136261u;
    for (; *sql; sql++) {
        hash = (hash ^ (unsigned char)*sql) * 16777619u;
    }
    return hash % STORE_CACHE_BUCKETS;
}

static struct store_stmt *find(struct store *s, const char *sql)
{
    struct store_stmt *st = s->cache[bucket_of(sql)];
    while (st && strcmp(sqlite3_sql(st->handle), sql) != 0) {
        st = st->next;
    }
    return st;
}

static enum err_code make(struct store *s, const char *sql, struct store_stmt **out, struct err *e)
{
    struct store_stmt *st = calloc(1, sizeof *st);
    if (!st) {
        return err_set(e, ERR_NOMEM, "%.100s: out of memory", sql);
    }
    int result = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st->handle, NULL);
    if (result || !st->handle) {
        enum err_code code = result ? store_fail(s, result, sql, e)
                                    : err_set(e, ERR_INTERNAL, "\"%.100s\" is no statement", sql);
        free(st);
        return code;
    }
    struct store_stmt **bucket = &s->cache[bucket_of(sql)];
    st->store = s;
    st->next = *bucket;
    *bucket = st;
    *out = st;
    return ERR_OK;
}

enum err_code store_prepare(struct store *s, const char *sql, struct store_stmt **out,
                            struct err *e)
{
    struct store_stmt *st = find(s, sql);
    if (!st) {
        return make(s, sql, out, e);
    }
    store_reset(st);
    sqlite3_clear_bindings(st->handle);
    *out = st;
    return ERR_OK;
}

void store_free_statements(struct store *s)
{
    for (int i = 0; i < STORE_CACHE_BUCKETS; i++) {
        while (s->cache[i]) {
            struct store_stmt *st = s->cache[i];
            s->cache[i] = st->next;
            sqlite3_finalize(st->handle);
            free(st);
        }
    }
}

static void note(struct store_stmt *st, int result)
{
    if (result && !st->bind_result) {
        st->bind_result = result;
    }
}

void store_bind_int(struct store_stmt *st, int i, int64_t value)
{
    note(st, sqlite3_bind_int64(st->handle, i, value));
}

void store_bind_double(struct store_stmt *st, int i, double value)
{
    note(st, sqlite3_bind_double(st->handle, i, value));
}

void store_bind_text(struct store_stmt *st, int i, const char *value)
{
    note(st, sqlite3_bind_text(st->handle, i, value, -1, SQLITE_TRANSIENT));
}

void store_bind_blob(struct store_stmt *st, int i, const void *data, size_t len)
{
    note(st, data ? sqlite3_bind_blob64(st->handle, i, data, len, SQLITE_TRANSIENT)
                  : sqlite3_bind_null(st->handle, i));
}

void store_bind_null(struct store_stmt *st, int i)
{
    note(st, sqlite3_bind_null(st->handle, i));
}

void store_reset(struct store_stmt *st)
{
    sqlite3_reset(st->handle);
    st->bind_result = SQLITE_OK;
}

static enum err_code bind_error(struct store_stmt *st, struct err *e)
{
    enum err_code code =
        err_set(e, st->bind_result == SQLITE_NOMEM ? ERR_NOMEM : ERR_INTERNAL,
                "%.100s: binding: %s", sqlite3_sql(st->handle), sqlite3_errstr(st->bind_result));
    store_reset(st);
    return code;
}

enum err_code store_step(struct store_stmt *st, bool *row, struct err *e)
{
    if (st->bind_result) {
        return bind_error(st, e);
    }
    int result = sqlite3_step(st->handle);
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
        enum err_code code = store_fail(st->store, result, sqlite3_sql(st->handle), e);
        store_reset(st);
        return code;
    }
    *row = result == SQLITE_ROW;
    if (!*row) {
        store_reset(st); /* otherwise it would hold its read lock and stop checkpoints */
    }
    return ERR_OK;
}

enum err_code store_run(struct store_stmt *st, struct err *e)
{
    bool row = false;
    enum err_code code = store_step(st, &row, e);
    if (row) {
        code = err_set(e, ERR_INTERNAL, "%.100s: returns rows", sqlite3_sql(st->handle));
        store_reset(st);
    }
    return code;
}

int64_t store_int(struct store_stmt *st, int col)
{
    return sqlite3_column_int64(st->handle, col);
}

double store_double(struct store_stmt *st, int col)
{
    return sqlite3_column_double(st->handle, col);
}

const char *store_text(struct store_stmt *st, int col)
{
    return (const char *)sqlite3_column_text(st->handle, col);
}

const void *store_blob(struct store_stmt *st, int col, size_t *len)
{
    const void *data = sqlite3_column_blob(st->handle, col); /* before the length: it may convert */
    *len = (size_t)sqlite3_column_bytes(st->handle, col);
    return data;
}

bool store_is_null(struct store_stmt *st, int col)
{
    return sqlite3_column_type(st->handle, col) == SQLITE_NULL;
}
