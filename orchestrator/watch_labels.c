/*
 * watch_labels.c - labelled rows into performance points and detector alarms.
 *
 * All of it is a fold over the store's labelled sequence from a mark on (fresh_from_lseq), so
 * nothing needs saving but the points for the chart: after a restart the fold runs again and comes
 * to the same state. Only rows that the present champion answered count.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "store/observation_store.h"
#include "store/window_store.h"
#include "watch_private.h"

#define FOLD_BATCH 10000
/* A performance window is looked at again when a quarter of it is new. */
#define POINTS_PER_WINDOW 4

void watch_clear_labels(struct model_watch *m)
{
    for (size_t i = 0; i < POLICY_MAX_MONITORS; i++) {
        mon_detector_free(m->detectors[i]);
        m->detectors[i] = NULL;
    }
    watch_clear_harms(m);
    free(m->ring.scores);
    free(m->ring.labels);
    m->ring = (struct labelled_ring){0};
}

/* The policy's parameters in the names of the detector; others have their defaults. direction up:
 * only rising errors harm. */
static cJSON *detector_params(const struct policy_monitor *p)
{
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "direction", "up");
    if (p->detector == POLICY_DETECTOR_ADWIN)
        cJSON_AddNumberToObject(j, "delta", p->delta);
    if (p->detector == POLICY_DETECTOR_RATE_SCAN)
        cJSON_AddNumberToObject(j, "rows_between", (double)p->rows_between_alarms);
    if (p->detector == POLICY_DETECTOR_PAGE_HINKLEY) {
        cJSON_AddNumberToObject(j, "delta", p->magnitude);
        cJSON_AddNumberToObject(j, "threshold", p->lambda);
        cJSON_AddNumberToObject(j, "alpha", p->alpha);
        cJSON_AddNumberToObject(j, "min_instances", (double)p->min_rows);
    }
    return j;
}

static enum err_code make_detectors(struct model_watch *m, struct err *e)
{
    enum err_code rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < m->policy->n_monitors; i++) {
        const struct policy_monitor *p = &m->policy->monitors[i];
        if (p->kind != POLICY_MONITOR_DETECTOR)
            continue;
        cJSON *params = detector_params(p);
        rc = mon_detector_new(policy_detector_name(p->detector), params, &m->detectors[i], e);
        cJSON_Delete(params);
    }
    return rc;
}

static enum err_code make_ring(struct model_watch *m, struct err *e)
{
    size_t capacity = 0;
    for (size_t i = 0; i < m->policy->n_monitors; i++) {
        const struct policy_monitor *p = &m->policy->monitors[i];
        if (p->kind == POLICY_MONITOR_PERFORMANCE && (size_t)p->rows > capacity)
            capacity = (size_t)p->rows;
    }
    if (capacity == 0)
        return ERR_OK;
    if (capacity > WATCH_MAX_RING_ROWS)
        capacity = WATCH_MAX_RING_ROWS;
    struct labelled_ring r = {.capacity = capacity,
                              .n_outputs = schema_n_outputs(m->champion->schema)};
    /* Twice the room: the newest rows are always contiguous (see ring_add). */
    r.scores = malloc(2 * capacity * r.n_outputs * sizeof(float));
    r.labels = malloc(2 * capacity * sizeof(double));
    if (!r.scores || !r.labels) {
        free(r.scores);
        free(r.labels);
        return err_set(e, ERR_NOMEM, "no memory for %zu labelled rows", capacity);
    }
    m->ring = r;
    return ERR_OK;
}

/* Every row is written twice, a capacity apart, so that any stretch of the newest rows is one
 * piece. */
static void ring_add(struct labelled_ring *r, const float *scores, double label)
{
    if (r->capacity == 0)
        return;
    size_t slot = (r->start + r->n) % r->capacity;
    for (size_t copy = slot; copy < 2 * r->capacity; copy += r->capacity) {
        memcpy(r->scores + copy * r->n_outputs, scores, r->n_outputs * sizeof(float));
        r->labels[copy] = label;
    }
    if (r->n < r->capacity)
        r->n++;
    else
        r->start = (r->start + 1) % r->capacity;
}

static struct mon_labelled ring_newest(const struct model_watch *m, size_t want)
{
    const struct labelled_ring *r = &m->ring;
    size_t n = want < r->n ? want : r->n;
    size_t first = (r->start + r->n - n) % r->capacity;
    return (struct mon_labelled){.kind = m->schema->label_kind,
                                 .n = n,
                                 .n_outputs = r->n_outputs,
                                 .scores = r->scores + first * r->n_outputs,
                                 .labels = r->labels + first};
}

static enum err_code load_points(struct store *s, struct model_watch *m, struct err *e)
{
    void *data = NULL;
    size_t len = 0;
    enum err_code rc = window_store_get_state(s, m->name, "points", &data, &len, e);
    if (rc == ERR_OK) {
        rc = json_parse("points", data, len, &m->points, e);
    } else if (rc == ERR_NOT_FOUND) {
        err_clear(e);
        m->points = cJSON_CreateArray();
        rc = m->points ? ERR_OK : err_set(e, ERR_NOMEM, "no memory for the points of %s", m->name);
    }
    free(data);
    return rc;
}

enum err_code watch_load_labels(struct store *s, struct model_watch *m, struct err *e)
{
    m->lseq = m->fresh_from_lseq;
    enum err_code rc = load_points(s, m, e);
    if (rc != ERR_OK || !m->champion || !m->policy)
        return rc;
    rc = make_detectors(m, e);
    if (rc == ERR_OK)
        rc = watch_make_harms(m, e);
    return rc == ERR_OK ? make_ring(m, e) : rc;
}

/* ---- the fold ---- */

struct fold {
    struct model_watch *m;
    int64_t n_rows, n_new_points;
};

static void add_alarm(struct model_watch *m, int monitor, const struct labelled_row *row)
{
    const struct mon_detector *d = m->detectors[monitor];
    if (m->n_alarms == WATCH_MAX_ALARMS)
        memmove(m->alarms, m->alarms + 1, --m->n_alarms * sizeof(m->alarms[0]));
    m->alarms[m->n_alarms++] = (struct policy_alarm){.monitor = monitor,
                                                     .at_unix_ms = row->label_unix_ms,
                                                     .n_rows = (int64_t)mon_detector_n(d),
                                                     .before = mon_detector_before(d),
                                                     .after = mon_detector_estimate(d)};
}

static double loss_of(const struct model_watch *m, size_t monitor, const struct labelled_row *row,
                      double label)
{
    struct mon_labelled one = {.kind = m->schema->label_kind,
                               .n = 1,
                               .n_outputs = row->n_y,
                               .scores = row->y,
                               .labels = &label};
    double loss = NAN;
    mon_metric_losses(watch_loss_metric(m, monitor), &one, &loss, NULL);
    return loss;
}

static void feed_detectors(struct model_watch *m, const struct labelled_row *row, double label)
{
    for (size_t i = 0; i < m->policy->n_monitors; i++) {
        if (!m->detectors[i])
            continue;
        bool changed =
            mon_detector_update(m->detectors[i], loss_of(m, i, row, label)) == MON_CHANGE;
        if (changed && mon_detector_n(m->detectors[i]) >= (uint64_t)m->policy->monitors[i].min_rows)
            add_alarm(m, (int)i, row);
    }
}

static void store_point(struct fold *f, const struct labelled_row *row,
                        const struct mon_signal *signal, const char *metric)
{
    struct model_watch *m = f->m;
    const cJSON *last = NULL;
    cJSON_ArrayForEach(last, m->points)
    {
        int64_t labelled = 0;
        const char *monitor = "";
        json_opt_int(last, "labelled", 0, INT64_C(1) << 53, &labelled, NULL);
        json_opt_string(last, "monitor", &monitor, NULL);
        if (labelled >= row->lseq && strcmp(monitor, signal->monitor) == 0)
            return; /* the fold runs again after a restart: this point is there */
    }
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "monitor", signal->monitor);
    cJSON_AddStringToObject(j, "metric", metric);
    cJSON_AddNumberToObject(j, "at_unix_ms", (double)row->label_unix_ms);
    cJSON_AddNumberToObject(j, "labelled", (double)row->lseq);
    cJSON_AddNumberToObject(j, "n", signal->n);
    cJSON_AddItemToObject(j, "value",
                          isfinite(signal->value) ? cJSON_CreateNumber(signal->value)
                                                  : cJSON_CreateNull());
    cJSON_AddItemToObject(j, "reference",
                          isfinite(signal->reference_value)
                              ? cJSON_CreateNumber(signal->reference_value)
                              : cJSON_CreateNull());
    if (signal->kind == MON_KIND_HARM) {
        cJSON_AddNumberToObject(j, "threshold", signal->threshold);
        cJSON_AddNumberToObject(j, "e_value", signal->e_value);
    }
    cJSON_AddStringToObject(j, "version", m->champion_label);
    cJSON_AddStringToObject(j, "verdict", mon_verdict_name(signal->verdict));
    cJSON_AddItemToArray(m->points, j);
    while (cJSON_GetArraySize(m->points) > WATCH_KEEP_POINTS)
        cJSON_DeleteItemFromArray(m->points, 0);
    f->n_new_points++;
}

/* The smallest drop that a trigger on this monitor acts on: what the point's verdict is about. */
static double drop_of(const struct policy *p, size_t monitor)
{
    double drop = NAN;
    for (size_t i = 0; i < p->n_triggers; i++) {
        const struct policy_trigger *t = &p->triggers[i];
        if (t->kind == POLICY_TRIGGER_PERFORMANCE_DROP && t->monitor == (int)monitor)
            drop = isnan(drop) || t->drop < drop ? t->drop : drop;
    }
    return drop;
}

static enum err_code judge_performance(struct fold *f, size_t monitor,
                                       const struct labelled_row *row, struct err *e)
{
    struct model_watch *m = f->m;
    const struct policy_monitor *p = &m->policy->monitors[monitor];
    struct mon_performance_options o;
    struct mon_signal signal;
    mon_performance_options_init(&o);
    snprintf(o.monitor, sizeof(o.monitor), "%s", p->name);
    o.metric = watch_metric(m, p->metric);
    o.min_rows = (double)p->min_rows;
    o.confidence = p->confidence;
    o.relative = o.metric != MON_ACCURACY && o.metric != MON_AUC;
    o.max_drop = 0; /* how much is too much is the trigger's business */
    o.lag = 0; /* as if rows were independent: a false alarm costs a training that the gate turns
                  down, a late one costs accuracy; the trigger's drop and windows are the guard */
    struct mon_labelled rows = ring_newest(m, (size_t)p->rows);
    mon_performance_check(&o, &rows, m->reference_metric[monitor], m->reference_n[monitor],
                          &signal);
    enum err_code rc = watch_add_evidence(m, (int)monitor, m->n_folded, &signal, e);
    if (rc != ERR_OK)
        return rc;
    watch_trim_evidence(m);
    double drop = drop_of(m->policy, monitor);
    if (signal.verdict == MON_DRIFT && signal.effect < drop)
        signal.verdict = MON_OK; /* for the chart: worse, but by less than anything acts on */
    store_point(f, row, &signal, mon_metric_name(o.metric));
    return ERR_OK;
}

static enum err_code feed_harms(struct fold *f, const struct labelled_row *row, double label,
                                struct err *e)
{
    struct model_watch *m = f->m;
    struct mon_signal signal;
    for (size_t i = 0; i < m->policy->n_monitors; i++) {
        if (!m->harms[i] || !watch_feed_harm(m, i, loss_of(m, i, row, label), &signal))
            continue;
        enum err_code rc = watch_add_evidence(m, (int)i, m->n_folded, &signal, e);
        if (rc != ERR_OK)
            return rc;
        watch_trim_evidence(m);
        store_point(f, row, &signal, signal.statistic);
    }
    return ERR_OK;
}

static enum err_code judge_performances(struct fold *f, const struct labelled_row *row,
                                        struct err *e)
{
    struct model_watch *m = f->m;
    enum err_code rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < m->policy->n_monitors; i++) {
        const struct policy_monitor *p = &m->policy->monitors[i];
        int64_t stride = p->rows / POINTS_PER_WINDOW > 0 ? p->rows / POINTS_PER_WINDOW : 1;
        if (p->kind == POLICY_MONITOR_PERFORMANCE && m->n_folded % stride == 0)
            rc = judge_performance(f, i, row, e);
    }
    return rc;
}

static enum err_code fold_row(void *user, const struct labelled_row *row, struct err *e)
{
    struct fold *f = user;
    struct model_watch *m = f->m;
    f->n_rows++;
    m->lseq = row->lseq;
    if (!row->version || strcmp(row->version, m->champion_sha256) != 0)
        return ERR_OK;
    double label = watch_label_value(m->champion->schema, row->label);
    if (isnan(label) || row->n_y != schema_n_outputs(m->champion->schema))
        return ERR_OK; /* a class that training did not see: the champion has no score for it */
    m->n_folded++;
    ring_add(&m->ring, row->y, label);
    feed_detectors(m, row, label);
    enum err_code rc = feed_harms(f, row, label, e);
    return rc == ERR_OK ? judge_performances(f, row, e) : rc;
}

static enum err_code save_points(struct store *s, const struct model_watch *m, struct err *e)
{
    char *text = json_print(m->points);
    if (!text)
        return err_set(e, ERR_NOMEM, "no memory for the points of %s", m->name);
    enum err_code rc = window_store_put_state(s, m->name, "points", text, strlen(text), e);
    free(text);
    return rc;
}

enum err_code watch_fold_labels(struct watch *w, struct store *s, const char *model,
                                size_t *n_points, struct err *e)
{
    struct model_watch *m = NULL;
    struct fold f = {0};
    enum err_code rc = watch_model(w, s, model, &m, e);
    if (rc != ERR_OK || !m->champion || !m->policy) {
        *n_points = 0;
        return rc;
    }
    f.m = m;
    do {
        f.n_rows = 0;
        rc = observation_labelled_after(s, model, m->lseq, FOLD_BATCH, fold_row, &f, e);
    } while (rc == ERR_OK && f.n_rows == FOLD_BATCH);
    if (rc == ERR_OK && f.n_new_points > 0)
        rc = save_points(s, m, e);
    if (rc == ERR_OK)
        *n_points = (size_t)f.n_new_points;
    else
        watch_forget(w, model);
    return rc;
}
