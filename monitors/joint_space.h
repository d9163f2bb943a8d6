/*
 * joint_space.h - private: the inside of a space and of sums over it.
 */
#ifndef MONITORS_SRC_JOINT_SPACE_H
#define MONITORS_SRC_JOINT_SPACE_H

#include <math.h>

#include "monitors/joint_sums.h"

/* The units that sums are whole numbers of: joint_sums.h, exactness. */
#define JOINT_Z_UNITS 1024.0       /* a deviation */
#define JOINT_WAVE_UNITS 1048576.0 /* 1: of a wave's numbers, cosines and sines */
#define JOINT_MAX_WAVE 1024.0      /* of a wave's numbers */
#define JOINT_MIN_WIDTH 0.05       /* so that angles, too, are added without rounding */

struct joint_column {
    char name[SCHEMA_NAME_BYTES];
    size_t feature; /* in the schema */
    bool categorical;
    size_t first_frequency, n_frequencies; /* 0 where numeric */
    double centre, scale;
};

struct mon_joint_space {
    size_t n_features; /* of a row of codes */
    size_t n_columns, n_waves;
    double clip_sd, width;
    struct joint_column *columns;
    double *frequencies; /* of all categorical columns */
    double *waves;       /* n_waves x n_columns */
};

struct mon_joint_sums {
    const struct mon_joint_space *space;
    uint64_t rows;
    uint64_t *missing; /* n_columns */
    double *sum;       /* n_columns */
    double *gram;      /* n_columns x n_columns, symmetric */
    double *waves;     /* n_waves cosines, then as many sines */
};

/* Rounds to a multiple of 1 / units, for |x| < 2^51 / units: adding 1.5 x 2^52 leaves no room for
 * digits behind the point, and costs less than a call of rint(). */
static inline double joint_round(double x, double units)
{
    const double no_fraction = 0x1.8p52;
    return (x * units + no_fraction - no_fraction) / units;
}

/* Empty but for the counts. *out is owned; free with mon_joint_space_free. */
enum err_code joint_space_new(size_t n_features, size_t n_columns, size_t n_frequencies,
                              size_t n_waves, struct mon_joint_space **out, struct err *e);

/* A column's value in a row of codes, before it is standardised; not finite where missing. */
double joint_column_value(const struct mon_joint_space *space, const struct joint_column *column,
                          const double *row);

/* mon_joint_space_encode; adds a column's missing values to missing, which may be NULL. */
void joint_space_encode(const struct mon_joint_space *space, const double *codes, size_t n_rows,
                        double *z, uint64_t *missing);

#endif
