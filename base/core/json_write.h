/*
 * json_write.h - JSON text whose bytes we decide ourselves: the canonical form that is hashed, and
 * the header of a safetensors file. For everything else cJSON prints.
 */
#ifndef CORE_JSON_WRITE_H
#define CORE_JSON_WRITE_H

#include <cjson/cJSON.h>

#include "base/buf.h"

/* text in double quotes, escaped where JSON demands it and nowhere else. */
void json_write_string(struct buf *b, const char *text);

/* Keys sorted by bytes, no blanks, shortest numbers (a whole number without exponent or point). The
 * buffer fails where memory is out. */
void json_write_canonical(struct buf *b, const cJSON *node);

#endif
