/*
 * policy_check.c - rules between the keys of a policy: within a mapping, and between sections.
 *
 * What is refused here is either impossible (a blackout that never ends) or pointless in a way that
 * would surprise: a trigger that a guard never lets through, a monitor that never has rows enough.
 */
#include "policy_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/suggest.h"
#include "base/yaml.h"

#define MS_PER_DAY 86400000
#define DEFAULT_FALSE_ALARM_RATE 0.001 /* policy_keys.c's 0.1% */

/* At the value of key, or at the mapping where the key was left out. */
static void report_at(struct policy_reader *r, const struct yaml_node *node, const char *key,
                      const char *message, const char *expected)
{
    const struct yaml_node *value = yaml_find(node, key);

    reader_report(r, value != NULL ? value : node, key, message, expected, NULL);
}

static const char *words_of(int64_t ms, char out[CLOCK_TEXT_BYTES])
{
    return clock_format_duration(ms, out, CLOCK_TEXT_BYTES);
}

void policy_check_window(struct policy_reader *r, const struct yaml_node *node, const void *value)
{
    const struct policy_window *w = value;

    if ((w->rows > 0) == (w->duration_ms > 0))
        reader_report(r, node, NULL,
                      w->rows > 0 ? "both rows and duration are given" : "neither is given",
                      "exactly one of \"rows\" and \"duration\"", NULL);
}

/* ---- monitors and triggers ---- */

static bool metric_fits(enum policy_metric m, enum policy_label label)
{
    switch (m) {
    case POLICY_METRIC_AUTO:
        return true;
    case POLICY_METRIC_AUC:
    case POLICY_METRIC_SPECIFICITY:
        return label == POLICY_LABEL_BINARY;
    case POLICY_METRIC_ACCURACY:
    case POLICY_METRIC_LOG_LOSS:
    case POLICY_METRIC_PRECISION:
    case POLICY_METRIC_RECALL:
    case POLICY_METRIC_F1:
        return label != POLICY_LABEL_REGRESSION;
    case POLICY_METRIC_RMSE:
    case POLICY_METRIC_MAE:
        return label == POLICY_LABEL_REGRESSION;
    }
    return false;
}

static void check_metric(struct policy_reader *r, const struct yaml_node *node,
                         enum policy_metric metric)
{
    enum policy_label label = r->facts->label;
    char message[128];

    if (label == POLICY_LABEL_UNKNOWN || metric_fits(metric, label))
        return;
    snprintf(message, sizeof(message), "%s is not defined for a %s label",
             policy_metric_name(metric), policy_label_words.items[label]);
    report_at(r, node, "metric", message,
              label == POLICY_LABEL_REGRESSION ? "rmse, mae or auto"
              : label == POLICY_LABEL_BINARY
                  ? "accuracy, log_loss, auc, precision, recall, f1, specificity or auto"
                  : "accuracy, log_loss, precision, recall, f1 or auto");
}

static void check_performance(struct policy_reader *r, const struct yaml_node *node,
                              const struct policy_monitor *m)
{
    char message[128];

    check_metric(r, node, m->metric);
    if (m->min_rows <= m->rows)
        return;
    snprintf(message, sizeof(message), "%lld rows are never reached: the metric is over %lld rows",
             (long long)m->min_rows, (long long)m->rows);
    report_at(r, node, "min_rows", message, "at most rows");
}

/* Replicas report counts of scores, from which only a binary score can be read back. */
static void check_estimated(struct policy_reader *r, const struct yaml_node *node,
                            const struct policy_monitor *m)
{
    enum policy_label label = r->facts->label;
    char message[128];

    if (m->metric == POLICY_METRIC_RMSE || m->metric == POLICY_METRIC_MAE)
        report_at(r, node, "metric", "errors of a regression are not estimated without labels",
                  "accuracy, log_loss, auc, precision, recall, f1, specificity or auto");
    else if (label == POLICY_LABEL_BINARY)
        check_metric(r, node, m->metric);
    if (label == POLICY_LABEL_UNKNOWN || label == POLICY_LABEL_BINARY)
        return;
    snprintf(message, sizeof(message), "performance is estimated for binary labels, this is a %s",
             policy_label_words.items[label]);
    report_at(r, node, "kind", message, "performance, detector or harm, which use labels");
}

/* One of two would count and the other be forgotten. The default rate may stand beside a time: a
 * policy that was written out states every default. */
static void check_false_alarms(struct policy_reader *r, const struct yaml_node *node,
                               const struct policy_monitor *m)
{
    if (m->false_alarm_every_ms == 0)
        return;
    if (m->false_alarm_rate != DEFAULT_FALSE_ALARM_RATE)
        report_at(r, node, "false_alarm_every", "false_alarm_rate is given too",
                  "only one of the two");
    if (!isnan(m->threshold))
        report_at(r, node, "threshold", "a fixed threshold keeps no false_alarm_every",
                  "only one of the two");
}

static bool takes_losses(enum policy_detector d)
{
    const unsigned any_number = 1u << POLICY_DETECTOR_ADWIN | 1u << POLICY_DETECTOR_PAGE_HINKLEY |
                                1u << POLICY_DETECTOR_CUSUM | 1u << POLICY_DETECTOR_KSWIN |
                                1u << POLICY_DETECTOR_BOCD;

    return any_number >> d & 1u;
}

/* Losses have no bound that is known beforehand. */
static void check_detector(struct policy_reader *r, const struct yaml_node *node,
                           const struct policy_monitor *m)
{
    char message[128];

    if (m->on != POLICY_DETECT_ON_LOSS || takes_losses(m->detector))
        return;
    snprintf(message, sizeof(message), "%s takes 0/1 errors, not losses",
             policy_detector_name(m->detector));
    report_at(r, node, "detector", message, "adwin, page_hinkley, cusum, kswin or bocd on a loss");
}

/* The mean of 0/1 errors never exceeds 1, that of losses has no whole to take percents of. */
static void check_harm(struct policy_reader *r, const struct yaml_node *node,
                       const struct policy_monitor *m)
{
    const struct yaml_node *given = yaml_find(node, "tolerance");

    if (m->on == POLICY_DETECT_ON_ERROR && m->tolerance >= 1)
        report_at(r, node, "tolerance", "so many 0/1 errors there never are",
                  "a share below 1, such as 2%");
    if (m->on == POLICY_DETECT_ON_LOSS && given != NULL && strchr(yaml_text(given), '%') != NULL)
        report_at(r, node, "tolerance", "a loss has no percents", "a number in the loss's unit");
}

void policy_check_monitor(struct policy_reader *r, const struct yaml_node *node, const void *value)
{
    const struct policy_monitor *m = value;

    if (m->kind == POLICY_MONITOR_PERFORMANCE)
        check_performance(r, node, m);
    if (m->kind == POLICY_MONITOR_ESTIMATED_PERFORMANCE)
        check_estimated(r, node, m);
    if (m->kind == POLICY_MONITOR_DETECTOR)
        check_detector(r, node, m);
    if (m->kind == POLICY_MONITOR_HARM)
        check_harm(r, node, m);
    check_false_alarms(r, node, m);
    if ((m->kind == POLICY_MONITOR_DETECTOR || m->kind == POLICY_MONITOR_HARM) &&
        m->on == POLICY_DETECT_ON_ERROR && r->facts->label == POLICY_LABEL_REGRESSION)
        report_at(r, node, "on", "a regression has no 0/1 errors", "\"loss\"");
    if ((m->kind == POLICY_MONITOR_DRIFT || m->kind == POLICY_MONITOR_QUALITY) &&
        !m->features.all && m->features.n == 0)
        report_at(r, node, "features", "nothing is watched", "\"all\" or at least one feature");
}

static bool has_name(const struct policy_names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++) {
        if (strcmp(names->items[i], name) == 0)
            return true;
    }
    return names->all;
}

/* Features that the trigger waits for and its monitor does not watch. */
static void check_watched(struct policy_reader *r, const struct yaml_node *node,
                          const struct policy_trigger *t)
{
    const struct policy_monitor *m = &r->policy->monitors[t->monitor];
    char message[192], key[48];

    for (size_t i = 0; i < t->features.n; i++) {
        if (has_name(&m->features, t->features.items[i]))
            continue;
        snprintf(message, sizeof(message), "monitor \"%s\" does not watch \"%.64s\"", m->name,
                 t->features.items[i]);
        snprintf(key, sizeof(key), "features[%zu]", i);
        reader_report(r, yaml_item(yaml_find(node, "features"), i), key, message,
                      "a feature of that monitor", NULL);
    }
}

void policy_check_trigger(struct policy_reader *r, const struct yaml_node *node, const void *value)
{
    const struct policy_trigger *t = value;
    int64_t never;

    if (t->kind == POLICY_TRIGGER_DRIFT_FEATURES && t->features.n == 0)
        report_at(r, node, "features", "no feature is named", "at least one feature");
    else if (t->kind == POLICY_TRIGGER_DRIFT_FEATURES)
        check_watched(r, node, t);
    if (t->kind == POLICY_TRIGGER_SCHEDULE &&
        !cron_next(&t->cron.times, t->time_zone.tz, 0, &never))
        report_at(r, node, "cron", "these fields never match a date", "a date that exists");
}

/* ---- guards ---- */

void policy_check_times(struct policy_reader *r, const struct yaml_node *node, const void *value)
{
    const struct time_of_day_range *t = value;

    if (t->start_minute >= t->end_minute)
        report_at(r, node, "end_time", "the range ends before it starts",
                  "an end after the start; a night is two ranges: 22:00-24:00 and 00:00-06:00");
}

/* No free moment in the years of a leap cycle: the search looks 400 days ahead, so one start a year
 * sees them all, and the answer does not depend on the present time. */
static bool covers_everything(const struct time_interval *list, size_t n)
{
    int64_t day = tz_days_from_civil(2024, 1, 1), end = tz_days_from_civil(2028, 1, 1);

    for (; n > 0 && day < end; day += 365) {
        if (time_intervals_free_at(list, n, day * MS_PER_DAY) != 0)
            return false;
    }
    return n > 0;
}

void policy_check_guards(struct policy_reader *r, const struct yaml_node *node, const void *value)
{
    const struct policy_guards *g = value;

    if (covers_everything(g->blackout, g->n_blackout))
        report_at(r, node, "blackout", "together these intervals leave no time for a run",
                  "intervals with gaps");
}

/* ---- training, gate, rollout ---- */

static bool algorithm_fits(enum policy_algorithm a, enum policy_label label)
{
    switch (a) {
    case POLICY_ALGORITHM_AUTO:
    case POLICY_ALGORITHM_MLP:
        return true;
    case POLICY_ALGORITHM_LINEAR:
        return label == POLICY_LABEL_REGRESSION;
    case POLICY_ALGORITHM_LOGISTIC:
        return label == POLICY_LABEL_BINARY;
    case POLICY_ALGORITHM_SOFTMAX:
        return label == POLICY_LABEL_MULTICLASS;
    }
    return false;
}

void policy_check_parameters(struct policy_reader *r, const struct yaml_node *node,
                             const void *value)
{
    const struct policy_parameters *p = value;
    enum policy_label label = r->facts->label;
    char message[128];

    if (label == POLICY_LABEL_UNKNOWN || algorithm_fits(p->algorithm, label))
        return;
    snprintf(message, sizeof(message), "%s does not fit a %s label",
             policy_algorithm_name(p->algorithm), policy_label_words.items[label]);
    report_at(r, node, "algorithm", message,
              label == POLICY_LABEL_REGRESSION ? "linear, mlp or auto"
              : label == POLICY_LABEL_BINARY   ? "logistic, mlp or auto"
                                               : "softmax, mlp or auto");
}

void policy_check_train(struct policy_reader *r, const struct yaml_node *node, const void *value)
{
    const struct policy_train *t = value;
    char message[128];

    if (yaml_find(node, "holdout_rows") != NULL && yaml_find(node, "holdout_share") != NULL)
        report_at(r, node, "holdout_share", "holdout_rows is given too", "only one of the two");
    if (t->window.rows == 0 || t->holdout_rows < t->window.rows)
        return;
    snprintf(message, sizeof(message), "the window's %lld rows would all be held out",
             (long long)t->window.rows);
    report_at(r, node, "holdout_rows", message, "fewer rows than the window has");
}

void policy_check_gate(struct policy_reader *r, const struct yaml_node *node, const void *value)
{
    check_metric(r, node, ((const struct policy_gate *)value)->metric);
}

void policy_check_step(struct policy_reader *r, const struct yaml_node *node, const void *value)
{
    const struct policy_step *s = value;

    if (s->max_time_ms < s->min_time_ms)
        report_at(r, node, "max_time", "shorter than min_time", "at least min_time");
}

void policy_check_rollout(struct policy_reader *r, const struct yaml_node *node, const void *value)
{
    const struct policy_rollout *o = value;
    const struct yaml_node *steps = yaml_find(node, "steps");
    char message[128], key[48];

    for (size_t i = 1; i < o->n_steps; i++) {
        if (o->steps[i].weight > o->steps[i - 1].weight)
            continue;
        snprintf(message, sizeof(message), "%g%% comes after %g%%", o->steps[i].weight * 100,
                 o->steps[i - 1].weight * 100);
        snprintf(key, sizeof(key), "steps[%zu].weight", i);
        reader_report(r, yaml_find(yaml_item(steps, i), "weight"), key, message,
                      "weights that rise from step to step", NULL);
    }
}

void policy_check_notify(struct policy_reader *r, const struct yaml_node *node, const void *value)
{
    if (((const struct policy_notify *)value)->events == 0)
        report_at(r, node, "events", "nothing would be sent", "\"all\" or at least one event");
}

/* ---- between sections ---- */

/* Monitors whose window can never hold enough rows would say "insufficient" for ever. */
static void check_window_rows(struct policy_reader *r, const struct yaml_node *root,
                              const struct policy *p)
{
    const struct yaml_node *monitors = yaml_find(root, "monitors");
    char message[128], key[48];

    for (size_t i = 0; i < p->n_monitors; i++) {
        const struct policy_monitor *m = &p->monitors[i];
        bool labelled = m->kind == POLICY_MONITOR_PERFORMANCE ||
                        m->kind == POLICY_MONITOR_DETECTOR || m->kind == POLICY_MONITOR_HARM;

        if (labelled || m->min_rows <= p->window.rows)
            continue;
        snprintf(message, sizeof(message), "%lld rows are never reached: the window has %lld",
                 (long long)m->min_rows, (long long)p->window.rows);
        snprintf(key, sizeof(key), "monitors[%zu]", i);
        snprintf(r->path, sizeof(r->path), "%s", key);
        report_at(r, yaml_item(monitors, i), "min_rows", message, "at most window.rows");
        r->path[0] = '\0';
    }
}

static void check_trigger_guards(struct policy_reader *r, const struct yaml_node *node,
                                 const struct policy_trigger *t, const struct policy_guards *g)
{
    char message[192], age[CLOCK_TEXT_BYTES], cooldown[CLOCK_TEXT_BYTES];

    if (t->kind == POLICY_TRIGGER_LABELLED_ROWS && t->rows < g->min_labelled_rows) {
        snprintf(message, sizeof(message),
                 "asks at %lld rows, and guards.min_labelled_rows forbids below %lld",
                 (long long)t->rows, (long long)g->min_labelled_rows);
        report_at(r, node, "rows", message, "at least min_labelled_rows");
    }
    if (t->kind == POLICY_TRIGGER_AGE && t->max_age_ms < g->cooldown_ms) {
        snprintf(message, sizeof(message), "asks after %s, and guards.cooldown forbids for %s",
                 words_of(t->max_age_ms, age), words_of(g->cooldown_ms, cooldown));
        report_at(r, node, "max", message, "at least the cooldown");
    }
}

static void check_gate_rows(struct policy_reader *r, const struct yaml_node *root,
                            const struct policy *p)
{
    const struct yaml_node *gate = yaml_find(root, "gate");
    const struct policy_train *t = &p->train;
    int64_t holdout = t->holdout_rows > 0 ? t->holdout_rows
                                          : (int64_t)(t->holdout_share * (double)t->window.rows);
    char message[128];

    if (!p->gate.enabled || holdout == 0 || p->gate.min_rows <= holdout)
        return;
    snprintf(message, sizeof(message), "%lld rows are never reached: the holdout has %lld",
             (long long)p->gate.min_rows, (long long)holdout);
    snprintf(r->path, sizeof(r->path), "gate");
    report_at(r, gate != NULL ? gate : root, "min_rows", message, "at most the holdout's rows");
    r->path[0] = '\0';
}

void policy_check_whole(struct policy_reader *r, const struct yaml_node *root,
                        const struct policy *p)
{
    const struct yaml_node *triggers = yaml_find(root, "triggers");

    if (p->window.rows > 0 && reader_clean(r, "window") && reader_clean(r, "monitors"))
        check_window_rows(r, root, p);
    for (size_t i = 0; reader_clean(r, "guards") && i < p->n_triggers; i++) {
        snprintf(r->path, sizeof(r->path), "triggers[%zu]", i);
        if (reader_clean(r, r->path))
            check_trigger_guards(r, yaml_item(triggers, i), &p->triggers[i], &p->guards);
        r->path[0] = '\0';
    }
    if (reader_clean(r, "train") && reader_clean(r, "gate"))
        check_gate_rows(r, root, p);
}
