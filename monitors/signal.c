/*
 * signal.c - naming, wording and serialising signals.
 */
#include "monitors/signal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

void mon_signal_init(struct mon_signal *s, const char *monitor, enum mon_kind kind,
                     const char *statistic)
{
    memset(s, 0, sizeof *s);
    snprintf(s->monitor, sizeof s->monitor, "%s", monitor);
    snprintf(s->statistic, sizeof s->statistic, "%s", statistic);
    s->kind = kind;
    s->n = s->n_reference = s->value = s->reference_value = NAN;
    s->threshold = s->p_value = s->e_value = s->effect = NAN;
    s->history_n = s->history_rank = NAN;
    s->verdict = MON_UNAVAILABLE;
}

const char *mon_verdict_name(enum mon_verdict v)
{
    switch (v) {
#define X(symbol, text)                                                                            \
    case symbol:                                                                                   \
        return text;
        MON_VERDICT_LIST(X)
#undef X
    }
    return "?";
}

const char *mon_kind_name(enum mon_kind k)
{
    switch (k) {
#define X(symbol, text)                                                                            \
    case symbol:                                                                                   \
        return text;
        MON_KIND_LIST(X)
#undef X
    }
    return "?";
}

static void say_subject(const struct mon_signal *s, struct sentence *t)
{
    sentence_add(t, "%s", s->statistic);
    if (s->feature[0] != '\0')
        sentence_add(t, " of %s", s->feature);
}

static void say_value(const struct mon_signal *s, struct sentence *t)
{
    sentence_add(t, " is %.4g over %.0f rows", s->value, s->n);
    if (isfinite(s->reference_value))
        sentence_add(t, ", %.4g before", s->reference_value);
    if (isfinite(s->n_reference))
        sentence_add(t, " (reference of %.0f rows)", s->n_reference);
}

static void say_limits(const struct mon_signal *s, struct sentence *t)
{
    if (isfinite(s->threshold))
        sentence_add(t, "; threshold %.4g", s->threshold);
    if (s->threshold_origin[0] != '\0')
        sentence_add(t, " (%s)", s->threshold_origin);
    if (isfinite(s->p_value))
        sentence_add(t, ", p = %.2g", s->p_value);
    if (isfinite(s->e_value))
        sentence_add(t, ", e = %.3g", s->e_value);
    if (isfinite(s->effect))
        sentence_add(t, ", effect %.4g", s->effect);
}

static void say_history(const struct mon_signal *s, struct sentence *t)
{
    if (s->history_n > 0 && isfinite(s->history_rank))
        sentence_add(t, "; larger than %.0f %% of its last %.0f value%s", 100.0 * s->history_rank,
                     s->history_n, s->history_n == 1 ? "" : "s");
}

static void say_unavailable(const struct mon_signal *s, struct sentence *t)
{
    if (!isfinite(s->value)) {
        sentence_add(t, " cannot be computed on these %.0f rows", isfinite(s->n) ? s->n : 0.0);
        return;
    }
    say_value(s, t);
    say_limits(s, t);
    sentence_add(t, ": cannot be judged");
}

const char *mon_signal_sentence(const struct mon_signal *s, char out[MON_SENTENCE_BYTES])
{
    struct sentence t = {.out = out, .size = MON_SENTENCE_BYTES};
    out[0] = '\0';
    say_subject(s, &t);
    switch (s->verdict) {
    case MON_INSUFFICIENT:
        sentence_add(&t, ": %.0f rows are too few to say", isfinite(s->n) ? s->n : 0.0);
        break;
    case MON_UNAVAILABLE:
        say_unavailable(s, &t);
        break;
    case MON_OK:
    case MON_DRIFT:
        say_value(s, &t);
        say_limits(s, &t);
        say_history(s, &t);
        sentence_add(&t, ": %s", mon_verdict_name(s->verdict));
        break;
    }
    return out;
}

cJSON *mon_signal_to_json(const struct mon_signal *s)
{
    char sentence[MON_SENTENCE_BYTES];
    cJSON *json = cJSON_CreateObject();
    bool ok =
        json != NULL && report_text(json, "monitor", s->monitor) &&
        report_text(json, "kind", mon_kind_name(s->kind)) &&
        report_text(json, "statistic", s->statistic) && report_text(json, "feature", s->feature) &&
        report_text(json, "verdict", mon_verdict_name(s->verdict)) &&
        report_number(json, "n", s->n) && report_number(json, "n_reference", s->n_reference) &&
        report_number(json, "value", s->value) &&
        report_number(json, "reference_value", s->reference_value) &&
        report_number(json, "threshold", s->threshold) &&
        report_text(json, "threshold_origin", s->threshold_origin) &&
        (s->rule[0] == '\0' || report_text(json, "rule", s->rule)) &&
        report_number(json, "p_value", s->p_value) && report_number(json, "e_value", s->e_value) &&
        report_number(json, "effect", s->effect) &&
        report_number(json, "history_n", s->history_n) &&
        report_number(json, "history_rank", s->history_rank) &&
        report_text(json, "sentence", mon_signal_sentence(s, sentence));
    if (ok)
        return json;
    cJSON_Delete(json);
    return NULL;
}

size_t mon_signals_count(const struct mon_signal *signals, size_t n, enum mon_verdict v)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += signals[i].verdict == v;
    return count;
}

double mon_signals_drift_share(const struct mon_signal *signals, size_t n)
{
    size_t drifted = mon_signals_count(signals, n, MON_DRIFT);
    size_t judged = drifted + mon_signals_count(signals, n, MON_OK);
    return judged > 0 ? (double)drifted / (double)judged : NAN;
}
