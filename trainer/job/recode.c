/*
 * recode.c - snapshot code -> text -> the version's code, by one table a feature.
 */
#include "trainer/recode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum err_code find_source(const struct snapshot *s, const struct feature *wanted,
                                 size_t *column, struct err *e)
{
    int found = schema_find_feature(s->schema, wanted->name);
    if (found < 0) {
        return err_set(e, ERR_INVALID, "the snapshot has no column \"%s\"", wanted->name);
    }
    enum feature_kind kind = s->schema->features[found].kind;
    if (kind != wanted->kind) {
        return err_set(e, ERR_INVALID, "column \"%s\" is %s in the snapshot, expected %s",
                       wanted->name, feature_kind_name(kind), feature_kind_name(wanted->kind));
    }
    *column = (size_t)found;
    return ERR_OK;
}

static void fill_present(size_t n_rows, double *out, size_t stride)
{
    for (size_t i = 0; i < n_rows; i++) {
        out[i * stride] = CODE_PRESENT;
    }
}

/* x: first value of the source column, stride_in apart. */
static void copy_numbers(const double *x, size_t stride_in, size_t n_rows, double *out,
                         size_t stride_out)
{
    for (size_t i = 0; i < n_rows; i++) {
        out[i * stride_out] = x[i * stride_in];
    }
}

/* table[code] of the target for each code of the source; NULL: out of memory. */
static double *code_table(const struct vocabulary *from, size_t column, const struct vocabulary *to,
                          size_t feature)
{
    size_t n = vocabulary_size(from, column);
    double *table = malloc((n ? n : 1) * sizeof *table);
    for (size_t i = 0; table && i < n; i++) {
        const char *text = vocabulary_text(from, column, i);
        int code = vocabulary_code(to, feature, text, strlen(text));
        table[i] = code >= 0 ? (double)code : CODE_UNSEEN;
    }
    return table;
}

static void map_codes(const double *x, size_t stride_in, size_t n_rows, const double *table,
                      double *out, size_t stride_out)
{
    for (size_t i = 0; i < n_rows; i++) {
        double code = x[i * stride_in];
        out[i * stride_out] = code >= 0 ? table[(size_t)code] : code; /* unseen, NaN stay */
    }
}

static enum err_code recode_feature(const struct snapshot *s, size_t from, size_t n_rows,
                                    const struct schema *target,
                                    const struct vocabulary *vocabulary, size_t feature,
                                    double *out, struct err *e)
{
    size_t column = 0, width = s->schema->n_features;
    const struct feature *wanted = &target->features[feature];
    if (wanted->pii) {
        fill_present(n_rows, out + feature, target->n_features);
        return ERR_OK;
    }
    enum err_code code = find_source(s, wanted, &column, e);
    if (code) {
        return code;
    }
    const double *x = s->codes + from * width + column;
    if (wanted->kind == FEATURE_NUMERIC) {
        copy_numbers(x, width, n_rows, out + feature, target->n_features);
        return ERR_OK;
    }
    double *table = code_table(s->vocabulary, column, vocabulary, feature);
    if (!table) {
        return err_set(e, ERR_NOMEM, "out of memory encoding column \"%s\"", wanted->name);
    }
    map_codes(x, width, n_rows, table, out + feature, target->n_features);
    free(table);
    return ERR_OK;
}

enum err_code recode_rows(const struct snapshot *s, size_t from, size_t n_rows,
                          const struct schema *target, const struct vocabulary *vocabulary,
                          double *out, struct err *e)
{
    enum err_code code = ERR_OK;
    for (size_t j = 0; !code && j < target->n_features; j++) {
        code = recode_feature(s, from, n_rows, target, vocabulary, j, out, e);
    }
    return code;
}
