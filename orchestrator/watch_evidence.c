/*
 * watch_evidence.c - the signals that no run has used up yet: of each monitor the newest windows,
 * as many as its triggers ask for.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/window_store.h"
#include "watch_private.h"

static enum policy_verdict policy_verdict_of(enum mon_verdict v)
{
    switch (v) {
    case MON_OK:
        return POLICY_OK;
    case MON_DRIFT:
        return POLICY_DRIFT;
    case MON_INSUFFICIENT:
    case MON_UNAVAILABLE:
        return POLICY_INSUFFICIENT;
    }
    return POLICY_INSUFFICIENT;
}

static enum err_code make_room(struct model_watch *m, struct err *e)
{
    if (m->n_evidence < m->evidence_room)
        return ERR_OK;
    size_t room = m->evidence_room ? 2 * m->evidence_room : 64;
    struct evidence *grown = realloc(m->evidence, room * sizeof(*grown));
    if (!grown)
        return err_set(e, ERR_NOMEM, "no memory for %zu signals of %s", room, m->name);
    m->evidence = grown;
    m->evidence_room = room;
    return ERR_OK;
}

enum err_code watch_add_evidence(struct model_watch *m, int monitor, int64_t window,
                                 const struct mon_signal *signal, struct err *e)
{
    enum err_code rc = make_room(m, e);
    if (rc != ERR_OK)
        return rc;
    struct evidence *slot = &m->evidence[m->n_evidence++];
    snprintf(slot->feature, sizeof(slot->feature), "%s", signal->feature);
    snprintf(slot->statistic, sizeof(slot->statistic), "%s", signal->statistic);
    slot->signal = (struct policy_signal){
        .monitor = monitor,
        .window = window,
        .verdict = policy_verdict_of(signal->verdict),
        .value = signal->value,
        .threshold = signal->threshold,
        .n_rows = isnan(signal->n) ? 0 : (int64_t)signal->n,
        .reference = signal->reference_value,
    };
    return ERR_OK;
}

/* The most windows in a row that a trigger on this monitor asks for. */
static int64_t windows_asked(const struct policy *p, int monitor)
{
    int64_t most = 1;
    for (size_t i = 0; i < p->n_triggers; i++)
        if (p->triggers[i].monitor == monitor && p->triggers[i].windows > most)
            most = p->triggers[i].windows;
    return most;
}

/* The oldest window that is still asked for; windows ascend, so they are counted from the end. */
static int64_t oldest_asked(const struct model_watch *m, int monitor)
{
    int64_t left = windows_asked(m->policy, monitor), window = INT64_MAX;
    for (size_t i = m->n_evidence; i-- > 0;) {
        const struct policy_signal *s = &m->evidence[i].signal;
        if (s->monitor != monitor || s->window == window)
            continue;
        if (left-- == 0)
            break;
        window = s->window;
    }
    return window;
}

static void trim_monitor(struct model_watch *m, int monitor)
{
    int64_t oldest = oldest_asked(m, monitor);
    size_t kept = 0;
    for (size_t i = 0; i < m->n_evidence; i++) {
        const struct policy_signal *s = &m->evidence[i].signal;
        if (s->monitor != monitor || s->window >= oldest)
            m->evidence[kept++] = m->evidence[i];
    }
    m->n_evidence = kept;
}

void watch_trim_evidence(struct model_watch *m)
{
    for (size_t i = 0; i < m->policy->n_monitors; i++)
        trim_monitor(m, (int)i);
}

/* ---- read back ---- */

enum err_code watch_evidence_from_json(struct model_watch *m, int64_t window, const cJSON *item,
                                       struct err *e)
{
    struct mon_signal signal;
    const char *monitor = "", *verdict = "";
    const char *feature = "", *statistic = "";
    json_opt_string(item, "monitor", &monitor, NULL);
    json_opt_string(item, "verdict", &verdict, NULL);
    json_opt_string(item, "feature", &feature, NULL);
    int index = policy_find_monitor(m->policy, monitor);
    if (index < 0)
        return ERR_OK;
    json_opt_string(item, "statistic", &statistic, NULL);
    mon_signal_init(&signal, monitor, MON_KIND_DRIFT, statistic);
    snprintf(signal.feature, sizeof(signal.feature), "%s", feature);
    json_opt_double(item, "value", -1e300, 1e300, &signal.value, NULL);
    json_opt_double(item, "reference_value", -1e300, 1e300, &signal.reference_value, NULL);
    json_opt_double(item, "threshold", -1e300, 1e300, &signal.threshold, NULL);
    json_opt_double(item, "n", 0, 1e300, &signal.n, NULL);
    for (int v = MON_OK; v <= MON_UNAVAILABLE; v++)
        if (strcmp(verdict, mon_verdict_name((enum mon_verdict)v)) == 0)
            signal.verdict = (enum mon_verdict)v;
    return watch_add_evidence(m, index, window, &signal, e);
}

enum err_code watch_load_evidence(struct store *s, struct model_watch *m, struct err *e)
{
    cJSON *windows = NULL;
    const cJSON *window = NULL, *signal = NULL;
    enum err_code rc = window_store_list(s, m->name, NULL, m->evidence_from_window,
                                         WATCH_KEEP_WINDOWS, &windows, e);
    cJSON_ArrayForEach(window, windows)
    {
        int64_t id = 0;
        json_opt_int(window, "id", 0, INT64_C(1) << 53, &id, NULL);
        cJSON_ArrayForEach(signal, json_at(window, "signals"))
        {
            if (rc == ERR_OK)
                rc = watch_evidence_from_json(m, id, signal, e);
        }
        watch_trim_evidence(m);
    }
    cJSON_Delete(windows);
    return rc;
}
