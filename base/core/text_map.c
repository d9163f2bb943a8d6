/*
 * text_map.c - an open-addressing hash table over owned texts, kept at most half full.
 */
#include "base/text_map.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a: categories are short, and no caller lets strangers add texts without a bound. */
static size_t hash(const char *s, size_t len)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)s[i]) * 0x100000001b3u;
    return (size_t)(h ^ (h >> 29));
}

void text_map_deinit(struct text_map *m)
{
    for (size_t i = 0; i < m->n; i++)
        free(m->texts[i]);
    free(m->texts);
    free(m->slots);
    *m = TEXT_MAP_INIT;
}

int text_map_find(const struct text_map *m, const char *s, size_t len)
{
    if (m->n == 0)
        return -1;
    for (size_t i = hash(s, len);; i++) {
        uint32_t slot = m->slots[i & (m->n_slots - 1)];
        if (slot == 0)
            return -1;
        const char *text = m->texts[slot - 1];
        if (strlen(text) == len && memcmp(text, s, len) == 0)
            return (int)slot - 1;
    }
}

static void place(struct text_map *m, size_t index)
{
    size_t i = hash(m->texts[index], strlen(m->texts[index]));
    while (m->slots[i & (m->n_slots - 1)])
        i++;
    m->slots[i & (m->n_slots - 1)] = (uint32_t)index + 1;
}

static int grow(struct text_map *m)
{
    size_t cap = m->cap ? 2 * m->cap : 8;
    char **texts = realloc(m->texts, cap * sizeof *texts);
    if (!texts)
        return -1;
    m->texts = texts;
    uint32_t *slots = calloc(2 * cap, sizeof *slots);
    if (!slots)
        return -1;
    free(m->slots);
    m->slots = slots;
    m->n_slots = 2 * cap;
    m->cap = cap;
    for (size_t i = 0; i < m->n; i++)
        place(m, i);
    return 0;
}

int text_map_add(struct text_map *m, const char *s, size_t len)
{
    if (m->n == m->cap && grow(m) < 0)
        return -1;
    char *text = malloc(len + 1);
    if (!text)
        return -1;
    memcpy(text, s, len);
    text[len] = '\0';
    m->texts[m->n] = text;
    place(m, m->n);
    return (int)m->n++;
}
