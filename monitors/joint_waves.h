/*
 * joint_waves.h - private: cosines and sines of whole batches of phases, summed without rounding.
 */
#ifndef MONITORS_SRC_JOINT_WAVES_H
#define MONITORS_SRC_JOINT_WAVES_H

#include <stddef.h>

/* turns: n_rows x n_waves phases in turns, |turn| < 2^50. Adds to cosines[k] and sines[k] those of
 * wave k over the rows, each rounded to JOINT_WAVE_UNITS. Takes the widest vectors the machine has.
 */
void joint_waves_add(const double *turns, size_t n_rows, size_t n_waves, double *cosines,
                     double *sines);

/* The same without wide vectors: the same bits, which a test asks for. */
void joint_waves_add_plain(const double *turns, size_t n_rows, size_t n_waves, double *cosines,
                           double *sines);

#endif
