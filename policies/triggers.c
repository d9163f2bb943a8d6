/*
 * triggers.c - what each kind of trigger says to the numbers. Kinds that look at windows are in
 * trigger_windows.c.
 */
#include "decide_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static void ask_detector(const struct policy *p, const struct policy_trigger *t,
                         const struct policy_input *in, struct trigger_word *out)
{
    const struct policy_monitor *m = &p->monitors[t->monitor];
    const char *detector = policy_detector_name(m->detector);
    const struct policy_alarm *newest = NULL;

    for (size_t i = 0; i < in->n_alarms; i++) {
        const struct policy_alarm *a = &in->alarms[i];

        if (a->monitor == t->monitor && (newest == NULL || a->at_unix_ms > newest->at_unix_ms))
            newest = a;
    }
    if (newest == NULL) {
        snprintf(out->why, sizeof(out->why), "%s raised no alarm", detector);
        return;
    }
    out->fired = true;
    cJSON_AddNumberToObject(out->numbers, "at_unix_ms", (double)newest->at_unix_ms);
    cJSON_AddNumberToObject(out->numbers, "n_rows", (double)newest->n_rows);
    if (isnan(newest->before) || isnan(newest->after)) {
        snprintf(out->why, sizeof(out->why), "%s raised an alarm after %lld labelled rows",
                 detector, (long long)newest->n_rows);
        return;
    }
    cJSON_AddNumberToObject(out->numbers, "before", newest->before);
    cJSON_AddNumberToObject(out->numbers, "after", newest->after);
    snprintf(out->why, sizeof(out->why),
             "%s: mean %s rose from %.3g to %.3g, seen after %lld labelled rows", detector,
             m->on == POLICY_DETECT_ON_ERROR ? "error" : "loss", newest->before, newest->after,
             (long long)newest->n_rows);
}

static void ask_labelled_rows(const struct policy_trigger *t, const struct policy_input *in,
                              struct trigger_word *out)
{
    out->fired = in->labelled_rows >= t->rows;
    cJSON_AddNumberToObject(out->numbers, "labelled_rows", (double)in->labelled_rows);
    cJSON_AddNumberToObject(out->numbers, "needed", (double)t->rows);
    snprintf(out->why, sizeof(out->why), "%lld rows labelled since the last run, %lld needed",
             (long long)in->labelled_rows, (long long)t->rows);
}

static void ask_age(const struct policy_trigger *t, const struct policy_input *in,
                    struct trigger_word *out)
{
    int64_t age = in->now_unix_ms - in->champion_trained_unix_ms;
    char text[CLOCK_TEXT_BYTES], limit[CLOCK_TEXT_BYTES];

    if (in->champion_trained_unix_ms == 0) {
        snprintf(out->why, sizeof(out->why), "there is no champion yet");
        return;
    }
    out->fired = age > t->max_age_ms;
    cJSON_AddNumberToObject(out->numbers, "age_ms", (double)age);
    cJSON_AddNumberToObject(out->numbers, "max_ms", (double)t->max_age_ms);
    snprintf(out->why, sizeof(out->why), "the champion was trained %s ago, limit %s",
             clock_format_duration(age > 0 ? age : 0, text, sizeof(text)),
             clock_format_duration(t->max_age_ms, limit, sizeof(limit)));
}

/* When a run of this trigger last started; a schedule is due once after that. */
static int64_t last_start(const struct policy_trigger *t, const struct policy_input *in)
{
    int64_t last = in->policy_since_unix_ms;

    for (size_t i = 0; i < in->n_runs; i++) {
        if (strcmp(in->runs[i].trigger, t->name) == 0 && in->runs[i].started_unix_ms > last)
            last = in->runs[i].started_unix_ms;
    }
    return last;
}

static void ask_schedule(const struct policy_trigger *t, const struct policy_input *in,
                         struct trigger_word *out)
{
    char text[CLOCK_TEXT_BYTES];
    int64_t due;

    if (!cron_next(&t->cron.times, t->time_zone.tz, last_start(t, in), &due)) {
        snprintf(out->why, sizeof(out->why), "\"%s\" names no time within nine years",
                 t->cron.text);
        return;
    }
    out->fired = due <= in->now_unix_ms;
    cJSON_AddNumberToObject(out->numbers, "due_unix_ms", (double)due);
    snprintf(out->why, sizeof(out->why), "\"%s\" in %s %s %s", t->cron.text, t->time_zone.name,
             out->fired ? "was due at" : "is next due at",
             clock_format_utc(due, text, sizeof(text)));
}

enum err_code trigger_ask(const struct policy *p, const struct policy_trigger *t,
                          const struct policy_input *in, struct trigger_word *out, struct err *e)
{
    switch (t->kind) {
    case POLICY_TRIGGER_DRIFT_SHARE:
    case POLICY_TRIGGER_DRIFT_FEATURES:
    case POLICY_TRIGGER_PERFORMANCE_DROP:
    case POLICY_TRIGGER_HARM:
        return trigger_ask_windows(p, t, in, out, e);
    case POLICY_TRIGGER_DETECTOR:
        ask_detector(p, t, in, out);
        return ERR_OK;
    case POLICY_TRIGGER_LABELLED_ROWS:
        ask_labelled_rows(t, in, out);
        return ERR_OK;
    case POLICY_TRIGGER_AGE:
        ask_age(t, in, out);
        return ERR_OK;
    case POLICY_TRIGGER_SCHEDULE:
        ask_schedule(t, in, out);
        return ERR_OK;
    }
    return err_set(e, ERR_INTERNAL, "trigger %s has no kind", t->name);
}
