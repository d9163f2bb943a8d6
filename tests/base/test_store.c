/* test_store.c - migrations, statements, transactions, and failures in words a caller can act on.
 */
#include "testing.h"

#include <errno.h>
#include <sqlite3.h>

#include "base/store.h"

static const struct store_migration migrations[] = {
    {"runs", "CREATE TABLE run (id INTEGER PRIMARY KEY, name TEXT UNIQUE, score REAL, data BLOB)"},
    {"jobs", "CREATE TABLE job (id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run(id));"
             "CREATE INDEX job_run ON job(run)"},
};

static struct store *open_new(void **state, const char *name)
{
    struct err e = {0};
    struct store *s = NULL;
    assert_ok(store_open(path_in(state, name), migrations, 2, &s, &e), &e);
    return s;
}

static int64_t number(struct store *s, const char *sql)
{
    struct err e = {0};
    struct store_stmt *st;
    bool row = false;
    assert_ok(store_prepare(s, sql, &st, &e), &e);
    assert_ok(store_step(st, &row, &e), &e);
    assert_true(row);
    int64_t value = store_int(st, 0);
    store_reset(st);
    return value;
}

static enum err_code insert(struct store *s, const char *name, struct err *e)
{
    struct store_stmt *st;
    enum err_code code = store_prepare(s, "INSERT INTO run (name) VALUES (?)", &st, e);
    if (!code) {
        store_bind_text(st, 1, name);
        code = store_run(st, e);
    }
    return code;
}

static void store_opens_safely(void **state)
{
    struct store *s = open_new(state, "safe.db");
    assert_int_equal(number(s, "PRAGMA synchronous"), 2); /* FULL */
    assert_int_equal(number(s, "PRAGMA foreign_keys"), 1);
    assert_int_equal(number(s, "PRAGMA user_version"), 2);
    struct err e = {0};
    struct store_stmt *st;
    bool row;
    assert_ok(store_prepare(s, "PRAGMA journal_mode", &st, &e), &e);
    assert_ok(store_step(st, &row, &e), &e);
    assert_string_equal(store_text(st, 0), "wal");
    store_close(s);
}

static void store_migrates_what_is_missing_and_keeps_the_rows(void **state)
{
    struct err e = {0};
    struct store *s;
    const char *path = path_in(state, "old.db");
    assert_ok(store_open(path, migrations, 1, &s, &e), &e);
    assert_ok(insert(s, "kept", &e), &e);
    store_close(s);
    assert_ok(store_open(path, migrations, 2, &s, &e), &e);
    assert_int_equal(number(s, "SELECT count(*) FROM run"), 1);
    assert_int_equal(number(s, "SELECT count(*) FROM job"), 0);
    store_close(s);
    assert_ok(store_open(path, migrations, 2, &s, &e), &e); /* nothing to do */
    store_close(s);
}

static void store_refuses_a_file_of_a_newer_program(void **state)
{
    struct err e = {0};
    struct store *s = NULL;
    store_close(open_new(state, "new.db"));
    assert_fails(store_open(path_in(state, "new.db"), migrations, 1, &s, &e), &e, ERR_UNSUPPORTED,
                 "schema version 2, this one knows up to 1");
    assert_null(s);
}

static void store_rolls_a_failed_migration_back(void **state)
{
    struct err e = {0};
    struct store *s = NULL;
    const struct store_migration bad[] = {migrations[0],
                                          {"half", "CREATE TABLE half (x); CREATE TABLE run (y)"}};
    assert_fails(store_open(path_in(state, "half.db"), bad, 2, &s, &e), &e, ERR_INTERNAL,
                 "half.db: migration 2 (half):");
    assert_ok(store_open(path_in(state, "half.db"), bad, 1, &s, &e), &e);
    assert_int_equal(number(s, "SELECT count(*) FROM sqlite_master WHERE name = 'half'"), 0);
    store_close(s);
}

static void store_refuses_what_is_no_database(void **state)
{
    struct err e = {0};
    struct store *s = NULL;
    char junk[4096];
    memset(junk, 'x', sizeof junk);
    assert_ok(file_write_atomic(path_in(state, "junk.db"), junk, sizeof junk, &e), &e);
    assert_fails(store_open(path_in(state, "junk.db"), migrations, 2, &s, &e), &e, ERR_CORRUPT,
                 "junk.db");
    assert_fails(store_open(path_in(state, "no/such.db"), migrations, 2, &s, &e), &e, ERR_IO,
                 "no/such.db");
}

static void store_binds_and_reads_every_type(void **state)
{
    struct err e = {0};
    struct store *s = open_new(state, "types.db");
    struct store_stmt *st;
    bool row;
    size_t len;
    assert_ok(store_prepare(s, "INSERT INTO run VALUES (?, ?, ?, ?)", &st, &e), &e);
    store_bind_int(st, 1, INT64_MIN);
    store_bind_text(st, 2, "gr\xc3\xbc\xc3\x9f");
    store_bind_double(st, 3, 0.1);
    store_bind_blob(st, 4, "a\0b", 3);
    assert_ok(store_run(st, &e), &e);
    assert_int_equal(store_changes(s), 1);
    assert_int_equal(store_last_rowid(s), INT64_MIN);
    assert_ok(store_prepare(s, "SELECT * FROM run", &st, &e), &e);
    assert_ok(store_step(st, &row, &e), &e);
    assert_int_equal(store_int(st, 0), INT64_MIN);
    assert_string_equal(store_text(st, 1), "gr\xc3\xbc\xc3\x9f");
    assert_true(store_double(st, 2) == 0.1);
    const void *blob = store_blob(st, 3, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(blob, "a\0b", 3);
    assert_ok(store_step(st, &row, &e), &e);
    assert_false(row);
    /* the bindings of last time are gone: everything is null */
    assert_ok(store_prepare(s, "INSERT INTO run VALUES (?, ?, ?, ?)", &st, &e), &e);
    store_bind_text(st, 2, NULL);
    store_bind_blob(st, 4, NULL, 0);
    assert_ok(store_run(st, &e), &e);
    assert_int_equal(number(s, "SELECT count(*) FROM run WHERE name IS NULL AND score IS NULL "
                               "AND data IS NULL"),
                     1);
    store_close(s);
}

static void store_caches_statements_by_text(void **state)
{
    struct err e = {0};
    struct store *s = open_new(state, "cache.db");
    struct store_stmt *a, *b, *c;
    char sql[] = "SELECT 1";
    assert_ok(store_prepare(s, "SELECT 1", &a, &e), &e);
    assert_ok(store_prepare(s, sql, &b, &e), &e);
    assert_ok(store_prepare(s, "SELECT 2", &c, &e), &e);
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, c);
    store_close(s);
}

static void store_reports_mistakes_in_the_step(void **state)
{
    struct err e = {0};
    struct store *s = open_new(state, "mistakes.db");
    struct store_stmt *st;
    assert_fails(store_prepare(s, "SELECT x FROM nowhere", &st, &e), &e, ERR_INTERNAL,
                 "no such table: nowhere");
    assert_fails(store_prepare(s, " -- a comment", &st, &e), &e, ERR_INTERNAL, "is no statement");
    assert_ok(store_prepare(s, "INSERT INTO run (name) VALUES (?)", &st, &e), &e);
    store_bind_int(st, 2, 1);
    assert_fails(store_run(st, &e), &e, ERR_INTERNAL, "binding");
    assert_ok(store_prepare(s, "SELECT 1", &st, &e), &e);
    assert_fails(store_run(st, &e), &e, ERR_INTERNAL, "returns rows");
    store_close(s);
}

static void store_tells_constraints_from_other_failures(void **state)
{
    struct err e = {0};
    struct store *s = open_new(state, "constraints.db");
    assert_ok(insert(s, "once", &e), &e);
    assert_fails(insert(s, "once", &e), &e, ERR_CONFLICT, "UNIQUE constraint failed: run.name");
    assert_fails(store_exec(s, "INSERT INTO job (run) VALUES (99)", &e), &e, ERR_CONFLICT,
                 "FOREIGN KEY");
    assert_ok(insert(s, "twice", &e), &e); /* the statement is usable after a failure */
    store_close(s);
}

static void store_transactions_are_all_or_nothing(void **state)
{
    struct err e = {0};
    struct store *s = open_new(state, "transactions.db");
    assert_ok(store_begin(s, &e), &e);
    assert_ok(insert(s, "a", &e), &e);
    store_rollback(s);
    store_rollback(s); /* safe where none is open */
    assert_int_equal(number(s, "SELECT count(*) FROM run"), 0);
    assert_ok(store_begin(s, &e), &e);
    assert_ok(insert(s, "a", &e), &e);
    assert_ok(store_commit(s, &e), &e);
    assert_int_equal(number(s, "SELECT count(*) FROM run"), 1);
    assert_fails(store_commit(s, &e), &e, ERR_INTERNAL, "no transaction is active");
    store_close(s);
}

static void store_says_busy_where_another_writer_holds_the_file(void **state)
{
    struct err e = {0};
    struct store *a = open_new(state, "busy.db"), *b = open_new(state, "busy.db");
    assert_ok(store_exec(b, "PRAGMA busy_timeout = 1", &e), &e);
    assert_ok(store_begin(a, &e), &e);
    assert_fails(store_begin(b, &e), &e, ERR_BUSY, "locked");
    assert_ok(store_commit(a, &e), &e);
    assert_ok(store_begin(b, &e), &e);
    store_rollback(b);
    store_close(a);
    store_close(b);
}

static void store_says_no_space_where_the_file_may_not_grow(void **state)
{
    struct err e = {0};
    struct store *s = open_new(state, "full.db");
    assert_ok(store_exec(s, "PRAGMA max_page_count = 10", &e), &e);
    assert_ok(store_begin(s, &e), &e);
    assert_fails(store_exec(s, "INSERT INTO run (data) VALUES (zeroblob(1000000))", &e), &e,
                 ERR_NO_SPACE, "full");
    store_rollback(s);
    assert_ok(store_exec(s, "PRAGMA max_page_count = 100000", &e), &e);
    assert_ok(store_exec(s, "INSERT INTO run (data) VALUES (zeroblob(1000000))", &e), &e);
    store_close(s);
}

/* A file system on which the sync of a write-ahead log fails with ENOSPC, as delayed allocation
 * does: SQLite's own, with two methods replaced. */
static bool disk_is_full;
static const sqlite3_io_methods *real_methods;
static sqlite3_io_methods full_methods;
static sqlite3_vfs *real_vfs, full_vfs;

static int full_sync(sqlite3_file *file, int flags)
{
    return disk_is_full ? SQLITE_IOERR_FSYNC : real_methods->xSync(file, flags);
}

static int full_file_control(sqlite3_file *file, int op, void *arg)
{
    if (op == SQLITE_FCNTL_LAST_ERRNO) {
        *(int *)arg = disk_is_full ? ENOSPC : 0;
        return SQLITE_OK;
    }
    return real_methods->xFileControl(file, op, arg);
}

static int full_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    (void)vfs;
    int result = real_vfs->xOpen(real_vfs, name, file, flags, out);
    if (!result && (flags & SQLITE_OPEN_WAL)) {
        real_methods = file->pMethods;
        full_methods = *real_methods;
        full_methods.xSync = full_sync;
        full_methods.xFileControl = full_file_control;
        file->pMethods = &full_methods;
    }
    return result;
}

static void store_says_no_space_where_a_sync_finds_the_disk_full(void **state)
{
    struct err e = {0};
    real_vfs = sqlite3_vfs_find(NULL);
    full_vfs = *real_vfs;
    full_vfs.zName = "full";
    full_vfs.xOpen = full_open;
    assert_int_equal(sqlite3_vfs_register(&full_vfs, 1), SQLITE_OK);
    struct store *s = open_new(state, "sync.db");
    disk_is_full = true;
    assert_fails(insert(s, "lost", &e), &e, ERR_NO_SPACE, "");
    disk_is_full = false;
    assert_ok(insert(s, "kept", &e), &e);
    assert_int_equal(number(s, "SELECT count(*) FROM run"), 1);
    store_close(s);
    assert_int_equal(sqlite3_vfs_register(real_vfs, 1), SQLITE_OK);
    assert_int_equal(sqlite3_vfs_unregister(&full_vfs), SQLITE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store_opens_safely),
        cmocka_unit_test(store_migrates_what_is_missing_and_keeps_the_rows),
        cmocka_unit_test(store_refuses_a_file_of_a_newer_program),
        cmocka_unit_test(store_rolls_a_failed_migration_back),
        cmocka_unit_test(store_refuses_what_is_no_database),
        cmocka_unit_test(store_binds_and_reads_every_type),
        cmocka_unit_test(store_caches_statements_by_text),
        cmocka_unit_test(store_reports_mistakes_in_the_step),
        cmocka_unit_test(store_tells_constraints_from_other_failures),
        cmocka_unit_test(store_transactions_are_all_or_nothing),
        cmocka_unit_test(store_says_busy_where_another_writer_holds_the_file),
        cmocka_unit_test(store_says_no_space_where_the_file_may_not_grow),
        cmocka_unit_test(store_says_no_space_where_a_sync_finds_the_disk_full),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
