/*
 * comparison.c - naming, wording and serialising comparisons, and what all of them share.
 */
#include "comparison.h"

#include <string.h>

#include "report.h"

const char *mon_verdict3_name(enum mon_verdict3 v)
{
    switch (v) {
#define X(symbol, text)                                                                            \
    case symbol:                                                                                   \
        return text;
        MON_VERDICT3_LIST(X)
#undef X
    }
    return "?";
}

void mon_compare_options_init(struct mon_compare_options *o)
{
    *o = (struct mon_compare_options){.min_n = 100.0, .alpha = 0.05};
}

void comparison_start(struct mon_comparison *c, const struct mon_compare_options *o,
                      const char *what, const char *rule)
{
    memset(c, 0, sizeof *c);
    snprintf(c->what, sizeof c->what, "%s", o->what != NULL ? o->what : what);
    snprintf(c->rule, sizeof c->rule, "%s", rule);
    c->verdict = MON_NOT_ENOUGH;
    c->champion = c->candidate = c->difference = c->lower = c->upper = c->e_value = NAN;
    c->margin = o->margin;
    c->confidence = 1.0 - o->alpha;
}

void comparison_judge_bounds(struct mon_comparison *c, const struct mon_compare_options *o)
{
    if (c->n_champion < o->min_n || c->n_candidate < o->min_n)
        return;
    if (c->lower > c->margin)
        c->verdict = MON_BAD;
    else if (c->upper < c->margin)
        c->verdict = MON_GOOD;
}

const char *mon_comparison_sentence(const struct mon_comparison *c, char out[MON_SENTENCE_BYTES])
{
    struct sentence t = {.out = out, .size = MON_SENTENCE_BYTES};
    out[0] = '\0';
    sentence_add(&t, "%s: ", c->what);
    if (isfinite(c->candidate))
        sentence_add(&t, "candidate %.4g (n = %.0f)", c->candidate, c->n_candidate);
    else
        sentence_add(&t, "candidate n = %.0f", c->n_candidate);
    if (isfinite(c->champion))
        sentence_add(&t, ", champion %.4g (n = %.0f)", c->champion, c->n_champion);
    else
        sentence_add(&t, ", champion n = %.0f", c->n_champion);
    if (isfinite(c->difference))
        sentence_add(&t, "; difference %.4g", c->difference);
    if (!isnan(c->lower) && !isnan(c->upper))
        sentence_add(&t, " in [%.4g, %.4g]", c->lower, c->upper);
    sentence_add(&t, ", margin %.4g, confidence %.4g", c->margin + 0.0, /* never "-0" */
                 c->confidence);
    if (isfinite(c->e_value))
        sentence_add(&t, ", e = %.3g", c->e_value);
    sentence_add(&t, " (%s): %s", c->rule, mon_verdict3_name(c->verdict));
    return out;
}

cJSON *mon_comparison_to_json(const struct mon_comparison *c)
{
    char sentence[MON_SENTENCE_BYTES];
    cJSON *json = cJSON_CreateObject();
    bool ok = json != NULL && report_text(json, "what", c->what) &&
              report_text(json, "rule", c->rule) &&
              report_text(json, "verdict", mon_verdict3_name(c->verdict)) &&
              report_number(json, "n_champion", c->n_champion) &&
              report_number(json, "n_candidate", c->n_candidate) &&
              report_number(json, "champion", c->champion) &&
              report_number(json, "candidate", c->candidate) &&
              report_number(json, "difference", c->difference) &&
              report_number(json, "lower", c->lower) && report_number(json, "upper", c->upper) &&
              report_number(json, "margin", c->margin) &&
              report_number(json, "confidence", c->confidence) &&
              report_number(json, "e_value", c->e_value) &&
              report_text(json, "sentence", mon_comparison_sentence(c, sentence));
    if (ok)
        return json;
    cJSON_Delete(json);
    return NULL;
}
