/*
 * watch_ingest.c - a replica's report: what is new in it goes into the open window and the
 * rollout's sums.
 *
 * Exactly once: the last report of each source, the window and the sums are saved in the
 * transaction that counts the difference. Where it fails, the model is forgotten and read back as
 * it was.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/safetensors.h"
#include "store/observation_store.h"
#include "watch_private.h"

struct report {
    struct watch *w;
    struct store *s;
    struct model_watch *m;
    const struct st_file *file;
    const cJSON *state;
    struct meeting met;
    bool window_changed, sums_changed;
};

static bool in_rollout(const struct report *r, const char *sha256)
{
    return r->m->sums.run[0] && strcmp(r->m->sums.candidate_sha256, sha256) == 0;
}

static void add_to_window(struct report *r, const struct tally *delta)
{
    struct model_watch *m = r->m;
    if (!delta->profile || delta->profile->n_rows == 0)
        return;
    if (m->window_from_unix_ms == 0)
        m->window_from_unix_ms = m->window_to_unix_ms ? m->window_to_unix_ms : r->met.now_unix_ms;
    m->window_to_unix_ms = r->met.now_unix_ms;
    profile_merge(m->window, delta->profile);
    r->window_changed = true;
}

static enum err_code add_to_sums(struct report *r, struct tally *side, const struct tally *delta,
                                 struct err *e)
{
    if (!r->m->sums.run[0] || watch_tally_is_empty(delta))
        return ERR_OK;
    r->sums_changed = true;
    return tally_merge(side, delta, e);
}

/* role "scored": the profile of all rows a version answered; it has no counters of its own. */
static enum err_code count_scored(struct report *r, const char *sha256, const struct ruler *ruler,
                                  struct err *e)
{
    struct tally cumulative = {0}, delta = {0};
    char prefix[80];
    bool champion = strcmp(sha256, r->m->champion_sha256) == 0;
    snprintf(prefix, sizeof(prefix), "%s/", sha256);
    enum err_code rc = profile_from_st(r->file, prefix, ruler, &cumulative.profile, e);
    if (rc == ERR_OK)
        rc = watch_difference(r->s, r->m, &r->met, sha256, "scored", &cumulative, &delta, e);
    if (rc == ERR_OK && champion)
        add_to_window(r, &delta);
    if (rc == ERR_OK)
        rc = add_to_sums(r, champion ? &r->m->sums.champion : &r->m->sums.candidate, &delta, e);
    tally_clean_up(&cumulative);
    tally_clean_up(&delta);
    return rc;
}

static enum err_code attach_shadow_profile(struct report *r, const char *sha256,
                                           const struct ruler *ruler, struct tally *t,
                                           struct err *e)
{
    char prefix[80], name[96];
    snprintf(prefix, sizeof(prefix), "%s/shadow/", sha256);
    snprintf(name, sizeof(name), "%scounts", prefix);
    if (!st_find(r->file, name))
        return ERR_OK;
    return profile_from_st(r->file, prefix, ruler, &t->profile, e);
}

static enum err_code count_side(struct report *r, const char *sha256, const char *role,
                                const cJSON *side, const struct ruler *ruler, struct err *e)
{
    struct tally cumulative = {0}, delta = {0};
    struct rollout_sums *sums = &r->m->sums;
    bool shadow = strcmp(role, "shadow") == 0, candidate = strcmp(role, "candidate") == 0;
    bool champion = strcmp(role, "champion") == 0 && strcmp(sha256, r->m->champion_sha256) == 0;
    struct tally *into = NULL;
    if (champion)
        into = &sums->champion;
    else if (in_rollout(r, sha256) && (shadow || candidate))
        into = shadow ? &sums->shadow : &sums->candidate;
    enum err_code rc = tally_from_side(side, &cumulative, e);
    if (rc == ERR_OK && shadow)
        rc = attach_shadow_profile(r, sha256, ruler, &cumulative, e);
    if (rc == ERR_OK)
        rc = watch_difference(r->s, r->m, &r->met, sha256, role, &cumulative, &delta, e);
    if (rc == ERR_OK && into)
        rc = add_to_sums(r, into, &delta, e);
    tally_clean_up(&cumulative);
    tally_clean_up(&delta);
    return rc;
}

static enum err_code count_version(struct report *r, const char *sha256, struct err *e)
{
    char name[96];
    const struct ruler *ruler = watch_ruler_of(r->m, sha256);
    snprintf(name, sizeof(name), "%s/counts", sha256);
    if (!ruler || !st_find(r->file, name))
        return ERR_OK;
    return count_scored(r, sha256, ruler, e);
}

static enum err_code count_all(struct report *r, struct err *e)
{
    const cJSON *side = NULL;
    enum err_code rc = count_version(r, r->m->champion_sha256, e);
    if (rc == ERR_OK && r->m->sums.run[0])
        rc = count_version(r, r->m->sums.candidate_sha256, e);
    cJSON_ArrayForEach(side, json_at(r->state, "sides"))
    {
        const char *sha256 = "", *role = "";
        if (rc == ERR_OK)
            rc = json_get_string(side, "sha256", &sha256, e);
        if (rc == ERR_OK)
            rc = json_get_string(side, "role", &role, e);
        const struct ruler *ruler = rc == ERR_OK ? watch_ruler_of(r->m, sha256) : NULL;
        if (ruler)
            rc = count_side(r, sha256, role, side, ruler, e);
    }
    return rc;
}

static enum err_code save_counted(struct report *r, struct report_outcome *out, struct err *e)
{
    struct model_watch *m = r->m;
    enum err_code rc = ERR_OK;
    if (r->window_changed && m->policy && watch_window_is_full(m)) {
        rc = watch_close_window(r->s, m, e);
        out->windows_closed++;
    }
    if (rc == ERR_OK && r->window_changed) {
        struct tally t = {.profile = m->window};
        rc = watch_save_tally(r->s, m->name, "window", &t, e);
    }
    if (rc == ERR_OK && r->window_changed)
        rc = watch_save_marks(r->s, m, e);
    if (rc == ERR_OK && r->sums_changed)
        rc = watch_save_sums(r->s, m, e);
    return rc;
}

static enum err_code read_outcome(const cJSON *state, struct report_outcome *out, struct err *e)
{
    const char *replica = "", *instance = "", *log_id = "", *champion = "", *candidate = "";
    const int64_t most = INT64_C(1) << 53;
    const cJSON *side = NULL;
    if (json_get_string(state, "replica", &replica, e) != ERR_OK ||
        json_get_string(state, "instance", &instance, e) != ERR_OK ||
        json_get_string(state, "log.id", &log_id, e) != ERR_OK ||
        json_get_int(state, "generation", 0, most, &out->generation, e) != ERR_OK ||
        json_get_int(state, "log.next_seq", 0, most, &out->log_next, e) != ERR_OK ||
        json_get_int(state, "log.dropped", 0, most, &out->log_dropped, e) != ERR_OK ||
        json_opt_string(state, "champion.label", &champion, e) != ERR_OK ||
        json_opt_string(state, "candidate.label", &candidate, e) != ERR_OK)
        return err_prefix(e, "the replica's state");
    cJSON_ArrayForEach(side, json_at(state, "sides"))
    {
        int64_t requests = 0, errors = 0;
        json_opt_int(side, "requests", 0, most, &requests, NULL);
        json_opt_int(side, "errors", 0, most, &errors, NULL);
        out->requests += requests;
        out->errors += errors;
    }
    snprintf(out->replica, sizeof(out->replica), "%s", replica);
    snprintf(out->instance, sizeof(out->instance), "%s", instance);
    snprintf(out->log_id, sizeof(out->log_id), "%s", log_id);
    snprintf(out->champion, sizeof(out->champion), "%s", champion);
    snprintf(out->candidate, sizeof(out->candidate), "%s", candidate);
    return ERR_OK;
}

static enum err_code ingest(struct report *r, struct report_outcome *out, struct err *e)
{
    enum err_code rc = store_begin(r->s, e);
    if (rc == ERR_OK)
        rc = count_all(r, e);
    if (rc == ERR_OK)
        rc = save_counted(r, out, e);
    if (rc == ERR_OK)
        rc = store_commit(r->s, e);
    if (rc != ERR_OK) {
        store_rollback(r->s);
        watch_forget(r->w, r->m->name);
    }
    return rc;
}

enum err_code watch_ingest_report(struct watch *w, struct store *s, const char *model,
                                  const char *address, const void *report, size_t size_bytes,
                                  int64_t now_unix_ms, struct report_outcome *out, struct err *e)
{
    struct report r = {.w = w, .s = s, .met = {.address = address, .now_unix_ms = now_unix_ms}};
    struct st_file *file = NULL;
    cJSON *state = NULL;
    struct report_outcome o = {0};
    enum err_code rc = st_open_memory(report, size_bytes, &file, e);
    const char *text = rc == ERR_OK ? st_metadata(file, "state") : NULL;
    if (rc == ERR_OK && !text)
        rc = err_set(e, ERR_PARSE, "report: expected a state in its metadata");
    if (rc == ERR_OK)
        rc = json_parse("state", text, strlen(text), &state, e);
    if (rc == ERR_OK)
        rc = read_outcome(state, &o, e);
    if (rc == ERR_OK)
        rc = watch_model(w, s, model, &r.m, e);
    r.file = file;
    r.state = state;
    r.met.instance = o.instance;
    if (rc == ERR_OK && r.m->champion)
        rc = ingest(&r, &o, e);
    if (rc == ERR_OK)
        rc = observation_next_seq(s, model, o.log_id, &o.from_seq, e);
    if (rc == ERR_OK)
        *out = o;
    cJSON_Delete(state);
    st_close(file);
    return rc;
}
