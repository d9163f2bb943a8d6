/*
 * ratio.c - accuracy, precision, recall, f1 and specificity as one table of weights.
 */
#include "ratio.h"

#include <math.h>

/* value = sum of top x counts / sum of bottom x counts */
static const struct {
    double top[N_OUTCOMES], bottom[N_OUTCOMES];
} weights[MON_N_METRICS] = {
    [MON_ACCURACY] = {{[TRUE_POSITIVE] = 1, [TRUE_NEGATIVE] = 1}, {1, 1, 1, 1}},
    [MON_PRECISION] = {{[TRUE_POSITIVE] = 1}, {[TRUE_POSITIVE] = 1, [FALSE_POSITIVE] = 1}},
    [MON_RECALL] = {{[TRUE_POSITIVE] = 1}, {[TRUE_POSITIVE] = 1, [FALSE_NEGATIVE] = 1}},
    [MON_F1] = {{[TRUE_POSITIVE] = 2},
                {[TRUE_POSITIVE] = 2, [FALSE_POSITIVE] = 1, [FALSE_NEGATIVE] = 1}},
    [MON_SPECIFICITY] = {{[TRUE_NEGATIVE] = 1}, {[TRUE_NEGATIVE] = 1, [FALSE_POSITIVE] = 1}},
};

static double weighted(const double *weight, const double *counts)
{
    double sum = 0.0;
    for (int o = 0; o < N_OUTCOMES; o++)
        sum += weight[o] * counts[o];
    return sum;
}

bool ratio_exists(enum mon_metric m)
{
    const double one_each[N_OUTCOMES] = {1, 1, 1, 1};
    return weighted(weights[m].bottom, one_each) > 0.0;
}

double ratio_value(enum mon_metric m, const double *counts)
{
    double bottom = weighted(weights[m].bottom, counts);
    return bottom > 0.0 ? weighted(weights[m].top, counts) / bottom : NAN;
}

void ratio_gradient(enum mon_metric m, const double *counts, double *gradient)
{
    double bottom = weighted(weights[m].bottom, counts), value = ratio_value(m, counts);
    for (int o = 0; o < N_OUTCOMES; o++)
        gradient[o] =
            bottom > 0.0 ? (weights[m].top[o] - value * weights[m].bottom[o]) / bottom : 0.0;
}

enum outcome outcome_of(bool positive, bool predicted_positive)
{
    if (predicted_positive)
        return positive ? TRUE_POSITIVE : FALSE_POSITIVE;
    return positive ? FALSE_NEGATIVE : TRUE_NEGATIVE;
}
