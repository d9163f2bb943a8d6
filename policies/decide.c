/*
 * decide.c - the order of the questions: who asks, who forbids, and what is then said.
 */
#include "policies/decide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide_parts.h"

#define GUARD_WHY_BYTES 256

const char *policy_outcome_name(enum policy_outcome o)
{
    static const char *const names[] = {[POLICY_NOTHING] = "nothing",
                                        [POLICY_HOLD_BACK] = "hold_back",
                                        [POLICY_RETRAIN] = "retrain"};

    return names[o];
}

const char *policy_verdict_name(enum policy_verdict v)
{
    static const char *const names[] = {
        [POLICY_INSUFFICIENT] = "insufficient", [POLICY_OK] = "ok", [POLICY_DRIFT] = "drift"};

    return names[v];
}

static enum err_code check_input(const struct policy *p, const struct policy_input *in,
                                 struct err *e)
{
    for (size_t i = 0; i < in->n_signals; i++) {
        if (in->signals[i].monitor < 0 || (size_t)in->signals[i].monitor >= p->n_monitors)
            return err_set(e, ERR_INVALID, "signal %zu: monitor %d, the policy has %zu", i,
                           in->signals[i].monitor, p->n_monitors);
    }
    for (size_t i = 0; i < in->n_alarms; i++) {
        if (in->alarms[i].monitor < 0 || (size_t)in->alarms[i].monitor >= p->n_monitors)
            return err_set(e, ERR_INVALID, "alarm %zu: monitor %d, the policy has %zu", i,
                           in->alarms[i].monitor, p->n_monitors);
    }
    return ERR_OK;
}

/* Appends "; text" (or text, where nothing is there yet). */
static void add_reason(struct policy_decision *d, const char *name, const char *text)
{
    size_t used = strlen(d->reason);

    snprintf(d->reason + used, sizeof(d->reason) - used, "%s%s%s%s", used > 0 ? "; " : "", name,
             name[0] != '\0' ? ": " : "", text);
}

static void choose(struct policy_decision *d, int trigger, const char *name, const char *why)
{
    d->outcome = POLICY_RETRAIN;
    d->trigger = trigger;
    snprintf(d->trigger_name, sizeof(d->trigger_name), "%s", name);
    snprintf(d->reason, sizeof(d->reason), "%s", why);
}

static void ask_person(const struct policy_request *r, struct policy_decision *d)
{
    cJSON *o = cJSON_AddObjectToObject(d->evidence, "request");
    char why[DECISION_REASON_BYTES];

    cJSON_AddStringToObject(o, "actor", r->actor);
    cJSON_AddStringToObject(o, "reason", r->reason);
    cJSON_AddBoolToObject(o, "force", r->force);
    snprintf(why, sizeof(why), "asked for by %s: %s%s", r->actor, r->reason,
             r->force ? " (guards overridden)" : "");
    choose(d, -1, DECISION_MANUAL, why);
}

/* Every trigger has its say, for the evidence; the first in the file that fires is the one. */
static enum err_code ask_triggers(const struct policy *p, const struct policy_input *in,
                                  struct policy_decision *d, struct err *e)
{
    cJSON *list = cJSON_AddArrayToObject(d->evidence, "triggers");

    for (size_t i = 0; i < p->n_triggers; i++) {
        const struct policy_trigger *t = &p->triggers[i];
        struct trigger_word word = {false, "", cJSON_CreateObject()};
        enum err_code code;

        if (word.numbers == NULL || !cJSON_AddItemToArray(list, word.numbers))
            return err_set(e, ERR_NOMEM, "decision: out of memory");
        cJSON_AddStringToObject(word.numbers, "name", t->name);
        cJSON_AddStringToObject(word.numbers, "kind", policy_trigger_kind_name(t->kind));
        code = trigger_ask(p, t, in, &word, e);
        if (code != ERR_OK)
            return code;
        cJSON_AddBoolToObject(word.numbers, "fired", word.fired);
        cJSON_AddStringToObject(word.numbers, "why", word.why);
        if (word.fired && d->outcome == POLICY_NOTHING)
            choose(d, (int)i, t->name, word.why);
        else if (d->outcome == POLICY_NOTHING)
            add_reason(d, t->name, word.why);
    }
    return ERR_OK;
}

/* All guards have their say too; the first that forbids is named. */
static void ask_guards(const struct policy *p, const struct policy_input *in,
                       struct policy_decision *d)
{
    cJSON *list = cJSON_AddArrayToObject(d->evidence, "guards");
    bool force = in->request != NULL && in->request->force;
    char why[GUARD_WHY_BYTES], by[64];

    for (int g = 0; g < GUARD_NONE; g++) {
        cJSON *o = cJSON_CreateObject();
        int64_t retry;
        bool allowed = guard_allows((enum policy_guard)g, p, in, why, sizeof(why), &retry);

        cJSON_AddStringToObject(o, "name", policy_guard_name((enum policy_guard)g));
        cJSON_AddBoolToObject(o, "allows", allowed);
        cJSON_AddStringToObject(o, "why", why);
        cJSON_AddItemToArray(list, o);
        if (allowed || d->outcome == POLICY_HOLD_BACK || (force && g != GUARD_ONE_RUN))
            continue;
        d->outcome = POLICY_HOLD_BACK;
        d->guard = (enum policy_guard)g;
        d->retry_unix_ms = retry;
        snprintf(by, sizeof(by), "held back by %s", policy_guard_name(d->guard));
        add_reason(d, by, why);
    }
}

static void finish_evidence(const struct policy_input *in, struct policy_decision *d)
{
    cJSON *o = d->evidence;

    cJSON_AddStringToObject(o, "outcome", policy_outcome_name(d->outcome));
    cJSON_AddStringToObject(o, "trigger", d->trigger_name);
    cJSON_AddStringToObject(o, "guard", policy_guard_name(d->guard));
    cJSON_AddStringToObject(o, "reason", d->reason);
    cJSON_AddNumberToObject(o, "now_unix_ms", (double)in->now_unix_ms);
    if (d->retry_unix_ms != 0)
        cJSON_AddNumberToObject(o, "retry_unix_ms", (double)d->retry_unix_ms);
}

enum err_code policy_decide(const struct policy *p, const struct policy_input *in,
                            struct policy_decision *out, struct err *e)
{
    struct policy_decision d = {.outcome = POLICY_NOTHING, .trigger = -1, .guard = GUARD_NONE};
    enum policy_approval approval = p->guards.approval;
    enum err_code code = check_input(p, in, e);

    if (code != ERR_OK)
        return code;
    d.evidence = cJSON_CreateObject();
    if (d.evidence == NULL)
        return err_set(e, ERR_NOMEM, "decision: out of memory");
    if (in->request != NULL)
        ask_person(in->request, &d);
    code = ask_triggers(p, in, &d, e);
    if (code != ERR_OK) {
        policy_decision_deinit(&d);
        return code;
    }
    if (d.outcome == POLICY_RETRAIN)
        ask_guards(p, in, &d);
    else if (p->n_triggers == 0)
        add_reason(&d, "", "the policy has no triggers; only a person may ask");
    d.needs_approval = d.outcome == POLICY_RETRAIN && in->request == NULL &&
                       (approval == POLICY_APPROVAL_TRAIN || approval == POLICY_APPROVAL_BOTH);
    finish_evidence(in, &d);
    *out = d;
    return ERR_OK;
}

void policy_decision_deinit(struct policy_decision *d)
{
    cJSON_Delete(d->evidence);
    d->evidence = NULL;
}
