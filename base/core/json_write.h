/*
 * json_write.h - JSON text whose bytes we decide ourselves: exact numbers, the canonical form that
 * is hashed, the header of a safetensors file.
 */
#ifndef CORE_JSON_WRITE_H
#define CORE_JSON_WRITE_H

#include <cjson/cJSON.h>

#include "base/buf.h"

/* text in double quotes, escaped where JSON demands it and nowhere else. */
void json_write_string(struct buf *b, const char *text);

/* How json_write lays a value out. */
enum json_layout {
    JSON_COMPACT,
    JSON_PRETTY,    /* a line per item, indented by two blanks */
    JSON_CANONICAL, /* compact, keys sorted by bytes */
};

/* Appends node. Numbers get the fewest digits that read back as the same double (cJSON's printing
 * may be off in the last bit); NaN and infinities become null. The buffer fails where memory is
 * out. */
void json_write(struct buf *b, const cJSON *node, enum json_layout layout);

#endif
