/*
 * feature_index.c - features sorted by name, searched by halving.
 */
#include "feature_index.h"

#include <stdlib.h>
#include <string.h>

struct feature_index {
    const struct schema *schema;
    const struct feature **sorted; /* schema->n_features */
};

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct feature *const *)a)->name,
                  (*(const struct feature *const *)b)->name);
}

struct feature_index *feature_index_new(const struct schema *schema)
{
    struct feature_index *ix = malloc(sizeof *ix);
    const struct feature **sorted = malloc(schema->n_features * sizeof(struct feature *));
    if (!ix || !sorted) {
        free(ix);
        free(sorted);
        return NULL;
    }
    for (size_t i = 0; i < schema->n_features; i++) {
        sorted[i] = &schema->features[i];
    }
    qsort(sorted, schema->n_features, sizeof(struct feature *), by_name);
    *ix = (struct feature_index){schema, sorted};
    return ix;
}

void feature_index_free(struct feature_index *ix)
{
    if (ix) {
        free(ix->sorted);
        free(ix);
    }
}

const struct schema *feature_index_schema(const struct feature_index *ix)
{
    return ix->schema;
}

/* <0, 0, >0 like strcmp(name, feature's name), for a name without terminator. */
static int compare(struct text name, const struct feature *f)
{
    int order = strncmp(name.s, f->name, name.len);
    return order != 0 ? order : f->name[name.len] ? -1 : 0;
}

int feature_index_find(const struct feature_index *ix, struct text name, size_t guess)
{
    if (name.len >= SCHEMA_NAME_BYTES || memchr(name.s, 0, name.len)) {
        return -1;
    }
    const struct feature *features = ix->schema->features;
    if (guess < ix->schema->n_features && compare(name, &features[guess]) == 0) {
        return (int)guess;
    }
    size_t low = 0, high = ix->schema->n_features;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare(name, ix->sorted[middle]);
        if (order == 0) {
            return (int)(ix->sorted[middle] - features);
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return -1;
}

bool feature_index_same(const struct feature_index *a, const struct feature_index *b)
{
    const struct schema *s = a->schema, *t = b->schema;
    if (s->n_features != t->n_features) {
        return false;
    }
    for (size_t i = 0; i < s->n_features; i++) {
        const struct feature *f = &s->features[i], *g = &t->features[i];
        if (strcmp(f->name, g->name) != 0 || f->kind != g->kind || f->pii != g->pii) {
            return false;
        }
    }
    return true;
}
