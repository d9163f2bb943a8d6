/*
 * db_private.h - what the stores share among themselves: results as JSON, and the end of a
 * transaction.
 */
#ifndef STORE_DB_PRIVATE_H
#define STORE_DB_PRIVATE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/store.h"

/* Commits where rc is ERR_OK, else rolls back; returns what became of it. */
enum err_code db_end(struct store *s, enum err_code rc, struct err *e);

/* Steps st once and says whether a row is there; the caller resets st after reading it. */
enum err_code db_first(struct store_stmt *st, bool *row, struct err *e);

/* One object per row of st, in an array. make returns owned, NULL: out of memory. */
typedef cJSON *db_make(struct store_stmt *st);
enum err_code db_collect(struct store_stmt *st, db_make *make, cJSON **out, struct err *e);

/* Members of an object; false: out of memory. NULL texts and zero times become null. */
bool db_add_text(cJSON *json, const char *key, const char *text);
bool db_add_int(cJSON *json, const char *key, int64_t value);
bool db_add_time(cJSON *json, const char *key, int64_t unix_ms);
/* Stored JSON text as a node; NULL or text that is none becomes null. */
bool db_add_json(cJSON *json, const char *key, const char *text);
/* Takes child (NULL: out of memory). */
bool db_add_item(cJSON *json, const char *key, cJSON *child);

/* Copies text (NULL: "") into out; ERR_INVALID naming what where it is too long. */
enum err_code db_copy(char *out, size_t size, const char *text, const char *what, struct err *e);

#endif
