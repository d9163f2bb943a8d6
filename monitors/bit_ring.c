/*
 * bit_ring.c - a ring of bits: push, drop, read, save.
 */
#include "bit_ring.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define WORD_BITS 64

enum err_code bit_ring_init(struct bit_ring *r, size_t capacity, struct err *e)
{
    *r = (struct bit_ring){.capacity = capacity};
    r->words = calloc((capacity + WORD_BITS - 1) / WORD_BITS, sizeof *r->words);
    if (r->words == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %zu bits", capacity);
    return ERR_OK;
}

void bit_ring_deinit(struct bit_ring *r)
{
    free(r->words);
    r->words = NULL;
}

void bit_ring_clear(struct bit_ring *r)
{
    r->first = r->length = r->ones = 0;
}

/* i < 2 capacity: one subtraction is cheaper than a division in every update. */
static size_t wrap(const struct bit_ring *r, size_t i)
{
    return i < r->capacity ? i : i - r->capacity;
}

bool bit_ring_at(const struct bit_ring *r, size_t i)
{
    size_t at = wrap(r, r->first + i);
    return r->words[at / WORD_BITS] >> (at % WORD_BITS) & 1;
}

static bool drop_oldest(struct bit_ring *r)
{
    bool bit = bit_ring_at(r, 0);
    r->first = wrap(r, r->first + 1);
    r->length--;
    r->ones -= bit;
    return bit;
}

bool bit_ring_push(struct bit_ring *r, bool bit, bool *dropped)
{
    *dropped = r->length == r->capacity;
    bool old = *dropped && drop_oldest(r);
    size_t at = wrap(r, r->first + r->length++);
    uint64_t mask = UINT64_C(1) << (at % WORD_BITS);
    uint64_t *word = &r->words[at / WORD_BITS];
    *word = bit ? *word | mask : *word & ~mask;
    r->ones += bit;
    return old;
}

void bit_ring_keep(struct bit_ring *r, size_t n)
{
    while (r->length > n)
        drop_oldest(r);
}

bool bit_ring_save(const struct bit_ring *r, const char *key, cJSON *out)
{
    char *text = malloc(r->length + 1);
    if (text == NULL)
        return false;
    for (size_t i = 0; i < r->length; i++)
        text[i] = bit_ring_at(r, i) ? '1' : '0';
    text[r->length] = '\0';
    bool ok = cJSON_AddStringToObject(out, key, text) != NULL;
    free(text);
    return ok;
}

enum err_code bit_ring_load(struct bit_ring *r, const char *key, const cJSON *in, struct err *e)
{
    const char *text = NULL;
    bool dropped;
    enum err_code rc = json_get_string(in, key, &text, e);
    if (rc != ERR_OK)
        return rc;
    size_t n = strlen(text);
    if (n > r->capacity || strspn(text, "01") != n)
        return err_set(e, ERR_INVALID, "%s: expected at most %zu digits 0 or 1", key, r->capacity);
    bit_ring_clear(r);
    for (size_t i = 0; i < n; i++)
        bit_ring_push(r, text[i] == '1', &dropped);
    return ERR_OK;
}
