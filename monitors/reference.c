/*
 * reference.c - a reference's life, and rows as it counts them. reference_build.c makes one,
 * reference_file.c keeps it.
 */
#include "monitors/reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/chunks.h"
#include "reference_builder.h"
#include "reference_joint.h"

void mon_reference_free(struct mon_reference *r)
{
    if (!r)
        return;
    chunks_free(r->chunks, r->n_chunks);
    free(r->spans);
    reference_joint_deinit(r);
    free(r->mismatched);
    free(r->validation_scores);
    free(r->validation_labels);
    for (size_t i = 0; r->score_columns && i < schema_n_outputs(r->schema); i++)
        free(r->score_columns[i]);
    free(r->score_columns);
    profile_free(r->profile);
    ruler_free(r->ruler);
    vocabulary_free(r->vocabulary);
    schema_free(r->schema);
    free(r);
}

bool mon_reference_has_label(const struct mon_reference *r)
{
    return strcmp(r->schema->label, MON_NO_LABEL) != 0;
}

static double encode_text(const struct mon_reference *r, size_t feature, const char *text)
{
    if (!text)
        return NAN;
    if (r->schema->features[feature].pii)
        return CODE_PRESENT;
    int code = vocabulary_code(r->vocabulary, feature, text, strlen(text));
    return code < 0 ? CODE_UNSEEN : code;
}

/* Squares of larger ones, summed, would be infinite: they count as infinite themselves. */
#define LARGEST_NUMBER 1e140

double reference_number(const struct feature *f, double x)
{
    if (f->pii)
        return isnan(x) ? NAN : CODE_PRESENT;
    return fabs(x) > LARGEST_NUMBER ? copysign(INFINITY, x) : x;
}

void mon_reference_encode(const struct mon_reference *r, const struct mon_value *values,
                          double *codes)
{
    for (size_t f = 0; f < r->schema->n_features; f++) {
        const struct feature *feature = &r->schema->features[f];
        if (feature->kind == FEATURE_CATEGORICAL)
            codes[f] = encode_text(r, f, values[f].text);
        else
            codes[f] = reference_number(feature, values[f].number);
    }
}
