/*
 * row_source.c - see row_source.h.
 */
#include "row_source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_text.h"
#include "model/rows.h"
#include "monitor_cli.h"

#define LOOK_EVERY 1024 /* rows between looks at the clock and at Ctrl-C */
#define NAMED_COLUMNS 5 /* in a message; more are counted */

/* ---- opening ---- */

/* Collects what is not there, so that one message names all of it. */
struct absent {
    struct buf names;
    size_t n;
};

static int find(const struct csv *csv, const char *name, struct absent *absent)
{
    int at = csv_find_column(csv, name);
    if (at < 0 && absent->n++ < NAMED_COLUMNS)
        buf_printf(&absent->names, "%s\"%.80s\"", absent->n > 1 ? ", " : "", name);
    return at;
}

static enum err_code refuse_absent(const struct csv *csv, struct absent *absent, struct err *e)
{
    enum err_code code = ERR_OK;
    if (absent->n > NAMED_COLUMNS)
        buf_printf(&absent->names, " and %zu more", absent->n - NAMED_COLUMNS);
    if (absent->n > 0)
        code = err_set(e, ERR_INVALID, "%s has no column %.400s", csv_name(csv),
                       absent->names.data ? absent->names.data : "");
    buf_free(&absent->names);
    return code;
}

static enum err_code find_columns(struct row_source *s, const struct row_source_options *o,
                                  struct err *e)
{
    struct absent absent = {0};
    for (size_t f = 0; f < s->schema->n_features; f++)
        s->feature_columns[f] = find(s->csv, s->schema->features[f].name, &absent);
    for (size_t i = 0; i < s->n_scores; i++)
        s->score_columns[i] = find(s->csv, o->score_columns[i], &absent);
    s->label_column = o->wants_label ? find(s->csv, s->schema->label, &absent)
                                     : csv_find_column(s->csv, s->schema->label);
    s->time_column = s->schema->time.name[0] ? find(s->csv, s->schema->time.name, &absent) : -1;
    return refuse_absent(s->csv, &absent, e);
}

static enum err_code alloc_row(struct row_source *s, struct err *e)
{
    size_t n_features = s->schema->n_features, n_outputs = schema_n_outputs(s->schema);
    s->feature_columns = calloc(n_features, sizeof *s->feature_columns);
    s->values = calloc(n_features, sizeof *s->values);
    s->mismatched = calloc(n_features, sizeof *s->mismatched);
    s->row_mismatched = calloc(n_features, sizeof *s->row_mismatched);
    s->score_columns = calloc(n_outputs, sizeof *s->score_columns);
    s->scores = calloc(n_outputs, sizeof *s->scores);
    if (s->feature_columns && s->values && s->mismatched && s->row_mismatched && s->score_columns &&
        s->scores)
        return ERR_OK;
    return err_set(e, ERR_NOMEM, "no memory for a row of %zu features", n_features);
}

enum err_code row_source_open(const char *path, const struct schema *schema,
                              const struct row_source_options *o, struct row_source *out,
                              struct err *e)
{
    struct row_source s = {.schema = schema,
                           .n_scores = o->score_columns ? schema_n_outputs(schema) : 0,
                           .progress = csv_progress_new(o->quiet)};
    enum err_code code = csv_open(path, &s.csv, e);
    if (!code)
        code = alloc_row(&s, e);
    if (!code)
        code = find_columns(&s, o, e);
    if (code) {
        row_source_close(&s);
        return code;
    }
    s.row = (struct mon_row){
        .values = s.values, .scores = s.n_scores ? s.scores : NULL, .unix_ms = INT64_MIN};
    *out = s;
    return ERR_OK;
}

void row_source_close(struct row_source *s)
{
    progress_clear(&s->progress.line);
    csv_close(s->csv);
    free(s->feature_columns);
    free(s->values);
    free(s->mismatched);
    free(s->row_mismatched);
    free(s->score_columns);
    free(s->scores);
    *s = (struct row_source){0};
}

/* ---- reading ---- */

static void read_features(struct row_source *s, const char *const *fields)
{
    s->n_row_mismatched = 0;
    for (size_t f = 0; f < s->schema->n_features; f++) {
        const char *field = fields[s->feature_columns[f]];
        struct mon_value *v = &s->values[f];
        if (s->schema->features[f].kind == FEATURE_CATEGORICAL) {
            v->text = csv_is_missing(field) ? NULL : field;
        } else if (!csv_number(field, &v->number) && !csv_infinity(field, &v->number)) {
            v->number = NAN;
            s->mismatched[f]++;
            s->row_mismatched[s->n_row_mismatched++] = f;
        }
    }
}

static void read_scores(struct row_source *s, const char *const *fields)
{
    for (size_t i = 0; i < s->n_scores; i++) {
        double x = NAN;
        s->n_score_mismatched += !csv_number(fields[s->score_columns[i]], &x);
        s->scores[i] = (float)x;
    }
}

/* Classes that are numbers may be written in several ways: "1", "1.0". */
static double read_class(const struct schema *s, const char *field)
{
    char shortest[32];
    double x = NAN;
    int class = schema_find_class(s, field);
    if (class < 0 && csv_number(field, &x) && !isnan(x)) {
        rows_number_text(x, shortest);
        class = schema_find_class(s, shortest);
    }
    return class < 0 ? NAN : class;
}

static void read_label(struct row_source *s, const char *const *fields)
{
    s->row.label = NAN;
    if (s->label_column < 0 || csv_is_missing(fields[s->label_column]))
        return;
    const char *field = fields[s->label_column];
    if (s->schema->label_kind != LABEL_REGRESSION)
        s->row.label = read_class(s->schema, field);
    else if (!csv_number(field, &s->row.label))
        s->row.label = NAN;
    s->n_label_mismatched += isnan(s->row.label);
}

static enum err_code read_time(struct row_source *s, const char *const *fields, struct err *e)
{
    int64_t before = s->row.unix_ms;
    if (s->time_column < 0)
        return ERR_OK;
    const char *field = fields[s->time_column];
    if (!time_text_parse(field, s->schema->time.format, &s->row.unix_ms))
        return err_set(e, ERR_PARSE,
                       "%s:%lld: column \"%.80s\": expected a time (%s), got \"%.40s\"",
                       csv_name(s->csv), (long long)csv_line(s->csv), s->schema->time.name,
                       time_format_name(s->schema->time.format), field);
    s->n_backward += s->row.unix_ms < before;
    return ERR_OK;
}

enum err_code row_source_next(struct row_source *s, bool *more, struct err *e)
{
    const char *const *fields = NULL;
    if (csv_row_number(s->csv) % LOOK_EVERY == 0)
        csv_progress_show(&s->progress, s->csv);
    *more = false;
    if (monitor_interrupted())
        return ERR_OK;
    enum err_code code = csv_next(s->csv, &fields, more, e);
    if (code && monitor_interrupted()) { /* the read that waited for a pipe came back */
        err_clear(e);
        return ERR_OK;
    }
    if (code || !*more)
        return code;
    read_features(s, fields);
    read_scores(s, fields);
    read_label(s, fields);
    return read_time(s, fields, e);
}

uint64_t row_source_mismatches(const struct row_source *s)
{
    uint64_t n = 0;
    for (size_t f = 0; f < s->schema->n_features; f++)
        n += s->mismatched[f];
    return n;
}

static bool is_used(const struct row_source *s, int column)
{
    if (column == s->label_column || column == s->time_column)
        return true;
    for (size_t f = 0; f < s->schema->n_features; f++)
        if (s->feature_columns[f] == column)
            return true;
    for (size_t i = 0; i < s->n_scores; i++)
        if (s->score_columns[i] == column)
            return true;
    return false;
}

size_t row_source_unused(const struct row_source *s, struct buf *names)
{
    size_t n = 0;
    for (size_t i = 0; i < csv_n_columns(s->csv); i++)
        if (!is_used(s, (int)i) && n++ < NAMED_COLUMNS)
            buf_printf(names, "%s\"%.80s\"", n > 1 ? ", " : "", csv_column(s->csv, i));
    if (n > NAMED_COLUMNS)
        buf_printf(names, " and %zu more", n - NAMED_COLUMNS);
    return n;
}
