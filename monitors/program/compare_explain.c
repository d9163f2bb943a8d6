/*
 * compare_explain.c - see compare_explain.h.
 */
#include "compare_explain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/page.h"
#include "base/suggest.h"
#include "base/table.h"
#include "compare_answer.h"
#include "group_bars.h"
#include "signal_ledger.h"

#define SHOWN_PAST 20 /* newest windows in the history */

struct past {
    char window[WINDOW_NAME_BYTES];
    struct mon_signal signal; /* the drift statistic's */
};

struct explain {
    const struct mon_reference *ref;
    size_t series;
    size_t n_past, cap_past;
    struct past *past;
    /* the window with the strongest evidence */
    size_t n_signals;
    struct mon_signal *signals; /* all about the feature */
    char window[WINDOW_NAME_BYTES];
    uint64_t *counts; /* of the series */
};

static enum err_code find_series(const struct ruler *r, const char *feature, size_t *out,
                                 struct err *e)
{
    struct suggest nearest = suggest_start(feature);
    for (size_t i = 0; i < r->n_series; i++) {
        if (strcmp(r->series[i].name, feature) == 0) {
            *out = i;
            return ERR_OK;
        }
        suggest_add(&nearest, r->series[i].name);
    }
    const char *near = suggest_best(&nearest);
    return err_set(e, ERR_INVALID, "--explain: the reference has no feature \"%.80s\"%s%.80s%s",
                   feature, near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

enum err_code explain_new(const struct mon_reference *ref, const char *feature,
                          struct explain **out, struct err *e)
{
    size_t series = 0;
    enum err_code code = find_series(ref->ruler, feature, &series, e);
    if (code)
        return code;
    struct explain *x = calloc(1, sizeof *x);
    if (x) {
        x->ref = ref;
        x->series = series;
        x->counts = calloc(ref->ruler->series[series].n_cells, sizeof *x->counts);
    }
    if (!x || !x->counts) {
        explain_free(x);
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    *out = x;
    return ERR_OK;
}

void explain_free(struct explain *x)
{
    if (!x)
        return;
    free(x->past);
    free(x->signals);
    free(x->counts);
    free(x);
}

/* ---- collecting ---- */

static size_t collect(const struct explain *x, const struct mon_signal *signals, size_t n,
                      struct mon_signal *out)
{
    const char *name = x->ref->ruler->series[x->series].name;
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        if (strcmp(signals[i].feature, name) == 0)
            out[found++] = signals[i];
    return found;
}

/* The one that the window is known by: of the distribution where there is one, else the first. */
static const struct mon_signal *leading(const struct mon_signal *signals, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (signals[i].kind == MON_KIND_DRIFT)
            return &signals[i];
    return &signals[0];
}

static enum err_code remember(struct explain *x, const struct window *w,
                              const struct mon_signal *signals, size_t n, struct err *e)
{
    if (x->n_past == x->cap_past) {
        size_t cap = x->cap_past ? x->cap_past * 2 : 64;
        struct past *past = realloc(x->past, cap * sizeof *past);
        if (!past)
            return err_set(e, ERR_NOMEM, "out of memory for %zu windows", cap);
        x->past = past;
        x->cap_past = cap;
    }
    struct past *p = &x->past[x->n_past++];
    window_name(w, p->window);
    p->signal = *leading(signals, n);
    return ERR_OK;
}

enum err_code explain_add(struct explain *x, const struct window *w,
                          const struct mon_signal *signals, size_t n, struct err *e)
{
    const struct series *s = &x->ref->ruler->series[x->series];
    struct mon_signal *own = calloc(n + 1, sizeof *own);
    if (!own)
        return err_set(e, ERR_NOMEM, "out of memory");
    size_t n_own = collect(x, signals, n, own);
    enum err_code code = n_own ? remember(x, w, own, n_own, e) : ERR_OK;
    bool stands_out =
        n_own > 0 &&
        (!x->signals || signal_compare(leading(own, n_own), leading(x->signals, x->n_signals)) < 0);
    if (code || !stands_out) {
        free(own);
        return code;
    }
    free(x->signals);
    x->signals = own;
    x->n_signals = n_own;
    window_name(w, x->window);
    memcpy(x->counts, w->profile->counts + s->first_cell, s->n_cells * sizeof *x->counts);
    return ERR_OK;
}

/* ---- showing ---- */

static void put_if_number(struct page *page, const char *name, double x)
{
    if (!isnan(x))
        page_field(page, name, "%.6g", x);
}

/* A rate within its limit, in one line. */
static void put_quiet_rate(struct page *page, const struct mon_signal *s)
{
    page_line(page, STYLE_DIM, "%s: %.4g, %.4g in the reference, limit %.4g: ok", s->statistic,
              s->value, s->reference_value, s->threshold);
}

static void put_signal(struct page *page, const struct mon_signal *s)
{
    char sentence[MON_SENTENCE_BYTES];
    page_gap(page);
    if (s->kind == MON_KIND_QUALITY && s->verdict == MON_OK) {
        put_quiet_rate(page, s);
        return;
    }
    page_line(page, s->verdict == MON_DRIFT ? STYLE_BAD : STYLE_BOLD, "%s: %s", s->statistic,
              mon_verdict_name(s->verdict));
    page_field(page, "rule", "%s", s->rule);
    page_field(page, "rows", "%.0f against %.0f of the reference", s->n, s->n_reference);
    put_if_number(page, "value", s->value);
    put_if_number(page, "in reference", s->reference_value);
    if (!isnan(s->threshold))
        page_field(page, "limit", "%.6g, %s", s->threshold, s->threshold_origin);
    put_if_number(page, "p", s->p_value);
    put_if_number(page, "e", s->e_value);
    put_if_number(page, "effect", s->effect);
    if (answer_is_small(s))
        page_field(page, "", "%s", "more than chance, but less than what is worth an alarm");
    if (s->history_n > 0)
        page_field(page, "its own past", "larger than %.0f %% of %.0f windows",
                   100 * s->history_rank, s->history_n);
    page_field(page, "in words", "%s", mon_signal_sentence(s, sentence));
}

static void put_past(struct page *page, const struct explain *x)
{
    static const struct table_column columns[] = {
        {"WINDOW", TABLE_CUT}, {"VALUE", TABLE_NUMBER}, {"P", TABLE_NUMBER}, {"", TABLE_KEEP}};
    if (x->n_past < 2)
        return;
    struct table *t = table_new(columns, sizeof columns / sizeof columns[0]);
    size_t first = x->n_past > SHOWN_PAST ? x->n_past - SHOWN_PAST : 0;
    page_gap(page);
    page_line(page, STYLE_BOLD, "%s of the last %zu windows", x->past[0].signal.statistic,
              x->n_past - first);
    for (size_t i = first; i < x->n_past; i++) {
        const struct mon_signal *s = &x->past[i].signal;
        table_cell(t, STYLE_PLAIN, "%s", x->past[i].window);
        table_cell(t, STYLE_PLAIN, isnan(s->value) ? "-" : "%.4f", s->value);
        table_cell(t, STYLE_PLAIN, isnan(s->p_value) ? "-" : "%.2g", s->p_value);
        table_cell(t, s->verdict == MON_DRIFT ? STYLE_BAD : STYLE_DIM, "%s",
                   mon_verdict_name(s->verdict));
    }
    table_print(t, page);
    table_free(t);
}

void explain_show(const struct explain *x)
{
    struct page page = page_new();
    const char *name = x->ref->ruler->series[x->series].name;
    if (x->n_signals == 0) {
        page_line(&page, STYLE_PLAIN, "No monitor looked at %s.", name);
    } else {
        page_line(&page, STYLE_BOLD, "%s, %s%s", name, x->window,
                  x->n_past > 1 ? ": the window that stands out most" : "");
        for (size_t i = 0; i < x->n_signals; i++)
            put_signal(&page, &x->signals[i]);
        put_past(&page, x);
        page_gap(&page);
        group_bars_print(&page, x->ref, x->series, x->counts);
    }
    page_show(&page, false);
    page_free(&page);
}
