/*
 * store.c - opening a file safely, migrations, transactions, and SQLite's results in our words.
 */
#include <errno.h>
#include <stdlib.h>

#include "store_private.h"

#define BUSY_TIMEOUT_MS 5000
#define STRINGIFY(x) #x
#define TO_TEXT(x) STRINGIFY(x)

static int last_errno(sqlite3 *db, int file_op)
{
    sqlite3_file *file = NULL;
    int value = 0;
    sqlite3_file_control(db, "main", file_op, &file);
    if (file && file->pMethods) {
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &value);
    }
    return value;
}

static bool means_full(int errno_value)
{
    return errno_value == ENOSPC || errno_value == EDQUOT;
}

/* A full disk shows in two ways: SQLITE_FULL, and an I/O error whose errno says so. The latter is
 * kept in different places: by the connection where a statement runs, by the file where a commit
 * syncs. */
static bool disk_is_full(sqlite3 *db)
{
    return means_full(sqlite3_system_errno(db)) ||
           means_full(last_errno(db, SQLITE_FCNTL_FILE_POINTER)) ||
           means_full(last_errno(db, SQLITE_FCNTL_JOURNAL_POINTER));
}

static enum err_code code_of(sqlite3 *db, int result)
{
    switch (result & 0xff) {
    case SQLITE_FULL:
        return ERR_NO_SPACE;
    case SQLITE_IOERR:
        return disk_is_full(db) ? ERR_NO_SPACE : ERR_IO;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return ERR_IO;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_BUSY;
    case SQLITE_CONSTRAINT:
        return ERR_CONFLICT;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_NOMEM:
        return ERR_NOMEM;
    case SQLITE_TOOBIG:
        return ERR_LIMIT;
    case SQLITE_INTERRUPT:
        return ERR_CANCELLED;
    default:
        return ERR_INTERNAL;
    }
}

enum err_code store_fail(struct store *s, int sqlite_result, const char *what, struct err *e)
{
    return err_set(e, code_of(s->db, sqlite_result), "%.100s: %s", what, sqlite3_errmsg(s->db));
}

enum err_code store_exec(struct store *s, const char *sql, struct err *e)
{
    int result = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return result ? store_fail(s, result, sql, e) : ERR_OK;
}

enum err_code store_begin(struct store *s, struct err *e)
{
    return store_exec(s, "BEGIN IMMEDIATE", e);
}

enum err_code store_commit(struct store *s, struct err *e)
{
    enum err_code code = store_exec(s, "COMMIT", e);
    if (code) {
        store_rollback(s); /* half a transaction must not swallow the next one */
    }
    return code;
}

void store_rollback(struct store *s)
{
    /* SQLite rolls back by itself on some errors (full disk), and then there is none to end. */
    if (!sqlite3_get_autocommit(s->db)) {
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    }
}

bool store_end_stray_transaction(struct store *s)
{
    bool is_open = !sqlite3_get_autocommit(s->db);
    store_rollback(s);
    return is_open;
}

int64_t store_changes(struct store *s)
{
    return sqlite3_changes64(s->db);
}

int64_t store_last_rowid(struct store *s)
{
    return sqlite3_last_insert_rowid(s->db);
}

static enum err_code read_pragma(struct store *s, const char *sql, int64_t *value, struct err *e)
{
    sqlite3_stmt *st;
    int result = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    if (!result) {
        result = sqlite3_step(st);
    }
    if (result == SQLITE_ROW) {
        *value = sqlite3_column_int64(st, 0);
        result = SQLITE_OK;
    }
    enum err_code code = result ? store_fail(s, result, sql, e) : ERR_OK;
    sqlite3_finalize(st);
    return code;
}

static enum err_code set_version(struct store *s, size_t version, struct err *e)
{
    char sql[64];
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA user_version = %llu", (unsigned long long)version);
    return store_exec(s, sql, e);
}

/* Inside its transaction. The version is read again there: another process may have been faster. */
static enum err_code apply_one(struct store *s, const struct store_migration *m, size_t version,
                               struct err *e)
{
    int64_t now_at = 0;
    enum err_code code = read_pragma(s, "PRAGMA user_version", &now_at, e);
    if (code || now_at >= (int64_t)version) {
        return code;
    }
    code = store_exec(s, m->sql, e);
    if (code) {
        err_prefix(e, "migration %zu (%s)", version, m->what);
        return code;
    }
    return set_version(s, version, e);
}

static enum err_code migrate_one(struct store *s, const struct store_migration *m, size_t version,
                                 struct err *e)
{
    enum err_code code = store_begin(s, e);
    if (code) {
        return code;
    }
    code = apply_one(s, m, version, e);
    if (code) {
        store_rollback(s);
        return code;
    }
    return store_commit(s, e);
}

static enum err_code migrate(struct store *s, const struct store_migration *migrations, size_t n,
                             struct err *e)
{
    int64_t version = 0;
    enum err_code code = read_pragma(s, "PRAGMA user_version", &version, e);
    if (!code && version > (int64_t)n) {
        code = err_set(e, ERR_UNSUPPORTED,
                       "written by a newer program: schema version %lld, this one knows up to %zu",
                       (long long)version, n);
    }
    for (size_t i = version < 0 ? 0 : (size_t)version; i < n && !code; i++) {
        code = migrate_one(s, &migrations[i], i + 1, e);
    }
    return code;
}

static enum err_code configure(struct store *s, struct err *e)
{
    sqlite3_extended_result_codes(s->db, 1);
    /* journal_mode cannot fail loudly: on a file system without shared memory, or in memory, SQLite
     * stays with another journal, which is as safe and only slower. */
    return store_exec(
        s,
        "PRAGMA busy_timeout = " TO_TEXT(BUSY_TIMEOUT_MS) ";"
                                                          "PRAGMA journal_mode = WAL;"
                                                          "PRAGMA synchronous = FULL;"
                                                          "PRAGMA foreign_keys = ON;"
                                                          "PRAGMA trusted_schema = OFF",
        e);
}

static enum err_code open_file(struct store *s, const char *path, struct err *e)
{
    /* NOMUTEX: one thread at a time is the contract of struct store. */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int result = sqlite3_open_v2(path, &s->db, flags, NULL);
    if (!s->db) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    return result ? store_fail(s, result, "open", e) : configure(s, e);
}

enum err_code store_open(const char *path, const struct store_migration *migrations,
                         size_t n_migrations, struct store **out, struct err *e)
{
    struct store *s = calloc(1, sizeof *s);
    if (!s) {
        return err_set(e, ERR_NOMEM, "%s: out of memory", path);
    }
    enum err_code code = open_file(s, path, e);
    if (!code) {
        code = migrate(s, migrations, n_migrations, e);
    }
    if (code) {
        err_prefix(e, "database %s", path);
        store_close(s);
        return code;
    }
    *out = s;
    return ERR_OK;
}

void store_close(struct store *s)
{
    if (s) {
        store_free_statements(s);
        sqlite3_close(s->db);
        free(s);
    }
}
