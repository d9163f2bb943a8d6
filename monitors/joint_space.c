/*
 * joint_space.c - codes to standardised, clipped, rounded columns.
 */
#include "joint_space.h"

#include <stdlib.h>

enum err_code joint_space_new(size_t n_features, size_t n_columns, size_t n_frequencies,
                              size_t n_waves, struct mon_joint_space **out, struct err *e)
{
    struct mon_joint_space *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a joint space");
    s->n_features = n_features;
    s->n_columns = n_columns;
    s->n_waves = n_waves;
    s->width = NAN;
    s->columns = calloc(n_columns, sizeof *s->columns);
    s->frequencies = calloc(n_frequencies + 1, sizeof *s->frequencies);
    s->waves = calloc(n_waves * n_columns + 1, sizeof *s->waves);
    if (s->columns == NULL || s->frequencies == NULL || s->waves == NULL) {
        mon_joint_space_free(s);
        return err_set(e, ERR_NOMEM, "out of memory for a joint space of %zu columns", n_columns);
    }
    *out = s;
    return ERR_OK;
}

void mon_joint_space_free(struct mon_joint_space *space)
{
    if (space == NULL)
        return;
    free(space->columns);
    free(space->frequencies);
    free(space->waves);
    free(space);
}

size_t mon_joint_space_n_columns(const struct mon_joint_space *space)
{
    return space->n_columns;
}

size_t mon_joint_space_n_waves(const struct mon_joint_space *space)
{
    return space->n_waves;
}

double mon_joint_space_width(const struct mon_joint_space *space)
{
    return space->width;
}

const char *mon_joint_space_column(const struct mon_joint_space *space, size_t column)
{
    return space->columns[column].name;
}

double joint_column_value(const struct mon_joint_space *space, const struct joint_column *column,
                          const double *row)
{
    double x = row[column->feature];
    if (!column->categorical || !isfinite(x))
        return x;
    if (!(x >= 0.0 && x < (double)column->n_frequencies))
        return 0.0; /* CODE_UNSEEN, or a category that the reference did not have */
    return space->frequencies[column->first_frequency + (size_t)x];
}

static double standardise(const struct mon_joint_space *space, const struct joint_column *column,
                          double x)
{
    double z = (x - column->centre) / column->scale;
    double clip = space->clip_sd, clipped = z < -clip ? -clip : z > clip ? clip : z;
    return joint_round(clipped, JOINT_Z_UNITS);
}

void joint_space_encode(const struct mon_joint_space *space, const double *codes, size_t n_rows,
                        double *z, uint64_t *missing)
{
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < space->n_columns; j++) {
            const struct joint_column *column = &space->columns[j];
            double x = joint_column_value(space, column, codes + i * space->n_features);
            bool present = isfinite(x);
            z[i * space->n_columns + j] = present ? standardise(space, column, x) : 0.0;
            if (!present && missing != NULL)
                missing[j]++;
        }
}

void mon_joint_space_encode(const struct mon_joint_space *space, const double *codes, size_t n_rows,
                            double *z)
{
    joint_space_encode(space, codes, n_rows, z, NULL);
}
