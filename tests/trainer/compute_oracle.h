/*
 * compute_oracle.h - one backend against the reference, operation by operation.
 */
#ifndef TESTS_TRAINER_COMPUTE_ORACLE_H
#define TESTS_TRAINER_COMPUTE_ORACLE_H

#include "trainer/compute.h"

/* Runs every operation on both, over odd shapes, and fails the test where they differ by more than
 * float32 sums in another order may. */
void compute_oracle_run(const struct compute *tested);

#endif
