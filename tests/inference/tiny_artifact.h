/*
 * tiny_artifact.h - hand-made model versions for the tests of inference/: small enough that every
 * score can be computed by hand, different enough that each answer says which version gave it.
 */
#ifndef TESTS_TINY_ARTIFACT_H
#define TESTS_TINY_ARTIFACT_H

#include "model/artifact.h"

/*
 * "age" (numeric), "zip" (categories a, b), "ssn" (pii), and with `income` a fourth feature of that
 * name (numeric). Binary label, classes no, yes. logit = (age - 40) / 10 + zip + bias (+ income /
 * 1000), where zip counts a 1, b -1, unseen 0.5, missing 0.25, and a missing number counts as 40 or
 * 0.
 */
struct tiny_options {
    const char *model; /* default "loan" */
    double bias;
    bool income;
    bool wrong_golden; /* does not reproduce its own golden rows */
};

struct schema *tiny_schema(const char *json); /* aborts with the message where it is none */

/* Owned; free with artifact_free. */
struct artifact *tiny_artifact(const struct tiny_options *o);

/* Saves one as folder/SHA256.safetensors and gives its name back. */
void tiny_artifact_save(const struct tiny_options *o, const char *folder,
                        char sha256[SHA256_HEX_BYTES]);

/* P of "yes" by hand; zip "" missing. */
double tiny_score(double bias, double age, const char *zip);

#endif
