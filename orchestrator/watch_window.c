/*
 * watch_window.c - the open window as it is saved, and a full one judged by the policy's monitors
 * and closed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "monitors/quality.h"
#include "store/window_store.h"
#include "watch_private.h"

/* ---- saved ---- */

enum err_code watch_load_tally(struct store *s, const char *model, const char *name,
                               const struct ruler *ruler, struct tally *out, struct err *e)
{
    void *data = NULL;
    size_t len = 0;
    enum err_code rc = window_store_get_state(s, model, name, &data, &len, e);
    if (rc == ERR_NOT_FOUND) {
        err_clear(e);
        return ERR_OK;
    }
    if (rc == ERR_OK)
        rc = tally_from_blob(data, len, ruler, out, e);
    free(data);
    return rc;
}

enum err_code watch_save_tally(struct store *s, const char *model, const char *name,
                               const struct tally *t, struct err *e)
{
    void *data = NULL;
    size_t len = 0;
    enum err_code rc = tally_to_blob(t, &data, &len, e);
    if (rc == ERR_OK)
        rc = window_store_put_state(s, model, name, data, len, e);
    free(data);
    return rc;
}

enum err_code watch_load_open_window(struct store *s, struct model_watch *m, struct err *e)
{
    struct tally t = {0};
    enum err_code rc = watch_load_tally(s, m->name, "window", m->champion->ruler, &t, e);
    m->window = t.profile;
    t.profile = NULL;
    tally_clean_up(&t);
    if (rc == ERR_OK && !m->window)
        rc = profile_new(m->champion->ruler, &m->window, e);
    return rc;
}

/* ---- closing a window ---- */

enum err_code watch_add_signals(struct model_watch *m, size_t monitor, int64_t window,
                                struct mon_signal *signals, size_t n, cJSON *out, struct err *e)
{
    enum err_code rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        rc = watch_note_history(m, &signals[i], e);
        if (rc == ERR_OK)
            rc = watch_add_evidence(m, (int)monitor, window, &signals[i], e);
        cJSON_AddItemToArray(out, mon_signal_to_json(&signals[i]));
    }
    return rc;
}

static bool quality_watches(const struct policy_monitor *p, const char *feature)
{
    if (p->features.all || p->features.n == 0)
        return true;
    for (size_t i = 0; i < p->features.n; i++)
        if (strcmp(p->features.items[i], feature) == 0)
            return true;
    return false;
}

static size_t check_quality(const struct model_watch *m, size_t monitor, struct mon_signal *signals)
{
    const struct policy_monitor *p = &m->policy->monitors[monitor];
    const struct artifact *a = m->champion;
    struct mon_quality_options o;
    size_t kept = 0;
    mon_quality_options_init(&o);
    snprintf(o.monitor, sizeof(o.monitor), "%s", p->name);
    o.min_rows = (double)p->min_rows;
    o.max_rise[MON_RATE_MISSING] = p->missing;
    o.max_rise[MON_RATE_UNSEEN] = p->unseen;
    o.max_rise[MON_RATE_RANGE] = p->out_of_range;
    o.max_rise[MON_RATE_INFINITE] = p->infinite;
    size_t n =
        mon_quality_check_chunks(&o, a->reference, a->chunks, a->n_chunks, m->window, signals);
    if (p->constant)
        n += mon_constant_check(&o, a->reference, a->chunks, a->n_chunks, m->window, signals + n);
    for (size_t i = 0; i < n; i++)
        if (quality_watches(p, signals[i].feature))
            signals[kept++] = signals[i];
    return kept;
}

/* One monitor that looks at single windows only. */
static enum err_code judge_monitor(struct model_watch *m, size_t monitor, int64_t window,
                                   struct mon_signal *signals, cJSON *out, struct err *e)
{
    enum err_code rc = ERR_OK;
    size_t n = 0;
    switch (m->policy->monitors[monitor].kind) {
    case POLICY_MONITOR_QUALITY:
        n = check_quality(m, monitor, signals);
        break;
    case POLICY_MONITOR_ESTIMATED_PERFORMANCE:
        rc = watch_judge_estimate(m, monitor, signals, e);
        n = 1;
        break;
    case POLICY_MONITOR_DRIFT: /* watch_drift.c */
    case POLICY_MONITOR_PREDICTION_DRIFT:
    case POLICY_MONITOR_PERFORMANCE: /* on labelled rows: watch_labels.c */
    case POLICY_MONITOR_DETECTOR:
    case POLICY_MONITOR_HARM:
        break;
    }
    return rc == ERR_OK ? watch_add_signals(m, monitor, window, signals, n, out, e) : rc;
}

static enum err_code judge_window(struct store *s, struct model_watch *m, int64_t window,
                                  cJSON *out, struct err *e)
{
    size_t room = 1 + (MON_N_RATES + 1) * m->champion->ruler->n_features; /* and constant */
    struct mon_signal *signals = calloc(room, sizeof(*signals));
    if (!signals)
        return err_set(e, ERR_NOMEM, "no memory for %zu signals", room);
    enum err_code rc = watch_judge_drift(s, m, window, out, e);
    for (size_t i = 0; rc == ERR_OK && i < m->policy->n_monitors; i++)
        rc = judge_monitor(m, i, window, signals, out, e);
    free(signals);
    return rc;
}

/* The store numbers the windows of all models in one row: a window's number is known once it is
 * closed. */
static void number_evidence(struct model_watch *m, size_t first, int64_t window)
{
    for (size_t i = first; i < m->n_evidence; i++)
        m->evidence[i].signal.window = window;
    watch_trim_evidence(m);
}

enum err_code watch_close_window(struct store *s, struct model_watch *m, struct err *e)
{
    struct tally t = {.profile = m->window};
    struct closed_window closed = {.model = m->name,
                                   .from_unix_ms = m->window_from_unix_ms,
                                   .to_unix_ms = m->window_to_unix_ms,
                                   .n_rows = (int64_t)m->window->n_rows,
                                   .champion = m->champion_sha256};
    void *blob = NULL;
    size_t first = m->n_evidence;
    cJSON *signals = cJSON_CreateArray();
    enum err_code rc =
        signals ? ERR_OK : err_set(e, ERR_NOMEM, "no memory to close a window of %s", m->name);
    if (rc == ERR_OK)
        rc = judge_window(s, m, m->last_window_id + 1, signals, e);
    if (rc == ERR_OK)
        rc = tally_to_blob(&t, &blob, &closed.profile_len, e);
    closed.profile = blob;
    closed.signals = signals;
    if (rc == ERR_OK)
        rc = window_store_close(s, &closed, &m->last_window_id, e);
    if (rc == ERR_OK)
        number_evidence(m, first, m->last_window_id);
    if (rc == ERR_OK)
        rc = window_store_trim(s, m->name, WATCH_KEEP_WINDOWS, WATCH_KEEP_PROFILES, e);
    free(blob);
    cJSON_Delete(signals);
    profile_clear(m->window);
    m->window_from_unix_ms = 0;
    return rc;
}

bool watch_window_is_full(const struct model_watch *m)
{
    const struct policy_window *w = &m->policy->window;
    if (w->rows > 0)
        return m->window->n_rows >= (uint64_t)w->rows;
    return m->window_from_unix_ms > 0 &&
           m->window_to_unix_ms - m->window_from_unix_ms >= w->duration_ms;
}
