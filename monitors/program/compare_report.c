/*
 * compare_report.c - the page for people; see compare_report.h.
 */
#include "compare_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/table.h"

#define NAMED_FEATURES 6 /* on a line */

/* Sets of kinds: of what goes in, and of what comes of it. */
#define KIND(k) (1u << (k))
#define INPUTS (KIND(MON_KIND_DRIFT) | KIND(MON_KIND_QUALITY) | KIND(MON_KIND_JOINT))
#define LABELLED (KIND(MON_KIND_PERFORMANCE) | KIND(MON_KIND_HARM))
#define ESTIMATED KIND(MON_KIND_ESTIMATE)

/* ---- a window ---- */

/* How a signal is called on one line: joint ones and those of the model as a whole have no feature
 * of their own. */
static const char *subject(const struct mon_signal *s)
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

/* Whether one of the n signals before has drifted and goes by the same name. */
static bool is_named(const struct mon_signal *signals, size_t n, unsigned kinds, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (is_drift(&signals[i], kinds) && strcmp(subject(&signals[i]), name) == 0)
            return true;
    return false;
}

/* Names of what drifted of these kinds, each once: "age, income and 3 more". How many. */
static size_t put_drifted(struct buf *out, const struct mon_signal *signals, size_t n,
                          unsigned kinds, const char *before)
{
    size_t n_named = 0;
    for (size_t i = 0; i < n; i++) {
        const char *name = subject(&signals[i]);
        if (!is_drift(&signals[i], kinds) || is_named(signals, i, kinds, name))
            continue;
        if (n_named++ < NAMED_FEATURES)
            buf_printf(out, "%s%s", n_named > 1 ? ", " : before, name);
    }
    if (n_named > NAMED_FEATURES)
        buf_printf(out, " and %zu more", n_named - NAMED_FEATURES);
    return n_named;
}

/* What costs performance comes first: a long list would hide it. */
void report_window(const struct window *w, const struct mon_signal *signals, size_t n)
{
    char name[WINDOW_NAME_BYTES];
    struct page page = page_new();
    struct buf drifted = BUF_INIT;
    size_t n_drifted = mon_signals_count(signals, n, MON_DRIFT);
    size_t n_judged = n_drifted + mon_signals_count(signals, n, MON_OK);
    buf_puts(&drifted, "");
    size_t n_worse = put_drifted(&drifted, signals, n, LABELLED | ESTIMATED, "worse in ");
    put_drifted(&drifted, signals, n, INPUTS, n_worse ? "; drift in " : "drift in ");
    if (n_drifted)
        page_line(&page, STYLE_BAD, "%s: %s", window_name(w, name), drifted.data);
    else if (n_judged)
        page_line(&page, STYLE_PLAIN, "%s: ok", window_name(w, name));
    else
        page_line(&page, STYLE_DIM, "%s: too few rows to say", window_name(w, name));
    page_show(&page, false);
    buf_free(&drifted);
    page_free(&page);
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
        buf_printf(out, "%s%s", before, subject(&sorted[i]->strongest));
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
    if (kinds == INPUTS && signals)
        put_drifted(&names, signals, l->n, kinds, "");
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

static void put_answer(struct page *page, const struct compare_result *r,
                       const struct ledger_entry *const *sorted)
{
    const struct signal_ledger *l = r->ledger;
    struct finding inputs = find(l, sorted, INPUTS), labelled = find(l, sorted, LABELLED);
    struct finding estimated = find(l, sorted, ESTIMATED);
    if (l->n_judged_windows == 0)
        return;
    if (inputs.drifted)
        page_line(page, STYLE_BAD, "Drift in %s.", inputs.names);
    else if (inputs.judged)
        page_line(page, STYLE_BOLD, "No drift of the data.");
    if (inputs.drifted || labelled.judged || estimated.judged)
        put_harm(page, &labelled, &estimated);
}

/* ---- the table ---- */

static enum style style_of(const struct ledger_entry *entry)
{
    if (entry->n_drifted)
        return STYLE_BAD;
    return entry->n_judged ? STYLE_PLAIN : STYLE_DIM;
}

static void put_number(struct table *t, enum style style, double x)
{
    if (isnan(x))
        table_cell(t, style, "-");
    else
        table_cell(t, style, x == 0 ? "%.0f" : fabs(x) >= 1e-3 ? "%.4f" : "%.1e", x);
}

/* Beyond what chance explains, but by less than what is worth an alarm. */
static bool is_small(const struct mon_signal *s)
{
    return s->kind == MON_KIND_DRIFT && s->verdict == MON_OK && s->value > s->threshold;
}

/* Where others drifted as well, Benjamini-Hochberg asks for less than a feature alone needs. */
static bool is_with_others(const struct mon_signal *s)
{
    return s->kind == MON_KIND_DRIFT && s->verdict == MON_DRIFT && s->value < s->threshold;
}

static void put_row(struct table *t, const struct ledger_entry *entry, bool several)
{
    enum style style = style_of(entry);
    const struct mon_signal *s = &entry->strongest;
    if (s->kind == MON_KIND_JOINT)
        table_cell(t, STYLE_PLAIN, "joint%s%s", s->feature[0] ? ": " : "", s->feature);
    else if (s->kind == MON_KIND_QUALITY && !s->feature[0])
        table_cell(t, STYLE_PLAIN, "(rows)");
    else
        table_cell(t, STYLE_PLAIN, "%s", s->feature[0] ? s->feature : "(model)");
    table_cell(t, STYLE_PLAIN, "%s", s->statistic);
    put_number(t, STYLE_PLAIN, s->value);
    put_number(t, STYLE_PLAIN, s->threshold);
    put_number(t, STYLE_PLAIN, s->p_value);
    if (several)
        table_cell(t, style, "%llu of %llu", (unsigned long long)entry->n_drifted,
                   (unsigned long long)entry->n_judged);
    else
        table_cell(t, style, "%s", is_small(s) ? "ok, small" : mon_verdict_name(s->verdict));
}

/* Rates that stay within their limits are a crowd and say nothing: they are counted. */
static bool is_quiet_rate(const struct ledger_entry *entry)
{
    return entry->strongest.kind == MON_KIND_QUALITY && entry->n_drifted == 0;
}

static void put_table(struct page *page, const struct compare_result *r,
                      const struct ledger_entry *const *sorted)
{
    bool several = r->ledger->n_windows > 1;
    const struct table_column columns[] = {{"FEATURE", TABLE_CUT},
                                           {"STATISTIC", TABLE_CUT},
                                           {several ? "STRONGEST" : "VALUE", TABLE_NUMBER},
                                           {"LIMIT", TABLE_NUMBER},
                                           {"P", TABLE_NUMBER},
                                           {several ? "DRIFTED" : "VERDICT", TABLE_KEEP}};
    struct table *t = table_new(columns, sizeof columns / sizeof columns[0]);
    size_t n_ok = 0, n_hidden = 0, n_rates = 0, n_small = 0, n_with_others = 0;
    for (size_t i = 0; i < r->ledger->n; i++) {
        bool drifted = sorted[i]->n_drifted > 0;
        if (is_quiet_rate(sorted[i]))
            n_rates += sorted[i]->n_judged > 0;
        else if (drifted || n_ok < (size_t)r->options->top)
            put_row(t, sorted[i], several);
        else
            n_hidden++;
        n_ok += !drifted && !is_quiet_rate(sorted[i]);
        n_small += is_small(&sorted[i]->strongest);
        n_with_others += is_with_others(&sorted[i]->strongest);
    }
    table_print(t, page);
    table_free(t);
    if (n_small && !several)
        page_line(page, STYLE_DIM,
                  "small: more than chance, but less than what is worth an alarm.");
    if (n_with_others)
        page_line(page, STYLE_DIM,
                  "Limits are what a feature alone needs; where others drift, less suffices.");
    if (n_hidden)
        page_line(page, STYLE_DIM, "%zu more without drift; --top shows more of them.", n_hidden);
    if (n_rates)
        page_line(page, STYLE_DIM,
                  "%zu rates of missing, unseen and out-of-range values within their limits.",
                  n_rates);
}

/* ---- sentences ---- */

static bool is_told(const struct ledger_entry *const *sorted, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (sorted[i]->n_drifted > 0 && strcmp(subject(&sorted[i]->strongest), name) == 0)
            return true;
    return false;
}

/* One for each feature that drifted: its strongest. */
static void put_sentences(struct page *page, const struct compare_result *r,
                          const struct ledger_entry *const *sorted)
{
    char sentence[MON_SENTENCE_BYTES];
    if (signal_ledger_drifted(r->ledger) == 0)
        return;
    page_gap(page);
    for (size_t i = 0; i < r->ledger->n; i++) {
        const struct mon_signal *s = &sorted[i]->strongest;
        if (sorted[i]->n_drifted > 0 && !is_told(sorted, i, subject(s)))
            page_indented(page, 0, STYLE_PLAIN, mon_signal_sentence(s, sentence));
    }
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

/* Nobody waits for a false alarm to the second. */
static int64_t round_wait(double ms)
{
    const double hour = 3600e3, day = 24 * hour;
    double unit = ms >= 10 * day ? day : ms >= 10 * hour ? hour : 60e3;
    return (int64_t)(fmax(round(ms / unit), 1) * unit);
}

/* "about 1 in 30 days", from the rate of a window and how long one lasts. */
static void put_expected(struct page *page, const struct compare_result *r)
{
    char duration[CLOCK_TEXT_BYTES];
    double rate = window_judge_rate(r->judge);
    double ms = window_judge_duration_ms(r->judge, r->mean_window_rows);
    if (r->options->window == WINDOW_TIME)
        ms = (double)r->options->window_ms;
    if (isnan(rate) || r->ledger->n_judged_windows == 0)
        return;
    double between_ms = ms / rate;
    if (between_ms > 0 && between_ms < 1e14)
        page_line(page, STYLE_PLAIN,
                  "False alarms to expect: %.3g over these windows (%.2g a window, over all "
                  "signals), about one in %s.",
                  r->ledger->false_alarms, rate,
                  clock_format_duration(round_wait(between_ms), duration, sizeof duration));
    else
        page_line(page, STYLE_PLAIN,
                  "False alarms to expect: %.3g over these windows (%.2g a window, over all "
                  "signals).",
                  r->ledger->false_alarms, rate);
}

static void put_counts(struct page *page, const struct compare_result *r)
{
    const struct signal_ledger *l = r->ledger;
    page_gap(page);
    if (l->n_judged_windows == 0)
        page_line(page, STYLE_BOLD, "Too few rows to say anything.");
    else
        page_line(page, STYLE_BOLD, "%zu of %zu signals drifted, in %llu of %llu window%s.",
                  signal_ledger_drifted(l), l->n, (unsigned long long)l->n_drifted_windows,
                  (unsigned long long)l->n_judged_windows, plural(l->n_judged_windows));
    if (window_judge_season(r->judge))
        page_line(page, STYLE_DIM, "Season: %s", window_judge_season(r->judge));
    page_line(page, STYLE_PLAIN, "%llu rows, %llu looks at %zu features.",
              (unsigned long long)r->n_rows, (unsigned long long)l->n_looks,
              r->ref->schema->n_features);
    put_expected(page, r);
    if (r->n_rows_left)
        page_line(page, STYLE_DIM, "The last %llu rows are too few for a window.",
                  (unsigned long long)r->n_rows_left);
    if (l->n_judged_windows < l->n_windows)
        page_line(page, STYLE_DIM, "%llu window%s had too few rows to say (--min-rows %g).",
                  (unsigned long long)(l->n_windows - l->n_judged_windows),
                  plural(l->n_windows - l->n_judged_windows), window_judge_min_rows(r->judge));
}

/* The answer stands where the eye is: on top of a page, and below the lines of many windows. */
void report_summary(const struct compare_result *r)
{
    struct page page = page_new();
    const struct ledger_entry **sorted = signal_ledger_sorted(r->ledger);
    bool is_last = r->options->window != WINDOW_ALL;
    if (is_last)
        fputc('\n', stdout);
    if (sorted && !is_last) {
        put_answer(&page, r, sorted);
        page_gap(&page);
    }
    if (sorted) {
        put_table(&page, r, sorted);
        put_sentences(&page, r, sorted);
    }
    put_counts(&page, r);
    if (sorted && is_last) {
        page_gap(&page);
        put_answer(&page, r, sorted);
    }
    page_show(&page, false);
    free(sorted);
    page_free(&page);
}
