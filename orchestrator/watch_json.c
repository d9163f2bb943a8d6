/* watch_json.c - what the worker knows, as the control API shows it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/window_store.h"
#include "watch_private.h"

#define CHART_BINS 24

enum err_code watch_performance_json(struct watch *w, struct store *s, const char *model, int limit,
                                     cJSON **out, struct err *e)
{
    struct model_watch *m = NULL;
    enum err_code rc = watch_model(w, s, model, &m, e);
    if (rc != ERR_OK)
        return rc;
    cJSON *copy = cJSON_Duplicate(m->points, true);
    if (!copy)
        return err_set(e, ERR_NOMEM, "no memory for the points of %s", model);
    while (cJSON_GetArraySize(copy) > limit)
        cJSON_DeleteItemFromArray(copy, 0);
    *out = copy;
    return ERR_OK;
}

static void add_bin(cJSON *bins, const char *label, double low, double high, double reference,
                    double current)
{
    cJSON *b = cJSON_CreateObject();
    cJSON_AddStringToObject(b, "label", label);
    cJSON_AddItemToObject(b, "low", isfinite(low) ? cJSON_CreateNumber(low) : cJSON_CreateNull());
    cJSON_AddItemToObject(b, "high",
                          isfinite(high) ? cJSON_CreateNumber(high) : cJSON_CreateNull());
    cJSON_AddNumberToObject(b, "reference", reference);
    cJSON_AddNumberToObject(b, "current", current);
    cJSON_AddItemToArray(bins, b);
}

static double share(const struct profile *p, uint64_t count)
{
    return p->n_rows ? (double)count / (double)p->n_rows : 0;
}

/* Equal steps between the reference's 1 % and 99 % quantiles, everything beyond in the first and
 * last bin: a chart for eyes; the statistics use the fine cells. */
static void numeric_bins(cJSON *bins, const struct series *s, const struct profile *reference,
                         const struct profile *current)
{
    const uint64_t *ref = reference->counts + s->first_cell;
    const uint64_t *cur = current->counts + s->first_cell;
    double low = series_quantile(s, ref, 0.01), high = series_quantile(s, ref, 0.99);
    uint64_t ref_bins[CHART_BINS] = {0}, cur_bins[CHART_BINS] = {0};
    char label[64];
    if (!(high > low)) {
        high = isnan(low) ? 1 : low + 1;
        low = isnan(low) ? 0 : low - 1;
    }
    double step = (high - low) / CHART_BINS;
    for (size_t c = 0; c <= s->n_edges; c++) {
        double at = c == 0            ? -INFINITY
                    : c == s->n_edges ? INFINITY
                                      : s->edges[c - 1] / 2 + s->edges[c] / 2;
        double position = (at - low) / step;
        size_t bin = position < 0                 ? 0
                     : position >= CHART_BINS - 1 ? CHART_BINS - 1
                                                  : (size_t)position;
        ref_bins[bin] += ref[c];
        cur_bins[bin] += cur[c];
    }
    for (size_t b = 0; b < CHART_BINS; b++) {
        double from = low + step * (double)b;
        snprintf(label, sizeof(label), "%.4g", from);
        add_bin(bins, label, from, from + step, share(reference, ref_bins[b]),
                share(current, cur_bins[b]));
    }
}

static void special_bin(cJSON *bins, const char *label, size_t cell, const struct series *s,
                        const struct profile *reference, const struct profile *current)
{
    if (cell == SIZE_MAX)
        return;
    uint64_t ref = reference->counts[s->first_cell + cell];
    uint64_t cur = current->counts[s->first_cell + cell];
    if (ref + cur > 0)
        add_bin(bins, label, NAN, NAN, share(reference, ref), share(current, cur));
}

static void categorical_bins(cJSON *bins, const struct model_watch *m, size_t index,
                             const struct profile *current)
{
    const struct profile *reference = m->champion->reference;
    const struct series *s = &m->champion->ruler->series[index];
    bool class_series = s->prediction;
    for (size_t c = 0; c + 2 < s->n_cells; c++) {
        const char *label = class_series ? m->champion->schema->classes[c]
                                         : vocabulary_text(m->champion->vocabulary, index, c);
        add_bin(bins, label, NAN, NAN, share(reference, reference->counts[s->first_cell + c]),
                share(current, current->counts[s->first_cell + c]));
    }
}

static cJSON *feature_bins(const struct model_watch *m, size_t index, const struct profile *current)
{
    const struct series *s = &m->champion->ruler->series[index];
    const struct profile *reference = m->champion->reference;
    cJSON *bins = cJSON_CreateArray();
    if (s->kind == SERIES_NUMERIC)
        numeric_bins(bins, s, reference, current);
    if (s->kind == SERIES_CATEGORICAL)
        categorical_bins(bins, m, index, current);
    if (s->kind == SERIES_PRESENCE)
        special_bin(bins, "present", 0, s, reference, current);
    special_bin(bins, "infinite", s->infinite_cell, s, reference, current);
    special_bin(bins, "unseen", s->unseen_cell, s, reference, current);
    special_bin(bins, "missing", s->missing_cell, s, reference, current);
    return bins;
}

static size_t find_series(const struct ruler *r, const char *name)
{
    for (size_t i = 0; i < r->n_series; i++)
        if (strcmp(r->series[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

enum err_code watch_feature_json(struct watch *w, struct store *s, const char *model,
                                 const char *feature, int64_t window, cJSON **out, struct err *e)
{
    struct model_watch *m = NULL;
    struct tally t = {0};
    void *data = NULL;
    size_t len = 0;
    char champion[SHA256_HEX_BYTES] = "";
    enum err_code rc = watch_model(w, s, model, &m, e);
    if (rc == ERR_OK && !m->champion)
        rc = err_set(e, ERR_NOT_FOUND, "%s has no champion yet", model);
    size_t index = rc == ERR_OK ? find_series(m->champion->ruler, feature) : SIZE_MAX;
    if (rc == ERR_OK && index == SIZE_MAX)
        rc = err_set(e, ERR_NOT_FOUND, "%s has no feature \"%s\"", model, feature);
    if (rc == ERR_OK)
        rc = window_store_profile(s, model, window, &data, &len, champion, e);
    if (rc == ERR_OK && strcmp(champion, m->champion_sha256) != 0)
        rc = err_set(e, ERR_NOT_FOUND, "the window was counted under an earlier champion's ruler");
    if (rc == ERR_OK)
        rc = tally_from_blob(data, len, m->champion->ruler, &t, e);
    if (rc == ERR_OK && !t.profile)
        rc = err_set(e, ERR_NOT_FOUND, "the window's profile is not kept any more");
    if (rc == ERR_OK) {
        cJSON *j = cJSON_CreateObject();
        cJSON_AddStringToObject(j, "feature", feature);
        cJSON_AddNumberToObject(j, "window", (double)(window ? window : m->last_window_id));
        cJSON_AddNumberToObject(j, "rows", (double)t.profile->n_rows);
        cJSON_AddItemToObject(j, "bins", feature_bins(m, index, t.profile));
        *out = j;
    }
    tally_clean_up(&t);
    free(data);
    return rc;
}
