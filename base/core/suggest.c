/*
 * suggest.c - optimal string alignment distance (insert, delete, replace, swap neighbours),
 * bounded.
 */
#include "base/suggest.h"

#include <limits.h>
#include <string.h>

#define MAX_LETTERS 64

static int min2(int a, int b)
{
    return a < b ? a : b;
}

/* Three rows suffice: a swap looks two rows back. INT_MAX where a word is too long to be compared.
 */
static int distance(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);
    if (na > MAX_LETTERS || nb > MAX_LETTERS) {
        return INT_MAX;
    }
    int rows[3][MAX_LETTERS + 1];
    for (size_t j = 0; j <= nb; j++) {
        rows[0][j] = (int)j;
    }
    for (size_t i = 1; i <= na; i++) {
        int *row = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];
        row[0] = (int)i;
        for (size_t j = 1; j <= nb; j++) {
            int replace = up[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = min2(replace, 1 + min2(up[j], row[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = min2(row[j], up2[j - 2] + 1);
            }
        }
    }
    return rows[na % 3][nb];
}

struct suggest suggest_start(const char *word)
{
    return (struct suggest){.word = word, .best_distance = INT_MAX};
}

void suggest_add(struct suggest *s, const char *name)
{
    int d = distance(s->word, name);
    if (d < s->best_distance) {
        s->best = name;
        s->best_distance = d;
    }
}

const char *suggest_best(const struct suggest *s)
{
    int letters = (int)strlen(s->word);
    int limit = letters < 3 ? 1 : letters / 3;
    return s->best && s->best_distance <= limit && s->best_distance < letters ? s->best : NULL;
}
