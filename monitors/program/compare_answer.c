/*
 * compare_answer.c - see compare_answer.h.
 */
#include "compare_answer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_FEATURES 6 /* on a line */

/* Sets of kinds: of what goes in, and of what comes of it. */
#define KIND(k) ANSWER_KIND(k)
#define LABELLED (KIND(MON_KIND_PERFORMANCE) | KIND(MON_KIND_HARM))
#define ESTIMATED KIND(MON_KIND_ESTIMATE)

typedef bool picks(const struct mon_signal *s, unsigned kinds);

/* How a signal is called on one line: joint ones and those of the model as a whole have no feature
 * of their own. */
const char *answer_subject(const struct mon_signal *s)
{
    switch (s->kind) {
    case MON_KIND_JOINT:
        return "features together";
    case MON_KIND_PERFORMANCE:
    case MON_KIND_ESTIMATE:
    case MON_KIND_HARM:
        return s->statistic;
    case MON_KIND_DRIFT:
    case MON_KIND_QUALITY:
    case MON_KIND_DETECTOR:
        break;
    }
    return s->feature[0] ? s->feature : s->statistic;
}

static bool is_drift(const struct mon_signal *s, unsigned kinds)
{
    return s->verdict == MON_DRIFT && (kinds & KIND(s->kind)) != 0;
}

/* Beyond what chance explains, but by less than what is worth an alarm. pca_error leaves the
 * reference on either side. */
bool answer_is_small(const struct mon_signal *s)
{
    double centre = isnan(s->reference_value) ? 0.0 : s->reference_value;
    return (ANSWER_MOVES & KIND(s->kind)) != 0 && s->verdict == MON_OK &&
           fabs(s->value - centre) > fabs(s->threshold - centre);
}

static bool is_small(const struct mon_signal *s, unsigned kinds)
{
    return (kinds & KIND(s->kind)) != 0 && answer_is_small(s);
}

/* Whether one of the n signals is picked and goes by the name. */
static bool is_named(const struct mon_signal *signals, size_t n, picks *picked, unsigned kinds,
                     const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (picked(&signals[i], kinds) && strcmp(answer_subject(&signals[i]), name) == 0)
            return true;
    return false;
}

/* A feature that no window could be judged by. */
static bool is_unjudged(const struct mon_signal *s, unsigned kinds)
{
    return s->verdict == MON_UNAVAILABLE && (kinds & KIND(s->kind)) != 0;
}

/* Names of what is picked of these kinds, each once: "age, income and 3 more". How many. */
static size_t put_picked(struct buf *out, const struct mon_signal *signals, size_t n, picks *picked,
                         unsigned kinds, const char *before)
{
    size_t n_named = 0;
    for (size_t i = 0; i < n; i++) {
        const char *name = answer_subject(&signals[i]);
        if (!picked(&signals[i], kinds) || is_named(signals, i, picked, kinds, name))
            continue;
        if (n_named++ < NAMED_FEATURES)
            buf_printf(out, "%s%s", n_named > 1 ? ", " : before, name);
    }
    if (n_named > NAMED_FEATURES)
        buf_printf(out, " and %zu more", n_named - NAMED_FEATURES);
    return n_named;
}

size_t answer_put_drifted(struct buf *out, const struct mon_signal *signals, size_t n,
                          unsigned kinds, const char *before)
{
    return put_picked(out, signals, n, is_drift, kinds, before);
}

/* ---- the answer ---- */

/* Whether anything of a set of kinds was judged, and what of it drifted. */
struct finding {
    bool judged, drifted;
    char names[256];
};

/* Names of what drifted; of a model's numbers, which are few, in how many windows. */
static void put_names(struct buf *out, const struct signal_ledger *l,
                      const struct ledger_entry *const *sorted, unsigned kinds)
{
    const char *before = "";
    for (size_t i = 0; i < l->n; i++) {
        if (sorted[i]->n_drifted == 0 || (kinds & KIND(sorted[i]->strongest.kind)) == 0)
            continue;
        buf_printf(out, "%s%s", before, answer_subject(&sorted[i]->strongest));
        if (l->n_windows > 1)
            buf_printf(out, " in %llu of %llu windows", (unsigned long long)sorted[i]->n_drifted,
                       (unsigned long long)sorted[i]->n_judged);
        before = ", ";
    }
}

/* The strongest moment of each entry, one after the other; owned, NULL: out of memory. */
static struct mon_signal *strongest(const struct ledger_entry *const *sorted, size_t n)
{
    struct mon_signal *signals = calloc(n + 1, sizeof *signals);
    for (size_t i = 0; signals && i < n; i++)
        signals[i] = sorted[i]->strongest;
    return signals;
}

static struct finding find(const struct signal_ledger *l, const struct ledger_entry *const *sorted,
                           unsigned kinds)
{
    struct finding f = {0};
    struct buf names = BUF_INIT;
    struct mon_signal *signals = strongest(sorted, l->n);
    for (size_t i = 0; i < l->n; i++) {
        bool asked = (kinds & KIND(sorted[i]->strongest.kind)) != 0;
        f.judged |= asked && sorted[i]->n_judged > 0;
        f.drifted |= asked && sorted[i]->n_drifted > 0;
    }
    if (kinds == ANSWER_INPUTS && signals)
        answer_put_drifted(&names, signals, l->n, kinds, "");
    else
        put_names(&names, l, sorted, kinds);
    snprintf(f.names, sizeof f.names, "%s", names.len ? names.data : "");
    buf_free(&names);
    free(signals);
    return f;
}

/* Should I care? As far as labels, or else scores, can tell. */
static void put_harm(struct page *page, const struct finding *labelled,
                     const struct finding *estimated)
{
    if (labelled->drifted)
        page_line(page, STYLE_BAD, "The model was worse: %s.", labelled->names);
    else if (labelled->judged)
        page_line(page, STYLE_BOLD, "The model was no worse, as far as the labels tell.");
    else if (estimated->drifted)
        page_line(page, STYLE_BAD, "The model was probably worse, labels not being there: %s.",
                  estimated->names);
    else if (estimated->judged)
        page_line(page, STYLE_BOLD,
                  "The model was probably no worse; labels are not there to prove it.");
    else
        page_line(page, STYLE_DIM,
                  "Whether that harms is not known: it takes labels, or the model's scores.");
}

/* Whether any feature moved and has not drifted by another statistic; then it is said. */
static bool put_small(struct page *page, const struct signal_ledger *l,
                      const struct ledger_entry *const *sorted)
{
    struct buf names = BUF_INIT;
    struct mon_signal *signals = strongest(sorted, l->n);
    for (size_t i = 0; signals && i < l->n; i++)
        if (is_small(&signals[i], ANSWER_MOVES) &&
            is_named(signals, l->n, is_drift, ANSWER_INPUTS, answer_subject(&signals[i])))
            signals[i].verdict = MON_INSUFFICIENT;
    size_t n = signals ? put_picked(&names, signals, l->n, is_small, ANSWER_MOVES, "") : 0;
    if (n > 0)
        page_line(page, STYLE_BOLD, "Moved by less than is worth an alarm (--min-effect): %s.",
                  names.data ? names.data : "");
    buf_free(&names);
    free(signals);
    return n > 0;
}

/* "No drift" is not said of these. */
static void put_unjudged(struct page *page, const struct signal_ledger *l,
                         const struct ledger_entry *const *sorted)
{
    struct buf names = BUF_INIT;
    struct mon_signal *signals = strongest(sorted, l->n);
    if (signals && put_picked(&names, signals, l->n, is_unjudged, KIND(MON_KIND_DRIFT), "") > 0)
        page_line(page, STYLE_BOLD, "Drift cannot be judged of %s (--explain says why).",
                  names.data ? names.data : "");
    buf_free(&names);
    free(signals);
}

void answer_put(struct page *page, const struct compare_result *r,
                const struct ledger_entry *const *sorted)
{
    const struct signal_ledger *l = r->ledger;
    struct finding inputs = find(l, sorted, ANSWER_INPUTS), labelled = find(l, sorted, LABELLED);
    struct finding estimated = find(l, sorted, ESTIMATED);
    if (l->n_judged_windows == 0)
        return;
    if (inputs.drifted)
        page_line(page, STYLE_BAD, "Drift in %s.", inputs.names);
    bool small = put_small(page, l, sorted);
    if (!inputs.drifted && inputs.judged && !small)
        page_line(page, STYLE_BOLD, "No drift of the data.");
    put_unjudged(page, l, sorted);
    if (inputs.drifted || labelled.judged || estimated.judged)
        put_harm(page, &labelled, &estimated);
}
