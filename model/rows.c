/*
 * rows.c - room for raw rows, and the one spelling of a number that is used as a category.
 */
#include "model/rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t count_kind(const struct schema *s, enum feature_kind kind)
{
    size_t n = 0;
    for (size_t f = 0; f < s->n_features; f++)
        n += s->features[f].kind == kind;
    return n;
}

/* One block: header, columns, all numbers, all texts; every part is a multiple of 8 bytes. */
enum err_code rows_new(const struct schema *s, size_t n_rows, struct rows **out, struct err *e)
{
    size_t head = sizeof(struct rows) + s->n_features * sizeof(struct column);
    size_t row = count_kind(s, FEATURE_NUMERIC) * sizeof(double) +
                 count_kind(s, FEATURE_CATEGORICAL) * sizeof(struct text);
    struct rows *r = n_rows <= (SIZE_MAX - head) / row ? malloc(head + n_rows * row) : NULL;
    if (!r)
        return err_set(e, ERR_NOMEM, "out of memory for %zu rows of %zu features", n_rows,
                       s->n_features);
    r->n_rows = n_rows;
    r->n_columns = s->n_features;
    r->columns = (struct column *)(r + 1);
    char *next = (char *)r + head;
    for (size_t f = 0; f < s->n_features; f++) {
        bool numeric = s->features[f].kind == FEATURE_NUMERIC;
        r->columns[f].numbers = numeric ? (double *)next : NULL;
        r->columns[f].texts = numeric ? NULL : (struct text *)next;
        for (size_t i = 0; numeric && i < n_rows; i++)
            r->columns[f].numbers[i] = NAN;
        if (!numeric)
            memset(next, 0, n_rows * sizeof(struct text));
        next += n_rows * (numeric ? sizeof(double) : sizeof(struct text));
    }
    *out = r;
    return ERR_OK;
}

void rows_free(struct rows *r)
{
    free(r);
}

size_t rows_number_text(double value, char out[32])
{
    if (value == 0)
        value = 0; /* -0 and 0 are one category */
    if (fabs(value) < 9007199254740992.0 && value == trunc(value))
        return (size_t)snprintf(out, 32, "%.0f", value);
    int len = 0;
    for (int digits = 1; digits <= 17; digits++) {
        len = snprintf(out, 32, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    return (size_t)len;
}
