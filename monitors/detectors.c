/*
 * detectors.c - the interface over all detector kinds: parameters, counting, signals, saved state.
 */
#include "monitors/detectors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "detector_kind.h"

#define MAX_KEYS 16
#define LARGEST 1e100 /* sums of squares of 2^63 such values are finite */

static const struct detector_kind *const kinds[] = {
    &detector_adwin, &detector_page_hinkley, &detector_cusum, &detector_gma,    &detector_rate_scan,
    &detector_ddm,   &detector_eddm,         &detector_rddm,  &detector_hddm_a, &detector_hddm_w,
    &detector_fhddm, &detector_ecdd,         &detector_stepd, &detector_kswin,  &detector_bocd,
};
#define N_KINDS (sizeof kinds / sizeof kinds[0])

static const char *const direction_names[] = {
#define X(symbol, text) [symbol] = text,
    DIRECTION_LIST(X)
#undef X
};
#define N_DIRECTIONS (sizeof direction_names / sizeof direction_names[0])

struct mon_detector {
    const struct detector_kind *kind;
    void *state;
    enum direction direction;
    uint64_t n, changes;
    double before;
};

const char *mon_detection_name(enum mon_detection d)
{
    switch (d) {
#define X(symbol, text)                                                                            \
    case symbol:                                                                                   \
        return text;
        MON_DETECTION_LIST(X)
#undef X
    }
    return "?";
}

static const struct detector_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < N_KINDS; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

bool mon_detector_exists(const char *name)
{
    return find_kind(name) != NULL;
}

static enum err_code unknown_kind(const char *name, struct err *e)
{
    char known[256] = "";
    for (size_t i = 0; i < N_KINDS; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", kinds[i]->name);
    }
    return err_set(e, ERR_INVALID, "detector: expected one of %s; got \"%s\"", known, name);
}

const char *mon_detector_kind(size_t i)
{
    return i < N_KINDS ? kinds[i]->name : NULL;
}

static enum err_code read_param(const struct detector_param *p, const cJSON *params, void *state,
                                struct err *e)
{
    double *value = (double *)((char *)state + p->offset);
    *value = p->initial;
    enum err_code rc = json_opt_double(params, p->key, p->min, p->max, value, e);
    if (rc == ERR_OK && p->whole && *value != floor(*value))
        return err_set(e, ERR_INVALID, "%s: expected a whole number, got %g", p->key, *value);
    return rc;
}

static enum err_code check_direction(const struct detector_kind *kind, enum direction wanted,
                                     struct err *e)
{
    if (kind->usual_only && wanted != kind->usual)
        return err_set(e, ERR_INVALID, "direction: %s does not apply, this detector knows only %s",
                       direction_names[wanted], direction_names[kind->usual]);
    return ERR_OK;
}

static enum err_code read_direction(const struct detector_kind *kind, const cJSON *params,
                                    enum direction *out, struct err *e)
{
    const char *text = direction_names[kind->usual];
    enum err_code rc = json_opt_string(params, "direction", &text, e);
    if (rc != ERR_OK)
        return rc;
    for (size_t i = 0; i < N_DIRECTIONS; i++)
        if (strcmp(direction_names[i], text) == 0) {
            *out = (enum direction)i;
            return check_direction(kind, *out, e);
        }
    return err_set(e, ERR_INVALID, "direction: expected both, up or down, got \"%s\"", text);
}

static enum err_code check_keys(const struct detector_kind *kind, const cJSON *params,
                                struct err *e)
{
    const char *allowed[MAX_KEYS + 2];
    size_t n = 0;
    for (const struct detector_param *p = kind->params; p->key != NULL && n < MAX_KEYS; p++)
        allowed[n++] = p->key;
    allowed[n++] = "direction";
    allowed[n] = NULL;
    return json_only_keys(params, "", allowed, e);
}

static enum err_code read_params(struct mon_detector *d, const cJSON *params, struct err *e)
{
    enum err_code rc = params != NULL ? check_keys(d->kind, params, e) : ERR_OK;
    for (const struct detector_param *p = d->kind->params; rc == ERR_OK && p->key != NULL; p++)
        rc = read_param(p, params, d->state, e);
    if (rc == ERR_OK)
        rc = read_direction(d->kind, params, &d->direction, e);
    return rc;
}

static struct mon_detector *allocate(const struct detector_kind *kind)
{
    struct mon_detector *d = calloc(1, sizeof *d);
    void *state = calloc(1, kind->state_bytes);
    if (d == NULL || state == NULL) {
        free(d);
        free(state);
        return NULL;
    }
    d->kind = kind;
    d->state = state;
    d->before = NAN;
    return d;
}

enum err_code mon_detector_new(const char *name, const cJSON *params, struct mon_detector **out,
                               struct err *e)
{
    const struct detector_kind *kind = find_kind(name);
    if (kind == NULL)
        return unknown_kind(name, e);
    struct mon_detector *d = allocate(kind);
    if (d == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a detector");
    enum err_code rc = read_params(d, params, e);
    if (rc == ERR_OK && kind->start != NULL)
        rc = kind->start(d->state, e);
    if (rc != ERR_OK) {
        err_prefix(e, "%s", name);
        mon_detector_free(d);
        return rc;
    }
    *out = d;
    return ERR_OK;
}

void mon_detector_free(struct mon_detector *d)
{
    if (d == NULL)
        return;
    if (d->kind->stop != NULL)
        d->kind->stop(d->state);
    free(d->state);
    free(d);
}

enum mon_detection mon_detector_update(struct mon_detector *d, double x)
{
    if (!(fabs(x) <= LARGEST)) {
        if (!isfinite(x))
            return MON_STABLE;
        x = copysign(LARGEST, x);
    }
    d->n++;
    enum mon_detection found = d->kind->update(d->state, d->direction, x, &d->before);
    d->changes += found == MON_CHANGE;
    return found;
}

bool mon_detector_in_range(const struct mon_detector *d, double x)
{
    return d->kind->in_range == NULL || d->kind->in_range(d->state, x);
}

size_t mon_detector_update_many(struct mon_detector *d, const double *x, size_t n, size_t *at,
                                size_t at_max)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        if (mon_detector_update(d, x[i]) != MON_CHANGE)
            continue;
        if (found < at_max)
            at[found] = i;
        found++;
    }
    return found;
}

void mon_detector_reset(struct mon_detector *d)
{
    d->kind->reset(d->state);
    d->n = d->changes = 0;
    d->before = NAN;
}

double mon_detector_estimate(const struct mon_detector *d)
{
    return d->kind->estimate(d->state);
}

double mon_detector_before(const struct mon_detector *d)
{
    return d->before;
}

double mon_detector_width(const struct mon_detector *d)
{
    return d->kind->width(d->state);
}

uint64_t mon_detector_n(const struct mon_detector *d)
{
    return d->n;
}

uint64_t mon_detector_changes(const struct mon_detector *d)
{
    return d->changes;
}

const char *mon_detector_name(const struct mon_detector *d)
{
    return d->kind->name;
}

void mon_detector_signal(const struct mon_detector *d, const char *monitor, bool changed,
                         struct mon_signal *out)
{
    mon_signal_init(out, monitor, MON_KIND_DETECTOR, d->kind->name);
    out->n = mon_detector_width(d);
    out->value = mon_detector_estimate(d);
    out->reference_value = d->before;
    out->effect = out->value - d->before;
    snprintf(out->threshold_origin, sizeof out->threshold_origin, "change %s of the mean, %s",
             direction_names[d->direction], d->kind->name);
    if (d->n == 0)
        out->verdict = MON_INSUFFICIENT;
    else
        out->verdict = changed ? MON_DRIFT : MON_OK;
}

static bool save_params(const struct mon_detector *d, cJSON *json)
{
    cJSON *params = cJSON_AddObjectToObject(json, "params");
    bool ok = params != NULL;
    for (const struct detector_param *p = d->kind->params; ok && p->key != NULL; p++) {
        double value = *(const double *)((const char *)d->state + p->offset);
        ok = cJSON_AddNumberToObject(params, p->key, value) != NULL;
    }
    return ok &&
           cJSON_AddStringToObject(params, "direction", direction_names[d->direction]) != NULL;
}

cJSON *mon_detector_to_json(const struct mon_detector *d)
{
    cJSON *json = cJSON_CreateObject();
    bool ok = json != NULL && cJSON_AddStringToObject(json, "detector", d->kind->name) != NULL &&
              cJSON_AddNumberToObject(json, "n", (double)d->n) != NULL &&
              cJSON_AddNumberToObject(json, "changes", (double)d->changes) != NULL &&
              save_params(d, json);
    if (ok && isfinite(d->before))
        ok = cJSON_AddNumberToObject(json, "before", d->before) != NULL;
    cJSON *state = ok ? cJSON_AddObjectToObject(json, "state") : NULL;
    if (state != NULL && d->kind->save(d->state, state))
        return json;
    cJSON_Delete(json);
    return NULL;
}

static enum err_code load_counts(struct mon_detector *d, const cJSON *json, struct err *e)
{
    int64_t n = 0, changes = 0;
    const double limit = 9e15;
    enum err_code rc = json_get_int(json, "n", 0, (int64_t)limit, &n, e);
    if (rc == ERR_OK)
        rc = json_get_int(json, "changes", 0, n, &changes, e);
    if (rc == ERR_OK)
        rc = json_opt_double(json, "before", -INFINITY, INFINITY, &d->before, e);
    d->n = (uint64_t)n;
    d->changes = (uint64_t)changes;
    return rc;
}

enum err_code mon_detector_from_json(const cJSON *json, struct mon_detector **out, struct err *e)
{
    const char *name = NULL;
    const cJSON *params = NULL, *state = NULL;
    struct mon_detector *d = NULL;
    enum err_code rc = json_get_string(json, "detector", &name, e);
    if (rc == ERR_OK)
        rc = json_get_object(json, "params", &params, e);
    if (rc == ERR_OK)
        rc = json_get_object(json, "state", &state, e);
    if (rc == ERR_OK)
        rc = mon_detector_new(name, params, &d, e);
    if (rc != ERR_OK)
        return rc;
    rc = load_counts(d, json, e);
    if (rc == ERR_OK)
        rc = d->kind->load(d->state, state, e);
    if (rc != ERR_OK) {
        mon_detector_free(d);
        return rc;
    }
    *out = d;
    return ERR_OK;
}
