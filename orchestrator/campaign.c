/* campaign.c - see campaign.h. */
#include "campaign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/rand.h"
#include "store/audit.h"
#include "store/observation_store.h"
#include "store/registry.h"
#include "store/run_store.h"
#include "store/snapshot_store.h"

#define TRAIN_GRACE_MS 60000 /* the trainer ends the job by its own deadline; ours comes after it  \
                              */
#define POLL_MS 250
#define READ_MS 250

/* ---- desired state ---- */

static cJSON *version_json(const char *sha256, const char *label)
{
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "sha256", sha256);
    cJSON_AddStringToObject(j, "label", label);
    return j;
}

static bool listed(const cJSON *array, const char *text)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, array)
    {
        if (strcmp(item->valuestring, text) == 0)
            return true;
    }
    return false;
}

/* Former champions, newest first, kept loaded so that a rollback is one push. */
static enum err_code add_warm(struct store *s, const char *model, cJSON *warm,
                              const struct run_desired *d, int64_t n_warm, struct err *e)
{
    cJSON *history = NULL;
    const cJSON *item = NULL;
    enum err_code rc = registry_champion_history(s, model, &history, e);
    if (d->warm[0])
        cJSON_AddItemToArray(warm, cJSON_CreateString(d->warm));
    cJSON_ArrayForEach(item, history)
    {
        const char *sha256 = "";
        json_opt_string(item, "sha256", &sha256, NULL);
        bool used = strcmp(sha256, d->champion) == 0 || strcmp(sha256, d->candidate) == 0;
        if (!used && !listed(warm, sha256) && cJSON_GetArraySize(warm) < n_warm)
            cJSON_AddItemToArray(warm, cJSON_CreateString(sha256));
    }
    cJSON_Delete(history);
    return rc;
}

static enum err_code set_desired(struct watch *w, struct store *s, const char *model,
                                 const struct run_desired *d, int64_t now_unix_ms,
                                 int64_t *generation, struct err *e)
{
    const struct policy *policy = NULL;
    const char *policy_sha256 = NULL;
    int64_t n_warm = 1;
    if (d->champion[0] == '\0')
        return registry_set_desired(s, model, NULL, now_unix_ms, generation, e);
    if (watch_run_policy(w, s, model, &policy, &policy_sha256, NULL) == ERR_OK)
        n_warm = policy->rollout.warm_versions;
    cJSON *body = cJSON_CreateObject(), *candidate = NULL;
    cJSON_AddItemToObject(body, "champion", version_json(d->champion, d->champion_label));
    if (d->candidate[0]) {
        candidate = version_json(d->candidate, d->candidate_label);
        cJSON_AddNumberToObject(candidate, "weight", d->weight);
    }
    cJSON_AddItemToObject(body, "candidate", candidate ? candidate : cJSON_CreateNull());
    cJSON_AddBoolToObject(body, "shadow", d->shadow);
    cJSON *warm = cJSON_AddArrayToObject(body, "warm");
    cJSON_AddStringToObject(body, "salt", model);
    cJSON_AddNumberToObject(cJSON_AddObjectToObject(body, "observe"), "sample", 1.0);
    enum err_code rc = warm ? add_warm(s, model, warm, d, n_warm, e)
                            : err_set(e, ERR_NOMEM, "no memory for the desired state of %s", model);
    if (rc == ERR_OK)
        rc = registry_set_desired(s, model, body, now_unix_ms, generation, e);
    cJSON_Delete(body);
    return rc;
}

/* ---- steps ---- */

static bool on_fleet(enum run_state s)
{
    return s >= RUN_DISTRIBUTE && s <= RUN_ROLL_BACK;
}

/* Fills in who wants to hear of the event. */
static void make_notice(const struct policy *p, enum policy_event event,
                        struct campaign_notice *out)
{
    out->event = policy_event_name(event);
    out->n_webhooks = 0;
    for (size_t i = 0; i < p->n_notify; i++)
        if (p->notify[i].events & (1u << event))
            snprintf(out->webhooks[out->n_webhooks++], POLICY_TEXT_BYTES, "%s",
                     p->notify[i].webhook);
}

/* The policy's word for a state; false for those nobody is told of. */
static bool event_of(enum run_state s, enum policy_event *out)
{
    switch (s) {
    case RUN_AWAITING_APPROVAL:
    case RUN_AWAITING_PROMOTION:
        *out = POLICY_EVENT_AWAITING_APPROVAL;
        return true;
    case RUN_PROMOTED:
        *out = POLICY_EVENT_PROMOTED;
        return true;
    case RUN_REJECTED:
        *out = POLICY_EVENT_REJECTED;
        return true;
    case RUN_ROLLED_BACK:
        *out = POLICY_EVENT_ROLLED_BACK;
        return true;
    case RUN_FAILED:
    case RUN_EXPIRED:
        *out = POLICY_EVENT_FAILED;
        return true;
    case RUN_ABORTED:
        *out = POLICY_EVENT_CANCELLED;
        return true;
    case RUN_SNAPSHOT:
        *out = POLICY_EVENT_TRIGGERED;
        return true;
    case RUN_PUSH:
    case RUN_SUBMIT:
    case RUN_TRAIN:
    case RUN_FETCH:
    case RUN_GATE:
    case RUN_DISTRIBUTE:
    case RUN_SHADOW:
    case RUN_CANARY:
    case RUN_PROMOTE:
    case RUN_ROLL_BACK:
    case RUN_CANCEL:
        return false;
    }
    return false;
}

static void notice_of_step(struct watch *w, struct store *s, struct campaign_step *step)
{
    const struct policy *policy = NULL;
    const char *sha256 = NULL;
    enum policy_event event;
    if (step->outcome.transition && event_of(step->run.state, &event) &&
        watch_run_policy(w, s, step->run.model, &policy, &sha256, NULL) == ERR_OK)
        make_notice(policy, event, &step->notice);
}

/* What a transition means beyond the run itself. */
static enum err_code side_effects(struct watch *w, struct store *s, const struct run *r,
                                  const struct run_event *ev, const struct run_outcome *out,
                                  int64_t now_unix_ms, struct err *e)
{
    const char *actor = ev->actor ? ev->actor : "system";
    enum err_code rc = ERR_OK;
    if (out->from == RUN_SNAPSHOT && r->snapshot[0] && r->state == RUN_PUSH)
        rc = watch_snapshot_cut(w, s, r->model, e);
    if (rc == ERR_OK && r->state == RUN_DISTRIBUTE && out->from != RUN_DISTRIBUTE)
        rc = watch_rollout_begins(w, s, r, e);
    if (rc == ERR_OK && r->state == RUN_PROMOTED)
        rc = registry_set_champion(s, r->model, r->candidate, actor, r->reason, now_unix_ms, e);
    if (rc == ERR_OK && run_state_is_end(r->state) && r->state != RUN_PROMOTED && r->candidate[0])
        rc = registry_reject(s, r->candidate, e);
    if (rc == ERR_OK && run_state_is_end(r->state))
        rc = watch_fresh_start(w, s, r->model, e);
    return rc;
}

static enum err_code register_version(struct store *s, const struct run *r,
                                      const struct campaign_version *v, int64_t now_unix_ms,
                                      char label[REGISTRY_LABEL_BYTES], struct err *e)
{
    struct registry_version version = {.created_unix_ms = now_unix_ms};
    snprintf(version.sha256, sizeof(version.sha256), "%s", v->sha256);
    snprintf(version.model, sizeof(version.model), "%s", r->model);
    snprintf(version.parent, sizeof(version.parent), "%s", r->champion);
    snprintf(version.run, sizeof(version.run), "%s", r->id);
    snprintf(version.path, sizeof(version.path), "%s", v->path);
    version.manifest_json = (char *)v->manifest_json; /* borrowed: not deinit'ed */
    return registry_add_version(s, &version, label, e);
}

/* The rows seen so far go into every transition: "triggered at row N, promoted at row M". */
static char *with_rows(struct store *s, const struct run *r, const char *detail)
{
    struct observation_account account = {0};
    cJSON *j = NULL;
    if (!detail || json_parse("detail", detail, strlen(detail), &j, NULL) != ERR_OK)
        j = cJSON_CreateObject();
    if (observation_account_get(s, r->model, &account, NULL) == ERR_OK)
        cJSON_AddNumberToObject(j, "rows", (double)account.observed);
    char *text = json_print(j);
    cJSON_Delete(j);
    return text;
}

static enum err_code step_in_transaction(struct watch *w, struct store *s, struct run *r,
                                         const struct run_event *event,
                                         const struct campaign_version *version,
                                         int64_t now_unix_ms, struct campaign_step *out,
                                         struct err *e)
{
    char label[REGISTRY_LABEL_BYTES] = "";
    struct run_event ev = *event;
    int64_t before = 0, generation = 0;
    cJSON *ignored = NULL;
    char *detail = with_rows(s, r, event->detail);
    enum err_code rc = ERR_OK;
    ev.detail = detail;
    if (registry_get_desired(s, r->model, &ignored, &before, NULL) != ERR_OK)
        before = 0;
    cJSON_Delete(ignored);
    if (version) {
        rc = register_version(s, r, version, now_unix_ms, label, e);
        ev.sha256 = version->sha256;
        ev.label = label;
    }
    if (rc == ERR_OK) {
        out->outcome = run_step(r, &ev, now_unix_ms);
        if (out->outcome.changed)
            rc = run_store_save(s, r, &ev, &out->outcome, now_unix_ms, e);
    }
    bool unwanted = version && strcmp(r->candidate, version->sha256) != 0;
    if (rc == ERR_OK && unwanted) /* it came after the run had been aborted */
        rc = registry_reject(s, version->sha256, e);
    generation = before;
    if (rc == ERR_OK && r->candidate[0] && (on_fleet(r->state) || on_fleet(out->outcome.from))) {
        struct run_desired d;
        run_desired(r, &d);
        rc = set_desired(w, s, r->model, &d, now_unix_ms, &generation, e);
    }
    if (rc == ERR_OK && out->outcome.transition)
        rc = side_effects(w, s, r, &ev, &out->outcome, now_unix_ms, e);
    out->desired_changed = generation != before;
    out->run = *r;
    free(detail);
    if (rc == ERR_OK)
        notice_of_step(w, s, out);
    return rc;
}

static enum err_code commit_or_forget(struct watch *w, struct store *s, const char *model,
                                      enum err_code rc, struct err *e)
{
    if (rc == ERR_OK)
        rc = store_commit(s, e);
    if (rc == ERR_OK)
        return ERR_OK;
    store_rollback(s);
    watch_forget(w, model);
    return rc;
}

enum err_code campaign_step(struct watch *w, struct store *s, const char *run_id,
                            const struct run_event *ev, const struct campaign_version *version,
                            int64_t now_unix_ms, struct campaign_step *out, struct err *e)
{
    struct run r = {0};
    enum err_code rc = run_store_load(s, run_id, &r, e);
    if (rc == ERR_OK)
        rc = store_begin(s, e);
    if (rc != ERR_OK)
        return rc;
    rc = step_in_transaction(w, s, &r, ev, version, now_unix_ms, out, e);
    return commit_or_forget(w, s, r.model, rc, e);
}

/* ---- decisions ---- */

static void plan_from_policy(const struct policy *p, bool needs_approval, struct run_plan *plan)
{
    run_plan_init(plan);
    plan->approve_training = needs_approval;
    plan->approve_promotion =
        p->guards.approval == POLICY_APPROVAL_PROMOTE || p->guards.approval == POLICY_APPROVAL_BOTH;
    plan->gate = p->gate.enabled;
    plan->deadline_ms[RUN_TRAIN] = p->train.deadline_ms + TRAIN_GRACE_MS;
    plan->job_retries = (int)p->train.retries;
    plan->poll_ms = POLL_MS;
    plan->read_ms = READ_MS;
    struct rollout_plan *rollout = &plan->rollout;
    rollout->undecided_goes_on = p->rollout.on_timeout == POLICY_TIMEOUT_PROMOTE;
    if (p->rollout.shadow.enabled)
        rollout->stages[rollout->n_stages++] =
            (struct rollout_stage){.shadow = true,
                                   .min_requests = p->rollout.shadow.min_requests,
                                   .max_time_ms = p->rollout.shadow.max_time_ms};
    for (size_t i = 0; i < p->rollout.n_steps && rollout->n_stages < ROLLOUT_MAX_STAGES; i++) {
        const struct policy_step *step = &p->rollout.steps[i];
        rollout->stages[rollout->n_stages++] =
            (struct rollout_stage){.weight = step->weight,
                                   .min_requests = step->min_requests,
                                   .min_time_ms = step->min_time_ms,
                                   .max_time_ms = step->max_time_ms};
    }
}

static enum err_code init_run(struct store *s, const char *model, const struct policy *p,
                              const struct policy_decision *d, int64_t now_unix_ms, struct run *r,
                              struct err *e)
{
    struct registry_champion champion = {0};
    struct run_plan plan;
    char id[RUN_ID_BYTES] = "r-";
    rand_id(id + 2, 4);
    plan_from_policy(p, d->needs_approval, &plan);
    enum err_code rc = registry_champion(s, model, &champion, e);
    if (rc != ERR_OK && rc != ERR_NOT_FOUND)
        return rc;
    err_clear(e); /* without a champion it is the first version */
    rc = run_plan_check(&plan, e);
    if (rc == ERR_OK)
        run_init(r, id, model, d->trigger_name, &plan, champion.sha256, champion.label,
                 now_unix_ms);
    return rc;
}

static cJSON *evidence_of(struct store *s, const char *model, const struct policy_decision *d)
{
    struct observation_account account = {0};
    cJSON *j = d->evidence ? cJSON_Duplicate(d->evidence, true) : cJSON_CreateObject();
    observation_account_get(s, model, &account, NULL);
    cJSON_AddNumberToObject(j, "rows_at_trigger", (double)account.observed);
    cJSON_AddNumberToObject(j, "labelled_at_trigger", (double)account.labelled);
    cJSON_AddStringToObject(j, "reason_in_words", d->reason);
    return j;
}

static enum err_code start_run(struct watch *w, struct store *s, const char *model,
                               const struct policy_decision *d,
                               const struct policy_request *request, int64_t now_unix_ms,
                               struct campaign_step *step, struct err *e)
{
    struct run r = {0};
    struct run_event start = {.kind = RUN_EV_START, .text = d->reason};
    const struct policy *policy = NULL;
    const char *sha256 = "";
    cJSON *evidence = evidence_of(s, model, d);
    enum err_code rc = watch_run_policy(w, s, model, &policy, &sha256, e);
    if (rc == ERR_OK)
        rc = init_run(s, model, policy, d, now_unix_ms, &r, e);
    if (rc == ERR_OK)
        rc = store_begin(s, e);
    if (rc == ERR_OK) {
        rc = run_store_create(s, &r, evidence, sha256, request ? request->actor : "policy", e);
        if (rc == ERR_OK)
            rc = watch_run_started(w, s, &r, e);
        if (rc == ERR_OK)
            rc = step_in_transaction(w, s, &r, &start, NULL, now_unix_ms, step, e);
        rc = commit_or_forget(w, s, model, rc, e);
    }
    cJSON_Delete(evidence);
    return rc;
}

enum err_code campaign_decide(struct watch *w, struct store *s, const char *model,
                              const struct policy_request *request, int64_t now_unix_ms,
                              struct campaign_decision *decision, struct campaign_step *step,
                              struct err *e)
{
    struct policy_decision d = {0};
    struct campaign_decision out = {0};
    enum err_code rc = watch_decide(w, s, model, request, now_unix_ms, &out.has_policy, &d, e);
    if (rc != ERR_OK || !out.has_policy) {
        *decision = out;
        return rc;
    }
    out.outcome = d.outcome;
    snprintf(out.trigger, sizeof(out.trigger), "%s", d.trigger_name);
    snprintf(out.reason, sizeof(out.reason), "%s", d.reason);
    if (d.outcome == POLICY_RETRAIN) {
        rc = start_run(w, s, model, &d, request, now_unix_ms, step, e);
        out.started = rc == ERR_OK;
    }
    const struct policy *policy = NULL;
    const char *sha256 = NULL;
    if (d.outcome == POLICY_HOLD_BACK &&
        watch_run_policy(w, s, model, &policy, &sha256, NULL) == ERR_OK)
        make_notice(policy, POLICY_EVENT_HELD_BACK, &out.notice);
    policy_decision_deinit(&d);
    if (rc == ERR_OK)
        *decision = out;
    return rc;
}

/* ---- rollback ---- */

static enum err_code rollback_target(struct store *s, const char *model, const char *to,
                                     struct registry_version *out, struct err *e)
{
    struct registry_champion before;
    if (to)
        return registry_get_version(s, model, to, out, e);
    enum err_code rc = registry_champion_before(s, model, &before, e);
    if (rc == ERR_NOT_FOUND)
        return err_set(e, ERR_CONFLICT, "%s has had no other champion to go back to", model);
    return rc == ERR_OK ? registry_get_version(s, model, before.sha256, out, e) : rc;
}

static enum err_code check_no_run(struct store *s, const char *model, struct err *e)
{
    struct run *runs = NULL;
    size_t n = 0;
    enum err_code rc = run_store_load_active(s, &runs, &n, e);
    for (size_t i = 0; rc == ERR_OK && i < n; i++)
        if (strcmp(runs[i].model, model) == 0)
            rc = err_set(e, ERR_CONFLICT,
                         "run %s of %s is under way; abort it first: leeway abort %s", runs[i].id,
                         model, runs[i].id);
    free(runs);
    return rc;
}

static enum err_code roll_back_to(struct watch *w, struct store *s, const char *model,
                                  const struct registry_champion *now,
                                  const struct registry_version *to, const char *actor,
                                  const char *reason, int64_t now_unix_ms, int64_t *generation,
                                  struct err *e)
{
    char subject[160];
    struct run_desired d = {.champion = to->sha256,
                            .champion_label = to->label,
                            .candidate = "",
                            .candidate_label = "",
                            .warm = now->sha256};
    cJSON *detail = cJSON_CreateObject();
    cJSON_AddStringToObject(detail, "from", now->label);
    cJSON_AddStringToObject(detail, "to", to->label);
    cJSON_AddStringToObject(detail, "reason", reason);
    snprintf(subject, sizeof(subject), "model/%s", model);
    struct audit_entry entry = {.unix_ms = now_unix_ms,
                                .actor = actor,
                                .action = "rollback",
                                .subject = subject,
                                .detail = detail};
    enum err_code rc = registry_set_champion(s, model, to->sha256, actor, reason, now_unix_ms, e);
    if (rc == ERR_OK)
        rc = set_desired(w, s, model, &d, now_unix_ms, generation, e);
    if (rc == ERR_OK)
        rc = audit_append(s, &entry, NULL, e);
    if (rc == ERR_OK)
        rc = watch_fresh_start(w, s, model, e);
    cJSON_Delete(detail);
    return rc;
}

enum err_code campaign_rollback(struct watch *w, struct store *s, const char *model, const char *to,
                                const char *actor, const char *reason, int64_t now_unix_ms,
                                struct campaign_rollback *out, struct err *e)
{
    struct registry_champion now = {0};
    struct registry_version target = {0};
    const struct schema *schema = NULL;
    int64_t generation = 0;
    enum err_code rc = watch_schema(w, s, model, &schema, e); /* is there such a model? */
    if (rc == ERR_OK)
        rc = check_no_run(s, model, e);
    if (rc == ERR_OK)
        rc = registry_champion(s, model, &now, e);
    if (rc == ERR_OK)
        rc = rollback_target(s, model, to, &target, e);
    if (rc == ERR_OK && strcmp(target.sha256, now.sha256) == 0)
        rc = err_set(e, ERR_CONFLICT, "%s is the champion already", target.label);
    if (rc == ERR_OK)
        rc = store_begin(s, e);
    if (rc == ERR_OK) {
        rc = roll_back_to(w, s, model, &now, &target, actor, reason, now_unix_ms, &generation, e);
        rc = commit_or_forget(w, s, model, rc, e);
    }
    if (rc == ERR_OK) {
        *out = (struct campaign_rollback){.generation = generation};
        snprintf(out->from, sizeof(out->from), "%s", now.label);
        snprintf(out->to, sizeof(out->to), "%s", target.label);
    }
    registry_version_deinit(&target);
    return rc;
}

/* ---- what a job is given ---- */

enum err_code campaign_job_spec(struct watch *w, struct store *s, const struct run *run,
                                cJSON **out, struct err *e)
{
    const struct policy *p = NULL;
    const char *policy_sha256 = "";
    cJSON *shown = NULL;
    enum err_code rc = watch_run_policy(w, s, run->model, &p, &policy_sha256, e);
    if (rc == ERR_OK)
        rc = run_store_show(s, run->id, &shown, e);
    if (rc != ERR_OK)
        return rc;
    cJSON *j = cJSON_CreateObject(), *lineage = NULL;
    cJSON_AddStringToObject(j, "model", run->model);
    cJSON_AddStringToObject(j, "snapshot", run->snapshot);
    cJSON_AddItemToObject(
        j, "champion", run->champion[0] ? cJSON_CreateString(run->champion) : cJSON_CreateNull());
    cJSON_AddNumberToObject(j, "deadline_s", (double)(p->train.deadline_ms / 1000));
    cJSON_AddNumberToObject(j, "memory_bytes", (double)p->train.memory_bytes);
    cJSON_AddStringToObject(j, "backend", policy_backend_name(p->train.backend));
    cJSON_AddItemToObject(j, "parameters", policy_parameters_to_json(&p->train.parameters));
    lineage = cJSON_AddObjectToObject(j, "lineage");
    cJSON_AddStringToObject(lineage, "run", run->id);
    cJSON_AddStringToObject(lineage, "policy_sha256", policy_sha256);
    cJSON_AddItemToObject(lineage, "trigger", cJSON_DetachItemFromObject(shown, "evidence"));
    cJSON_Delete(shown);
    *out = j;
    return ERR_OK;
}

enum err_code campaign_snapshot(struct watch *w, struct store *s, const struct run *run,
                                const char *dir, int64_t now_unix_ms, char sha256[SHA256_HEX_BYTES],
                                int64_t *n_rows, struct err *e)
{
    const struct policy *p = NULL;
    const struct schema *schema = NULL;
    const char *policy_sha256 = "";
    char temporary[4200], path[4200];
    struct snapshot_result result = {0};
    enum err_code rc = watch_run_policy(w, s, run->model, &p, &policy_sha256, e);
    if (rc == ERR_OK)
        rc = watch_schema(w, s, run->model, &schema, e);
    if (rc != ERR_OK)
        return rc;
    const struct policy_train *t = &p->train;
    /* The window is there to forget what has drifted away. A first version has nothing to forget:
     * it learns from everything that was brought. */
    bool first = run->champion[0] == '\0';
    bool timed = t->window.duration_ms > 0 && !first;
    struct snapshot_window window = {
        .max_rows = first ? 0 : t->window.rows,
        .since_unix_ms = timed ? now_unix_ms - t->window.duration_ms : 0,
        .holdout = t->holdout_rows ? 0 : t->holdout_share,
        .min_holdout = t->holdout_rows,
        .max_holdout = t->holdout_rows,
    };
    snprintf(temporary, sizeof(temporary), "%s/%s.partial", dir, run->id);
    rc = snapshot_from_store(s, schema, &window, NULL, temporary, &result, e);
    if (rc != ERR_OK)
        return rc;
    snprintf(path, sizeof(path), "%s/%s.safetensors", dir, result.sha256);
    if (rename(temporary, path) != 0)
        return err_set(e, ERR_IO, "%s: cannot be given its name", path);
    memcpy(sha256, result.sha256, SHA256_HEX_BYTES);
    *n_rows = result.n_rows;
    return ERR_OK;
}
