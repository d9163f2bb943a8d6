/*
 * screen_limit.c - at which value a pair of series and statistic needs a second look.
 */
#include <math.h>

#include "screen_state.h"

/* Of a square: far more than quantiles (1e-6 of p) and swept values are off by, and so little that
 * hardly a pair is looked at in vain. */
#define CLOSE 1e-4
/* The same for squares near 0, where swept values are good to so much. */
#define CLOSE_TO_ZERO 1e-12

static double squared(const struct screen_statistic *k, double value)
{
    return statistic_is_square(k->options.statistic) ? value : value * value;
}

void screen_limit_make(struct screen_statistic *k, size_t series, double window_rows,
                       struct screen_limit *out)
{
    struct null_case null;
    double rate = k->options.false_alarm_rate;
    *out = (struct screen_limit){.of_runs = check_of_runs(&k->check, window_rows)};
    if (!check_case(&k->check, series, window_rows, &null))
        return; /* every value is suspect */
    null.inverse_rows = 1.0;
    out->beyond = squared(k, null_quantile(&null, rate));
    out->alone = squared(k, null_quantile(&null, rate / (double)k->check.n_watched));
    out->reach = squared(k, check_reach(&k->check, series));
    out->n_groups = k->check.cells.n;
}

enum screen_side screen_limit_side(const struct screen_statistic *k, const struct screen_limit *l,
                                   const struct sweep_value *v)
{
    double alone = l->alone * v->inverse_rows;
    if (isnan(v->value))
        return SCREEN_ABSENT;
    if (!(squared(k, v->value) + CLOSE_TO_ZERO < l->beyond * v->inverse_rows * (1.0 - CLOSE)))
        return SCREEN_SUSPECT;
    if (alone < l->reach * (1.0 - CLOSE))
        return SCREEN_BELOW;
    return alone > l->reach * (1.0 + CLOSE) ? SCREEN_OUT_OF_REACH : SCREEN_SUSPECT;
}

double screen_limit_threshold(const struct screen_statistic *k, const struct screen_limit *l,
                              double inverse_rows)
{
    double square = l->alone * inverse_rows;
    return statistic_is_square(k->options.statistic) ? square : sqrt(square);
}
