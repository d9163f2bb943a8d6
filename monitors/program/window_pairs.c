/*
 * window_pairs.c - see window_pairs.h.
 */
#include "window_pairs.h"

#include <stdlib.h>
#include <string.h>

static enum err_code grow(struct window_pairs *p, struct err *e)
{
    size_t cap = p->cap ? p->cap * 2 : 1024;
    float *scores = realloc(p->scores, cap * p->n_outputs * sizeof *scores);
    if (scores)
        p->scores = scores;
    double *labels = realloc(p->labels, cap * sizeof *labels);
    if (labels)
        p->labels = labels;
    if (!scores || !labels)
        return err_set(e, ERR_NOMEM, "out of memory for the scores of %zu rows", cap);
    p->cap = cap;
    return ERR_OK;
}

enum err_code window_pairs_add(struct window_pairs *p, const float *scores, double label,
                               struct err *e)
{
    if (p->n == PAIRS_MAX_ROWS)
        return ERR_OK;
    if (p->n == p->cap && grow(p, e))
        return ERR_NOMEM;
    memcpy(p->scores + p->n * p->n_outputs, scores, p->n_outputs * sizeof *scores);
    p->labels[p->n++] = label;
    return ERR_OK;
}

void window_pairs_deinit(struct window_pairs *p)
{
    free(p->scores);
    free(p->labels);
    *p = (struct window_pairs){0};
}
