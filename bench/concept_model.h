/*
 * concept_model.h - the classifier whose errors the change detectors of bench/concept_drift watch:
 * logistic regression, learnt row by row, each row predicted before it is learnt.
 *
 * Two learners see every row: a plain one over the features, and one that also knows which of 16
 * equal parts of its range each feature falls into and, pair by pair, which cell of an 8 x 8 grid:
 * enough for boundaries that are straight, curved or boxes. The one with fewer mistakes so far
 * speaks. Steps shrink weight by weight (AdaGrad: Duchi, Hazan & Singer, JMLR 2011) and predictions
 * use averaged weights (Polyak & Juditsky 1992; polynomial decay: Shamir & Zhang, ICML 2013). A
 * model that has seen much therefore forgets slowly, and after a change it must be started afresh.
 */
#ifndef BENCH_CONCEPT_MODEL_H
#define BENCH_CONCEPT_MODEL_H

#include <stddef.h>

struct concept_model;

/* low, high: n_features each, the features' ranges, borrowed for the model's life; low < high.
 * Returns owned, NULL: out of memory. */
struct concept_model *concept_model_new(size_t n_features, const double *low, const double *high);
void concept_model_free(struct concept_model *m);
/* As new. */
void concept_model_reset(struct concept_model *m);

/* Probability of class 1 for the row x. */
double concept_model_predict(struct concept_model *m, const double *x);
/* Learns that the row of the latest concept_model_predict has class y, 0 or 1. */
void concept_model_learn(struct concept_model *m, double y);

#endif
