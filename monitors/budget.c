/*
 * budget.c - false alarms per time into chances per test.
 */
#include "monitors/budget.h"

#include <math.h>

#define WINDOW_RATE_MAX 0.5
#define SCALE_ALPHA_MAX 0.05

void mon_budget_init(struct mon_budget *b)
{
    *b = (struct mon_budget){.alarms = 1.0, .period_ms = INT64_C(30) * 86400000, .n_monitors = 1};
}

double mon_budget_per_window(const struct mon_budget *b, double window_ms)
{
    if (!(b->alarms > 0.0) || b->period_ms <= 0 || b->n_monitors == 0 || !(window_ms > 0.0))
        return 0.0;
    double share = window_ms / (double)b->period_ms;
    return fmin(WINDOW_RATE_MAX, b->alarms * share / (double)b->n_monitors);
}

/* From the longest down, each takes an even share of what is left. */
void mon_budget_over_scales(double rate, size_t n_scales, double *alpha)
{
    double left = fmax(0.0, rate);
    for (size_t k = n_scales; k-- > 0;) {
        double tests = ldexp(1.0, -(int)k); /* a window */
        alpha[k] = fmin(SCALE_ALPHA_MAX, left / (double)(k + 1) / tests);
        left -= alpha[k] * tests;
    }
}
