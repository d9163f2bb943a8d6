/*
 * utf8.h - is this UTF-8? Parsers ask before anything else; text that is not never gets further.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the character at p (1..4), of which n > 0 are readable; 0 where it is not UTF-8
 * (overlong, surrogate, above U+10FFFF, cut off). */
size_t utf8_char_len(const char *p, size_t n);

bool utf8_is_valid(const char *text, size_t len);

#endif
