/*
 * vocabulary_fit.c - which categories a version knows.
 *
 * A schema that declares categories has said all there are: anything else is "unseen". Otherwise
 * the training rows say: sorted, so that the same rows always give the same codes, whatever the
 * snapshot's order; of more than TRAIN_MAX_CATEGORIES, only the most frequent, since the others'
 * weights would be noise and the inputs too wide.
 */
#include "trainer/train_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct category {
    const char *text;
    size_t n;
};

static int by_count(const void *a, const void *b)
{
    const struct category *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : strcmp(x->text, y->text);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Counts codes of column j over the first n_rows rows. */
static void count(const struct snapshot *s, size_t j, size_t n_rows, struct category *categories,
                  size_t n_categories)
{
    for (size_t i = 0; i < n_categories; i++) {
        categories[i] = (struct category){vocabulary_text(s->vocabulary, j, i), 0};
    }
    for (size_t i = 0; i < n_rows; i++) {
        double code = s->codes[i * s->schema->n_features + j];
        if (code >= 0 && code < (double)n_categories) {
            categories[(size_t)code].n++;
        }
    }
}

/* texts: room for the snapshot's categories of column j. Returns how many are kept; SIZE_MAX: no
 * memory. */
static size_t seen_texts(const struct snapshot *s, size_t j, size_t n_rows, const char **texts)
{
    size_t n = vocabulary_size(s->vocabulary, j), kept = 0;
    struct category *categories = malloc((n ? n : 1) * sizeof *categories);
    if (!categories) {
        return SIZE_MAX;
    }
    count(s, j, n_rows, categories, n);
    qsort(categories, n, sizeof *categories, by_count);
    while (kept < n && kept < TRAIN_MAX_CATEGORIES && categories[kept].n > 0) {
        texts[kept] = categories[kept].text;
        kept++;
    }
    qsort(texts, kept, sizeof *texts, by_text);
    free(categories);
    return kept;
}

/* The texts of feature j, owned array of views; NULL: out of memory. */
static const char **feature_texts(const struct snapshot *s, size_t j, size_t n_rows, size_t *n)
{
    const struct feature *f = &s->schema->features[j];
    size_t room = f->n_categories ? f->n_categories : vocabulary_size(s->vocabulary, j);
    const char **texts = malloc((room ? room : 1) * sizeof *texts);
    if (!texts) {
        return NULL;
    }
    for (size_t i = 0; i < f->n_categories; i++) {
        texts[i] = f->categories[i];
    }
    *n = f->n_categories ? f->n_categories : seen_texts(s, j, n_rows, texts);
    if (*n == SIZE_MAX) {
        free(texts);
        return NULL;
    }
    return texts;
}

enum err_code vocabulary_fit(const struct snapshot *s, size_t n_rows, struct vocabulary **out,
                             struct err *e)
{
    size_t n_features = s->schema->n_features;
    const char ***texts = calloc(n_features, sizeof *texts);
    size_t *counts = calloc(n_features, sizeof *counts);
    bool ok = texts && counts;
    for (size_t j = 0; ok && j < n_features; j++) {
        const struct feature *f = &s->schema->features[j];
        if (f->kind == FEATURE_CATEGORICAL && !f->pii) {
            texts[j] = feature_texts(s, j, n_rows, &counts[j]);
            ok = texts[j] != NULL;
        }
    }
    enum err_code code =
        ok ? vocabulary_new(s->schema, (const char *const *const *)texts, counts, out, e)
           : err_set(e, ERR_NOMEM, "out of memory for the vocabulary");
    for (size_t j = 0; texts && j < n_features; j++) {
        free(texts[j]);
    }
    free(texts);
    free(counts);
    return code;
}
