/*
 * field.h - tolerant reading of leewayd's answers for display: what is absent or null shows as
 * nothing. Paths are those of base/json.h.
 */
#ifndef CLI_FIELD_H
#define CLI_FIELD_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define FIELD_BYTES 64

const char *field_text(const cJSON *node, const char *path); /* "" where absent; a view */
double field_number(const cJSON *node, const char *path);    /* NaN where absent */
int64_t field_int(const cJSON *node, const char *path);      /* 0 where absent */
bool field_bool(const cJSON *node, const char *path);

/* "0.312"; "-" where absent. Returns out, as all of these do. */
char *field_show_number(const cJSON *node, const char *path, char out[FIELD_BYTES]);
/* "2026-01-02 03:04:05Z"; "-" where absent. */
char *field_show_time(const cJSON *node, const char *path, char out[FIELD_BYTES]);
/* "3m ago"; "-" where absent. */
char *field_show_ago(const cJSON *node, const char *path, int64_t now_unix_ms,
                     char out[FIELD_BYTES]);

/* Appends every number, text and truth below node as "path=value" words: the numbers behind a
 * decision on one line. At most max_words; more are counted at the end. */
void field_flatten(const cJSON *node, int max_words, struct buf *out);

#endif
