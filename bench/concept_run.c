/*
 * concept_run.c - test, tell the detector, train.
 */
#include "concept_run.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "concept_model.h"
#include "monitors/detectors.h"

static enum err_code new_detector(const char *name, struct mon_detector **out, struct err *e)
{
    cJSON *params = cJSON_CreateObject();
    if (cJSON_AddStringToObject(params, "direction", "up") == NULL) {
        cJSON_Delete(params);
        return err_set(e, ERR_NOMEM, "out of memory for a detector's parameters");
    }
    enum err_code rc = mon_detector_new(name, params, out, e);
    cJSON_Delete(params);
    return rc;
}

static void judge(const struct concept_stream *s, size_t row, struct concept_result *r)
{
    for (size_t k = 0; k < s->n_changes; k++) {
        size_t delay = row - s->changes[k];
        if (row < s->changes[k] || delay >= CONCEPT_FOUND_WITHIN)
            continue;
        if (r->delays[k] == SIZE_MAX) {
            r->delays[k] = delay;
            r->delay += (double)delay;
            r->found++;
            return;
        }
        if (delay < s->width) {
            r->again++;
            return;
        }
    }
    r->extra++;
}

static void run_rows(const struct concept_stream *s, struct concept_model *m,
                     struct mon_detector *d, struct concept_result *r)
{
    for (size_t i = 0; i < s->n_rows; i++) {
        bool predicted = concept_model_predict(m, s->x + i * s->n_features) >= 0.5;
        double error = predicted != (s->y[i] > 0.5);
        r->errors += error;
        concept_model_learn(m, s->y[i]);
        if (mon_detector_update(d, error) != MON_CHANGE)
            continue;
        judge(s, i, r);
        concept_model_reset(m);
    }
}

enum err_code concept_run(const struct concept_stream *s, const char *detector,
                          struct concept_result *out, struct err *e)
{
    struct mon_detector *d = NULL;
    struct concept_result r = {.n_changes = s->n_changes, .n_rows = s->n_rows};
    memset(r.delays, 0xff, sizeof r.delays);
    enum err_code rc = new_detector(detector, &d, e);
    struct concept_model *m = concept_model_new(s->n_features, s->low, s->high);
    if (rc == ERR_OK && m == NULL)
        rc = err_set(e, ERR_NOMEM, "out of memory for a model of %zu features", s->n_features);
    if (rc == ERR_OK) {
        run_rows(s, m, d, &r);
        *out = r;
    }
    concept_model_free(m);
    mon_detector_free(d);
    return rc;
}

void concept_result_add(struct concept_result *sum, const struct concept_result *r)
{
    sum->n_changes += r->n_changes;
    sum->n_rows += r->n_rows;
    sum->found += r->found;
    sum->extra += r->extra;
    sum->again += r->again;
    sum->delay += r->delay;
    sum->errors += r->errors;
}

double concept_result_delay(const struct concept_result *r)
{
    return r->found > 0 ? r->delay / (double)r->found : NAN;
}
