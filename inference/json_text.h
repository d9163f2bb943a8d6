/*
 * json_text.h - numbers and strings as JSON text into a buffer: answers and observation lines,
 * where a cJSON tree costs more than the prediction.
 */
#ifndef INFERENCE_JSON_TEXT_H
#define INFERENCE_JSON_TEXT_H

#include <stddef.h>

#include "base/buf.h"

/* The shortest decimal that reads back as the same double, or float32; not finite: null. */
void json_text_double(struct buf *b, double value);
void json_text_float(struct buf *b, float value);

/* Quoted and escaped; bytes that are not UTF-8 become U+FFFD. s NULL: null. */
void json_text_string(struct buf *b, const char *s, size_t len);

#endif
