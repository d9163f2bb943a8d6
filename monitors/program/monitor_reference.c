/*
 * monitor_reference.c - leeway-monitor reference: what later files are compared with, in one file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "monitor_cli.h"
#include "monitor_schema.h"
#include "monitors/reference.h"
#include "row_source.h"
#include "spool.h"

struct reference_options {
    const char *output, *schema;
    struct column_options columns;
    int64_t chunk_rows;
    bool quiet;
};

/* One file read twice, and what is found on the way. */
struct build {
    const struct reference_options *options;
    const char *path; /* to open; another than what the user said where that was stdin */
    struct schema *schema;
    struct row_source_options rows;
    struct mon_reference_builder *builder;
    struct mon_reference *ref;
    uint64_t n_mismatched, n_backward, n_label_mismatched, n_score_mismatched;
};

typedef enum err_code take_row(struct mon_reference_builder *b, const struct mon_row *row,
                               struct err *e);

static enum err_code pass(struct build *b, take_row *take, struct err *e)
{
    struct row_source source;
    bool more = true;
    enum err_code code = row_source_open(b->path, b->schema, &b->rows, &source, e);
    if (code)
        return code;
    while (!code && more) {
        code = row_source_next(&source, &more, e);
        if (!code && more)
            code = take(b->builder, &source.row, e);
    }
    b->n_mismatched = row_source_mismatches(&source);
    if (!code && take == mon_reference_builder_count)
        code = mon_reference_builder_mismatched(b->builder, source.mismatched, e);
    b->n_backward = source.n_backward;
    b->n_label_mismatched = source.n_label_mismatched;
    b->n_score_mismatched = source.n_score_mismatched;
    row_source_close(&source);
    if (!code && monitor_interrupted())
        code = err_set(e, ERR_CANCELLED, "interrupted");
    return code;
}

static enum err_code build_reference(struct build *b, struct err *e)
{
    struct mon_reference_options o;
    mon_reference_options_init(&o);
    o.chunk_rows = (size_t)b->options->chunk_rows;
    o.score_columns = b->rows.score_columns;
    enum err_code code = mon_reference_builder_new(b->schema, &o, &b->builder, e);
    if (!code)
        code = pass(b, mon_reference_builder_scan, e);
    if (!code)
        code = mon_reference_builder_lay(b->builder, e);
    if (!code)
        code = pass(b, mon_reference_builder_count, e);
    if (!code)
        code = mon_reference_builder_finish(b->builder, &b->ref, e);
    if (!code && b->rows.score_columns && !b->ref->has_scores)
        code = err_set(e, ERR_INVALID, "--score: no row has a number in \"%.80s\"",
                       b->rows.score_columns[0]);
    return code;
}

/* ---- the schema ---- */

static enum err_code check_scores(struct build *b, struct err *e)
{
    const struct opt_list *scores = &b->options->columns.scores;
    size_t n = schema_n_outputs(b->schema);
    if (scores->n == 0)
        return ERR_OK;
    if (scores->n != n)
        return err_set(e, ERR_INVALID, "--score: label \"%.80s\" is %s and needs %zu, got %zu",
                       b->schema->label, label_kind_name(b->schema->label_kind), n, scores->n);
    b->rows.score_columns = scores->items;
    return ERR_OK;
}

static enum err_code find_schema(struct build *b, const char *name, struct err *e)
{
    const struct reference_options *o = b->options;
    enum err_code code =
        o->schema ? monitor_schema_load(o->schema, &b->schema, e)
                  : monitor_schema_suggest(b->path, name, &o->columns, o->quiet, &b->schema, e);
    if (code)
        return code;
    b->rows.quiet = o->quiet;
    b->rows.wants_label = strcmp(b->schema->label, MON_NO_LABEL) != 0;
    return check_scores(b, e);
}

/* ---- where it goes ---- */

/* The output takes its name over: it must not be the input's, nor a device's or a folder's. */
static enum err_code check_output(const char *input, const char *output, struct err *e)
{
    struct stat in, out;
    if (stat(output, &out) != 0)
        return ERR_OK;
    if (!S_ISREG(out.st_mode))
        return err_set(e, ERR_INVALID, "--output: %s is no regular file", output);
    if (stat(input, &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
        return err_set(e, ERR_INVALID, "--output: %s is the file that is read", output);
    return ERR_OK;
}

/* ---- what is said ---- */

static void warn(const struct build *b)
{
    if (b->n_mismatched > 0)
        monitor_say("Note: %llu values are no numbers where numbers are expected; they count as "
                    "missing.",
                    (unsigned long long)b->n_mismatched);
    if (b->n_label_mismatched > 0)
        monitor_say("Note: %llu labels are none of the schema's.",
                    (unsigned long long)b->n_label_mismatched);
    if (b->n_score_mismatched > 0)
        monitor_say("Note: %llu scores are no numbers; they count as missing.",
                    (unsigned long long)b->n_score_mismatched);
    if (b->n_backward > 0)
        monitor_say("Note: %llu rows are older than the row before them. The null distribution is "
                    "measured on the rows in their order: sort the file by \"%s\".",
                    (unsigned long long)b->n_backward, b->schema->time.name);
    if (b->ref->n_sampled < b->ref->profile->n_rows)
        monitor_say("The grid was laid over a sample of %llu rows; all were counted on it.",
                    (unsigned long long)b->ref->n_sampled);
    if (b->ref->n_chunks < 8)
        monitor_say("Note: %zu chunk%s too few to measure how much stretches of the reference "
                    "differ by themselves; rows will be taken as independent.",
                    b->ref->n_chunks, b->ref->n_chunks == 1 ? " is" : "s are");
}

static void say_done(const struct build *b)
{
    const struct mon_reference *r = b->ref;
    char from[CLOCK_TEXT_BYTES], to[CLOCK_TEXT_BYTES];
    warn(b);
    monitor_say("%s: %llu rows, %zu feature%s%s, %zu chunk%s of %llu rows", b->options->output,
                (unsigned long long)r->profile->n_rows, r->schema->n_features,
                r->schema->n_features == 1 ? "" : "s", r->has_scores ? " and predictions" : "",
                r->n_chunks, r->n_chunks == 1 ? "" : "s", (unsigned long long)r->chunks[0]->n_rows);
    if (r->spans)
        monitor_say("Rows from %s to %s.",
                    clock_format_utc(r->spans[0].from_unix_ms, from, sizeof from),
                    clock_format_utc(r->spans[r->n_chunks - 1].to_unix_ms - 1, to, sizeof to));
    monitor_say("Next: leeway-monitor compare %s FILE", b->options->output);
}

static int run_build(const struct monitor_command *c, const struct reference_options *o,
                     const char *name)
{
    struct build b = {.options = o};
    struct spool spool;
    struct err e = {0};
    enum err_code code = spool_open(name, &spool, &b.path, &e);
    if (!code)
        code = check_output(name, o->output, &e);
    if (!code)
        code = find_schema(&b, strcmp(name, "-") == 0 ? "stdin" : name, &e);
    if (!code)
        code = build_reference(&b, &e);
    if (!code)
        code = mon_reference_save(b.ref, o->output, &e);
    if (!code && !o->quiet)
        say_done(&b);
    mon_reference_builder_free(b.builder);
    mon_reference_free(b.ref);
    schema_free(b.schema);
    spool_close(&spool);
    return code ? monitor_fail(c, &e) : MONITOR_OK;
}

/* A schema says it all; an option beside it would be silently ignored. */
static bool says_columns(const struct column_options *o)
{
    return o->label || o->time || o->exclude.n || o->categorical.n || o->numeric.n;
}

static enum err_code check_options(const struct reference_options *o, struct err *e)
{
    if (!o->schema || !says_columns(&o->columns))
        return ERR_OK;
    return err_set(e, ERR_INVALID,
                   "--label, --time, --exclude, --categorical and --numeric go without --schema: "
                   "state it there");
}

static int run(const struct monitor_command *c, int argc, char **argv)
{
    int code = MONITOR_OK;
    struct reference_options o = {0};
    struct err e = {0};
    const char **args = calloc((size_t)argc + 1, sizeof *args);
    const struct opt opts[] = {{.name = "output",
                                .letter = 'o',
                                .kind = OPT_STRING,
                                .dest = &o.output,
                                .arg = "FILE",
                                .required = true,
                                .help = "Where the reference goes (safetensors)."},
                               {.name = "schema",
                                .kind = OPT_STRING,
                                .dest = &o.schema,
                                .arg = "FILE",
                                .help =
                                    "Columns and types, YAML or JSON, as leeway-monitor suggest "
                                    "prints them."},
                               COLUMN_OPTS(&o.columns),
                               {.name = "chunk-rows",
                                .kind = OPT_INT,
                                .dest = &o.chunk_rows,
                                .arg = "N",
                                .min = 0,
                                .max = 1e9,
                                .help = "Rows a chunk; 0: an hour's where rows have times (up to "
                                        "4,400 chunks), else 50 (up to 400 chunks)."},
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
        code = check_options(&o, &e) ? monitor_usage(c, &e) : run_build(c, &o, args[0]);
    }
    free(args);
    return code;
}

const struct monitor_command monitor_reference = {
    .name = "reference",
    .synopsis = "FILE -o REFERENCE",
    .summary = "Make a reference: what later files are compared with",
    .about = "Reads a CSV file twice and keeps, in one small file without rows, what a comparison "
             "needs: a grid for each column, counts, and the counts of its chunks in time order, "
             "from which thresholds are calibrated. Rows should be in time order.",
    .examples =
        "leeway-monitor reference january.csv -o january.safetensors\n"
        "leeway-monitor reference loans.csv.gz -o loans.safetensors --label paid --score p_paid\n"
        "leeway-monitor reference rows.csv --schema loan.yaml -o loan.safetensors\n",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
