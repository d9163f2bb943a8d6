/*
 * warm_start.h - a parent version's weights as the starting point of its successor.
 */
#ifndef TRAINER_WARM_START_H
#define TRAINER_WARM_START_H

#include <stdbool.h>

#include "model/artifact.h"
#include "trainer/train_data.h"

/*
 * Fills p (shapes of the new version; its calibration holds the label's scale, for regression) with
 * the parent's weights, converted to the new version's standardisation, so that p computes what the
 * parent did (imputed values excepted). False, p untouched, and the reason in e where they do not
 * fit: other features, categories, classes, missing columns, or layers.
 */
bool warm_start(const struct artifact *parent, const struct schema *s, const struct vocabulary *v,
                const struct transform *t, struct predictor *p, struct err *e);

#endif
