/*
 * compare_report.c - the page for people; see compare_report.h.
 */
#include "compare_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/table.h"
#include "compare_answer.h"

/* ---- a window ---- */

/* What costs performance comes first: a long list would hide it. */
void report_window(const struct window *w, const struct mon_signal *signals, size_t n)
{
    char name[WINDOW_NAME_BYTES];
    struct page page = page_new();
    struct buf drifted = BUF_INIT;
    size_t n_drifted = mon_signals_count(signals, n, MON_DRIFT);
    size_t n_judged = n_drifted + mon_signals_count(signals, n, MON_OK);
    buf_puts(&drifted, "");
    size_t n_worse = answer_put_drifted(&drifted, signals, n, ANSWER_TRUTH, "worse in ");
    answer_put_drifted(&drifted, signals, n, ANSWER_INPUTS, n_worse ? "; drift in " : "drift in ");
    if (n_drifted)
        page_line(&page, STYLE_BAD, "%s: %s", window_name(w, name), drifted.data);
    else if (n_judged)
        page_line(&page, STYLE_PLAIN, "%s: ok", window_name(w, name));
    else
        page_line(&page, STYLE_DIM, "%s: %s", window_name(w, name),
                  w->profile->n_rows ? "too few rows to say" : "no rows");
    page_show(&page, false);
    buf_free(&drifted);
    page_free(&page);
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

/* What is worse, or less, below its limit. */
static bool has_lower_limit(const struct mon_signal *s)
{
    return s->threshold < s->reference_value;
}

static void put_limit(struct table *t, const struct mon_signal *s)
{
    if (has_lower_limit(s))
        table_cell(t, STYLE_PLAIN, ">%.4f", s->threshold);
    else
        put_number(t, STYLE_PLAIN, s->threshold);
}

/* Where others drifted as well, Benjamini-Hochberg asks for less than a feature alone needs. */
static bool is_with_others(const struct mon_signal *s)
{
    return s->kind == MON_KIND_DRIFT && s->verdict == MON_DRIFT && s->value < s->threshold;
}

/* Whether its limit is a lower one. */
static bool put_row(struct table *t, const struct ledger_entry *entry, bool several)
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
    put_limit(t, s);
    put_number(t, STYLE_PLAIN, s->p_value);
    if (several)
        table_cell(t, style, "%llu of %llu", (unsigned long long)entry->n_drifted,
                   (unsigned long long)entry->n_judged);
    else
        table_cell(t, style, "%s", answer_is_small(s) ? "ok, small" : mon_verdict_name(s->verdict));
    return has_lower_limit(s);
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
    size_t n_ok = 0, n_hidden = 0, n_rates = 0, n_small = 0, n_with_others = 0, n_lower = 0;
    for (size_t i = 0; i < r->ledger->n; i++) {
        bool drifted = sorted[i]->n_drifted > 0;
        if (is_quiet_rate(sorted[i]))
            n_rates += sorted[i]->n_judged > 0;
        else if (drifted || n_ok < (size_t)r->options->top)
            n_lower += put_row(t, sorted[i], several);
        else
            n_hidden++;
        n_ok += !drifted && !is_quiet_rate(sorted[i]);
        n_small += answer_is_small(&sorted[i]->strongest);
        n_with_others += is_with_others(&sorted[i]->strongest);
    }
    table_print(t, page);
    table_free(t);
    if (n_small && !several)
        page_line(page, STYLE_DIM,
                  "small: more than chance, but less than what is worth an alarm.");
    if (n_lower)
        page_line(page, STYLE_DIM, "> a limit: a lower one, the value should stay above it.");
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
        if (sorted[i]->n_drifted > 0 && strcmp(answer_subject(&sorted[i]->strongest), name) == 0)
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
        if (sorted[i]->n_drifted > 0 && !is_told(sorted, i, answer_subject(s)))
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
    char duration[CLOCK_TEXT_BYTES], wait[CLOCK_TEXT_BYTES + 16] = "";
    double rate = window_judge_rate(r->judge);
    double ms = window_judge_duration_ms(r->judge, r->mean_window_rows);
    if (r->options->window == WINDOW_TIME)
        ms = (double)r->options->window_ms;
    if (isnan(rate) || r->ledger->n_judged_windows == 0)
        return;
    double between_ms = ms / rate;
    if (between_ms > 0 && between_ms < 1e14)
        snprintf(wait, sizeof wait, ", about one in %s",
                 clock_format_duration(round_wait(between_ms), duration, sizeof duration));
    page_line(page, STYLE_PLAIN,
              "False alarms to expect: at most %.3g over these windows (%.2g a window, over all "
              "signals)%s.",
              r->ledger->false_alarms, rate, wait);
    if (window_judge_has(r->judge, COMPARE_HARM))
        page_line(page, STYLE_DIM, "For risk, this holds where rows are independent.");
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
        page_line(page, STYLE_DIM, "Season: %s", mon_season_note(window_judge_season(r->judge)));
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
        answer_put(&page, r, sorted);
        page_gap(&page);
    }
    if (sorted) {
        put_table(&page, r, sorted);
        put_sentences(&page, r, sorted);
    }
    put_counts(&page, r);
    if (sorted && is_last) {
        page_gap(&page);
        answer_put(&page, r, sorted);
    }
    page_show(&page, false);
    free(sorted);
    page_free(&page);
}
