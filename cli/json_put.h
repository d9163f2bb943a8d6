/*
 * json_put.h - JSON written straight into a buffer, for bodies of thousands of rows.
 */
#ifndef CLI_JSON_PUT_H
#define CLI_JSON_PUT_H

#include "base/buf.h"

/* A quoted string; bytes that are not UTF-8 become U+FFFD. */
void json_put_string(struct buf *out, const char *text);

/* The shortest of 15 to 17 digits that reads back as the same double; NaN and infinities, which
 * JSON has not, become null. */
void json_put_number(struct buf *out, double value);

#endif
