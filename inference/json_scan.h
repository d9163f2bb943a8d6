/*
 * json_scan.h - a strict JSON cursor: reads values in the order they stand, without building a
 * tree.
 *
 * For infer bodies only, where a tree costs more than the prediction; control bodies use
 * base/json.h. Failure is sticky: after the first one every call returns false and leaves the
 * cursor where it was, so that a reader checks `failed` at the end of a stretch. Errors name the
 * byte offset and what was expected. Duplicate keys are the reader's business. Strings are not
 * checked for valid UTF-8.
 */
#ifndef INFERENCE_JSON_SCAN_H
#define INFERENCE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "base/err.h"
#include "model/rows.h"

#define JSON_SCAN_MAX_DEPTH 64

struct json_scan {
    const char *start, *p, *end;
    struct arena *arena; /* unescaped strings */
    struct err *e;
    int depth;
    bool failed;
};

/* text is borrowed and need not end in a terminator. */
void json_scan_init(struct json_scan *s, const char *text, size_t len, struct arena *arena,
                    struct err *e);

/* The first byte of the next value, after white space; 0 at the end. */
char json_scan_peek(struct json_scan *s);

/* open is '{' or '['. Then, with *first = true before the loop:
 *   while (json_scan_next_key(&s, &first, &key)) read one value;
 * which ends (false) after the closing bracket was read, or on failure. */
bool json_scan_enter(struct json_scan *s, char open);
bool json_scan_next_key(struct json_scan *s, bool *first, struct text *key);
bool json_scan_next_item(struct json_scan *s, bool *first);

bool json_scan_string(struct json_scan *s, struct text *out); /* view of the text or of the arena */
bool json_scan_number(struct json_scan *s, double *out);
bool json_scan_bool(struct json_scan *s, bool *out);
bool json_scan_null(struct json_scan *s);
bool json_scan_skip(struct json_scan *s); /* any value, checked */
bool json_scan_end(struct json_scan *s);  /* nothing but white space is left */

/* Reads the grammar's number at the start of text; returns its length, 0 where there is none or it
 * is out of a double's range. */
size_t json_number_parse(const char *text, size_t len, double *out);

/* "byte 17: <fmt>", once; returns false. */
bool json_scan_fail(struct json_scan *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

bool text_is(struct text t, const char *word);

#endif
