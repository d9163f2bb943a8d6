/*
 * budget.h - "at most two false alarms in 30 days, all features together": what that leaves for one
 * window, and for each length of window that is looked at.
 *
 * By linearity of expectation the expected number of false alarms is the sum of the chances of all
 * tests made, whatever depends on what. So a budget per time is kept by giving each test its share,
 * and nothing has to be independent.
 */
#ifndef MONITORS_BUDGET_H
#define MONITORS_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#define MON_SCALES_MAX 16

struct mon_budget {
    double alarms;     /* expected false alarms, at most; default 1 */
    int64_t period_ms; /* in such a time; default 30 days */
    size_t n_monitors; /* that share it evenly; default 1 */
};
void mon_budget_init(struct mon_budget *b);

/* What one window of a monitor may spend: alarms x window_ms / period_ms / n_monitors, at most 0.5;
 * 0 where a value is not positive. A window of rows has the duration its rows need. */
double mon_budget_per_window(const struct mon_budget *b, double window_ms);

/*
 * Shares rate, the budget of one window, out to n_scales <= MON_SCALES_MAX window lengths, where
 * length 2^k is tested once in 2^k windows: sum of alpha[k] / 2^k <= rate. Each scale is given the
 * same expected number of alarms; none gets an alpha above 0.05, where p-values of small chunks
 * mean little, and what it cannot use goes to the shorter ones.
 */
void mon_budget_over_scales(double rate, size_t n_scales, double *alpha);

#endif
