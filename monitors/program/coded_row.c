/*
 * coded_row.c - see coded_row.h.
 */
#include "coded_row.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum err_code coded_row_init(struct coded_row *r, const struct mon_reference *ref, struct err *e)
{
    size_t n_features = ref->schema->n_features;
    r->codes = calloc(n_features, sizeof *r->codes);
    r->scores = calloc(schema_n_outputs(ref->schema), sizeof *r->scores);
    r->mismatched = calloc(n_features, sizeof *r->mismatched);
    return r->codes && r->scores && r->mismatched ? ERR_OK
                                                  : err_set(e, ERR_NOMEM, "no memory for a row");
}

void coded_row_deinit(struct coded_row *r)
{
    free(r->codes);
    free(r->scores);
    free(r->mismatched);
    *r = (struct coded_row){0};
}

void coded_row_take(struct coded_row *r, const struct mon_reference *ref,
                    const struct row_source *source)
{
    const struct mon_row *row = &source->row;
    mon_reference_encode(ref, row->values, r->codes);
    for (size_t i = 0; i < schema_n_outputs(ref->schema); i++)
        r->scores[i] = row->scores ? row->scores[i] : NAN;
    r->has_scores = row->scores != NULL;
    r->label = row->label;
    r->unix_ms = row->unix_ms;
    r->line = csv_line(source->csv);
    r->n_mismatched = source->n_row_mismatched;
    memcpy(r->mismatched, source->row_mismatched, r->n_mismatched * sizeof *r->mismatched);
}
