/*
 * joint_tail.c - p-values and thresholds of joint statistics.
 */
#include "joint_null.h"
#include "tail.h"

/* Hall 1983, Buckley & Eagleson 1988: (T / mean - 1) sqrt(degrees) and its chi-squared of
 * skew_degrees agree in variance and skewness; F for the mean's estimate. A statistic that never
 * varied is beyond every chance as soon as it does. */
static double p_under(const struct joint_tail *t, struct joint_scale scale, double inverse_rows,
                      double square)
{
    if (!(scale.mean > 0.0))
        return square > 0.0 ? 0.0 : 1.0;
    double ratio = square / (scale.mean * inverse_rows);
    double stretched = 1.0 + (ratio - 1.0) * sqrt(t->degrees / t->skew_degrees);
    return tail_f(stretched, t->skew_degrees, scale.nu);
}

double joint_p_value(const struct joint_tail *t, double inverse_rows, double square)
{
    return fmax(p_under(t, t->chunks, inverse_rows, square),
                p_under(t, t->blocks, inverse_rows, square));
}

double joint_null_mean(const struct joint_tail *t, double inverse_rows)
{
    return inverse_rows * fmax(t->chunks.mean, t->blocks.mean);
}

/* Bisection on the logarithm, over some decades around a value that f falls through p at. */
double joint_quantile(const struct joint_tail *t, double inverse_rows, double p)
{
    double low = 1e-6 * joint_null_mean(t, inverse_rows), high = 1e12 * low;
    for (int i = 0; i < 80 && high > low * (1.0 + 1e-10); i++) {
        double middle = sqrt(low * high);
        if (joint_p_value(t, inverse_rows, middle) > p)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* Independent rows give Fisher's z a variance of 1 / rows: less is luck. */
double joint_pair_error(const struct mon_joint_null *null, size_t pair, double inverse_rows)
{
    return sqrt(fmax(null->pair_variance[pair], 1.0) * inverse_rows);
}

double joint_pairs_p_value(const struct mon_joint_null *null, double largest)
{
    double pairs = (double)joint_length(&null->model, MON_JOINT_CORRELATION);
    double one = tail_f(largest * largest, 1.0, null->pair_nu);
    return one < 1.0 ? -expm1(pairs * log1p(-one)) : 1.0;
}

double joint_pairs_quantile(const struct mon_joint_null *null, double p)
{
    double low = 1e-3, high = 1e6;
    for (int i = 0; i < 80 && high > low * (1.0 + 1e-10); i++) {
        double middle = sqrt(low * high);
        if (joint_pairs_p_value(null, middle) > p)
            low = middle;
        else
            high = middle;
    }
    return high;
}
