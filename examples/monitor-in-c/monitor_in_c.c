/*
 * monitor_in_c.c - drift numbers in C, from arrays: a ruler over a reference column, its chunks as
 * the null, a window that has moved, and a change detector over errors. README.md beside it.
 */
#include <stdio.h>

#include "base/rand.h"
#include "model/profile.h"
#include "monitors/detectors.h"
#include "monitors/drift.h"

enum { REFERENCE_ROWS = 20000, WINDOW_ROWS = 2000, CHUNK_ROWS = 200, ERRORS = 4000 };
enum { N_CHUNKS = REFERENCE_ROWS / CHUNK_ROWS };

/* What windows are compared with: all the reference's rows on one grid, and the same in chunks. */
struct reference {
    struct ruler *ruler;
    struct profile *all, *chunks[N_CHUNKS];
    struct mon_null *null;
};

static void fill(double *x, size_t n, double mean, struct rng *rng)
{
    for (size_t i = 0; i < n; i++)
        x[i] = mean + rng_normal(rng);
}

static enum err_code lay_ruler(const double *x, size_t n, struct ruler **out, struct err *e)
{
    struct feature income = {.name = "income", .kind = FEATURE_NUMERIC};
    struct schema schema = {
        .model = "loan", .n_features = 1, .features = &income, .label_kind = LABEL_REGRESSION};
    struct ruler_options options;
    struct vocabulary *categories = NULL; /* of no feature here; the ruler wants one all the same */
    ruler_options_init(&options);
    enum err_code code = vocabulary_new(&schema, NULL, NULL, &categories, e);
    if (!code)
        code = ruler_fit(&schema, categories, x, NULL, n, &options, out, e);
    vocabulary_free(categories); /* the ruler has copied what it needs of both */
    return code;
}

static enum err_code count(const struct ruler *ruler, const double *x, size_t n,
                           struct profile **out, struct err *e)
{
    enum err_code code = profile_new(ruler, out, e);
    if (!code)
        profile_count(*out, x, NULL, n);
    return code;
}

static enum err_code reference_init(struct reference *r, const double *x, struct err *e)
{
    enum err_code code = lay_ruler(x, REFERENCE_ROWS, &r->ruler, e);
    if (!code)
        code = count(r->ruler, x, REFERENCE_ROWS, &r->all, e);
    for (size_t i = 0; !code && i < N_CHUNKS; i++)
        code = count(r->ruler, x + i * CHUNK_ROWS, CHUNK_ROWS, &r->chunks[i], e);
    return code ? code
                : mon_null_new(r->all, r->chunks, N_CHUNKS, MON_PSI, WINDOW_ROWS, &r->null, e);
}

static void reference_deinit(struct reference *r)
{
    mon_null_free(r->null);
    for (size_t i = 0; i < N_CHUNKS; i++)
        profile_free(r->chunks[i]);
    profile_free(r->all);
    ruler_free(r->ruler);
}

static enum err_code check(const struct reference *r, const double *x, struct err *e)
{
    struct mon_drift_options options;
    struct mon_signal signals[2]; /* one for each series at most: income, prediction */
    char sentence[MON_SENTENCE_BYTES];
    struct profile *window = NULL;
    mon_drift_options_init(&options);
    enum err_code code = count(r->ruler, x, WINDOW_ROWS, &window, e);
    size_t n = code ? 0 : mon_drift_check(&options, r->null, r->all, window, signals);
    for (size_t i = 0; i < n; i++)
        puts(mon_signal_sentence(&signals[i], sentence));
    profile_free(window);
    return code;
}

static enum err_code drift(struct rng *rng, struct err *e)
{
    static double x[REFERENCE_ROWS], unchanged[WINDOW_ROWS], moved[WINDOW_ROWS];
    struct reference r = {0};
    fill(x, REFERENCE_ROWS, 0.0, rng);
    fill(unchanged, WINDOW_ROWS, 0.0, rng);
    fill(moved, WINDOW_ROWS, 0.5, rng);
    enum err_code code = reference_init(&r, x, e);
    if (!code)
        code = check(&r, unchanged, e);
    if (!code)
        code = check(&r, moved, e);
    reference_deinit(&r);
    return code;
}

/* A model is wrong in one answer of ten, from the middle on in three of ten. */
static enum err_code concept_drift(struct rng *rng, struct err *e)
{
    struct mon_detector *d = NULL;
    enum err_code code = mon_detector_new("rate_scan", NULL, &d, e);
    for (size_t i = 0; !code && i < ERRORS; i++) {
        double wrong = rng_uniform(rng) < (i < ERRORS / 2 ? 0.1 : 0.3);
        if (mon_detector_update(d, wrong) == MON_CHANGE)
            printf("row %zu: errors rose from %.3f to %.3f\n", i + 1, mon_detector_before(d),
                   mon_detector_estimate(d));
    }
    mon_detector_free(d);
    return code;
}

int main(void)
{
    struct rng rng;
    struct err e = {0};
    rng_seed(&rng, 1);
    enum err_code code = drift(&rng, &e);
    if (!code)
        code = concept_drift(&rng, &e);
    if (code)
        fprintf(stderr, "monitor_in_c: %s\n", e.message);
    return code ? 1 : 0;
}
