/*
 * recode.h - the rows of a snapshot in the codes of one version: each version has its own
 * vocabulary, and an older one may have other features or another order of them.
 */
#ifndef TRAINER_RECODE_H
#define TRAINER_RECODE_H

#include "base/err.h"
#include "model/schema.h"
#include "model/snapshot.h"
#include "model/vocabulary.h"

/*
 * Rows [from, from + n_rows) of s, encoded for the target schema and vocabulary, into out: n_rows x
 * target->n_features. Features are matched by name; one that the snapshot lacks, or has with
 * another type, is ERR_INVALID naming it. pii features are CODE_PRESENT: snapshots do not carry
 * them, and a client that declares a feature normally sends it.
 */
enum err_code recode_rows(const struct snapshot *s, size_t from, size_t n_rows,
                          const struct schema *target, const struct vocabulary *vocabulary,
                          double *out, struct err *e);

#endif
