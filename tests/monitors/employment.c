/*
 * employment.c - runs every monitor over the stream, chunk by chunk, as a daemon with late labels
 * would, and judges what was said.
 */
#include "employment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "employment_data.h"
#include "monitors/drift.h"

#define N_FEATURES EMPLOYMENT_FEATURES
#define REFERENCE_CHUNK_ROWS 500 /* what the null is measured on: drift.h asks for 50 to 500 */

/* What is made once from the reference. */
struct watch {
    const struct employment *data;
    struct ruler *ruler;
    struct profile *reference;
    struct mon_null *null;
    struct mon_calibrator *calibrator;
    struct mon_harm *harm;
    struct mon_measured auc;
    double importance[N_FEATURES];
};

static void watch_deinit(struct watch *w)
{
    mon_harm_free(w->harm);
    mon_calibrator_free(w->calibrator);
    mon_null_free(w->null);
    profile_free(w->reference);
    ruler_free(w->ruler);
}

static struct mon_labelled labelled(const struct part *p, size_t first, size_t n)
{
    return (struct mon_labelled){LABEL_BINARY, n, 1, p->scores + first, p->labels + first};
}

static enum err_code count(const struct ruler *r, const struct part *p, size_t first, size_t n,
                           struct profile **out, struct err *e)
{
    enum err_code rc = profile_new(r, out, e);
    if (rc == ERR_OK)
        profile_count(*out, p->codes + first * N_FEATURES, p->scores + first, n);
    return rc;
}

static enum err_code make_null(struct watch *w, size_t window_rows, struct err *e)
{
    const struct part *p = &w->data->reference;
    size_t n = p->n / REFERENCE_CHUNK_ROWS;
    struct profile **chunks = calloc(n, sizeof *chunks);
    enum err_code rc = chunks != NULL ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
    for (size_t i = 0; rc == ERR_OK && i < n; i++)
        rc = count(w->ruler, p, i * REFERENCE_CHUNK_ROWS, REFERENCE_CHUNK_ROWS, &chunks[i], e);
    if (rc == ERR_OK)
        rc = mon_null_new(w->reference, chunks, n, MON_PSI, (double)window_rows, &w->null, e);
    for (size_t i = 0; chunks != NULL && i < n; i++)
        profile_free(chunks[i]);
    free(chunks);
    return rc;
}

static enum err_code make_harm(struct watch *w, struct mon_harm_limit *limit, struct err *e)
{
    struct mon_harm_options o;
    struct mon_labelled rows = labelled(&w->data->reference, 0, w->data->reference.n);
    double *losses = malloc(rows.n * sizeof *losses);
    if (losses == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for losses");
    mon_harm_options_init(&o);
    enum err_code rc = mon_metric_losses(MON_ACCURACY, &rows, losses, e);
    if (rc == ERR_OK)
        rc = mon_harm_limit_fit(&o, losses, rows.n, limit, e);
    if (rc == ERR_OK)
        rc = mon_harm_new(&o, limit, &w->harm, e);
    free(losses);
    return rc;
}

static enum err_code watch_init(struct watch *w, const struct employment *d, size_t window_rows,
                                struct mon_harm_limit *limit, struct err *e)
{
    struct ruler_options o;
    const struct part *p = &d->reference;
    struct mon_labelled rows = labelled(p, 0, p->n);
    *w = (struct watch){.data = d};
    ruler_options_init(&o);
    enum err_code rc =
        ruler_fit(d->schema, d->vocabulary, p->codes, p->scores, p->n, &o, &w->ruler, e);
    if (rc == ERR_OK)
        rc = count(w->ruler, p, 0, p->n, &w->reference, e);
    if (rc == ERR_OK)
        rc = make_null(w, window_rows, e);
    if (rc == ERR_OK)
        rc = mon_calibrator_fit(&rows, NULL, &w->calibrator, e);
    if (rc == ERR_OK)
        rc = make_harm(w, limit, e);
    w->auc = mon_metric_measure(MON_AUC, &rows, 0);
    for (size_t f = 0; f < N_FEATURES; f++)
        w->importance[f] = mon_harm_association(p->codes + f, N_FEATURES, !employment_is_number(f),
                                                p->scores, 1, p->n);
    return rc;
}

static void watch_features(const struct watch *w, const struct profile *window,
                           struct employment_chunk *c)
{
    struct mon_drift_options o;
    struct mon_signal signals[N_FEATURES], ranked[N_FEATURES];
    mon_drift_options_init(&o);
    c->n_features = mon_drift_check(&o, w->null, w->reference, window, signals);
    c->n_drifted = mon_signals_count(signals, c->n_features, MON_DRIFT);
    mon_harm_rank("harm", signals, w->importance, c->n_features, ranked);
    c->top_feature[0] = '\0';
    for (size_t i = 0; i < c->n_features; i++)
        if (ranked[i].verdict == MON_DRIFT) {
            memcpy(c->top_feature, ranked[i].feature, sizeof c->top_feature);
            break;
        }
}

static enum err_code watch_estimates(const struct watch *w, const struct profile *window,
                                     const struct mon_labelled *rows, struct employment_chunk *c,
                                     struct err *e)
{
    struct mon_estimates found;
    struct mon_estimate_options o;
    enum err_code rc = mon_estimate_counts(w->calibrator, window, &found, e);
    c->auc_from_counts = found.of[MON_AUC];
    if (rc == ERR_OK)
        rc = mon_estimate_scores(w->calibrator, rows->scores, rows->n, &found, e);
    if (rc != ERR_OK)
        return rc;
    c->auc_estimate = found.of[MON_AUC];
    c->accuracy_estimate = found.of[MON_ACCURACY];
    mon_estimate_options_init(&o);
    o.metric = MON_AUC;
    mon_harm_estimated(&o, &found, w->auc.value, w->auc.standard_error, w->auc.n, &c->estimated);
    return ERR_OK;
}

static enum err_code watch_labels(const struct watch *w, const struct mon_labelled *rows,
                                  struct employment_chunk *c, struct err *e)
{
    double *losses = malloc(rows->n * sizeof *losses);
    if (losses == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for losses");
    c->auc = mon_metric_compute(MON_AUC, rows);
    c->accuracy = mon_metric_compute(MON_ACCURACY, rows);
    enum err_code rc = mon_metric_losses(MON_ACCURACY, rows, losses, e);
    if (rc == ERR_OK)
        mon_harm_feed(w->harm, losses, rows->n);
    mon_harm_signal(w->harm, &c->harm);
    free(losses);
    return rc;
}

static enum err_code watch_chunk(const struct watch *w, struct employment_chunk *c, struct err *e)
{
    const struct part *p = &w->data->analysis;
    struct mon_labelled rows = labelled(p, c->first_row, c->n_rows);
    struct profile *window = NULL;
    enum err_code rc = count(w->ruler, p, c->first_row, c->n_rows, &window, e);
    if (rc == ERR_OK) {
        watch_features(w, window, c);
        rc = watch_estimates(w, window, &rows, c, e);
    }
    if (rc == ERR_OK)
        rc = watch_labels(w, &rows, c, e);
    profile_free(window);
    return rc;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *x, size_t n)
{
    qsort(x, n, sizeof *x, ascending);
    return n % 2 ? x[n / 2] : 0.5 * (x[n / 2 - 1] + x[n / 2]);
}

static enum err_code sum_up(struct employment_report *r, struct err *e)
{
    double *errors = malloc(r->n_chunks * sizeof *errors);
    if (errors == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %zu chunks", r->n_chunks);
    for (size_t i = 0; i < r->n_chunks; i++)
        errors[i] = fabs(r->chunks[i].auc_estimate.value - r->chunks[i].auc);
    r->auc_error_median = median(errors, r->n_chunks);
    for (size_t i = 0; i < r->n_chunks; i++)
        errors[i] = fabs(r->chunks[i].auc_from_counts.value - r->chunks[i].auc);
    r->auc_error_median_counts = median(errors, r->n_chunks);
    free(errors);
    return ERR_OK;
}

static enum err_code watch_all(const struct watch *w, size_t chunk_rows,
                               struct employment_report *r, struct err *e)
{
    size_t n = w->data->analysis.n;
    enum err_code rc = ERR_OK;
    r->reference_auc = w->auc.value;
    r->n_chunks = (n + chunk_rows / 2) / chunk_rows; /* a last one of less than half is left out */
    r->chunks = calloc(r->n_chunks, sizeof *r->chunks);
    if (r->chunks == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %zu chunks", r->n_chunks);
    for (size_t i = 0; rc == ERR_OK && i < r->n_chunks; i++) {
        struct employment_chunk *c = &r->chunks[i];
        c->first_row = i * chunk_rows;
        c->n_rows = n - c->first_row < chunk_rows ? n - c->first_row : chunk_rows;
        rc = watch_chunk(w, c, e);
    }
    return rc == ERR_OK ? sum_up(r, e) : rc;
}

enum err_code employment_watch(const struct employment *d, size_t chunk_rows,
                               struct employment_report *out, struct err *e)
{
    struct watch w;
    struct employment_report r = {0};
    enum err_code rc = watch_init(&w, d, chunk_rows, &r.limit, e);
    if (rc == ERR_OK)
        rc = watch_all(&w, chunk_rows, &r, e);
    watch_deinit(&w);
    if (rc == ERR_OK)
        *out = r;
    else
        employment_report_free(&r);
    return rc;
}

void employment_report_free(struct employment_report *r)
{
    free(r->chunks);
    r->chunks = NULL;
}

static void judge_drift(const struct employment_chunk *c, struct employment_verdict *v)
{
    bool drifted = c->n_drifted > 0;
    if (c->first_row >= EMPLOYMENT_DRIFT_ROW) {
        v->chunks_after++;
        v->drift_after += drifted;
    } else if (c->first_row + c->n_rows <= EMPLOYMENT_DRIFT_ROW) {
        v->chunks_before++;
        v->drift_before += drifted;
    }
}

static void judge_harm(const struct employment_chunk *c, struct employment_verdict *v)
{
    size_t end = c->first_row + c->n_rows;
    bool harm = c->harm.verdict == MON_DRIFT, estimated = c->estimated.verdict == MON_DRIFT;
    if (end <= EMPLOYMENT_HARM_FIRST || c->first_row >= EMPLOYMENT_HARM_LAST) {
        v->chunks_outside++;
        v->harm_outside += harm;
        v->estimated_outside += estimated;
    } else if (c->first_row >= EMPLOYMENT_HARM_FIRST && end <= EMPLOYMENT_HARM_LAST) {
        v->chunks_inside++;
        v->harm_inside += harm;
        v->estimated_inside += estimated;
    } else {
        v->harm_partly += harm;
    }
}

void employment_judge(const struct employment_report *r, struct employment_verdict *out)
{
    struct employment_verdict v = {0};
    for (size_t i = 0; i < r->n_chunks; i++) {
        judge_drift(&r->chunks[i], &v);
        judge_harm(&r->chunks[i], &v);
    }
    v.auc_error_allowed = 0.003 * fmax(1.0, sqrt(5000.0 / (double)r->chunks[0].n_rows));
    v.holds = v.drift_after == v.chunks_after && v.harm_inside == v.chunks_inside &&
              v.harm_inside + v.harm_partly > 0 && v.harm_outside == 0 &&
              r->auc_error_median <= v.auc_error_allowed;
    *out = v;
}
