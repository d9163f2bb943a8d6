/*
 * db.h - the one SQLite file of leewayd: its tables, opened and migrated.
 *
 * Every function of orchestrator/store takes the struct store and runs on the store's worker thread
 * (store_queue). Those that change something say whether they open their own transaction ("own
 * transaction") or belong into the caller's ("caller's transaction"), so that a state change, its
 * audit record and what it changes in the registry are one commit.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/store.h"

/* Opens or creates the file (":memory:" in tests). *out is owned; free with store_close. */
enum err_code db_open(const char *path, struct store **out, struct err *e);

/* Writes 64 KiB and takes them back, in one transaction: whether the file can be written. Own transaction. */
enum err_code db_probe(struct store *s, struct err *e);

/* The small integer that stands for a name in the bulk tables, made where it is new. Inside or
 * outside of a transaction. */
enum err_code db_intern(struct store *s, const char *text, int64_t *id, struct err *e);

#endif
