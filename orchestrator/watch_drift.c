/*
 * watch_drift.c - drift monitors: what a window is compared with (nulls, seasons), how many windows
 * together, and what of the budget of false alarms each of these looks may spend.
 *
 * A window goes into one scan per season in use. A scan completes a block of 2, 4, 8 ... windows
 * now and then; what such a block said holds until the next block of its length, and is repeated
 * with every window until then: else a trigger that asks for several windows in a row would never
 * hear of a shift that only the longer blocks can see.
 *
 * monitors/overtime.h puts the same pieces together for windows of one duration. Here a window of
 * rows lasts as long as its rows take, so each block is given the budget of the time it covers; and
 * a policy may state a threshold of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "monitors/overtime.h"
#include "store/window_store.h"
#include "watch_private.h"

static bool is_drift(const struct policy_monitor *p)
{
    return p->kind == POLICY_MONITOR_DRIFT || p->kind == POLICY_MONITOR_PREDICTION_DRIFT;
}

/* ---- what windows are compared with ---- */

void watch_clear_drift(struct model_watch *m)
{
    for (size_t i = 0; i < POLICY_MAX_MONITORS; i++) {
        for (size_t k = 0; k < WATCH_MAX_LENGTHS; k++)
            mon_null_free(m->nulls[i][k]);
        memset(m->nulls[i], 0, sizeof(m->nulls[i]));
    }
    for (size_t i = 0; i < WATCH_N_SEASONS; i++) { /* after the nulls, which borrow them */
        mon_season_free(m->seasons[i]);
        mon_scan_free(m->scans[i]);
        m->seasons[i] = NULL;
        m->scans[i] = NULL;
    }
    cJSON_Delete(m->longer);
    m->longer = NULL;
    memset(m->block_from_unix_ms, 0, sizeof(m->block_from_unix_ms));
}

/* A version that knows no times of its reference has no season: its signals say so. */
static enum err_code make_season(struct model_watch *m, enum policy_season season, struct err *e)
{
    const struct artifact *a = m->champion;
    struct mon_season_options o;
    if (season == POLICY_SEASON_NONE || m->seasons[season] || !a->chunk_spans || a->n_chunks == 0)
        return ERR_OK;
    mon_season_options_init(&o);
    if (!mon_cycle_from_name(policy_season_name(season), &o.cycle))
        return err_set(e, ERR_INTERNAL, "season %s is unknown", policy_season_name(season));
    struct mon_span *spans = malloc(a->n_chunks * sizeof(*spans));
    if (!spans)
        return err_set(e, ERR_NOMEM, "no memory for the seasons of %s", m->name);
    for (size_t i = 0; i < a->n_chunks; i++)
        spans[i] = (struct mon_span){a->chunk_spans[2 * i], a->chunk_spans[2 * i + 1]};
    enum err_code rc = mon_season_new(&o, a->chunks, spans, a->n_chunks, &m->seasons[season], e);
    free(spans);
    return rc;
}

/* A duration window has no size before it closes: the reference's own length stands in. */
static double window_rows(const struct model_watch *m)
{
    return m->policy->window.rows > 0 ? (double)m->policy->window.rows
                                      : (double)m->champion->reference->n_rows;
}

static enum err_code make_nulls(struct model_watch *m, size_t monitor, struct err *e)
{
    const struct policy_monitor *p = &m->policy->monitors[monitor];
    const struct artifact *a = m->champion;
    struct mon_null_options o;
    enum err_code rc = make_season(m, p->season, e);
    mon_null_options_init(&o);
    o.season = m->seasons[p->season];
    if (!mon_statistic_from_name(policy_statistic_name(p->statistic), &o.statistic))
        return err_set(e, ERR_INTERNAL, "monitor %s: unknown statistic", p->name);
    bool longer = true;
    o.window_rows = window_rows(m);
    for (int64_t k = 0; rc == ERR_OK && longer && k < p->lengths; k++) {
        rc = mon_null_make(&o, a->reference, a->chunks, a->n_chunks, &m->nulls[monitor][k], e);
        longer = o.window_rows * MON_LONGEST_BLOCK_PART < (double)a->reference->n_rows;
        o.window_rows *= 2;
    }
    return rc;
}

/* The null for blocks of 2^scale windows: of that length, or of the longest that was measured. */
static const struct mon_null *null_for(const struct model_watch *m, size_t monitor, size_t scale)
{
    while (scale > 0 && !m->nulls[monitor][scale])
        scale--;
    return m->nulls[monitor][scale];
}

/* As many lengths as any monitor of the season asks for; none where no monitor has it. */
static enum err_code make_scan(struct model_watch *m, enum policy_season season, struct err *e)
{
    int64_t lengths = 0;
    for (size_t i = 0; i < m->policy->n_monitors; i++) {
        const struct policy_monitor *p = &m->policy->monitors[i];
        if (is_drift(p) && p->season == season && p->lengths > lengths)
            lengths = p->lengths;
    }
    return lengths > 0 ? mon_scan_new(m->champion->ruler, (size_t)lengths, &m->scans[season], e)
                       : ERR_OK;
}

enum err_code watch_make_drift(struct model_watch *m, struct err *e)
{
    enum err_code rc = ERR_OK;
    if (!m->policy)
        return ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < m->policy->n_monitors; i++)
        if (is_drift(&m->policy->monitors[i]))
            rc = make_nulls(m, i, e);
    for (int s = 0; rc == ERR_OK && s < WATCH_N_SEASONS; s++)
        rc = make_scan(m, (enum policy_season)s, e);
    return rc;
}

/* ---- saved ---- */

static const char *scan_state(enum policy_season season, char out[64])
{
    snprintf(out, 64, "scan/%s", policy_season_name(season));
    return out;
}

static enum err_code save_scan(struct store *s, const struct model_watch *m,
                               enum policy_season season, struct err *e)
{
    char name[64];
    void *data = NULL;
    size_t len = 0;
    struct st_writer *w = st_writer_new();
    enum err_code rc = w ? ERR_OK : err_set(e, ERR_NOMEM, "no memory to save a scan");
    if (rc == ERR_OK)
        rc = mon_scan_to_st(m->scans[season], "", w, e);
    if (rc == ERR_OK)
        rc = st_writer_memory(w, &data, &len, e);
    if (rc == ERR_OK)
        rc = window_store_put_state(s, m->name, scan_state(season, name), data, len, e);
    st_writer_free(w);
    free(data);
    return rc;
}

static enum err_code save_longer(struct store *s, const struct model_watch *m, struct err *e)
{
    const int64_t *from = &m->block_from_unix_ms[0][0];
    cJSON_DeleteItemFromObjectCaseSensitive(m->longer, "from");
    cJSON *list = cJSON_AddArrayToObject(m->longer, "from");
    for (size_t i = 0; i < WATCH_N_SEASONS * WATCH_MAX_LENGTHS; i++)
        cJSON_AddItemToArray(list, cJSON_CreateNumber((double)from[i]));
    char *text = json_print(m->longer);
    if (!text)
        return err_set(e, ERR_NOMEM, "no memory to save the longer windows of %s", m->name);
    enum err_code rc = window_store_put_state(s, m->name, "longer", text, strlen(text), e);
    free(text);
    return rc;
}

static enum err_code save_drift(struct store *s, const struct model_watch *m, struct err *e)
{
    enum err_code rc = ERR_OK;
    bool any = false;
    for (int i = 0; rc == ERR_OK && i < WATCH_N_SEASONS; i++) {
        if (!m->scans[i] || mon_scan_n_scales(m->scans[i]) < 2)
            continue; /* a scan of single windows remembers nothing */
        any = true;
        rc = save_scan(s, m, (enum policy_season)i, e);
    }
    return rc == ERR_OK && any ? save_longer(s, m, e) : rc;
}

/* Of a policy that asked for other lengths: the scan begins anew. */
static enum err_code load_scan(struct store *s, struct model_watch *m, enum policy_season season,
                               struct err *e)
{
    char name[64];
    void *data = NULL;
    size_t len = 0;
    struct st_file *f = NULL;
    enum err_code rc = window_store_get_state(s, m->name, scan_state(season, name), &data, &len, e);
    if (rc == ERR_OK)
        rc = st_open_memory(data, len, &f, e);
    if (rc == ERR_OK)
        rc = mon_scan_from_st(m->scans[season], f, "", e);
    st_close(f);
    free(data);
    if (rc == ERR_NOT_FOUND || rc == ERR_INVALID) {
        err_clear(e);
        rc = ERR_OK;
    }
    return rc;
}

static void read_block_starts(struct model_watch *m)
{
    int64_t *from = &m->block_from_unix_ms[0][0];
    const cJSON *item, *list = json_at(m->longer, "from");
    size_t i = 0;
    cJSON_ArrayForEach(item, list)
    {
        if (i < WATCH_N_SEASONS * WATCH_MAX_LENGTHS && cJSON_IsNumber(item))
            from[i++] = (int64_t)item->valuedouble;
    }
}

/* What longer blocks said belongs to the policy they were judged by. */
static enum err_code load_longer(struct store *s, struct model_watch *m, struct err *e)
{
    const char *policy = "";
    void *data = NULL;
    size_t len = 0;
    enum err_code rc = window_store_get_state(s, m->name, "longer", &data, &len, e);
    if (rc == ERR_OK)
        rc = json_parse("longer", data, len, &m->longer, e);
    free(data);
    if (rc == ERR_NOT_FOUND) {
        err_clear(e);
        rc = ERR_OK;
    }
    json_opt_string(m->longer, "policy", &policy, NULL);
    if (rc != ERR_OK)
        return rc;
    read_block_starts(m);
    if (m->longer && strcmp(policy, m->policy_sha256) == 0)
        return ERR_OK;
    cJSON_Delete(m->longer);
    m->longer = cJSON_CreateObject();
    if (!cJSON_AddStringToObject(m->longer, "policy", m->policy_sha256))
        return err_set(e, ERR_NOMEM, "no memory for the longer windows of %s", m->name);
    return ERR_OK;
}

enum err_code watch_load_drift(struct store *s, struct model_watch *m, struct err *e)
{
    enum err_code rc = load_longer(s, m, e);
    for (int i = 0; rc == ERR_OK && i < WATCH_N_SEASONS; i++)
        if (m->scans[i] && mon_scan_n_scales(m->scans[i]) > 1)
            rc = load_scan(s, m, (enum policy_season)i, e);
    return rc;
}

enum err_code watch_spend_drift(struct store *s, const char *model, struct err *e)
{
    char name[64];
    enum err_code rc = window_store_put_state(s, model, "longer", NULL, 0, e);
    for (int i = 0; rc == ERR_OK && i < WATCH_N_SEASONS; i++)
        rc = window_store_put_state(s, model, scan_state((enum policy_season)i, name), NULL, 0, e);
    return rc;
}

/* ---- judging ---- */

/* A window as it is being closed. */
struct closing {
    struct model_watch *m;
    int64_t window;
    cJSON *out;                 /* signals of the window so far */
    struct mon_signal *signals; /* room for all series */
};

/* The time that a block covers; the next one of its length begins where it ends. */
static int64_t block_ms(struct model_watch *m, enum policy_season season, size_t scale)
{
    int64_t *from = &m->block_from_unix_ms[season][scale];
    int64_t ms = m->window_to_unix_ms - *from;
    *from = m->window_to_unix_ms;
    return ms > 0 ? ms : 1;
}

/* The chance of a false alarm that a monitor gives to a block, all features together. */
static double alpha_of(const struct policy_monitor *p, const struct mon_scan_block *b, int64_t ms)
{
    double alpha[MON_SCALES_MAX], rate = p->false_alarm_rate;
    if (p->false_alarm_every_ms > 0) {
        struct mon_budget budget;
        mon_budget_init(&budget);
        budget.period_ms = p->false_alarm_every_ms;
        rate = mon_budget_per_window(&budget, (double)ms / (double)b->n_windows);
    }
    mon_budget_over_scales(rate, (size_t)p->lengths, alpha);
    return alpha[b->scale];
}

static size_t check(const struct closing *c, size_t monitor, const struct mon_scan_block *b,
                    double rate)
{
    const struct policy_monitor *p = &c->m->policy->monitors[monitor];
    struct mon_drift_options o;
    mon_drift_options_init(&o);
    snprintf(o.monitor, sizeof(o.monitor), "%s", p->name);
    mon_statistic_from_name(policy_statistic_name(p->statistic), &o.statistic);
    o.predictions = p->kind == POLICY_MONITOR_PREDICTION_DRIFT;
    o.min_rows = (double)p->min_rows;
    o.false_alarm_rate = rate;
    o.threshold = p->threshold;
    o.min_effect = p->min_effect;
    if (!p->features.all && p->features.n > 0) {
        o.only = (const char *const *)p->features.items;
        o.n_only = p->features.n;
    }
    return mon_drift_check_mix(&o, null_for(c->m, monitor, b->scale), c->m->champion->reference,
                               b->profile, b->mix, c->signals);
}

/* "INPUTS/3": the monitor's blocks of 8 windows. */
static const char *longer_key(const struct policy_monitor *p, size_t scale,
                              char out[POLICY_NAME_BYTES + 24])
{
    snprintf(out, POLICY_NAME_BYTES + 24, "%s/%zu", p->name, scale);
    return out;
}

/* NULL: out of memory. */
static cJSON *longer_signal(struct mon_signal *s, size_t n_windows)
{
    char rule[sizeof(s->rule)];
    memcpy(rule, s->rule, sizeof(rule));
    snprintf(s->rule, sizeof(s->rule), "%zu windows together; %s", n_windows, rule);
    cJSON *j = mon_signal_to_json(s);
    if (cJSON_AddNumberToObject(j, "windows_together", (double)n_windows))
        return j;
    cJSON_Delete(j);
    return NULL;
}

/* Keeps those of a longer block that drift. */
static enum err_code hold(const struct closing *c, size_t monitor, const struct mon_scan_block *b,
                          size_t n, struct err *e)
{
    char key[POLICY_NAME_BYTES + 24];
    cJSON *drifting = cJSON_CreateArray();
    bool ok = drifting != NULL;
    for (size_t i = 0; ok && i < n; i++)
        if (c->signals[i].verdict == MON_DRIFT)
            ok = cJSON_AddItemToArray(drifting, longer_signal(&c->signals[i], b->n_windows));
    longer_key(&c->m->policy->monitors[monitor], b->scale, key);
    cJSON_DeleteItemFromObjectCaseSensitive(c->m->longer, key);
    if (ok && cJSON_AddItemToObject(c->m->longer, key, drifting))
        return ERR_OK;
    cJSON_Delete(drifting);
    return err_set(e, ERR_NOMEM, "no memory for the longer windows of %s", c->m->name);
}

static enum err_code repeat_longer(const struct closing *c, size_t monitor, struct err *e)
{
    const struct policy_monitor *p = &c->m->policy->monitors[monitor];
    char key[POLICY_NAME_BYTES + 24];
    const cJSON *signal;
    enum err_code rc = ERR_OK;
    for (size_t k = 1; k < (size_t)p->lengths; k++) {
        const cJSON *held = cJSON_GetObjectItemCaseSensitive(c->m->longer, longer_key(p, k, key));
        cJSON_ArrayForEach(signal, held)
        {
            cJSON *copy = cJSON_Duplicate(signal, true);
            if (rc == ERR_OK && !cJSON_AddItemToArray(c->out, copy))
                rc = err_set(e, ERR_NOMEM, "no memory for a signal of %s", c->m->name);
            if (rc == ERR_OK)
                rc = watch_evidence_from_json(c->m, c->window, signal, e);
        }
    }
    return rc;
}

static enum err_code judge_block(const struct closing *c, size_t monitor,
                                 const struct mon_scan_block *b, int64_t ms, struct err *e)
{
    size_t n = check(c, monitor, b, alpha_of(&c->m->policy->monitors[monitor], b, ms));
    if (b->scale > 0)
        return hold(c, monitor, b, n, e);
    return watch_add_signals(c->m, monitor, c->window, c->signals, n, c->out, e);
}

/* Every monitor of the season against a block that a window completed. */
static enum err_code judge_monitors(const struct closing *c, enum policy_season season,
                                    const struct mon_scan_block *b, struct err *e)
{
    int64_t ms = block_ms(c->m, season, b->scale);
    enum err_code rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < c->m->policy->n_monitors; i++) {
        const struct policy_monitor *p = &c->m->policy->monitors[i];
        if (is_drift(p) && p->season == season && b->scale < (size_t)p->lengths)
            rc = judge_block(c, i, b, ms, e);
    }
    return rc;
}

static enum err_code judge_season(const struct closing *c, enum policy_season season, struct err *e)
{
    struct model_watch *m = c->m;
    struct mon_scan_block blocks[MON_SCALES_MAX];
    struct mon_phase_mix mix = {{0}};
    enum err_code rc = ERR_OK;
    if (m->seasons[season]) {
        struct mon_span span = {m->window_from_unix_ms, m->window_to_unix_ms};
        mon_season_mix(m->seasons[season], span, (double)m->window->n_rows, &mix);
    }
    size_t n = mon_scan_add(m->scans[season], m->window, &mix, blocks);
    for (size_t k = mon_scan_n_scales(m->scans[season]); k-- > 0;)
        if (m->block_from_unix_ms[season][k] == 0)
            m->block_from_unix_ms[season][k] = m->window_from_unix_ms;
    for (size_t i = 0; rc == ERR_OK && i < n; i++)
        rc = judge_monitors(c, season, &blocks[i], e);
    for (size_t i = 0; rc == ERR_OK && i < m->policy->n_monitors; i++)
        if (is_drift(&m->policy->monitors[i]) && m->policy->monitors[i].season == season)
            rc = repeat_longer(c, i, e);
    return rc;
}

enum err_code watch_judge_drift(struct store *s, struct model_watch *m, int64_t window, cJSON *out,
                                struct err *e)
{
    struct closing c = {.m = m, .window = window, .out = out};
    enum err_code rc = ERR_OK;
    c.signals = calloc(m->champion->ruler->n_series, sizeof(*c.signals));
    if (!c.signals)
        return err_set(e, ERR_NOMEM, "no memory for the signals of %s", m->name);
    for (int i = 0; rc == ERR_OK && i < WATCH_N_SEASONS; i++)
        if (m->scans[i])
            rc = judge_season(&c, (enum policy_season)i, e);
    free(c.signals);
    return rc == ERR_OK ? save_drift(s, m, e) : rc;
}
