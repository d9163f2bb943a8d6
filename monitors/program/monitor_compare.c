/*
 * monitor_compare.c - leeway-monitor compare: a file's windows against a reference.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "compare_report.h"
#include "compare_explain.h"
#include "monitor_cli.h"
#include "monitors/cadence.h"
#include "row_source.h"
#include "window_judge.h"

#define BLOCK_ROWS 256 /* counted at once */

struct comparing {
    const struct compare_options *options;
    const char *reference_name, *file;
    struct mon_reference *ref;
    struct window_judge *judge;
    struct row_source source;
    struct mon_cadence cadence;
    struct window window;
    bool keeps_pairs;        /* a monitor looks at scores and labels row by row */
    struct explain *explain; /* NULL: not asked for */
    struct signal_ledger ledger;
    uint64_t n_rows, n_rows_left, n_mismatched;
    /* rows that wait to be counted */
    size_t n_block;
    double *codes;
    float *scores;
};

/* ---- windows ---- */

static void count_block(struct comparing *c)
{
    if (c->n_block > 0)
        profile_count(c->window.profile, c->codes, c->scores, c->n_block);
    if (c->n_block > 0 && c->window.joint)
        mon_joint_sums_count(c->window.joint, c->codes, c->n_block);
    c->n_block = 0;
}

static void begin_window(struct comparing *c)
{
    window_begin(&c->window, c->n_rows + 1);
}

/* The source counts over the whole file. */
static void count_mismatches(struct comparing *c)
{
    for (size_t f = 0; f < c->ref->schema->n_features; f++) {
        c->window.mismatched[f] = c->source.mismatched[f];
        c->n_mismatched += c->source.mismatched[f];
        c->source.mismatched[f] = 0;
    }
}

static enum err_code close_window(struct comparing *c, struct err *e)
{
    const struct mon_signal *signals;
    size_t n = 0;
    count_block(c);
    count_mismatches(c);
    enum err_code code = window_judge_check(c->judge, &c->window, &signals, &n, e);
    if (!code)
        code = signal_ledger_add(&c->ledger, c->window.index, signals, n,
                                 window_judge_rate(c->judge), e);
    if (!code && c->explain)
        code = explain_add(c->explain, &c->window, signals, n, e);
    if (code)
        return code;
    progress_clear(&c->source.progress);
    monitor_hold_signals(true);
    if (c->options->json)
        report_window_json(&c->window, signals, n);
    else if (c->options->window != WINDOW_ALL && !c->explain)
        report_window(&c->window, signals, n);
    monitor_hold_signals(false);
    begin_window(c);
    return ERR_OK;
}

/* Windows by time that end before this row; their span is the cadence's, whatever the first and
 * last rows' times. */
static enum err_code close_past(struct comparing *c, const struct mon_row *row, struct err *e)
{
    struct mon_cut at;
    size_t next = 0;
    enum err_code code = ERR_OK;
    while (!code && mon_cadence_next(&c->cadence, &row->unix_ms, 1, &next, &at)) {
        c->window.span = (struct mon_span){at.start_ms, at.end_ms};
        code = close_window(c, e);
    }
    return code;
}

static enum err_code add_row(struct comparing *c, const struct mon_row *row, struct err *e)
{
    size_t n_features = c->ref->schema->n_features, n_outputs = schema_n_outputs(c->ref->schema);
    float *scores = c->scores + c->n_block * n_outputs;
    mon_reference_encode(c->ref, row->values, c->codes + c->n_block * n_features);
    for (size_t i = 0; i < n_outputs; i++)
        scores[i] = row->scores ? row->scores[i] : NAN;
    c->n_rows++;
    if (c->source.time_column >= 0) {
        struct mon_span *span = &c->window.span;
        span->from_unix_ms = row->unix_ms < span->from_unix_ms ? row->unix_ms : span->from_unix_ms;
        span->to_unix_ms = row->unix_ms >= span->to_unix_ms ? row->unix_ms + 1 : span->to_unix_ms;
    }
    bool keep = row->scores && c->keeps_pairs;
    if (keep && window_pairs_add(&c->window.pairs, row->scores, row->label, e))
        return ERR_NOMEM;
    if (++c->n_block == BLOCK_ROWS)
        count_block(c);
    return ERR_OK;
}

static enum err_code take_row(struct comparing *c, const struct mon_row *row, struct err *e)
{
    enum err_code code = c->options->window == WINDOW_TIME ? close_past(c, row, e) : ERR_OK;
    if (!code)
        code = add_row(c, row, e);
    if (code)
        return code;
    bool full = c->options->window == WINDOW_ROWS &&
                c->window.profile->n_rows + c->n_block == c->options->window_rows;
    return full ? close_window(c, e) : ERR_OK;
}

/* What is left at the end is a window where it has rows enough to be judged. */
static enum err_code close_last(struct comparing *c, struct err *e)
{
    count_block(c);
    uint64_t n = c->window.profile->n_rows;
    if (n == 0 && c->ledger.n_windows > 0)
        return ERR_OK;
    if ((double)n < window_judge_min_rows(c->judge) && c->ledger.n_windows > 0) {
        c->n_rows_left = n;
        return ERR_OK;
    }
    return close_window(c, e);
}

static enum err_code read_rows(struct comparing *c, struct err *e)
{
    bool more = true;
    enum err_code code = ERR_OK;
    while (!code && more && !monitor_output_failed()) {
        code = row_source_next(&c->source, &more, e);
        if (!code && more)
            code = take_row(c, &c->source.row, e);
    }
    if (!code && !monitor_interrupted())
        code = close_last(c, e);
    if (!code && c->n_rows == 0 && !monitor_interrupted())
        code = err_set(e, ERR_INVALID, "%s has a header and no rows", c->file);
    return code;
}

/* ---- before the first row ---- */

static enum err_code open_source(struct comparing *c, const char *path, struct err *e)
{
    struct row_source_options o = {.quiet = c->options->quiet};
    size_t n_outputs = schema_n_outputs(c->ref->schema);
    if (window_judge_wants_scores(c->judge)) {
        const struct opt_list *said = &c->options->scores;
        if (said->n > 0 && said->n != n_outputs)
            return err_set(e, ERR_INVALID, "--score: the reference has %zu, got %zu", n_outputs,
                           said->n);
        o.score_columns = said->n > 0 ? said->items : (const char *const *)c->ref->score_columns;
        if (!o.score_columns)
            return err_set(e, ERR_INVALID,
                           "%s does not say which column has the scores: name it with --score, or "
                           "leave predictions out with --monitor drift,quality",
                           c->reference_name);
    }
    enum err_code code = row_source_open(path, c->ref->schema, &o, &c->source, e);
    if (!code && c->source.label_column < 0 && window_judge_wants_labels(c->judge))
        code = window_judge_without_labels(c->judge, e);
    c->keeps_pairs =
        window_judge_has(c->judge, COMPARE_ESTIMATE) || window_judge_wants_labels(c->judge);
    return code;
}

static enum err_code alloc(struct comparing *c, struct err *e)
{
    const struct schema *s = c->ref->schema;
    c->codes = calloc(BLOCK_ROWS * s->n_features, sizeof *c->codes);
    c->scores = calloc(BLOCK_ROWS * schema_n_outputs(s), sizeof *c->scores);
    if (!c->codes || !c->scores)
        return err_set(e, ERR_NOMEM, "out of memory");
    return window_init(&c->window, c->ref, window_judge_has(c->judge, COMPARE_JOINT), e);
}

static enum err_code prepare(struct comparing *c, struct err *e)
{
    const struct compare_options *o = c->options;
    enum err_code code = mon_reference_load(c->reference_name, &c->ref, e);
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

/* ---- what is said ---- */

static void say_notes(struct comparing *c)
{
    struct buf names = BUF_INIT;
    size_t n_unused = row_source_unused(&c->source, &names);
    if (n_unused > 0 && names.data)
        monitor_say("Note: %zu column%s of %s %s not in the reference and not looked at: %s",
                    n_unused, n_unused == 1 ? "" : "s", c->file, n_unused == 1 ? "is" : "are",
                    names.data);
    if (c->n_mismatched > 0)
        monitor_say("Note: %llu values are no numbers where numbers are expected; they count as "
                    "missing.",
                    (unsigned long long)c->n_mismatched);
    if (c->source.n_backward > 0)
        monitor_say("Note: %llu rows are older than the row before them; each is counted in the "
                    "window that was open.",
                    (unsigned long long)c->source.n_backward);
    buf_free(&names);
}

static void show(const struct comparing *c)
{
    const struct signal_ledger *l = &c->ledger;
    const struct compare_result r = {
        .options = c->options,
        .ref = c->ref,
        .judge = c->judge,
        .ledger = l,
        .reference_name = c->reference_name,
        .file_name = c->file,
        .n_rows = c->n_rows,
        .n_rows_left = c->n_rows_left,
        .n_mismatched = c->n_mismatched,
        .mean_window_rows =
            l->n_windows ? (double)(c->n_rows - c->n_rows_left) / (double)l->n_windows : NAN};
    if (c->options->json)
        report_summary_json(&r);
    else if (c->explain)
        explain_show(c->explain);
    else
        report_summary(&r);
}

static int finish(const struct monitor_command *command, struct comparing *c, enum err_code code,
                  const struct err *e)
{
    if (code)
        return monitor_fail(command, e);
    progress_clear(&c->source.progress);
    if (!c->options->quiet && !monitor_output_failed())
        say_notes(c);
    monitor_hold_signals(true);
    show(c);
    if (monitor_interrupted())
        return MONITOR_INTERRUPTED;
    return c->options->exit_code && c->ledger.n_drifted_windows > 0 ? MONITOR_FOUND : MONITOR_OK;
}

static int compare(const struct monitor_command *command, const struct compare_options *o,
                   const char *reference_name, const char *file)
{
    struct comparing c = {.options = o, .reference_name = reference_name, .file = file};
    struct err e = {0};
    enum err_code code = prepare(&c, &e);
    if (!code) {
        begin_window(&c);
        code = read_rows(&c, &e);
    }
    int exit_code = finish(command, &c, code, &e);
    row_source_close(&c.source);
    signal_ledger_deinit(&c.ledger);
    explain_free(c.explain);
    window_judge_free(c.judge);
    window_deinit(&c.window);
    free(c.codes);
    free(c.scores);
    mon_reference_free(c.ref);
    return exit_code;
}

/* ---- the command ---- */

static int run(const struct monitor_command *c, int argc, char **argv)
{
    int code = MONITOR_OK;
    struct compare_options o;
    struct err e = {0};
    const char **args = calloc((size_t)argc + 1, sizeof *args);
    compare_options_init(&o);
    const struct opt opts[] = {
        {.name = "window",
         .letter = 'w',
         .kind = OPT_STRING,
         .dest = &o.window_text,
         .arg = "SIZE",
         .help = "Rows (1000), event time (1h, 7d), or all: the whole file at once."},
        {.name = "statistic",
         .kind = OPT_STRING,
         .dest = &o.statistic_text,
         .arg = "NAME",
         .help = "psi, ks, js, hellinger, cramer_von_mises or wasserstein."},
        {.name = "metric",
         .kind = OPT_STRING,
         .dest = &o.metric_text,
         .arg = "NAME",
         .help = "Of estimated and realised performance: accuracy (rmse for amounts), auc, f1 ..."},
        {.name = "season",
         .kind = OPT_STRING,
         .dest = &o.season_text,
         .arg = "CYCLE",
         .help = "Windows are compared with the same hour_of_week, day_of_week or hour_of_day, or "
                 "none; a cycle that the reference is too short for gives way to a coarser one."},
        {.name = "lengths",
         .kind = OPT_INT,
         .dest = &o.lengths,
         .arg = "N",
         .min = 1,
         .max = 16,
         .help = "Judge the last 1, 2, 4 ... 2^(N-1) windows together, too: small shifts show."},
        {.name = "false-alarm-rate",
         .kind = OPT_STRING,
         .dest = &o.rate_text,
         .arg = "RATE",
         .help = "Chance of any false alarm in a window, over all features, or \"1 per 30d\"."},
        {.name = "monitor",
         .kind = OPT_STRING,
         .dest = &o.monitors_text,
         .arg = "NAMES",
         .help = "drift, predictions, quality, joint, estimate, performance, harm, by commas; "
                 "absent: all that reference and file allow."},
        {.name = "min-rows",
         .kind = OPT_DOUBLE,
         .dest = &o.min_rows,
         .arg = "N",
         .min = 0,
         .max = 1e9,
         .help = "Windows of fewer rows are not judged; 0: 200, or half of what windows have "
                 "where that is less."},
        {.name = "score",
         .kind = OPT_STRINGS,
         .dest = &o.scores,
         .arg = "COLUMN",
         .help = "Where the file has the scores, if not where the reference had them."},
        {.name = "explain",
         .kind = OPT_STRING,
         .dest = &o.explain,
         .arg = "FEATURE",
         .help = "All about one feature instead of the table."},
        {.name = "top",
         .kind = OPT_INT,
         .dest = &o.top,
         .arg = "N",
         .min = 0,
         .max = 1e6,
         .help = "Features without drift in the table, the strongest ones."},
        {.name = "json",
         .kind = OPT_FLAG,
         .dest = &o.json,
         .help = "One JSON object for each signal of each window, then one summary."},
        {.name = "exit-code",
         .kind = OPT_FLAG,
         .dest = &o.exit_code,
         .help = "Exit with 10 where there was drift."},
        {.name = "quiet",
         .letter = 'q',
         .kind = OPT_FLAG,
         .dest = &o.quiet,
         .help = "Nothing on stderr but errors."},
        {.kind = OPT_END}};
    if (!args)
        return MONITOR_FAILED;
    if (monitor_parse(c, opts, argc, argv, args, &code)) {
        monitor_watch_signals();
        code =
            compare_options_read(&o, &e) ? monitor_usage(c, &e) : compare(c, &o, args[0], args[1]);
    }
    free(args);
    return code;
}

const struct monitor_command monitor_compare = {
    .name = "compare",
    .synopsis = "REFERENCE FILE",
    .summary = "Has a file drifted from a reference?",
    .about = "Counts the file's rows on the reference's grid, window by window, and says which "
             "features have left the reference, with thresholds from what the reference's own "
             "chunks did. REFERENCE is what leeway-monitor reference made, or a model.safetensors.",
    .examples =
        "leeway-monitor compare january.safetensors february.csv\n"
        "leeway-monitor compare january.safetensors today.csv.gz --window 1h --json\n"
        "leeway-monitor compare model.safetensors rows.csv --window 1000 --exit-code\n"
        "leeway-monitor compare january.safetensors february.csv --explain income\n"
        "leeway-monitor compare ref.safetensors rows.csv -w 1d --false-alarm-rate \"1 per 30d\"\n",
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
