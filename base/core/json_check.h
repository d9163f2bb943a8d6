/*
 * json_check.h - the strict pass over JSON text that runs before cJSON sees it.
 */
#ifndef CORE_JSON_CHECK_H
#define CORE_JSON_CHECK_H

#include <stddef.h>

#include "base/err.h"

/* RFC 8259 grammar, valid UTF-8, depth, no \u0000, no number longer than cJSON can hold. Errors say
 * name:line:column. */
enum err_code json_check(const char *name, const char *text, size_t len, struct err *e);

/* Line and column (from 1, in bytes) of the key_index-th object key in document order; text has
 * passed json_check. */
void json_find_key(const char *text, size_t len, size_t key_index, int *line, int *column);

#endif
