/*
 * regret.h - what it costs not to retrain, and what it costs to: the two sides of a cost-driven
 * trigger.
 *
 * Regret is whatever harm arrives with data that the model has not learnt (rows, drift, avoidable
 * errors): it stays until the next retrain, so its cost is the area under the curve of the regret
 * present, in regret seconds (Modyn's incorporation latency; Boether et al., SIGMOD 2025). The cost
 * of a retrain is forecast from earlier ones by their rows. Comparing the two takes an exchange
 * rate, which is the policy's. Plain values and one small owned struct; one thread at a time.
 */
#ifndef MONITORS_REGRET_H
#define MONITORS_REGRET_H

#include <stddef.h>

#include "base/err.h"

/* Start with {0}. */
struct mon_regret {
    double present;     /* regret not yet cured */
    double accumulated; /* its area since the last retrain, regret x seconds */
};

/* A stretch of duration_s seconds in which regret arrived evenly, so that it was there for half of
 * it on average; what was present before was there for all of it. Returns accumulated. Arguments
 * that are not finite, or a negative duration, change nothing. */
double mon_regret_add(struct mon_regret *r, double regret, double duration_s);

/* The same where each regret's time of arrival is known: times_s and regrets of n values, times
 * within [start_s, start_s + duration_s]; a time outside is taken at the nearer end, so that late
 * rows count for the stretch alone. n = 0: only what was present grows. */
double mon_regret_add_each(struct mon_regret *r, const double *times_s, const double *regrets,
                           size_t n, double start_s, double duration_s);

/* After a retrain: both become 0. */
void mon_regret_reset(struct mon_regret *r);

/* Seconds that a training takes by its rows: ridge regression with intercept over the last
 * trainings (penalty 1 on the slope, on rows as they are; Hoerl & Kennard 1970). */
struct mon_cost;

/* window: trainings looked at, 1..10000, else ERR_INVALID; ERR_NOMEM. *out is owned; free with
 * mon_cost_free. */
enum err_code mon_cost_new(size_t window, struct mon_cost **out, struct err *e);
void mon_cost_free(struct mon_cost *c); /* NULL allowed */

/* A training of n_rows took so many seconds. Numbers that are not finite and >= 0 are passed over.
 */
void mon_cost_add(struct mon_cost *c, double n_rows, double seconds);

/* Forecast seconds, >= 0. After one training, or trainings of one size: their mean. NaN where there
 * was none. */
double mon_cost_forecast(const struct mon_cost *c, double n_rows);

#endif
