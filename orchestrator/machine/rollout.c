/* rollout.c - the stages of a rollout; the rules are in the header. */
#include "machine/rollout.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

static const char *const verdict_names[] = {
#define X(symbol, name, sentence) [symbol] = name,
    ROLLOUT_VERDICT_LIST(X)
#undef X
};
enum { N_VERDICTS = sizeof(verdict_names) / sizeof(*verdict_names) };

const char *rollout_verdict_name(enum rollout_verdict v)
{
    return verdict_names[v];
}

bool rollout_verdict_parse(const char *name, enum rollout_verdict *out)
{
    for (int i = 0; i < N_VERDICTS; i++) {
        if (strcmp(verdict_names[i], name) == 0) {
            *out = (enum rollout_verdict)i;
            return true;
        }
    }
    return false;
}

/* ---- the plan ---- */

static enum err_code stage_check(const struct rollout_plan *p, size_t i, struct err *e)
{
    const struct rollout_stage *st = &p->stages[i];

    if (!(st->weight >= 0.0 && st->weight <= 1.0)) {
        return err_set(e, ERR_INVALID, "stages[%zu].weight: expected 0..1, got %g", i, st->weight);
    }
    if (st->shadow ? st->weight > 0.0 : st->weight <= 0.0) {
        return err_set(e, ERR_INVALID, "stages[%zu].weight: expected %s, got %g", i,
                       st->shadow ? "0 for a shadow stage" : "more than 0 for a canary stage",
                       st->weight);
    }
    if (i > 0 && st->weight < p->stages[i - 1].weight) {
        return err_set(e, ERR_INVALID,
                       "stages[%zu].weight: expected at least the %g of the stage before, got %g",
                       i, p->stages[i - 1].weight, st->weight);
    }
    if (st->min_requests < 0 || st->min_time_ms < 0 || st->max_time_ms < 0) {
        return err_set(e, ERR_INVALID, "stages[%zu]: counts and times must not be negative", i);
    }
    if (st->max_time_ms > 0 && st->max_time_ms < st->min_time_ms) {
        return err_set(e, ERR_INVALID,
                       "stages[%zu].max_time_ms: expected at least min_time_ms (%" PRId64
                       "), got %" PRId64,
                       i, st->min_time_ms, st->max_time_ms);
    }
    return ERR_OK;
}

enum err_code rollout_plan_check(const struct rollout_plan *p, struct err *e)
{
    if (p->n_stages > ROLLOUT_MAX_STAGES) {
        return err_set(e, ERR_INVALID, "stages: expected at most %d, got %zu", ROLLOUT_MAX_STAGES,
                       p->n_stages);
    }
    for (size_t i = 0; i < p->n_stages; i++) {
        enum err_code rc = stage_check(p, i, e);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

/* ---- the decision ---- */

static int64_t elapsed_ms(const struct rollout *r, int64_t now_ms)
{
    return now_ms > r->entered_ms ? now_ms - r->entered_ms : 0;
}

static int64_t requests_in_stage(const struct rollout *r)
{
    return r->candidate_requests - r->base_requests;
}

#define STAGE_TEXT_BYTES 96

/* "stage 2 of 4 (weight 0.25)" */
static void stage_text(const struct rollout *r, const struct rollout_plan *plan, char *out,
                       size_t size)
{
    if (r->stage >= plan->n_stages) {
        snprintf(out, size, "after the last stage");
    } else if (plan->stages[r->stage].shadow) {
        snprintf(out, size, "stage %zu of %zu (shadow)", r->stage + 1, plan->n_stages);
    } else {
        snprintf(out, size, "stage %zu of %zu (weight %g)", r->stage + 1, plan->n_stages,
                 plan->stages[r->stage].weight);
    }
}

static void take_numbers(struct rollout *r, const struct rollout_event *ev)
{
    r->verdict = ev->verdict;
    r->champion_requests = ev->champion_requests;
    r->candidate_requests = ev->candidate_requests;
    if (r->candidate_requests < r->base_requests) {
        r->base_requests = 0;
    }
}

static enum rollout_move go_back_bad(const struct rollout *r, const struct rollout_plan *plan,
                                     const char *text, char *reason)
{
    char stage[STAGE_TEXT_BYTES];

    stage_text(r, plan, stage, sizeof(stage));
    snprintf(reason, ROLLOUT_REASON_BYTES,
             "%s: bad%s%s (candidate %" PRId64 " requests, champion %" PRId64 ")", stage,
             text ? ": " : "", text ? text : "", r->candidate_requests, r->champion_requests);
    return ROLLOUT_BACK;
}

static enum rollout_move advance(struct rollout *r, const struct rollout_plan *plan)
{
    r->stage++;
    r->entered = false;
    r->verdict = ROLLOUT_NOT_ENOUGH;
    r->base_requests = r->candidate_requests;
    return r->stage < plan->n_stages ? ROLLOUT_NEXT : ROLLOUT_PASS;
}

static enum rollout_move go_on(struct rollout *r, const struct rollout_plan *plan, const char *text,
                               int64_t now_ms, char *reason)
{
    char stage[STAGE_TEXT_BYTES], took[CLOCK_TEXT_BYTES];

    stage_text(r, plan, stage, sizeof(stage));
    snprintf(reason, ROLLOUT_REASON_BYTES,
             "%s passed after %s: good%s%s (candidate %" PRId64 " requests in this stage, %" PRId64
             " asked for)",
             stage, clock_format_duration(elapsed_ms(r, now_ms), took, sizeof(took)),
             text ? ": " : "", text ? text : "", requests_in_stage(r),
             plan->stages[r->stage].min_requests);
    return advance(r, plan);
}

/* Rule 4. A good verdict on too few requests ends here too. */
static enum rollout_move max_time_is_over(struct rollout *r, const struct rollout_plan *plan,
                                          const char *text, char *reason)
{
    const struct rollout_stage *st = &plan->stages[r->stage];
    int64_t n = requests_in_stage(r);
    bool on = plan->undecided_goes_on && n > 0 && n >= st->min_requests;
    char stage[STAGE_TEXT_BYTES], limit[CLOCK_TEXT_BYTES];

    stage_text(r, plan, stage, sizeof(stage));
    snprintf(reason, ROLLOUT_REASON_BYTES,
             "%s: %s are over with verdict %s after %" PRId64 " candidate requests (%" PRId64
             " asked for): %s%s%s",
             stage, clock_format_duration(st->max_time_ms, limit, sizeof(limit)),
             rollout_verdict_name(r->verdict), n, st->min_requests, text ? text : "",
             text ? "; " : "",
             on ? "undecided goes on, as the plan says" : "no data never promotes");
    return on ? advance(r, plan) : ROLLOUT_BACK;
}

static enum rollout_move check_max_time(struct rollout *r, const struct rollout_plan *plan,
                                        const char *text, int64_t now_ms, char *reason)
{
    if (r->paused || !r->entered || r->stage >= plan->n_stages) {
        return ROLLOUT_STAY;
    }
    int64_t max_time_ms = plan->stages[r->stage].max_time_ms;
    if (max_time_ms == 0 || elapsed_ms(r, now_ms) < max_time_ms) {
        return ROLLOUT_STAY;
    }
    return max_time_is_over(r, plan, text, reason);
}

static bool stage_is_passed(const struct rollout *r, const struct rollout_plan *plan,
                            int64_t now_ms)
{
    if (r->paused || !r->entered || r->stage >= plan->n_stages) {
        return false;
    }
    const struct rollout_stage *st = &plan->stages[r->stage];
    return r->verdict == ROLLOUT_GOOD && requests_in_stage(r) >= st->min_requests &&
           elapsed_ms(r, now_ms) >= st->min_time_ms;
}

static enum rollout_move judge(struct rollout *r, const struct rollout_plan *plan,
                               const struct rollout_event *ev, int64_t now_ms, char *reason)
{
    take_numbers(r, ev);
    if (r->verdict == ROLLOUT_BAD) {
        return go_back_bad(r, plan, ev->text, reason);
    }
    if (stage_is_passed(r, plan, now_ms)) {
        return go_on(r, plan, ev->text, now_ms, reason);
    }
    return check_max_time(r, plan, ev->text, now_ms, reason);
}

static void enter_stage(struct rollout *r, int64_t now_ms)
{
    r->entered = true;
    r->entered_ms = now_ms;
    if (r->paused) {
        r->paused_ms = now_ms; /* the stage's clock has not run yet */
    }
}

static void pause_stage(struct rollout *r, int64_t now_ms)
{
    if (!r->paused) {
        r->paused = true;
        r->paused_ms = now_ms;
    }
}

static void resume_stage(struct rollout *r, int64_t now_ms)
{
    if (r->paused && now_ms > r->paused_ms) {
        r->entered_ms += now_ms - r->paused_ms;
    }
    r->paused = false;
}

enum rollout_move rollout_step(struct rollout *r, const struct rollout_plan *plan,
                               const struct rollout_event *ev, int64_t now_ms,
                               char reason[ROLLOUT_REASON_BYTES])
{
    reason[0] = '\0';
    switch (ev->kind) {
    case ROLLOUT_EV_ENTER:
        enter_stage(r, now_ms);
        return ROLLOUT_STAY;
    case ROLLOUT_EV_TICK:
        return check_max_time(r, plan, ev->text, now_ms, reason);
    case ROLLOUT_EV_NUMBERS:
        return judge(r, plan, ev, now_ms, reason);
    case ROLLOUT_EV_PAUSE:
        pause_stage(r, now_ms);
        return ROLLOUT_STAY;
    case ROLLOUT_EV_RESUME:
        resume_stage(r, now_ms);
        return ROLLOUT_STAY;
    }
    return ROLLOUT_STAY;
}

/* ---- JSON ---- */

static cJSON *stage_to_json(const struct rollout_stage *st)
{
    cJSON *json = cJSON_CreateObject();

    if (!cJSON_AddNumberToObject(json, "weight", st->weight) ||
        !cJSON_AddBoolToObject(json, "shadow", st->shadow) ||
        !cJSON_AddNumberToObject(json, "min_requests", (double)st->min_requests) ||
        !cJSON_AddNumberToObject(json, "min_time_ms", (double)st->min_time_ms) ||
        !cJSON_AddNumberToObject(json, "max_time_ms", (double)st->max_time_ms)) {
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}

static cJSON *stages_to_json(const struct rollout_plan *p)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; array && i < p->n_stages; i++) {
        cJSON *stage = stage_to_json(&p->stages[i]);
        if (!stage || !cJSON_AddItemToArray(array, stage)) {
            cJSON_Delete(stage);
            cJSON_Delete(array);
            return NULL;
        }
    }
    return array;
}

cJSON *rollout_plan_to_json(const struct rollout_plan *p)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *stages = stages_to_json(p);

    if (!stages || !cJSON_AddItemToObject(json, "stages", stages)) {
        cJSON_Delete(stages);
        cJSON_Delete(json);
        return NULL;
    }
    if (!cJSON_AddBoolToObject(json, "undecided_goes_on", p->undecided_goes_on)) {
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}

static enum err_code stage_from_json(const cJSON *json, struct rollout_stage *st, struct err *e)
{
    enum err_code rc;

    if ((rc = json_get_double(json, "weight", 0, 1, &st->weight, e)) ||
        (rc = json_get_bool(json, "shadow", &st->shadow, e)) ||
        (rc = json_get_int(json, "min_requests", 0, INT64_MAX, &st->min_requests, e)) ||
        (rc = json_get_int(json, "min_time_ms", 0, INT64_MAX, &st->min_time_ms, e)) ||
        (rc = json_get_int(json, "max_time_ms", 0, INT64_MAX, &st->max_time_ms, e))) {
        return rc;
    }
    return ERR_OK;
}

static enum err_code stages_from_json(const cJSON *array, struct rollout_plan *p, struct err *e)
{
    if (cJSON_GetArraySize(array) > ROLLOUT_MAX_STAGES) {
        return err_set(e, ERR_INVALID, "stages: expected at most %d, got %d", ROLLOUT_MAX_STAGES,
                       cJSON_GetArraySize(array));
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        enum err_code rc = stage_from_json(item, &p->stages[p->n_stages], e);
        if (rc != ERR_OK) {
            err_prefix(e, "stages[%zu]", p->n_stages);
            return rc;
        }
        p->n_stages++;
    }
    return rollout_plan_check(p, e);
}

enum err_code rollout_plan_from_json(const cJSON *json, struct rollout_plan *out, struct err *e)
{
    struct rollout_plan p = {0};
    const cJSON *stages = NULL;
    enum err_code rc;

    if ((rc = json_get_bool(json, "undecided_goes_on", &p.undecided_goes_on, e)) ||
        (rc = json_get_array(json, "stages", &stages, e)) ||
        (rc = stages_from_json(stages, &p, e))) {
        return rc;
    }
    *out = p;
    return ERR_OK;
}

cJSON *rollout_to_json(const struct rollout *r)
{
    cJSON *json = cJSON_CreateObject();

    if (!cJSON_AddNumberToObject(json, "stage", (double)r->stage) ||
        !cJSON_AddBoolToObject(json, "entered", r->entered) ||
        !cJSON_AddNumberToObject(json, "entered_ms", (double)r->entered_ms) ||
        !cJSON_AddBoolToObject(json, "paused", r->paused) ||
        !cJSON_AddNumberToObject(json, "paused_ms", (double)r->paused_ms) ||
        !cJSON_AddStringToObject(json, "verdict", rollout_verdict_name(r->verdict)) ||
        !cJSON_AddNumberToObject(json, "champion_requests", (double)r->champion_requests) ||
        !cJSON_AddNumberToObject(json, "candidate_requests", (double)r->candidate_requests) ||
        !cJSON_AddNumberToObject(json, "base_requests", (double)r->base_requests)) {
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}

enum err_code rollout_from_json(const cJSON *json, struct rollout *out, struct err *e)
{
    struct rollout r = {0};
    int64_t stage = 0;
    const char *verdict = NULL;
    enum err_code rc;

    if ((rc = json_get_int(json, "stage", 0, ROLLOUT_MAX_STAGES, &stage, e)) ||
        (rc = json_get_bool(json, "entered", &r.entered, e)) ||
        (rc = json_get_int(json, "entered_ms", INT64_MIN, INT64_MAX, &r.entered_ms, e)) ||
        (rc = json_get_bool(json, "paused", &r.paused, e)) ||
        (rc = json_get_int(json, "paused_ms", INT64_MIN, INT64_MAX, &r.paused_ms, e)) ||
        (rc = json_get_string(json, "verdict", &verdict, e)) ||
        (rc = json_get_int(json, "champion_requests", 0, INT64_MAX, &r.champion_requests, e)) ||
        (rc = json_get_int(json, "candidate_requests", 0, INT64_MAX, &r.candidate_requests, e)) ||
        (rc = json_get_int(json, "base_requests", 0, INT64_MAX, &r.base_requests, e))) {
        return rc;
    }
    if (!rollout_verdict_parse(verdict, &r.verdict)) {
        return err_set(e, ERR_INVALID, "verdict: expected good, bad or not_enough, got \"%s\"",
                       verdict);
    }
    r.stage = (size_t)stage;
    *out = r;
    return ERR_OK;
}
