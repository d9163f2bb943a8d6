/*
 * text_map.h - texts to consecutive indices 0, 1, 2... in the order they were added: the
 * categories of a column, the names of a schema. Look-ups never allocate.
 */
#ifndef BASE_TEXT_MAP_H
#define BASE_TEXT_MAP_H

#include <stddef.h>
#include <stdint.h>

struct text_map {
    size_t n, cap;   /* texts, and room for texts */
    char **texts;    /* owned, terminated */
    uint32_t *slots; /* open addressing: index + 1, 0 is free */
    size_t n_slots;  /* a power of two, at least twice n; 0 before the first text */
};

#define TEXT_MAP_INIT ((struct text_map){0})

void text_map_deinit(struct text_map *m);

/* Index, or -1. s need not be terminated. */
int text_map_find(const struct text_map *m, const char *s, size_t len);

/* Copies s, which must not be there yet; returns its index, -1 on out of memory. */
int text_map_add(struct text_map *m, const char *s, size_t len);

#endif
