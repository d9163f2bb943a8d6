/*
 * ledger.c - one tally a lane; summed when somebody asks.
 */
#include "ledger.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

const double latency_bounds[LATENCY_BOUNDS] = {1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2,
                                               5e-2, 0.1,  0.2,  0.5,  1,    2,    5,    10};

struct tally {
    struct side sides[N_ROLES];
    struct profile *served, *shadow;
};

struct ledger {
    atomic_int refs;
    char sha256[SHA256_HEX_BYTES];
    char label[LEDGER_LABEL_BYTES];
    struct ruler *ruler;
    size_t n_lanes;
    struct tally **tallies; /* allocated one by one: lanes share no cache line */
};

const char *role_name(enum role r)
{
    static const char *const names[] = {
#define X(symbol, name) name,
        ROLE_LIST(X)
#undef X
    };
    return names[r];
}

static void tally_free(struct tally *t)
{
    if (t) {
        profile_free(t->served);
        profile_free(t->shadow);
        free(t);
    }
}

static enum err_code tally_new(const struct ruler *ruler, struct tally **out, struct err *e)
{
    struct tally *t = calloc(1, sizeof *t);
    if (!t) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    enum err_code code = profile_new(ruler, &t->served, e);
    if (!code) {
        code = profile_new(ruler, &t->shadow, e);
    }
    if (code) {
        tally_free(t);
        return code;
    }
    *out = t;
    return ERR_OK;
}

static void ledger_free(struct ledger *l)
{
    for (size_t i = 0; i < l->n_lanes; i++) {
        tally_free(l->tallies[i]);
    }
    free(l->tallies);
    ruler_free(l->ruler);
    free(l);
}

enum err_code ledger_new(const char *sha256, struct ruler *ruler, size_t n_lanes,
                         struct ledger **out, struct err *e)
{
    struct ledger *l = calloc(1, sizeof *l);
    struct tally **tallies = calloc(n_lanes, sizeof(struct tally *));
    if (!l || !tallies) {
        free(l);
        free(tallies);
        ruler_free(ruler);
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    atomic_init(&l->refs, 1);
    snprintf(l->sha256, sizeof l->sha256, "%s", sha256);
    l->ruler = ruler;
    l->tallies = tallies;
    for (; l->n_lanes < n_lanes; l->n_lanes++) {
        enum err_code code = tally_new(ruler, &tallies[l->n_lanes], e);
        if (code) {
            ledger_free(l);
            return code;
        }
    }
    *out = l;
    return ERR_OK;
}

struct ledger *ledger_ref(struct ledger *l)
{
    atomic_fetch_add(&l->refs, 1);
    return l;
}

void ledger_unref(struct ledger *l)
{
    if (l && atomic_fetch_sub(&l->refs, 1) == 1) {
        ledger_free(l);
    }
}

const char *ledger_sha256(const struct ledger *l)
{
    return l->sha256;
}

const char *ledger_label(const struct ledger *l)
{
    return l->label;
}

void ledger_set_label(struct ledger *l, const char *label)
{
    snprintf(l->label, sizeof l->label, "%s", label);
}

static size_t latency_bucket(double seconds)
{
    size_t i = 0;
    while (i < LATENCY_BOUNDS && seconds > latency_bounds[i]) {
        i++;
    }
    return i;
}

void ledger_count(struct ledger *l, size_t lane, enum role role, size_t n_rows, double latency_s,
                  const double *codes, const float *scores)
{
    struct tally *t = l->tallies[lane];
    struct side *side = &t->sides[role];
    side->requests++;
    side->rows += n_rows;
    side->latency_counts[latency_bucket(latency_s)]++;
    side->latency_sum_s += latency_s;
    if (role != ROLE_WARM) {
        profile_count(role == ROLE_SHADOW ? t->shadow : t->served, codes, scores, n_rows);
    }
}

void ledger_count_error(struct ledger *l, size_t lane, enum role role)
{
    l->tallies[lane]->sides[role].requests++;
    l->tallies[lane]->sides[role].errors++;
}

void ledger_sum(const struct ledger *l, enum role role, struct side *out)
{
    *out = (struct side){0};
    for (size_t i = 0; i < l->n_lanes; i++) {
        const struct side *side = &l->tallies[i]->sides[role];
        out->requests += side->requests;
        out->rows += side->rows;
        out->errors += side->errors;
        out->latency_sum_s += side->latency_sum_s;
        for (size_t b = 0; b <= LATENCY_BOUNDS; b++) {
            out->latency_counts[b] += side->latency_counts[b];
        }
    }
}

enum err_code ledger_profile(const struct ledger *l, bool shadow, struct profile **out,
                             struct err *e)
{
    enum err_code code = profile_new(l->ruler, out, e);
    for (size_t i = 0; !code && i < l->n_lanes; i++) {
        profile_merge(*out, shadow ? l->tallies[i]->shadow : l->tallies[i]->served);
    }
    return code;
}
