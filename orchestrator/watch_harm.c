/*
 * watch_harm.c - harm monitors: labelled losses, row by row, against what the champion lost on its
 * validation rows. A part of the fold of watch_labels.c.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "watch_private.h"

enum mon_metric watch_loss_metric(const struct model_watch *m, size_t monitor)
{
    if (m->schema->label_kind == LABEL_REGRESSION)
        return MON_RMSE; /* squared errors */
    return m->policy->monitors[monitor].on == POLICY_DETECT_ON_LOSS ? MON_LOG_LOSS : MON_ACCURACY;
}

static enum err_code fit_limit(const struct model_watch *m, size_t monitor,
                               const struct mon_harm_options *o, struct mon_harm_limit *out,
                               struct err *e)
{
    struct mon_labelled rows = watch_validation(m->champion);
    double *losses = malloc((rows.n + 1) * sizeof(*losses));
    if (!losses)
        return err_set(e, ERR_NOMEM, "no memory for %zu losses", rows.n);
    enum err_code rc = mon_metric_losses(watch_loss_metric(m, monitor), &rows, losses, e);
    if (rc == ERR_OK)
        rc = mon_harm_limit_fit(o, losses, rows.n, out, e);
    free(losses);
    return rc;
}

static enum err_code make_harm(struct model_watch *m, size_t monitor, struct err *e)
{
    const struct policy_monitor *p = &m->policy->monitors[monitor];
    struct mon_harm_options o;
    struct mon_harm_limit limit;
    mon_harm_options_init(&o);
    snprintf(o.monitor, sizeof(o.monitor), "%s", p->name);
    o.tolerance = p->tolerance;
    o.min_rows = (double)p->min_rows;
    o.rows_between_alarms = (double)p->rows_between_alarms;
    enum err_code rc = fit_limit(m, monitor, &o, &limit, e);
    if (rc == ERR_OK)
        return mon_harm_new(&o, &limit, &m->harms[monitor], e);
    if (rc != ERR_INVALID)
        return rc;
    /* The version's own numbers cannot carry a limit; the next version's may. */
    log_warn("harm_not_judged", LOG_S("model", m->name), LOG_S("version", m->champion_label),
             LOG_S("monitor", p->name), LOG_S("reason", e ? e->message : ""));
    err_clear(e);
    return ERR_OK;
}

enum err_code watch_make_harms(struct model_watch *m, struct err *e)
{
    enum err_code rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < m->policy->n_monitors; i++)
        if (m->policy->monitors[i].kind == POLICY_MONITOR_HARM)
            rc = make_harm(m, i, e);
    return rc;
}

void watch_clear_harms(struct model_watch *m)
{
    for (size_t i = 0; i < POLICY_MAX_MONITORS; i++) {
        mon_harm_free(m->harms[i]);
        m->harms[i] = NULL;
    }
}

bool watch_feed_harm(struct model_watch *m, size_t monitor, double loss, struct mon_signal *out)
{
    struct mon_harm *h = m->harms[monitor];
    if (!h)
        return false;
    bool began = mon_harm_update(h, loss) == MON_HARM_BEGAN;
    uint64_t stride = (uint64_t)m->policy->monitors[monitor].min_rows;
    if (!began && (mon_harm_n(h) == 0 || mon_harm_n(h) % stride != 0))
        return false;
    mon_harm_signal(h, out);
    return true;
}
