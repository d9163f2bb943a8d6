/*
 * concept_stream.c - the made-up concepts and the reader.
 */
#include "concept_stream.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/rand.h"

#define TREE_DEPTH 5
#define TREE_NODES (1 << TREE_DEPTH)
#define PI 3.14159265358979323846

struct node {
    size_t feature;
    double cut;
};

/* One concept: which version of its family, and the numbers that version needs. */
struct concept {
    enum concept_family family;
    size_t version, first_theta;
    double theta, a, b;            /* a, b: a plane's normal */
    struct node nodes[TREE_NODES]; /* a tree, heap order from 1 */
    bool leaves[TREE_NODES];
};

static const char *const family_names[] = {
#define X(symbol, text) [symbol] = text,
    CONCEPT_FAMILY_LIST(X)
#undef X
};

const char *concept_family_name(enum concept_family f)
{
    return family_names[f];
}

static size_t n_features_of(enum concept_family f)
{
    return f == CONCEPT_MIXED ? 4 : f == CONCEPT_SEA || f == CONCEPT_STAGGER ? 3 : 2;
}

static double high_of(enum concept_family f)
{
    return f == CONCEPT_SEA ? 10.0 : f == CONCEPT_STAGGER ? 2.0 : 1.0;
}

static void draw_row(const struct concept_law *law, struct rng *r, double *x)
{
    for (size_t f = 0; f < n_features_of(law->family); f++) {
        if (law->family == CONCEPT_STAGGER)
            x[f] = (double)rng_below(r, 3);
        else if (law->family == CONCEPT_MIXED && f < 2)
            x[f] = (double)rng_below(r, 2);
        else
            x[f] = rng_uniform(r) * high_of(law->family);
    }
}

static bool sine_label(size_t version, const double *x)
{
    double curve = version < 2 ? sin(x[0]) : 0.5 + 0.3 * sin(3.0 * PI * x[0]);
    return (x[1] >= curve) == (version % 2 == 0);
}

static bool stagger_label(size_t version, const double *x)
{
    if (version == 0)
        return x[0] == 0.0 && x[1] == 0.0;
    return version == 1 ? x[0] == 1.0 || x[2] == 1.0 : x[1] >= 1.0;
}

static bool mixed_label(size_t version, const double *x)
{
    bool below = x[3] < 0.5 + 0.3 * sin(3.0 * PI * x[2]);
    return (x[0] + x[1] + below >= 2.0) == (version == 0);
}

static bool tree_label(const struct concept *c, const double *x)
{
    size_t at = 1;
    while (at < TREE_NODES)
        at = 2 * at + (x[c->nodes[at].feature] >= c->nodes[at].cut);
    return c->leaves[at - TREE_NODES];
}

static bool label(const struct concept *c, const double *x)
{
    switch (c->family) {
    case CONCEPT_SEA:
        return x[0] + x[1] <= c->theta;
    case CONCEPT_SINE:
        return sine_label(c->version, x);
    case CONCEPT_STAGGER:
        return stagger_label(c->version, x);
    case CONCEPT_MIXED:
        return mixed_label(c->version, x);
    case CONCEPT_HYPERPLANE:
        return c->a * (x[0] - 0.5) + c->b * (x[1] - 0.5) > 0.0;
    case CONCEPT_TREE:
        return tree_label(c, x);
    case CONCEPT_N_FAMILIES:
        break;
    }
    return false;
}

/* Cuts lie inside the box that the path to the node leaves. */
static void grow(struct concept *c, size_t node, const double low[2], const double high[2],
                 struct rng *r)
{
    if (node >= TREE_NODES) {
        c->leaves[node - TREE_NODES] = rng_below(r, 2) == 1;
        return;
    }
    size_t f = rng_below(r, 2);
    double cut = low[f] + (high[f] - low[f]) * (0.25 + 0.5 * rng_uniform(r));
    double below[2] = {high[0], high[1]}, above[2] = {low[0], low[1]};
    c->nodes[node] = (struct node){f, cut};
    below[f] = above[f] = cut;
    grow(c, 2 * node, low, below, r);
    grow(c, 2 * node + 1, above, high, r);
}

/* The concept after the k-th change of a stream; previous: the one before it. */
static void next_concept(struct concept *c, size_t k, struct rng *r)
{
    static const double thetas[] = {8.0, 9.0, 7.0, 9.5};
    const double low[2] = {0.0, 0.0}, high[2] = {1.0, 1.0};
    double turn = (20.0 + 70.0 * rng_uniform(r)) * PI / 180.0;
    double angle = k == 0 ? 2.0 * PI * rng_uniform(r) : atan2(c->b, c->a) + turn;
    size_t n_versions = c->family == CONCEPT_SINE ? 4 : c->family == CONCEPT_STAGGER ? 3 : 2;
    c->version = k == 0 ? rng_below(r, n_versions)
                        : (c->version + 1 + rng_below(r, n_versions - 1)) % n_versions;
    c->first_theta = k == 0 ? rng_below(r, 4) : c->first_theta;
    c->theta = thetas[(k + c->first_theta) % 4];
    c->a = cos(angle);
    c->b = sin(angle);
    grow(c, 1, low, high, r);
}

static enum err_code allocate(struct concept_stream *s, size_t n_rows, struct err *e)
{
    s->x = calloc(n_rows * s->n_features, sizeof *s->x);
    s->y = calloc(n_rows, sizeof *s->y);
    s->n_rows = n_rows;
    if (s->x != NULL && s->y != NULL)
        return ERR_OK;
    concept_stream_deinit(s);
    return err_set(e, ERR_NOMEM, "out of memory for %zu rows", n_rows);
}

static void describe(const struct concept_law *law, struct concept_stream *s)
{
    snprintf(s->name, sizeof s->name, "%s%s noise %g seed %llu", family_names[law->family],
             law->width > 0 ? " gradual" : "", law->noise, (unsigned long long)law->seed);
    s->n_features = n_features_of(law->family);
    s->n_changes = law->n_changes;
    s->width = law->width;
    for (size_t k = 0; k < law->n_changes; k++)
        s->changes[k] = (k + 1) * law->n_rows / (law->n_changes + 1);
    for (size_t f = 0; f < s->n_features; f++)
        s->high[f] = law->family == CONCEPT_MIXED && f < 2 ? 1.0 : high_of(law->family);
}

enum err_code concept_stream_make(const struct concept_law *law, struct concept_stream *out,
                                  struct err *e)
{
    struct rng r;
    struct concept old = {.family = law->family}, now;
    struct concept_stream s = {.n_rows = 0};
    rng_seed(&r, law->seed * 1000 + (uint64_t)law->family);
    describe(law, &s);
    enum err_code rc = allocate(&s, law->n_rows, e);
    if (rc != ERR_OK)
        return rc;
    next_concept(&old, 0, &r);
    now = old;
    for (size_t i = 0, k = 0; i < law->n_rows; i++) {
        double *x = s.x + i * s.n_features;
        if (k < s.n_changes && i == s.changes[k]) {
            old = now;
            next_concept(&now, ++k, &r);
        }
        double since = k > 0 ? (double)(i - s.changes[k - 1]) : INFINITY;
        bool is_new = rng_uniform(&r) * (double)law->width <= since;
        draw_row(law, &r, x);
        s.y[i] = label(is_new ? &now : &old, x) != (rng_uniform(&r) < law->noise);
    }
    *out = s;
    return ERR_OK;
}

void concept_stream_deinit(struct concept_stream *s)
{
    free(s->x);
    free(s->y);
    s->x = s->y = NULL;
}

static enum err_code append(struct concept_stream *s, size_t *room, const char *const *fields,
                            struct err *e)
{
    if (s->n_rows == *room) {
        size_t wanted = *room > 0 ? 2 * *room : 1024;
        double *x = realloc(s->x, wanted * s->n_features * sizeof *x);
        s->x = x != NULL ? x : s->x;
        double *y = realloc(s->y, wanted * sizeof *y);
        s->y = y != NULL ? y : s->y;
        if (x == NULL || y == NULL)
            return err_set(e, ERR_NOMEM, "out of memory for %zu rows", wanted);
        *room = wanted;
    }
    for (size_t f = 0; f <= s->n_features; f++) {
        double *to = f < s->n_features ? &s->x[s->n_rows * s->n_features + f] : &s->y[s->n_rows];
        if (!csv_number(fields[f], to) || isnan(*to))
            return err_set(e, ERR_PARSE, "row %zu: expected a number, got \"%s\"", s->n_rows,
                           fields[f]);
    }
    s->n_rows++;
    return ERR_OK;
}

static void find_ranges(struct concept_stream *s)
{
    for (size_t f = 0; f < s->n_features; f++) {
        s->low[f] = INFINITY;
        s->high[f] = -INFINITY;
        for (size_t i = 0; i < s->n_rows; i++) {
            s->low[f] = fmin(s->low[f], s->x[i * s->n_features + f]);
            s->high[f] = fmax(s->high[f], s->x[i * s->n_features + f]);
        }
    }
}

enum err_code concept_stream_read(const char *path, struct concept_stream *out, struct err *e)
{
    struct csv *csv = NULL;
    const char *const *fields = NULL;
    struct concept_stream s = {.n_rows = 0};
    size_t room = 0;
    bool more = true;
    enum err_code rc = csv_open(path, &csv, e);
    if (rc != ERR_OK)
        return rc;
    s.n_features = csv_n_columns(csv) - 1;
    if (s.n_features < 1 || s.n_features > CONCEPT_MAX_FEATURES)
        rc =
            err_set(e, ERR_INVALID, "%s: expected 2 to %d columns", path, CONCEPT_MAX_FEATURES + 1);
    while (rc == ERR_OK && (rc = csv_next(csv, &fields, &more, e)) == ERR_OK && more)
        rc = append(&s, &room, fields, e);
    csv_close(csv);
    if (rc != ERR_OK) {
        concept_stream_deinit(&s);
        return rc;
    }
    find_ranges(&s);
    *out = s;
    return ERR_OK;
}

static void swap_rows(struct concept_stream *s, size_t i, size_t j)
{
    for (size_t f = 0; f < s->n_features; f++) {
        double x = s->x[i * s->n_features + f];
        s->x[i * s->n_features + f] = s->x[j * s->n_features + f];
        s->x[j * s->n_features + f] = x;
    }
    double y = s->y[i];
    s->y[i] = s->y[j];
    s->y[j] = y;
}

/* Fisher & Yates, from each change to the next. */
void concept_stream_shuffle(struct concept_stream *s, uint64_t seed)
{
    struct rng r;
    rng_seed(&r, seed);
    for (size_t k = 0, first = 0; k <= s->n_changes; k++) {
        size_t end = k < s->n_changes ? s->changes[k] : s->n_rows;
        for (size_t i = end; i-- > first + 1;)
            swap_rows(s, i, first + rng_below(&r, i - first + 1));
        first = end;
    }
}
