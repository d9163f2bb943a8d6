/*
 * compare_run.c - see compare_run.h.
 */
#include "compare_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare_report.h"
#include "monitor_cli.h"

#define BLOCK_ROWS 256 /* counted at once */

/* ---- windows ---- */

static enum err_code count_block(struct compare_run *c, struct err *e)
{
    size_t n = c->n_block;
    c->n_block = 0;
    return n > 0 ? window_count(&c->window, c->codes, c->scores, n, e) : ERR_OK;
}

static void begin_window(struct compare_run *c)
{
    window_begin(&c->window, c->n_rows + 1);
}

static enum err_code close_window(struct compare_run *c, struct err *e)
{
    const struct mon_signal *signals;
    size_t n = 0;
    enum err_code code = count_block(c, e);
    if (!code)
        code = window_judge_check(c->judge, &c->window, &signals, &n, e);
    if (!code)
        code = signal_ledger_add(&c->ledger, c->window.index, signals, n,
                                 window_judge_rate(c->judge), e);
    if (!code && c->explain)
        code = explain_add(c->explain, &c->window, signals, n, e);
    if (code)
        return code;
    progress_clear(&c->source.progress.line);
    monitor_hold_signals(true);
    if (c->options->json)
        report_window_json(&c->window, signals, n);
    else if (c->options->window != WINDOW_ALL && !c->explain)
        report_window(&c->window, signals, n);
    monitor_hold_signals(false);
    begin_window(c);
    return ERR_OK;
}

/* What no row came for: one window of none, whatever its length. */
static enum err_code close_gap(struct compare_run *c, const struct mon_cut *cut, struct err *e)
{
    c->window.span = (struct mon_span){cut->end_ms, c->cadence.start_ms};
    return close_window(c, e);
}

/* Windows by time that end before this row. Their span is the cadence's, whatever their rows'
 * times; but nobody knows what was before the first row. */
static enum err_code close_past(struct compare_run *c, int64_t unix_ms, struct err *e)
{
    struct mon_cut at;
    size_t next = 0;
    enum err_code code = ERR_OK;
    while (!code && mon_cadence_next(&c->cadence, &unix_ms, 1, &next, &at)) {
        int64_t from = c->window.index == 1 ? c->window.span.from_unix_ms : at.start_ms;
        c->window.span = (struct mon_span){from, at.end_ms};
        code = close_window(c, e);
        if (!code && at.n_empty > 0)
            code = close_gap(c, &at, e);
    }
    return code;
}

static void widen(struct mon_span *span, int64_t unix_ms)
{
    span->from_unix_ms = unix_ms < span->from_unix_ms ? unix_ms : span->from_unix_ms;
    span->to_unix_ms = unix_ms >= span->to_unix_ms ? unix_ms + 1 : span->to_unix_ms;
}

static enum err_code add_row(struct compare_run *c, const struct coded_row *row, struct err *e)
{
    size_t n_features = c->ref->schema->n_features, n_outputs = schema_n_outputs(c->ref->schema);
    memcpy(c->codes + c->n_block * n_features, row->codes, n_features * sizeof *row->codes);
    memcpy(c->scores + c->n_block * n_outputs, row->scores, n_outputs * sizeof *row->scores);
    for (size_t i = 0; i < row->n_mismatched; i++)
        c->window.mismatched[row->mismatched[i]]++;
    c->n_rows++;
    bool keep = row->has_scores && c->keeps_pairs;
    if (keep && window_pairs_add(&c->window.pairs, row->scores, row->label, e))
        return ERR_NOMEM;
    return ++c->n_block == BLOCK_ROWS ? count_block(c, e) : ERR_OK;
}

/* ---- rows by time ---- */

static bool is_late(const struct compare_run *c, const struct coded_row *row)
{
    return c->cadence.started && row->unix_ms < c->cadence.start_ms;
}

static bool opens_window(const struct compare_run *c, int64_t unix_ms)
{
    int64_t end_ms;
    return !c->cadence.started ||
           (!__builtin_add_overflow(c->cadence.start_ms, c->options->window_ms, &end_ms) &&
            unix_ms >= end_ms);
}

static enum err_code add_by_time(struct compare_run *c, const struct coded_row *row, struct err *e)
{
    enum err_code code = close_past(c, row->unix_ms, e);
    if (code)
        return code;
    if (is_late(c, row) && c->n_late++ == 0)
        c->first_late = row->line;
    widen(&c->window.span, row->unix_ms);
    return add_row(c, row, e);
}

/* The row that waited, now that the one after it is known; NULL: none is left. A stray one counts
 * in the window of the rows around it. */
static enum err_code end_wait(struct compare_run *c, const struct coded_row *after, struct err *e)
{
    bool stray = after && (double)after->unix_ms <
                              (double)c->waiting.unix_ms - (double)c->options->window_ms;
    if (!c->waits)
        return ERR_OK;
    c->waits = false;
    if (!stray)
        return add_by_time(c, &c->waiting, e);
    if (c->n_stray++ == 0)
        c->first_stray = c->waiting.line;
    return add_row(c, &c->waiting, e);
}

static enum err_code take_by_time(struct compare_run *c, struct err *e)
{
    enum err_code code = end_wait(c, &c->row, e);
    if (code)
        return code;
    if (!opens_window(c, c->row.unix_ms))
        return add_by_time(c, &c->row, e);
    struct coded_row spare = c->waiting;
    c->waiting = c->row;
    c->row = spare;
    c->waits = true;
    return ERR_OK;
}

static enum err_code take_row(struct compare_run *c, struct err *e)
{
    coded_row_take(&c->row, c->ref, &c->source);
    if (c->options->window == WINDOW_TIME)
        return take_by_time(c, e);
    if (c->source.time_column >= 0)
        widen(&c->window.span, c->row.unix_ms);
    enum err_code code = add_row(c, &c->row, e);
    bool full = c->options->window == WINDOW_ROWS &&
                c->window.profile->n_rows + c->n_block == c->options->window_rows;
    return !code && full ? close_window(c, e) : code;
}

/* Windows of rows that run backwards would be one window of all of them. */
static enum err_code check_order(const struct compare_run *c, struct err *e)
{
    if (c->n_late * 2 <= c->n_rows)
        return ERR_OK;
    return err_set(e, ERR_INVALID,
                   "%s:%lld: %llu of %llu rows lie before the window that was open when they came: "
                   "sort the file by \"%.80s\", or correct the times before this line",
                   c->file, (long long)c->first_late, (unsigned long long)c->n_late,
                   (unsigned long long)c->n_rows, c->ref->schema->time.name);
}

/* What is left at the end is a window where it has rows enough to be judged. */
static enum err_code close_last(struct compare_run *c, struct err *e)
{
    enum err_code code = count_block(c, e);
    uint64_t n = c->window.profile->n_rows;
    if (code)
        return code;
    if (n == 0 && c->ledger.n_windows > 0)
        return ERR_OK;
    if ((double)n < window_judge_min_rows(c->judge) && c->ledger.n_windows > 0) {
        c->n_rows_left = n;
        return ERR_OK;
    }
    return close_window(c, e);
}

enum err_code compare_run_read(struct compare_run *c, struct err *e)
{
    bool more = true;
    enum err_code code = ERR_OK;
    begin_window(c);
    while (!code && more && !monitor_output_failed()) {
        code = row_source_next(&c->source, &more, e);
        if (!code && more)
            code = take_row(c, e);
    }
    if (!code)
        code = end_wait(c, NULL, e);
    if (!code)
        code = check_order(c, e);
    if (!code && !monitor_interrupted())
        code = close_last(c, e);
    if (!code && c->n_rows == 0 && !monitor_interrupted())
        code = err_set(e, ERR_INVALID, "%s has a header and no rows", c->file);
    return code;
}

/* ---- before the first row ---- */

/* Where the file has its scores: as said, else as the reference had them. A model's artifact does
 * not know. */
static enum err_code find_scores(struct compare_run *c, struct row_source_options *o, struct err *e)
{
    const struct opt_list *said = &c->options->scores;
    size_t n_outputs = schema_n_outputs(c->ref->schema);
    if (said->n > 0 && said->n != n_outputs)
        return err_set(e, ERR_INVALID, "--score: the reference has %zu, got %zu", n_outputs,
                       said->n);
    if (!window_judge_wants_scores(c->judge))
        return ERR_OK;
    o->score_columns = said->n > 0 ? said->items : (const char *const *)c->ref->score_columns;
    if (o->score_columns)
        return ERR_OK;
    if (!c->options->quiet)
        monitor_say("Note: the reference does not say which column has the scores; name it with "
                    "--score to watch predictions.");
    return window_judge_without_scores(
        c->judge, "the reference does not say which column has the scores: name it with --score",
        e);
}

static enum err_code open_source(struct compare_run *c, const char *path, struct err *e)
{
    struct row_source_options o = {.quiet = c->options->quiet};
    enum err_code code = find_scores(c, &o, e);
    if (!code)
        code = row_source_open(path, c->ref->schema, &o, &c->source, e);
    if (!code && c->source.label_column < 0 && window_judge_wants_labels(c->judge))
        code = window_judge_without_labels(c->judge, "the file has no labels", e);
    c->keeps_pairs =
        window_judge_has(c->judge, COMPARE_ESTIMATE) || window_judge_wants_labels(c->judge);
    return code;
}

static enum err_code alloc(struct compare_run *c, struct err *e)
{
    const struct schema *s = c->ref->schema;
    c->codes = calloc(BLOCK_ROWS * s->n_features, sizeof *c->codes);
    c->scores = calloc(BLOCK_ROWS * schema_n_outputs(s), sizeof *c->scores);
    if (!c->codes || !c->scores)
        return err_set(e, ERR_NOMEM, "out of memory");
    enum err_code code = coded_row_init(&c->row, c->ref, e);
    if (!code)
        code = coded_row_init(&c->waiting, c->ref, e);
    return code ? code
                : window_init(&c->window, c->ref, window_judge_has(c->judge, COMPARE_JOINT),
                              window_judge_has(c->judge, COMPARE_QUALITY), e);
}

/* Bytes that are none are most often a CSV file, where the two arguments were swapped. */
static enum err_code load_reference(struct compare_run *c, struct err *e)
{
    enum err_code code = mon_reference_load(c->reference_name, &c->ref, e);
    if (code == ERR_PARSE)
        err_prefix(e, "REFERENCE, the first argument, is made by leeway-monitor reference");
    return code;
}

enum err_code compare_run_prepare(struct compare_run *c, struct err *e)
{
    const struct compare_options *o = c->options;
    enum err_code code = load_reference(c, e);
    if (!code && o->window == WINDOW_TIME && !c->ref->schema->time.name[0])
        code = err_set(e, ERR_INVALID,
                       "--window %s: the reference has no time column; make it with --time",
                       o->window_text);
    if (!code)
        code = window_judge_new(c->ref, o, &c->judge, e);
    if (!code && o->explain)
        code = explain_new(c->ref, o->explain, &c->explain, e);
    if (!code && o->window == WINDOW_TIME)
        code = mon_cadence_by_time(&c->cadence, o->window_ms, MON_GAP_COALESCE, e);
    c->cadence.aligned = true;
    if (!code)
        code = alloc(c, e);
    if (!code)
        code = open_source(c, c->file, e);
    return code;
}

void compare_run_deinit(struct compare_run *c)
{
    row_source_close(&c->source);
    signal_ledger_deinit(&c->ledger);
    explain_free(c->explain);
    window_judge_free(c->judge);
    window_deinit(&c->window);
    coded_row_deinit(&c->row);
    coded_row_deinit(&c->waiting);
    free(c->codes);
    free(c->scores);
    mon_reference_free(c->ref);
}
