/*
 * schema_suggest.c - see schema_suggest.h.
 */
#include "schema_suggest.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_put.h"
#include "row_map.h"
#include "base/csv_column.h"

#define MAX_CLASSES 100
#define MAX_REGRESSION_HINT 20

struct suggestion {
    const struct schema_suggest_options *options;
    struct csv *csv;
    struct buf *out;
    size_t n_columns;
    int label;
    struct csv_stats *stats; /* owned, by column */
};

/* ---- reading ---- */

static enum err_code count_rows(struct suggestion *s, struct err *e)
{
    const char *const *fields = NULL;
    bool more = true, ok = true;
    enum err_code code = ERR_OK;
    while (ok && csv_row_number(s->csv) < s->options->max_rows) {
        code = csv_next(s->csv, &fields, &more, e);
        if (code != ERR_OK || !more)
            break;
        for (size_t i = 0; ok && i < s->n_columns; i++)
            ok = csv_stats_add(&s->stats[i], fields[i]);
    }
    if (!ok)
        return err_set(e, ERR_NOMEM, "out of memory");
    if (code == ERR_OK && csv_row_number(s->csv) == 0)
        return err_set(e, ERR_INVALID, "the file has no rows");
    return code;
}

/* ---- writing ---- */

static void put_feature(struct suggestion *s, size_t column)
{
    const char *name = csv_column(s->csv, column);
    const struct csv_stats *stats = &s->stats[column];
    struct column_verdict v = csv_column_judge(name, stats);
    const char *hash = v.guess == COLUMN_LEFT_OUT ? "# " : "";
    buf_printf(s->out, "  %s- {name: ", hash);
    json_put_string(s->out, name);
    buf_printf(s->out, ", type: %s", v.guess == COLUMN_CATEGORICAL ? "categorical" : "numeric");
    if (v.log1p && !v.personal)
        buf_puts(s->out, ", transform: {log1p: true}");
    buf_puts(s->out, v.personal ? ", pii: true}" : "}");
    buf_printf(s->out, "  # %s%s", v.guess == COLUMN_LEFT_OUT ? "left out: " : "", v.reason);
    if (v.personal)
        buf_puts(s->out, "; its name sounds personal: counted, never stored or learnt from");
    if (stats->n_missing > 0 && stats->n_missing < stats->n_rows)
        buf_printf(s->out, "; %.3g%% missing",
                   100.0 * (double)stats->n_missing / (double)stats->n_rows);
    buf_puts(s->out, "\n");
}

static void put_classes(struct suggestion *s, char *const *classes, size_t n)
{
    buf_puts(s->out, "  classes: [");
    for (size_t i = 0; i < n; i++) {
        buf_puts(s->out, i ? ", " : "");
        json_put_string(s->out, classes[i]);
    }
    buf_puts(s->out, "]");
    if (n == 2)
        buf_puts(s->out, "  # the last one is the positive class");
    buf_puts(s->out, "\n");
}

static enum err_code check_classes(const struct suggestion *s, size_t n, struct err *e)
{
    const struct csv_stats *l = &s->stats[s->label];
    bool numbers = l->n_numbers == l->n_rows - l->n_missing;
    const char *name = s->options->label;
    if (n < 2)
        return err_set(e, ERR_INVALID,
                       "label \"%.80s\" has %zu distinct values, expected 2 or more", name, n);
    if (numbers && (n > MAX_REGRESSION_HINT || l->n_whole < l->n_numbers))
        return err_set(e, ERR_INVALID,
                       "label \"%.80s\" has %s%zu distinct numbers: add --regression if it is an "
                       "amount",
                       name, n > COLUMN_MAX_DISTINCT ? "over " : "",
                       n > COLUMN_MAX_DISTINCT ? (size_t)COLUMN_MAX_DISTINCT : n);
    if (n > MAX_CLASSES)
        return err_set(e, ERR_INVALID, "label \"%.80s\" has over %d distinct values: not a class",
                       name, MAX_CLASSES);
    return ERR_OK;
}

static enum err_code put_label(struct suggestion *s, struct err *e)
{
    const struct csv_stats *l = &s->stats[s->label];
    char **classes = NULL;
    if (s->options->regression && l->n_numbers < l->n_rows - l->n_missing)
        return err_set(e, ERR_INVALID, "label \"%.80s\" is not always a number: no regression",
                       s->options->label);
    size_t n = csv_stats_sorted(l, &classes);
    enum err_code code = s->options->regression ? ERR_OK : check_classes(s, n, e);
    if (code == ERR_OK) {
        buf_puts(s->out, "label:\n  name: ");
        json_put_string(s->out, s->options->label);
        buf_printf(s->out, "\n  type: %s\n",
                   s->options->regression ? "regression"
                   : n == 2               ? "binary"
                                          : "multiclass");
        if (!s->options->regression)
            put_classes(s, classes, n);
    }
    free(classes);
    return code;
}

static enum err_code put_schema(struct suggestion *s, struct err *e)
{
    buf_printf(s->out, "# Suggested from %lld rows. Read it before you use it.\nmodel: ",
               (long long)csv_row_number(s->csv));
    json_put_string(s->out, s->options->model);
    buf_puts(s->out, "\nfeatures:\n");
    for (size_t i = 0; i < s->n_columns; i++)
        if ((int)i != s->label)
            put_feature(s, i);
    enum err_code code = put_label(s, e);
    return code == ERR_OK && buf_failed(s->out) ? err_set(e, ERR_NOMEM, "out of memory") : code;
}

enum err_code schema_suggest(struct csv *csv, const struct schema_suggest_options *o,
                             struct buf *out, struct err *e)
{
    struct suggestion s = {.options = o, .csv = csv, .out = out, .n_columns = csv_n_columns(csv)};
    enum err_code code = row_map_find_column(csv, o->label, &s.label, e);
    if (code != ERR_OK)
        return code;
    s.stats = calloc(s.n_columns, sizeof(*s.stats));
    for (size_t i = 0; s.stats && i < s.n_columns; i++)
        if (!csv_stats_init(&s.stats[i]))
            code = ERR_NOMEM;
    if (!s.stats || code != ERR_OK)
        code = err_set(e, ERR_NOMEM, "no memory for %zu columns", s.n_columns);
    if (code == ERR_OK)
        code = count_rows(&s, e);
    if (code == ERR_OK)
        code = put_schema(&s, e);
    for (size_t i = 0; s.stats && i < s.n_columns; i++)
        csv_stats_clean_up(&s.stats[i]);
    free(s.stats);
    return code;
}

void schema_suggest_name(const char *file, char *out, size_t size_bytes)
{
    const char *slash = strrchr(file, '/');
    const char *base = slash ? slash + 1 : file;
    size_t n = 0;
    for (const char *p = base; *p && *p != '.' && n + 1 < size_bytes; p++)
        out[n++] = isalnum((unsigned char)*p) || strchr("_-", *p) ? *p : '-';
    out[n] = '\0';
    if (n == 0 || strcmp(out, "-") == 0)
        snprintf(out, size_bytes, "my-model");
}
