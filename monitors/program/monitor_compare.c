/*
 * monitor_compare.c - leeway-monitor compare: a file's windows against a reference. The command,
 * and what it says at the end; compare_run.h is the work.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare_report.h"
#include "compare_run.h"
#include "monitor_cli.h"

/* ---- what is said ---- */

/* Once for each monitor that could judge nothing because windows are shorter than chunks. */
static void say_short_windows(const struct compare_run *c)
{
    const char *said = "";
    for (size_t i = 0; i < c->ledger.n; i++) {
        const struct mon_signal *s = &c->ledger.entries[i].strongest;
        if (c->ledger.entries[i].n_judged > 0 || strcmp(s->monitor, said) == 0 ||
            !strstr(s->threshold_origin, "longer than the window"))
            continue;
        said = s->monitor;
        monitor_say("Note: %s is not judged: %s. A reference with smaller --chunk-rows may help.",
                    s->monitor, s->threshold_origin);
    }
}

/* A season of hours needs chunks of an hour, which wide tables and long files have not by default.
 */
static void say_season(const struct compare_run *c)
{
    const struct mon_season *season = window_judge_season(c->judge);
    if (!season || mon_season_cycle(season) == c->options->season)
        return;
    const struct mon_span *middle = &c->ref->spans[c->ref->n_chunks / 2];
    double hours = (double)(middle->to_unix_ms - middle->from_unix_ms) / 3600e3;
    if (hours > 1)
        monitor_say("Note: windows are compared by the season %s, because chunks of %.3g h are too "
                    "long for %s: --chunk-rows of reference makes shorter ones.",
                    mon_cycle_name(mon_season_cycle(season)), hours,
                    mon_cycle_name(c->options->season));
}

static void say_notes(struct compare_run *c)
{
    say_short_windows(c);
    say_season(c);
    struct buf names = BUF_INIT;
    size_t n_unused = row_source_unused(&c->source, &names);
    if (n_unused > 0 && names.data)
        monitor_say("Note: %zu column%s of %s %s not in the reference and not looked at: %s",
                    n_unused, n_unused == 1 ? "" : "s", c->file, n_unused == 1 ? "is" : "are",
                    names.data);
    if (row_source_mismatches(&c->source) > 0)
        monitor_say("Note: %llu values are no numbers where numbers are expected; they count as "
                    "missing.",
                    (unsigned long long)row_source_mismatches(&c->source));
    if (c->source.n_backward > 0)
        monitor_say("Note: %llu rows are older than the row before them; each is counted in the "
                    "window that was open.",
                    (unsigned long long)c->source.n_backward);
    if (c->n_stray > 0)
        monitor_say(
            "Note: %llu rows (the first is %s:%lld) have a time far ahead of the rows around "
            "them; each is counted in the window of these.",
            (unsigned long long)c->n_stray, c->file, (long long)c->first_stray);
    buf_free(&names);
}

static void show(const struct compare_run *c)
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
        .n_mismatched = row_source_mismatches(&c->source),
        .mean_window_rows =
            l->n_windows ? (double)(c->n_rows - c->n_rows_left) / (double)l->n_windows : NAN};
    if (c->options->json)
        report_summary_json(&r);
    else if (c->explain)
        explain_show(c->explain);
    else
        report_summary(&r);
}

static int finish(const struct monitor_command *command, struct compare_run *c, enum err_code code,
                  const struct err *e)
{
    if (code)
        return monitor_fail(command, e);
    progress_clear(&c->source.progress.line);
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
    struct compare_run c = {.options = o, .reference_name = reference_name, .file = file};
    struct err e = {0};
    enum err_code code = compare_run_prepare(&c, &e);
    if (!code)
        code = compare_run_read(&c, &e);
    int exit_code = finish(command, &c, code, &e);
    compare_run_deinit(&c);
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
         .arg = "NAMES",
         .help =
             "psi, ks, js, hellinger, cramer_von_mises, wasserstein, several of them by commas, "
             "or all: they share the false alarms."},
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
        {.name = "min-effect",
         .kind = OPT_STRING,
         .dest = &o.min_effect_text,
         .arg = "X",
         .help = "Change below which evidence alone is no alarm, in the statistic's unit; 0: "
                 "evidence alone. Absent: psi 0.02, ks 0.03, js 0.03, hellinger 0.025, "
                 "cramer_von_mises 0.0005, wasserstein 0.05, joint ones as joint.h says."},
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
