/*
 * watch_compare.c - candidate against champion: the gate's paired losses on the holdout, and the
 * two sides of a rollout. The statistics are monitors/compare.h's; here numbers are brought to them
 * and their verdicts are put together.
 *
 * A rollout reading is bad where any comparison is bad; not enough where a side has no data at all,
 * or no labelled rows though the policy wants them compared (no data never promotes); else good:
 * nothing was found worse. How many requests a stage must have seen first is the rollout machine's
 * business.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/safetensors.h"
#include "monitors/compare.h"
#include "store/observation_store.h"
#include "watch_private.h"

#define MAX_COMPARISONS 8
#define FOLD_BATCH 10000
#define MIN_ROWS 30 /* of each side, before a comparison says anything */

struct comparisons {
    size_t n;
    struct mon_comparison items[MAX_COMPARISONS];
    char missing[200]; /* what the policy wants compared and nothing is known of; "": nothing */
};

static void finish_reading(const struct comparisons *c, bool has_data, struct rollout_reading *out)
{
    char sentence[MON_SENTENCE_BYTES];
    const struct mon_comparison *told = NULL;
    bool bad = false, not_enough = !has_data || c->missing[0];
    cJSON *detail = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(detail, "comparisons");
    for (size_t i = 0; i < c->n; i++) {
        const struct mon_comparison *item = &c->items[i];
        cJSON_AddItemToArray(list, mon_comparison_to_json(item));
        if (item->verdict == MON_BAD && !bad) {
            bad = true;
            told = item;
        }
    }
    if (!told && c->n > 0)
        told = &c->items[c->n - 1]; /* the last says most: labels, then predictions */
    out->verdict = bad ? ROLLOUT_BAD : not_enough ? ROLLOUT_NOT_ENOUGH : ROLLOUT_GOOD;
    snprintf(out->text, sizeof(out->text), "%.380s",
             !bad && c->missing[0] ? c->missing
             : told                ? mon_comparison_sentence(told, sentence)
                                   : "nothing to compare yet");
    out->detail = json_print(detail);
    cJSON_Delete(detail);
}

static struct mon_compare_options options_of(const struct policy_abort *abort, const char *what,
                                             double margin)
{
    struct mon_compare_options o;
    mon_compare_options_init(&o);
    o.what = what;
    o.min_n = MIN_ROWS;
    o.margin = margin;
    o.alpha = 1 - abort->confidence;
    o.anytime = true;
    return o;
}

/* A candidate that cannot score shows it in shadow already. */
static void compare_errors(const struct model_watch *m, const struct policy_abort *abort,
                           struct comparisons *c)
{
    if (isnan(abort->error_rate_increase))
        return;
    const struct tally *a = &m->sums.champion, *b = &m->sums.candidate, *shadow = &m->sums.shadow;
    struct mon_compare_options o = options_of(abort, "errors", abort->error_rate_increase);
    mon_compare_rates(&o, a->errors, a->requests, b->errors + shadow->errors,
                      b->requests + shadow->requests, &c->items[c->n++]);
}

static void compare_latency(const struct model_watch *m, const struct policy_abort *abort,
                            struct comparisons *c)
{
    const struct tally *a = &m->sums.champion, *b = &m->sums.candidate;
    double bounds[TALLY_MAX_BUCKETS + 1];
    if (isnan(abort->latency_p99_ratio) || a->n_buckets == 0 || a->n_buckets != b->n_buckets)
        return;
    memcpy(bounds, a->bounds, a->n_buckets * sizeof(bounds[0]));
    bounds[a->n_buckets] = INFINITY;
    struct mon_compare_options o = options_of(abort, "latency p99", abort->latency_p99_ratio);
    mon_compare_latency(&o, bounds, a->latency, b->latency, a->n_buckets + 1, 0.99,
                        &c->items[c->n++]);
}

/* The series that says most about what is predicted: the scores' first one. */
static size_t prediction_series(const struct ruler *r)
{
    for (size_t i = 0; i < r->n_series; i++)
        if (r->series[i].prediction)
            return i;
    return SIZE_MAX;
}

/* Adds one numeric series of the candidate to the champion's cells, each cell by its middle: both
 * grids are much finer than the groups that are compared. */
static void lay_numeric(const struct series *from, const uint64_t *counts, const struct series *to,
                        uint64_t *out)
{
    for (size_t c = 0; c <= from->n_edges; c++) {
        double middle = from->n_edges == 0 ? 0
                        : c == 0           ? nextafter(from->edges[0], -INFINITY)
                        : c == from->n_edges
                            ? from->edges[c - 1]
                            : from->edges[c - 1] + (from->edges[c] - from->edges[c - 1]) / 2;
        if (counts[c] > 0)
            out[series_cell(to, middle)] += counts[c];
    }
    out[to->infinite_cell] += counts[from->infinite_cell];
    out[to->missing_cell] += counts[from->missing_cell];
}

/* The candidate's counts of one prediction series on the champion's ruler; NULL where they cannot
 * be laid. */
static struct profile *on_champions_ruler(const struct model_watch *m, const struct profile *p,
                                          size_t series)
{
    const struct series *from = &p->ruler->series[series];
    const struct series *to = &m->champion->ruler->series[series];
    struct profile *out = NULL;
    bool fits =
        from->kind == to->kind && (from->kind == SERIES_NUMERIC || from->n_cells == to->n_cells);
    if (!fits || profile_new(m->champion->ruler, &out, NULL) != ERR_OK)
        return NULL;
    const uint64_t *counts = p->counts + from->first_cell;
    if (from->kind == SERIES_NUMERIC)
        lay_numeric(from, counts, to, out->counts + to->first_cell);
    else
        memcpy(out->counts + to->first_cell, counts, to->n_cells * sizeof(*counts));
    out->n_rows = p->n_rows;
    return out;
}

static void compare_predictions(const struct model_watch *m, const struct policy_abort *abort,
                                struct comparisons *c)
{
    const struct tally *shadow = &m->sums.shadow, *candidate = &m->sums.candidate;
    const struct profile *p =
        candidate->profile && candidate->profile->n_rows > 0 ? candidate->profile : shadow->profile;
    size_t series = prediction_series(m->champion->ruler);
    if (isnan(abort->prediction_js) || !p || !m->sums.champion.profile || series == SIZE_MAX ||
        p->ruler->n_series != m->champion->ruler->n_series)
        return;
    struct profile *laid = on_champions_ruler(m, p, series);
    if (!laid)
        return;
    struct mon_compare_options o = options_of(abort, "predictions", abort->prediction_js);
    mon_compare_predictions(&o, m->sums.champion.profile, laid, series, &c->items[c->n++]);
    profile_free(laid);
}

/* ---- labelled rows of both sides ---- */

/* The rollout is read several times a second: each labelled row is looked at once. */
struct loss_fold {
    struct model_watch *m;
    enum mon_metric metric;
    int64_t n_rows;
};

static double loss_of(const struct loss_fold *f, const float *y, size_t n_y, double label)
{
    const struct schema *schema = f->m->champion->schema;
    struct mon_labelled one = {
        .kind = schema->label_kind, .n = 1, .n_outputs = n_y, .scores = y, .labels = &label};
    double loss = NAN;
    if (n_y == schema_n_outputs(schema))
        mon_metric_losses(f->metric, &one, &loss, NULL);
    return loss;
}

static void add_loss(struct mon_side *side, double loss)
{
    if (isnan(loss))
        return;
    side->n += 1;
    side->sum += loss;
    side->sum_sq += loss * loss;
}

/* Rows that were answered before the rollout began have no counterpart of the candidate's. */
static enum err_code fold_labelled(void *user, const struct labelled_row *row, struct err *e)
{
    struct loss_fold *f = user;
    struct rollout_sums *sums = &f->m->sums;
    double label = watch_label_value(f->m->champion->schema, row->label);
    (void)e;
    f->n_rows++;
    sums->folded_lseq = row->lseq;
    if (isnan(label) || !row->version || row->unix_ms < sums->from_unix_ms)
        return ERR_OK;
    if (strcmp(row->version, sums->candidate_sha256) == 0)
        add_loss(&sums->candidate_losses, loss_of(f, row->y, row->n_y, label));
    else if (strcmp(row->version, f->m->champion_sha256) == 0)
        add_loss(&sums->champion_losses, loss_of(f, row->y, row->n_y, label));
    if (row->shadow_version && strcmp(row->shadow_version, sums->candidate_sha256) == 0)
        add_loss(&sums->candidate_losses, loss_of(f, row->shadow_y, row->n_shadow_y, label));
    return ERR_OK;
}

static enum err_code fold_new_labels(struct store *s, struct model_watch *m, enum mon_metric metric,
                                     struct err *e)
{
    struct loss_fold f = {.m = m, .metric = metric};
    enum err_code rc;
    do {
        f.n_rows = 0;
        rc = observation_labelled_after(s, m->name, m->sums.folded_lseq, FOLD_BATCH, fold_labelled,
                                        &f, e);
    } while (rc == ERR_OK && f.n_rows == FOLD_BATCH);
    return rc;
}

static void compare_losses(const struct rollout_sums *sums, const struct policy_abort *abort,
                           bool regression, struct mon_comparison *out)
{
    const struct mon_side *a = &sums->champion_losses, *b = &sums->candidate_losses;
    if (!regression) {
        struct mon_compare_options o = options_of(abort, "labelled errors", abort->metric_drop);
        mon_compare_rates(&o, (uint64_t)a->sum, (uint64_t)a->n, (uint64_t)b->sum, (uint64_t)b->n,
                          out);
        return;
    }
    double reference = a->sum / a->n; /* a drop is a share of it */
    struct mon_compare_options o =
        options_of(abort, "labelled absolute error", abort->metric_drop * reference);
    mon_compare_means(&o, a, b, out);
}

static enum err_code compare_labelled(struct store *s, struct model_watch *m,
                                      const struct policy_abort *abort, struct comparisons *c,
                                      struct err *e)
{
    const struct mon_side *a = &m->sums.champion_losses, *b = &m->sums.candidate_losses;
    bool regression = m->schema->label_kind == LABEL_REGRESSION;
    if (isnan(abort->metric_drop))
        return ERR_OK;
    enum err_code rc = fold_new_labels(s, m, regression ? MON_MAE : MON_ACCURACY, e);
    if (rc != ERR_OK)
        return rc;
    /* min_requests counts requests; only here is it known how many labels have come. */
    if (a->n < MIN_ROWS || b->n < MIN_ROWS)
        snprintf(
            c->missing, sizeof(c->missing),
            "labelled errors: %.0f labelled rows of the candidate and %.0f of the champion, at "
            "least %d of each are needed",
            b->n, a->n, MIN_ROWS);
    if (a->n >= 1 && b->n >= 1)
        compare_losses(&m->sums, abort, regression, &c->items[c->n++]);
    return ERR_OK;
}

enum err_code watch_read_rollout(struct watch *w, struct store *s, const struct run *run,
                                 struct rollout_reading *out, struct err *e)
{
    struct model_watch *m = NULL;
    struct comparisons c = {0};
    struct rollout_reading r = {0};
    enum err_code rc = watch_model(w, s, run->model, &m, e);
    if (rc != ERR_OK)
        return rc;
    if (!m->champion || !m->policy || strcmp(m->sums.run, run->id) != 0)
        return err_set(e, ERR_INTERNAL, "run %s: its rollout was never begun", run->id);
    const struct policy_abort *abort = &m->policy->rollout.abort;
    compare_errors(m, abort, &c);
    compare_latency(m, abort, &c);
    compare_predictions(m, abort, &c);
    rc = compare_labelled(s, m, abort, &c, e);
    if (rc != ERR_OK)
        return rc;
    r.champion_requests = (int64_t)m->sums.champion.requests;
    r.candidate_requests = (int64_t)(m->sums.candidate.requests + m->sums.shadow.requests);
    finish_reading(&c, r.champion_requests > 0 && r.candidate_requests > 0, &r);
    *out = r;
    return ERR_OK;
}

/* ---- the gate ---- */

struct scores {
    struct st_file *file;
    size_t n, n_outputs;
    const float *candidate, *champion;
    const double *labels;
};

static enum err_code read_scores(const char *path, size_t n_outputs, struct scores *out,
                                 struct err *e)
{
    const struct st_tensor *y = NULL, *candidate = NULL, *champion = NULL;
    struct scores sc = {.n_outputs = n_outputs};
    int64_t any = -1;
    enum err_code rc = st_open(path, &sc.file, e);
    if (rc == ERR_OK)
        rc = st_need(sc.file, "y", ST_F64, 1, &any, &y, e);
    if (rc == ERR_OK) {
        int64_t shape[2] = {y->n_elements, (int64_t)n_outputs};
        rc = st_need(sc.file, "candidate", ST_F32, 2, shape, &candidate, e);
        if (rc == ERR_OK)
            rc = st_need(sc.file, "champion", ST_F32, 2, shape, &champion, e);
    }
    if (rc != ERR_OK) {
        st_close(sc.file);
        return err_prefix(e, "the job's scores");
    }
    sc.n = (size_t)y->n_elements;
    sc.labels = y->data;
    sc.candidate = candidate->data;
    sc.champion = champion->data;
    *out = sc;
    return ERR_OK;
}

static struct mon_labelled side_of(const struct model_watch *m, const struct scores *sc,
                                   const float *scores)
{
    return (struct mon_labelled){.kind = m->schema->label_kind,
                                 .n = sc->n,
                                 .n_outputs = sc->n_outputs,
                                 .scores = scores,
                                 .labels = sc->labels};
}

/* The gain that is asked for, as a loss difference: points for accuracy, else a share of the
 * champion's metric. The losses of rmse are its squares. */
static double gate_margin(const struct policy_gate *gate, enum mon_metric metric,
                          const double *champion_losses, size_t n)
{
    double sum = 0, share = gate->margin, n_judged = 0;
    if (metric == MON_ACCURACY)
        return -gate->margin;
    if (metric == MON_RMSE)
        share = 1 - (1 - gate->margin) * (1 - gate->margin);
    for (size_t i = 0; i < n; i++) {
        if (isnan(champion_losses[i]))
            continue;
        sum += champion_losses[i];
        n_judged += 1;
    }
    return n_judged > 0 ? -share * sum / n_judged : 0;
}

static enum err_code judge_scores(const struct model_watch *m, const struct scores *sc,
                                  struct rollout_reading *out, struct err *e)
{
    const struct policy_gate *gate = &m->policy->gate;
    enum mon_metric metric = watch_metric(m, gate->metric);
    struct mon_labelled champion = side_of(m, sc, sc->champion);
    struct mon_labelled candidate = side_of(m, sc, sc->candidate);
    struct comparisons c = {.n = 1};
    struct mon_compare_options o;
    double *losses = calloc(2 * (sc->n ? sc->n : 1), sizeof(*losses));
    if (!losses)
        return err_set(e, ERR_NOMEM, "no memory for %zu paired losses", sc->n);
    enum err_code rc = mon_metric_losses(metric, &champion, losses, e);
    if (rc == ERR_OK)
        rc = mon_metric_losses(metric, &candidate, losses + sc->n, e);
    if (rc == ERR_OK) {
        char what[64];
        snprintf(what, sizeof(what), "%s on the newest rows",
                 metric == MON_ACCURACY ? "error" : mon_metric_name(metric));
        mon_compare_options_init(&o);
        o.what = what;
        o.min_n = (double)gate->min_rows;
        o.alpha = 1 - gate->confidence;
        o.margin = gate_margin(gate, metric, losses, sc->n);
        mon_compare_paired(&o, losses, losses + sc->n, sc->n, &c.items[0]);
        finish_reading(&c, true, out);
        /* At the gate good must be shown: not being found worse is not enough. */
        out->verdict = c.items[0].verdict == MON_GOOD  ? ROLLOUT_GOOD
                       : c.items[0].verdict == MON_BAD ? ROLLOUT_BAD
                                                       : ROLLOUT_NOT_ENOUGH;
    }
    free(losses);
    return rc;
}

enum err_code watch_judge_gate(struct watch *w, struct store *s, const struct run *run,
                               const char *scores_path, struct rollout_reading *out, struct err *e)
{
    struct model_watch *m = NULL;
    struct scores sc = {0};
    struct rollout_reading r = {0};
    enum err_code rc = watch_model(w, s, run->model, &m, e);
    if (rc == ERR_OK && (!m->policy || !m->champion))
        rc = err_set(e, ERR_INTERNAL, "run %s: no champion or policy to judge by", run->id);
    if (rc == ERR_OK)
        rc = read_scores(scores_path, schema_n_outputs(m->champion->schema), &sc, e);
    if (rc != ERR_OK)
        return rc;
    rc = judge_scores(m, &sc, &r, e);
    st_close(sc.file);
    if (rc == ERR_OK)
        *out = r;
    return rc;
}
