/*
 * tiny_model.h - small, hand-made models for the tests and fuzzers of model/. Nothing is trained:
 * weights are written down, so that every score can be computed by hand.
 */
#ifndef TESTS_TINY_MODEL_H
#define TESTS_TINY_MODEL_H

#include "model/artifact.h"
#include "model/schema.h"

/* Reads a schema from JSON text; aborts with the message where it is none. */
struct schema *tiny_schema(const char *json);

/*
 * A loan model, binary: "age" (numeric, may be missing, clipped to 0..120), "zip" (categories a,
 * b), "ssn" (pii). Inputs: (age - 40) / 10, age missing, zip a, b, unseen, missing. One layer,
 * weights 2, -1, 1, -1, 0.5, 0.25, bias 0.1. 40 reference rows, 4 chunks, 5 golden rows. Owned;
 * free with artifact_free.
 */
struct artifact *tiny_model(void);

/* P of "yes" by hand: age NAN missing; zip 0, 1, CODE_UNSEEN or NAN. */
double tiny_model_expected(double age, double zip);

/* Writes a snapshot of the loan schema: 30 rows, 5 held out; returns false with *e filled on
 * failure. */
bool tiny_snapshot(const char *path, char sha256[SHA256_HEX_BYTES], struct err *e);

#endif
