/*
 * store_private.h - what store.c (the file), store_stmt.c (statements) and store_queue.c share.
 */
#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include <sqlite3.h>

#include "base/store.h"

#define STORE_CACHE_BUCKETS 64

struct store {
    sqlite3 *db;
    struct store_stmt *cache[STORE_CACHE_BUCKETS]; /* by hash of the SQL text */
};

struct store_stmt {
    struct store *store;
    sqlite3_stmt *handle;
    int bind_result; /* the first failed binding, reported by the step */
    struct store_stmt *next;
};

/* Turns the last failure of s into *e: "<what>: disk full". */
enum err_code store_fail(struct store *s, int sqlite_result, const char *what, struct err *e);

/* Ends a transaction that work has left open; true where there was one. */
bool store_end_stray_transaction(struct store *s);

void store_free_statements(struct store *s);

#endif
