/*
 * monitor_detect.c - leeway-monitor detect: changes of one column's mean, row by row.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/json.h"
#include "column_roles.h"
#include "csv_progress.h"
#include "detect_state.h"
#include "monitor_cli.h"

#define DEFAULT_DETECTOR "rate_scan"
#define LOOK_EVERY 4096 /* rows between looks at the clock */

struct detect_options {
    const char *column, *detector, *state;
    struct opt_list params;
    bool json, exit_code, quiet;
};

struct detection {
    const struct detect_options *options;
    struct csv *csv;
    int column;
    struct detect_state state;
    int64_t n_missing, n_no_numbers, n_beyond, n_changes;
    int64_t last_line; /* where the last row begins */
    struct csv_progress progress;
};

/* ---- before the first row ---- */

/* *usage: the command line is wrong, not the file. */
static enum err_code make_detector(struct detection *d, bool *usage, struct err *e)
{
    const struct detect_options *o = d->options;
    bool found = false;
    cJSON *params = NULL;
    enum err_code code = o->state ? detect_state_load(o->state, &d->state, &found, e) : ERR_OK;
    if (code)
        return code;
    *usage = true;
    if (found) {
        const char *name = mon_detector_name(d->state.detector);
        if (o->params.n > 0 || (o->detector && strcmp(o->detector, name) != 0))
            return err_set(e, ERR_INVALID,
                           "%s holds %s with its own parameters: leave --detector and --param "
                           "out, or begin another file",
                           o->state, name);
        return ERR_OK;
    }
    code = detect_params(o->params.items, o->params.n, &params, e);
    if (!code)
        code = mon_detector_new(o->detector ? o->detector : DEFAULT_DETECTOR, params,
                                &d->state.detector, e);
    cJSON_Delete(params);
    return code;
}

static enum err_code find_column(struct detection *d, const char *file, struct err *e)
{
    if (d->options->column)
        return column_find(d->csv, file, d->options->column, &d->column, e);
    if (csv_n_columns(d->csv) == 1)
        return ERR_OK;
    return err_set(e, ERR_INVALID, "%s has %zu columns: name one with --column", file,
                   csv_n_columns(d->csv));
}

/* ---- rows ---- */

/* NaN where a detector that begins afresh has seen nothing since. */
static double mean_after(const struct mon_detector *d)
{
    return mon_detector_width(d) > 0 ? mon_detector_estimate(d) : NAN;
}

static void print_row(const struct detection *d, double before, double after)
{
    if (d->n_changes == 1)
        puts("       row      before       after");
    printf("%10lld  %10.6g  ", (long long)d->state.n_rows, before);
    if (isnan(after))
        puts("         -");
    else
        printf("%10.6g\n", after);
}

static void print_object(const struct detection *d, double before, double after)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddNumberToObject(line, "row", (double)d->state.n_rows);
    cJSON_AddStringToObject(line, "detector", mon_detector_name(d->state.detector));
    cJSON_AddNumberToObject(line, "before", before);
    if (!isnan(after))
        cJSON_AddNumberToObject(line, "after", after);
    cJSON_AddNumberToObject(line, "rows_after", mon_detector_width(d->state.detector));
    char *text = json_print(line);
    if (text)
        puts(text);
    free(text);
    cJSON_Delete(line);
}

/* The row counts from 1, over all runs with this state. */
static void print_change(const struct detection *d)
{
    double before = mon_detector_before(d->state.detector), after = mean_after(d->state.detector);
    if (d->options->json)
        print_object(d, before, after);
    else
        print_row(d, before, after);
}

/* Numbers of another scale would silently become zeros and ones: not where nobody chose it. */
static enum err_code check_range(struct detection *d, double x, struct err *e)
{
    const struct detect_options *o = d->options;
    if (!isfinite(x) || mon_detector_in_range(d->state.detector, x))
        return ERR_OK;
    d->n_beyond++;
    if (o->detector || o->params.n > 0 || o->state)
        return ERR_OK;
    return err_set(e, ERR_INVALID,
                   "row %lld: %g is outside 0..1, the errors and losses that rate_scan watches: "
                   "say --param low=... --param high=..., or --detector adwin for any number",
                   (long long)d->state.n_rows, x);
}

static enum err_code feed(struct detection *d, const char *field, struct err *e)
{
    double x = NAN;
    d->state.n_rows++;
    if (!csv_number(field, &x))
        d->n_no_numbers++;
    else if (isnan(x))
        d->n_missing++;
    enum err_code code = check_range(d, x, e);
    if (code || mon_detector_update(d->state.detector, x) != MON_CHANGE)
        return code;
    d->n_changes++;
    monitor_hold_signals(true);
    print_change(d);
    monitor_hold_signals(false);
    return ERR_OK;
}

static enum err_code read_rows(struct detection *d, struct err *e)
{
    const char *const *fields;
    bool more = true;
    enum err_code code = ERR_OK;
    while (!code && more && !monitor_interrupted() && !monitor_output_failed()) {
        code = csv_next(d->csv, &fields, &more, e);
        if (!code && more) {
            d->last_line = csv_line(d->csv);
            code = feed(d, fields[d->column], e);
        }
        if (csv_row_number(d->csv) % LOOK_EVERY == 0) {
            csv_progress_show(&d->progress, d->csv);
            fflush(stdout);
        }
    }
    progress_clear(&d->progress.line);
    if (code && monitor_interrupted()) {
        err_clear(e);
        return ERR_OK;
    }
    return code;
}

/* No change in a column of texts is no news about it. */
static enum err_code check_numbers(const struct detection *d, struct err *e)
{
    if (d->n_no_numbers == 0 || d->n_no_numbers + d->n_missing < csv_row_number(d->csv))
        return ERR_OK;
    return err_set(e, ERR_INVALID, "column \"%.80s\" holds no number in %lld rows",
                   csv_column(d->csv, (size_t)d->column), (long long)csv_row_number(d->csv));
}

/* ---- after the last ---- */

/* A file of one column may mean a missing value by an empty line; its rows count no such lines. */
static void say_empty_lines(const struct detection *d)
{
    int64_t n = d->last_line - 1 - csv_row_number(d->csv);
    if (csv_n_columns(d->csv) == 1 && n > 0)
        monitor_say("Note: %lld empty lines are no rows: row numbers count without them.",
                    (long long)n);
}

static void say_done(const struct detection *d)
{
    const struct mon_detector *detector = d->state.detector;
    say_empty_lines(d);
    if (d->n_no_numbers > 0)
        monitor_say("Note: %lld values are no numbers and were left out.",
                    (long long)d->n_no_numbers);
    if (d->n_missing > 0)
        monitor_say("Note: %lld values are missing and were left out.", (long long)d->n_missing);
    if (d->n_beyond > 0)
        monitor_say("Note: %lld values lie outside the range of %s and counted as its ends.",
                    (long long)d->n_beyond, mon_detector_name(detector));
    monitor_say("%s: %lld change%s in %lld rows; mean now %.6g over %.0f rows",
                mon_detector_name(detector), (long long)d->n_changes, d->n_changes == 1 ? "" : "s",
                (long long)csv_row_number(d->csv), mon_detector_estimate(detector),
                mon_detector_width(detector));
}

static int finish(const struct monitor_command *c, struct detection *d, enum err_code code,
                  struct err *e)
{
    if (!code && d->options->state)
        code = detect_state_save(d->options->state, &d->state, e);
    if (code)
        return monitor_fail(c, e);
    if (!d->options->quiet && !monitor_output_failed())
        say_done(d);
    if (monitor_interrupted())
        return MONITOR_INTERRUPTED;
    return d->options->exit_code && d->n_changes > 0 ? MONITOR_FOUND : MONITOR_OK;
}

static int detect(const struct monitor_command *c, const char *file, const struct detect_options *o)
{
    struct detection d = {.options = o, .progress = csv_progress_new(o->quiet)};
    struct err e = {0};
    bool usage = false;
    enum err_code code = make_detector(&d, &usage, &e);
    usage = usage && code == ERR_INVALID;
    if (!code)
        code = csv_open(file, &d.csv, &e);
    if (!code)
        code = find_column(&d, strcmp(file, "-") == 0 ? "stdin" : file, &e);
    if (!code)
        code = read_rows(&d, &e);
    if (!code)
        code = check_numbers(&d, &e);
    int exit_code = usage ? monitor_usage(c, &e) : finish(c, &d, code, &e);
    mon_detector_free(d.state.detector);
    csv_close(d.csv);
    return exit_code;
}

static int run(const struct monitor_command *c, int argc, char **argv)
{
    int code = MONITOR_OK;
    struct detect_options o = {0};
    const char **args = calloc((size_t)argc + 1, sizeof *args);
    const struct opt opts[] = {
        {.name = "column",
         .kind = OPT_STRING,
         .dest = &o.column,
         .arg = "COLUMN",
         .help = "The numbers to watch: errors 0/1, losses, any metric. A file of one column needs "
                 "no name."},
        {.name = "detector",
         .kind = OPT_STRING,
         .dest = &o.detector,
         .arg = "NAME",
         .help = "rate_scan (default: errors 0/1 and losses in 0..1), adwin, page_hinkley, cusum, "
                 "gma, ddm, eddm, rddm, hddm_a, hddm_w, fhddm, ecdd, stepd, kswin or bocd."},
        {.name = "param",
         .kind = OPT_STRINGS,
         .dest = &o.params,
         .arg = "KEY=VALUE",
         .help = "A parameter of the detector, such as rows_between=1e6 or direction=up; "
                 "docs/monitors-detectors.md has them."},
        {.name = "state",
         .kind = OPT_STRING,
         .dest = &o.state,
         .arg = "FILE",
         .help = "Go on from the state in this file, where it is there, and leave the new one."},
        {.name = "json", .kind = OPT_FLAG, .dest = &o.json, .help = "One JSON object a change."},
        {.name = "exit-code",
         .kind = OPT_FLAG,
         .dest = &o.exit_code,
         .help = "Exit with 10 where there was a change."},
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
        code = detect(c, args[0], &o);
    }
    free(args);
    return code;
}

const struct monitor_command monitor_detect = {
    .name = "detect",
    .synopsis = "FILE",
    .summary = "Changes of a column's mean, row by row: concept drift on errors",
    .about =
        "Feeds a column to a change detector, in the file's order, and prints the row at which "
        "each change was noticed with the mean before and after it. Rows count from 1, the "
        "header aside, and with --state over all runs.",
    .examples = "leeway-monitor detect errors.csv --column error\n"
                "leeway-monitor detect losses.csv.gz --column loss --detector page_hinkley "
                "--param threshold=20\n"
                "tail -n +2 today.csv | cut -d, -f3 | (echo error; cat) |\n"
                "    leeway-monitor detect - --state error.state.json --exit-code\n",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
