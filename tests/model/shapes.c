/*
 * shapes.c - the distributions, and a ruler over each.
 */
#include "shapes.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/rand.h"
#include "tiny_model.h"

const char shape_loan[] =
    "{\"model\":\"loan\",\"features\":[{\"name\":\"zip\",\"type\":\"categorical\"},"
    "{\"name\":\"ssn\",\"type\":\"numeric\",\"pii\":true}],"
    "\"label\":{\"name\":\"y\",\"type\":\"binary\",\"classes\":[\"no\",\"yes\"]}}";

static double draw(enum shape shape, struct rng *rng, size_t i)
{
    double z = rng_normal(rng), u = rng_uniform(rng);
    switch (shape) {
    case NORMAL:
        return z;
    case HUGE_OFFSET:
        return 1e10 + z;
    case TINY_SCALE:
        return 1e-12 * z;
    case LOG_NORMAL:
        return exp(2 * z);
    case CAUCHY:
        return tan(M_PI * (u - 0.5));
    case INTEGERS:
        return floor(40 * u);
    case ZERO_INFLATED:
        return u < 0.4 ? 0 : 10 + z;
    case MOSTLY_ONE_VALUE:
        return u < 0.8 ? -1 : 1000 + 10 * z;
    case SENTINEL:
        return u < 0.4 ? -999 : 2000 + 10 * z;
    case GEOMETRIC:
        return floor(-log(1 - u) / log(2));
    case BINARY:
        return u < 0.3;
    case TWO_ULPS:
        return u < 0.4 ? 1e16 : u < 0.7 ? 1e16 + 2 : 1e16 + 4;
    case EXTREME:
        return z * 1e307;
    case SUBNORMAL:
        return 5e-324 * floor(1000 * u);
    case CONSTANT:
        return 42.5;
    case CONSTANT_ZERO:
        return 0;
    case ALL_MISSING:
        return NAN;
    case ONE_OUTLIER:
        return i == 7 ? 1000 : z;
    case N_SHAPES:
        break;
    }
    return NAN;
}

static void fit(struct shape_bench *b)
{
    struct err e = {0};
    struct ruler_options o;
    ruler_options_init(&o);
    b->schema = tiny_schema("{\"model\":\"m\",\"features\":[{\"name\":\"x\",\"type\":\"numeric\"}],"
                            "\"label\":{\"name\":\"y\",\"type\":\"regression\"}}");
    if (vocabulary_new(b->schema, NULL, NULL, &b->vocabulary, &e))
        fail_msg("%s", e.message);
    b->scores = calloc(b->n, sizeof *b->scores);
    for (size_t i = 0; i < b->n; i++)
        b->scores[i] = (float)b->values[i];
    if (ruler_fit(b->schema, b->vocabulary, b->values, b->scores, b->n, &o, &b->ruler, &e))
        fail_msg("%s", e.message);
}

struct shape_bench shape_bench(enum shape shape, size_t n)
{
    struct shape_bench b = {.n = n, .values = malloc(n * sizeof(double))};
    struct rng rng;
    rng_seed(&rng, 1234 + shape);
    for (size_t i = 0; i < n; i++)
        b.values[i] = draw(shape, &rng, i);
    fit(&b);
    return b;
}

void shape_free(struct shape_bench *b)
{
    ruler_free(b->ruler);
    vocabulary_free(b->vocabulary);
    schema_free(b->schema);
    free(b->values);
    free(b->scores);
}

struct profile *shape_count(const struct ruler *r, const double *codes, const float *scores,
                            size_t n)
{
    struct profile *p = NULL;
    struct err e = {0};
    if (profile_new(r, &p, &e))
        fail_msg("%s", e.message);
    profile_count(p, codes, scores, n);
    return p;
}
