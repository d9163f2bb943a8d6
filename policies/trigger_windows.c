/*
 * trigger_windows.c - triggers that must hold for some windows in a row: share of series, named
 * features, drop of performance, harm.
 *
 * Signals of the trigger's monitor are sorted by window, newest first, and by feature. Windows are
 * then judged one by one until one does not hold, a number is missing, or enough have held.
 */
#include "decide_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAMED 3   /* series named in a reason */
#define MAX_LISTED 50 /* signals listed in the evidence, a window */

/* The signals of one window: a stretch of the sorted array. */
struct window {
    const struct policy_signal *const *signals;
    size_t n;
};

/* One window against one trigger. */
struct window_word {
    bool holds;
    size_t judged, drifting, insufficient; /* series */
    const struct policy_signal
        *worst[MAX_NAMED]; /* drifting, farthest beyond their threshold first */
    char why[TRIGGER_WHY_BYTES];
};

static int by_window_and_feature(const void *a, const void *b)
{
    const struct policy_signal *x = *(const struct policy_signal *const *)a;
    const struct policy_signal *y = *(const struct policy_signal *const *)b;

    if (x->window != y->window)
        return x->window < y->window ? 1 : -1;
    return strcmp(x->feature, y->feature);
}

static double excess(const struct policy_signal *s)
{
    double ratio = s->threshold > 0 ? s->value / s->threshold : s->value;

    return isnan(ratio) ? 0 : ratio;
}

/* Keeps the farthest few, in order. */
static void remember_worst(struct window_word *w, const struct policy_signal *s)
{
    for (size_t i = 0; i < MAX_NAMED; i++) {
        const struct policy_signal *held = w->worst[i];

        if (held != NULL && excess(held) >= excess(s))
            continue;
        w->worst[i] = s;
        if (held == NULL)
            return;
        s = held;
    }
}

/* Several signals may speak of one series (missing, unseen, ...): drift if one does, insufficient
 * only if all are. Returns the number of signals of the series that begins at i. */
static size_t count_series(const struct window *win, size_t i, struct window_word *w)
{
    const char *feature = win->signals[i]->feature;
    const struct policy_signal *drift = NULL;
    bool ok = false;
    size_t n = 0;

    for (; i + n < win->n && strcmp(win->signals[i + n]->feature, feature) == 0; n++) {
        const struct policy_signal *s = win->signals[i + n];

        ok |= s->verdict == POLICY_OK;
        if (s->verdict == POLICY_DRIFT && (drift == NULL || excess(s) > excess(drift)))
            drift = s;
    }
    w->judged += ok || drift != NULL;
    w->drifting += drift != NULL;
    w->insufficient += !ok && drift == NULL;
    if (drift != NULL)
        remember_worst(w, drift);
    return n;
}

static bool is_named(const struct policy_names *names, const char *feature)
{
    for (size_t i = 0; i < names->n; i++) {
        if (strcmp(names->items[i], feature) == 0)
            return true;
    }
    return false;
}

/* All series of a window, or those of names. */
static void count_window(const struct window *win, const struct policy_names *names,
                         struct window_word *w)
{
    for (size_t i = 0; i < win->n;) {
        struct window_word ignored = {0};
        bool counts = names == NULL || is_named(names, win->signals[i]->feature);

        i += count_series(win, i, counts ? w : &ignored);
    }
}

/* "psi 0.31 > 0.25 on 3 of 8 features (age 0.31, salary 0.28, ...)"; a constant column is at its
 * limit, not beyond it: "constant 1 >= 1". */
static void describe_drift(struct window_word *w, const char *of_what)
{
    const struct policy_signal *top = w->worst[0];
    int used = snprintf(w->why, sizeof(w->why), "%s %.3g %s %.3g on %zu of %zu %s (",
                        top->statistic, top->value, top->value == top->threshold ? ">=" : ">",
                        top->threshold, w->drifting, w->judged, of_what);

    for (size_t i = 0; i < MAX_NAMED && w->worst[i] != NULL; i++)
        used += snprintf(w->why + used, sizeof(w->why) - (size_t)used, "%s%.40s %.3g",
                         i > 0 ? ", " : "", w->worst[i]->feature, w->worst[i]->value);
    snprintf(w->why + used, sizeof(w->why) - (size_t)used, "%s)",
             w->drifting > MAX_NAMED ? ", ..." : "");
}

static void describe_insufficient(const struct window *win, struct window_word *w)
{
    snprintf(w->why, sizeof(w->why), "insufficient: %lld rows in window %lld",
             (long long)win->signals[0]->n_rows, (long long)win->signals[0]->window);
}

static void judge_share(const struct policy_trigger *t, const struct window *win,
                        struct window_word *w)
{
    double share;

    count_window(win, NULL, w);
    if (w->judged == 0) {
        describe_insufficient(win, w);
        return;
    }
    share = (double)w->drifting / (double)w->judged;
    w->holds = w->drifting > 0 && share >= t->share;
    if (w->holds)
        describe_drift(w, "series");
    else
        snprintf(w->why, sizeof(w->why), "%zu of %zu series drift, %.3g%% < %.3g%%", w->drifting,
                 w->judged, 100 * share, 100 * t->share);
}

static void judge_features(const struct policy_trigger *t, const struct window *win,
                           struct window_word *w)
{
    size_t needed = t->match == POLICY_MATCH_ALL ? t->features.n : 1;

    count_window(win, &t->features, w);
    w->holds = w->drifting >= needed;
    if (w->holds)
        describe_drift(w, "named features");
    else if (w->judged == 0)
        describe_insufficient(win, w);
    else
        snprintf(w->why, sizeof(w->why), "%zu of %zu named features drift, %zu needed%s",
                 w->drifting, t->features.n, needed,
                 w->insufficient > 0 ? ", some have too few rows" : "");
}

static void judge_drop(const struct policy *p, const struct policy_trigger *t,
                       enum policy_label label, const struct window *win, struct window_word *w)
{
    const struct policy_signal *s = win->signals[0];
    enum policy_metric metric = policy_metric_resolve(p->monitors[t->monitor].metric, label);
    double worsening = policy_metric_worsening(metric, s->reference, s->value);
    const char *unit = policy_metric_higher_is_better(metric) ? " points" : "%";
    bool estimated = p->monitors[t->monitor].kind == POLICY_MONITOR_ESTIMATED_PERFORMANCE;

    if (s->verdict == POLICY_INSUFFICIENT || isnan(worsening)) {
        describe_insufficient(win, w);
        return;
    }
    w->judged = 1;
    w->drifting = s->verdict == POLICY_DRIFT;
    w->worst[0] = s;
    w->holds = s->verdict == POLICY_DRIFT && worsening >= t->drop;
    snprintf(w->why, sizeof(w->why),
             "%s%s %.4g against the reference's %.4g, %s by %.3g%s (limit %.3g%s%s) over %lld "
             "%srows",
             estimated ? "estimated " : "", policy_metric_name(metric), s->value, s->reference,
             worsening < 0 ? "better" : "worse", 100 * fabs(worsening), unit, 100 * t->drop, unit,
             s->verdict == POLICY_DRIFT ? "" : ", not significant", (long long)s->n_rows,
             estimated ? "" : "labelled ");
}

/* The monitor has tested row by row; its newest word holds. */
static void judge_harm(const struct policy *p, const struct policy_trigger *t,
                       const struct window *win, struct window_word *w)
{
    const struct policy_signal *s = win->signals[0];
    bool on_error = p->monitors[t->monitor].on == POLICY_DETECT_ON_ERROR;

    if (s->verdict == POLICY_INSUFFICIENT) {
        describe_insufficient(win, w);
        return;
    }
    w->judged = 1;
    w->drifting = s->verdict == POLICY_DRIFT;
    w->worst[0] = s;
    w->holds = s->verdict == POLICY_DRIFT;
    snprintf(w->why, sizeof(w->why),
             "mean %s %.3g over %lld labelled rows, the reference's %.3g, tolerated up to %.3g%s",
             on_error ? "error" : "loss", s->value, (long long)s->n_rows, s->reference,
             s->threshold,
             w->holds                  ? ": harm"
             : s->value > s->threshold ? ", not significant"
                                       : "");
}

static void judge(const struct policy *p, const struct policy_trigger *t,
                  const struct policy_input *in, const struct window *win, struct window_word *w)
{
    memset(w, 0, sizeof(*w));
    if (t->kind == POLICY_TRIGGER_DRIFT_SHARE)
        judge_share(t, win, w);
    else if (t->kind == POLICY_TRIGGER_DRIFT_FEATURES)
        judge_features(t, win, w);
    else if (t->kind == POLICY_TRIGGER_HARM)
        judge_harm(p, t, win, w);
    else
        judge_drop(p, t, in->label, win, w);
}

static void add_number(cJSON *object, const char *key, double value)
{
    if (isfinite(value))
        cJSON_AddNumberToObject(object, key, value);
}

static cJSON *signal_json(const struct policy_signal *s)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "feature", s->feature);
    cJSON_AddStringToObject(o, "statistic", s->statistic);
    cJSON_AddStringToObject(o, "verdict", policy_verdict_name(s->verdict));
    add_number(o, "value", s->value);
    add_number(o, "reference", s->reference);
    add_number(o, "threshold", s->threshold);
    cJSON_AddNumberToObject(o, "n_rows", (double)s->n_rows);
    return o;
}

/* The window's numbers; of its signals those that are not ok. */
static void add_window(cJSON *windows, const struct window *win, const struct window_word *w)
{
    cJSON *o = cJSON_CreateObject(), *signals = cJSON_AddArrayToObject(o, "signals");
    int listed = 0;

    cJSON_AddNumberToObject(o, "window", (double)win->signals[0]->window);
    cJSON_AddBoolToObject(o, "holds", w->holds);
    cJSON_AddNumberToObject(o, "judged", (double)w->judged);
    cJSON_AddNumberToObject(o, "drifting", (double)w->drifting);
    cJSON_AddNumberToObject(o, "insufficient", (double)w->insufficient);
    for (size_t i = 0; i < win->n && listed < MAX_LISTED; i++) {
        if (win->signals[i]->verdict == POLICY_OK)
            continue;
        cJSON_AddItemToArray(signals, signal_json(win->signals[i]));
        listed++;
    }
    cJSON_AddItemToArray(windows, o);
}

static size_t window_length(const struct policy_signal *const *signals, size_t n)
{
    size_t i = 1;

    while (i < n && signals[i]->window == signals[0]->window)
        i++;
    return i;
}

/* " for 2 windows", "; held for 1 of 2 windows" */
static void describe_row(const struct policy_trigger *t, int64_t held, struct trigger_word *out)
{
    size_t used = strlen(out->why);

    if (out->fired)
        snprintf(out->why + used, sizeof(out->why) - used, " for %lld windows", (long long)held);
    else
        snprintf(out->why + used, sizeof(out->why) - used, "; held for %lld of %lld windows",
                 (long long)held, (long long)t->windows);
}

/* Judges windows from the newest on. The reason is that of the newest window that decides: the
 * newest one where all hold, else the first that does not. */
static void walk(const struct policy *p, const struct policy_trigger *t,
                 const struct policy_input *in, const struct policy_signal *const *signals,
                 size_t n, struct trigger_word *out)
{
    cJSON *windows = cJSON_AddArrayToObject(out->numbers, "windows");
    int64_t held = 0;
    struct window_word w;

    while (n > 0 && held < t->windows) {
        struct window win = {signals, window_length(signals, n)};

        judge(p, t, in, &win, &w);
        add_window(windows, &win, &w);
        if (held == 0 || !w.holds)
            snprintf(out->why, sizeof(out->why), "%s", w.why);
        if (!w.holds)
            break;
        held++;
        signals += win.n;
        n -= win.n;
    }
    out->fired = held == t->windows;
    cJSON_AddNumberToObject(out->numbers, "held", (double)held);
    cJSON_AddNumberToObject(out->numbers, "needed", (double)t->windows);
    if (t->windows > 1)
        describe_row(t, held, out);
}

enum err_code trigger_ask_windows(const struct policy *p, const struct policy_trigger *t,
                                  const struct policy_input *in, struct trigger_word *out,
                                  struct err *e)
{
    const struct policy_signal **mine = malloc((in->n_signals + 1) * sizeof(*mine));
    size_t n = 0;

    if (mine == NULL)
        return err_set(e, ERR_NOMEM, "trigger %s: out of memory", t->name);
    for (size_t i = 0; i < in->n_signals; i++) {
        if (in->signals[i].monitor == t->monitor)
            mine[n++] = &in->signals[i];
    }
    qsort(mine, n, sizeof(*mine), by_window_and_feature);
    if (n > 0)
        walk(p, t, in, mine, n, out);
    else
        snprintf(out->why, sizeof(out->why), "no window of monitor %s is closed yet",
                 p->monitors[t->monitor].name);
    free(mine);
    return ERR_OK;
}
