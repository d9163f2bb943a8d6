/*
 * column_roles.c - see column_roles.h.
 */
#include "column_roles.h"

#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"

enum err_code column_find(const struct csv *csv, const char *file, const char *name, int *out,
                          struct err *e)
{
    struct suggest nearest = suggest_start(name);
    int at = csv_find_column(csv, name);
    if (at >= 0) {
        *out = at;
        return ERR_OK;
    }
    for (size_t i = 0; i < csv_n_columns(csv); i++)
        suggest_add(&nearest, csv_column(csv, i));
    const char *near = suggest_best(&nearest);
    return err_set(e, ERR_INVALID, "%s%sno column \"%.80s\"%s%.80s%s", file, *file ? " has " : "",
                   name, near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

/* ---- sniffing ---- */

static enum err_code alloc_columns(struct column_roles *r, const struct csv *csv, struct err *e)
{
    bool ok = true;
    r->n = csv_n_columns(csv);
    r->items = calloc(r->n, sizeof *r->items);
    r->stats = calloc(r->n, sizeof *r->stats);
    for (size_t i = 0; ok && r->items && r->stats && i < r->n; i++) {
        r->items[i].name = csv_column(csv, i);
        ok = csv_stats_init(&r->stats[i]);
    }
    return ok && r->items && r->stats ? ERR_OK
                                      : err_set(e, ERR_NOMEM, "no memory for %zu columns", r->n);
}

static enum err_code count_rows(struct column_roles *r, struct csv *csv, const char *file,
                                struct err *e)
{
    const char *const *fields = NULL;
    bool more = true, ok = true;
    enum err_code code = ERR_OK;
    while (ok && csv_row_number(csv) < ROLES_SNIFF_ROWS) {
        code = csv_next(csv, &fields, &more, e);
        if (code || !more)
            break;
        for (size_t i = 0; ok && i < r->n; i++)
            ok = csv_stats_add(&r->stats[i], fields[i]);
    }
    r->n_rows = csv_row_number(csv);
    if (!ok)
        return err_set(e, ERR_NOMEM, "out of memory");
    if (!code && r->n_rows == 0)
        code = err_set(e, ERR_INVALID, "%s has a header and no rows", file);
    return code;
}

/* A table cut at semicolons or tabs is one column here, and would be one feature of no sense. */
static enum err_code check_separator(const struct csv *csv, const char *file, struct err *e)
{
    const char *name = csv_column(csv, 0), *found = strpbrk(name, ";\t|");
    if (csv_n_columns(csv) > 1 || !found)
        return ERR_OK;
    return err_set(e, ERR_INVALID,
                   "%s has one column, \"%.80s\": fields must be separated by commas, not by "
                   "\"%.*s\"",
                   file, name, *found == '\t' ? 2 : 1, *found == '\t' ? "\\t" : found);
}

/* ---- what the user said ---- */

static enum err_code set_part(struct column_roles *r, const struct csv *csv, const char *name,
                              enum column_part part, const char *option, struct err *e)
{
    int at = -1;
    enum err_code code = column_find(csv, "", name, &at, e);
    if (code) {
        err_prefix(e, "--%s", option);
        return code;
    }
    struct column_role *item = &r->items[at];
    if (item->said)
        return err_set(e, ERR_INVALID, "--%s: column \"%.80s\" has another part already", option,
                       name);
    item->said = true;
    item->part = part;
    return ERR_OK;
}

static enum err_code set_parts(struct column_roles *r, const struct csv *csv,
                               const struct opt_list *names, enum column_part part,
                               const char *option, struct err *e)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; !code && i < names->n; i++)
        code = set_part(r, csv, names->items[i], part, option, e);
    return code;
}

static enum err_code set_kinds(struct column_roles *r, const struct csv *csv,
                               const struct opt_list *names, enum column_guess guess,
                               const char *option, struct err *e)
{
    enum err_code code = set_parts(r, csv, names, PART_FEATURE, option, e);
    for (size_t i = 0; !code && i < names->n; i++) {
        struct column_role *item = &r->items[csv_find_column(csv, names->items[i])];
        item->verdict.guess = guess;
        item->verdict.log1p = false;
        item->verdict.reason[0] = '\0';
    }
    return code;
}

static enum err_code obey(struct column_roles *r, const struct csv *csv, struct err *e)
{
    const struct column_options *o = r->options;
    enum err_code code = ERR_OK;
    if (o->label)
        code = set_part(r, csv, o->label, PART_LABEL, "label", e);
    if (!code)
        code = set_parts(r, csv, &o->scores, PART_SCORE, "score", e);
    if (!code && o->time && o->time[0])
        code = set_part(r, csv, o->time, PART_TIME, "time", e);
    if (!code)
        code = set_parts(r, csv, &o->exclude, PART_LEFT_OUT, "exclude", e);
    if (!code)
        code = set_kinds(r, csv, &o->categorical, COLUMN_CATEGORICAL, "categorical", e);
    return code ? code : set_kinds(r, csv, &o->numeric, COLUMN_NUMERIC, "numeric", e);
}

/* ---- what was guessed ---- */

static void judge(struct column_roles *r)
{
    for (size_t i = 0; i < r->n; i++) {
        struct column_role *item = &r->items[i];
        const struct csv_stats *s = &r->stats[i];
        item->verdict = csv_column_judge(item->name, s);
        item->part = item->verdict.guess == COLUMN_LEFT_OUT ? PART_LEFT_OUT : PART_FEATURE;
        item->missing_share = s->n_rows ? (double)s->n_missing / (double)s->n_rows : 0;
    }
}

/* The one column that looks like a time, where nobody named one; two of them: none. */
static void find_time(struct column_roles *r)
{
    struct column_role *found = NULL;
    if (r->options->time)
        return;
    for (size_t i = 0; i < r->n; i++) {
        if (r->items[i].said || !r->items[i].verdict.is_time || r->stats[i].n_missing > 0)
            continue;
        if (found)
            return;
        found = &r->items[i];
    }
    if (found)
        found->part = PART_TIME;
}

static enum err_code check(const struct column_roles *r, struct err *e)
{
    size_t n_features = 0;
    for (size_t i = 0; i < r->n; i++) {
        const struct column_role *item = &r->items[i];
        n_features += item->part == PART_FEATURE;
        if (item->part == PART_TIME && !item->verdict.is_time)
            return err_set(e, ERR_INVALID,
                           "--time: column \"%.80s\" holds neither ISO 8601 nor rising Unix times; "
                           "a --schema can state its format",
                           item->name);
    }
    return n_features ? ERR_OK
                      : err_set(e, ERR_INVALID, "none of the %zu columns is a feature", r->n);
}

enum err_code column_roles_sniff(struct csv *csv, const char *file, const struct column_options *o,
                                 struct column_roles *out, struct err *e)
{
    struct column_roles r = {.options = o};
    enum err_code code = check_separator(csv, file, e);
    if (!code)
        code = alloc_columns(&r, csv, e);
    if (!code)
        code = count_rows(&r, csv, file, e);
    if (!code) {
        judge(&r);
        code = obey(&r, csv, e);
    }
    if (!code) {
        find_time(&r);
        code = check(&r, e);
    }
    if (code)
        column_roles_deinit(&r);
    else
        *out = r;
    return code;
}

void column_roles_deinit(struct column_roles *r)
{
    for (size_t i = 0; r->stats && i < r->n; i++)
        csv_stats_clean_up(&r->stats[i]);
    free(r->stats);
    free(r->items);
    *r = (struct column_roles){0};
}
