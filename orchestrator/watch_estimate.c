/*
 * watch_estimate.c - performance before labels arrive: the window's scores, read by what the
 * version's scores meant on its validation rows.
 */
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "watch_private.h"

struct mon_labelled watch_validation(const struct artifact *a)
{
    return (struct mon_labelled){.kind = a->schema->label_kind,
                                 .n = a->n_validation,
                                 .n_outputs = artifact_n_outputs(a),
                                 .scores = a->validation_scores,
                                 .labels = a->validation_labels};
}

static bool any_estimated(const struct policy *p)
{
    for (size_t i = 0; i < p->n_monitors; i++)
        if (p->monitors[i].kind == POLICY_MONITOR_ESTIMATED_PERFORMANCE)
            return true;
    return false;
}

static void warn_not_estimated(const struct model_watch *m, const char *reason)
{
    log_warn("performance_not_estimated", LOG_S("model", m->name),
             LOG_S("version", m->champion_label), LOG_S("reason", reason));
}

enum err_code watch_make_estimate(struct model_watch *m, struct err *e)
{
    struct mon_labelled rows = watch_validation(m->champion);
    if (!m->policy || !any_estimated(m->policy))
        return ERR_OK;
    if (rows.kind != LABEL_BINARY || rows.n == 0) {
        warn_not_estimated(m, rows.n == 0 ? "the version holds no validation rows"
                                          : "only for binary labels");
        return ERR_OK;
    }
    enum err_code rc = mon_calibrator_fit(&rows, NULL, &m->calibrator, e);
    if (rc != ERR_INVALID)
        return rc;
    /* The version's own scores mean nothing; the next version's may. */
    warn_not_estimated(m, e ? e->message : "");
    err_clear(e);
    return ERR_OK;
}

/* What the metric was on the rows that the calibrator comes from. */
static struct mon_measured measure_reference(const struct model_watch *m, enum mon_metric metric)
{
    struct mon_labelled rows = watch_validation(m->champion);
    if (!m->calibrator)
        return (struct mon_measured){.value = NAN, .standard_error = NAN};
    return mon_metric_measure(metric, &rows, MON_LAG_AUTO);
}

enum err_code watch_judge_estimate(struct model_watch *m, size_t monitor, struct mon_signal *out,
                                   struct err *e)
{
    const struct policy_monitor *p = &m->policy->monitors[monitor];
    struct mon_estimate_options o;
    struct mon_estimates window;
    mon_estimate_options_init(&o);
    snprintf(o.monitor, sizeof(o.monitor), "%s", p->name);
    o.metric = watch_metric(m, p->metric);
    o.min_rows = (double)p->min_rows;
    o.confidence = p->confidence;
    o.max_drop = 0; /* how much is too much is the trigger's business */
    struct mon_measured reference = measure_reference(m, o.metric);
    if (!m->calibrator) {
        char statistic[32];
        snprintf(statistic, sizeof(statistic), "estimated_%s", mon_metric_name(o.metric));
        mon_signal_init(out, p->name, MON_KIND_ESTIMATE, statistic);
        out->n = (double)m->window->n_rows;
        return ERR_OK;
    }
    enum err_code rc = mon_estimate_counts(m->calibrator, m->window, &window, e);
    if (rc == ERR_OK)
        mon_estimate_check(&o, &window, reference.value, reference.standard_error, reference.n,
                           out);
    return rc;
}
