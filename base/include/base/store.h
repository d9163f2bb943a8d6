/*
 * store.h - a small, checked layer over SQLite: one file, WAL, synchronous=FULL, foreign keys on.
 *
 * A struct store is used by one thread at a time. Event-loop code never calls it directly: it submits
 * work to a store_queue, which runs closures one after the other off the loop thread and brings the
 * result back to it.
 */
#ifndef BASE_STORE_H
#define BASE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct store;
struct uv_loop_s;

/* Migration i (from 1) brings user_version i-1 to i, in one transaction. */
struct store_migration {
    const char *what; /* for the log and the error */
    const char *sql;
};

/* Opens or creates path (":memory:" in tests) and applies what is missing. A file of a newer program
 * is refused with both numbers. *out is owned; free with store_close. */
enum err_code store_open(const char *path, const struct store_migration *migrations,
                         size_t n_migrations, struct store **out, struct err *e);
void store_close(struct store *s);

/* Runs SQL without results. A full disk is ERR_NO_SPACE, a busy file ERR_BUSY. */
enum err_code store_exec(struct store *s, const char *sql, struct err *e);

/* Transactions (BEGIN IMMEDIATE). A commit that fails has rolled back. store_rollback is safe where none
 * is open. */
enum err_code store_begin(struct store *s, struct err *e);
enum err_code store_commit(struct store *s, struct err *e);
void store_rollback(struct store *s);

/* Prepared statements, cached by SQL text and owned by the store: sql must be a string literal or
 * outlive the store. Getting one resets it and clears its bindings. */
struct store_stmt;
enum err_code store_prepare(struct store *s, const char *sql, struct store_stmt **out,
                            struct err *e);

/* Bindings count from 1; texts and blobs are copied; NULL binds null. Errors surface in the step. */
void store_bind_int(struct store_stmt *st, int i, int64_t value);
void store_bind_double(struct store_stmt *st, int i, double value);
void store_bind_text(struct store_stmt *st, int i, const char *value);
void store_bind_blob(struct store_stmt *st, int i, const void *data, size_t len);
void store_bind_null(struct store_stmt *st, int i);

/* One step: *row says whether a row is there. After the last row the statement is reset. */
enum err_code store_step(struct store_stmt *st, bool *row, struct err *e);
/* Steps a statement that returns no rows, and resets it. */
enum err_code store_run(struct store_stmt *st, struct err *e);
void store_reset(struct store_stmt *st); /* leave a result early */

/* Columns count from 0; texts and blobs are views until the next step or reset. */
int64_t store_int(struct store_stmt *st, int col);
double store_double(struct store_stmt *st, int col);
const char *store_text(struct store_stmt *st, int col); /* NULL for null */
const void *store_blob(struct store_stmt *st, int col, size_t *len);
bool store_is_null(struct store_stmt *st, int col);

int64_t store_changes(struct store *s);     /* rows changed by the last statement */
int64_t store_last_rowid(struct store *s);

/* ---- work off the loop thread ---- */

struct store_queue;

/* Runs on a worker thread; may use the store. Its result goes into *e (code ERR_OK on success). A
 * transaction that it leaves open is rolled back, and is an error where it reported none: work that
 * fails may simply return. */
typedef void store_work(struct store *s, void *data, struct err *e);
/* Runs on the loop thread, exactly once, in submission order. */
typedef void store_done(void *data, const struct err *e);

/* Borrows s until the queue is closed. NULL: out of memory. Loop thread only. */
struct store_queue *store_queue_new(struct uv_loop_s *loop, struct store *s);
/* data is the caller's until done has run. done may be NULL. More than 65536 waiting is ERR_BUSY, a
 * queue that is closing ERR_CANCELLED. */
enum err_code store_queue_submit(struct store_queue *q, store_work *work, store_done *done,
                                 void *data, struct err *e);
size_t store_queue_depth(const struct store_queue *q);
/* Finishes what is queued, then calls on_closed (may be NULL; never from inside this call) and frees q. */
void store_queue_close(struct store_queue *q, void (*on_closed)(void *), void *user);

#endif
