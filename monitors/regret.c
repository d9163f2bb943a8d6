/*
 * regret.c - the area under the regret present, and the forecast cost of a training.
 */
#include "monitors/regret.h"

#include <math.h>
#include <stdlib.h>

#define RIDGE_PENALTY 1.0

double mon_regret_add(struct mon_regret *r, double regret, double duration_s)
{
    if (!isfinite(regret) || !isfinite(duration_s) || duration_s < 0.0)
        return r->accumulated;
    r->accumulated += r->present * duration_s + regret * (duration_s / 2.0);
    r->present += regret;
    return r->accumulated;
}

double mon_regret_add_each(struct mon_regret *r, const double *times_s, const double *regrets,
                           size_t n, double start_s, double duration_s)
{
    if (!isfinite(start_s) || !isfinite(duration_s) || duration_s < 0.0)
        return r->accumulated;
    double end_s = start_s + duration_s;
    r->accumulated += r->present * duration_s;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(regrets[i]) || isnan(times_s[i]))
            continue;
        r->accumulated += regrets[i] * (end_s - fmin(fmax(times_s[i], start_s), end_s));
        r->present += regrets[i];
    }
    return r->accumulated;
}

void mon_regret_reset(struct mon_regret *r)
{
    *r = (struct mon_regret){0.0, 0.0};
}

struct mon_cost {
    size_t window, n, next;
    double *rows, *seconds; /* rings of window values */
};

enum err_code mon_cost_new(size_t window, struct mon_cost **out, struct err *e)
{
    if (window < 1 || window > 10000)
        return err_set(e, ERR_INVALID, "a window of %zu trainings: 1 to 10000 are possible",
                       window);
    struct mon_cost *c = calloc(1, sizeof *c);
    if (c != NULL) {
        c->window = window;
        c->rows = calloc(window, sizeof *c->rows);
        c->seconds = calloc(window, sizeof *c->seconds);
    }
    if (c == NULL || c->rows == NULL || c->seconds == NULL) {
        mon_cost_free(c);
        return err_set(e, ERR_NOMEM, "out of memory for %zu trainings", window);
    }
    *out = c;
    return ERR_OK;
}

void mon_cost_free(struct mon_cost *c)
{
    if (c == NULL)
        return;
    free(c->rows);
    free(c->seconds);
    free(c);
}

void mon_cost_add(struct mon_cost *c, double n_rows, double seconds)
{
    if (!isfinite(n_rows) || !isfinite(seconds) || n_rows < 0.0 || seconds < 0.0)
        return;
    c->rows[c->next] = n_rows;
    c->seconds[c->next] = seconds;
    c->next = (c->next + 1) % c->window;
    if (c->n < c->window)
        c->n++;
}

static double mean_of(const double *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

double mon_cost_forecast(const struct mon_cost *c, double n_rows)
{
    if (c->n == 0 || isnan(n_rows))
        return NAN;
    double rows = mean_of(c->rows, c->n), seconds = mean_of(c->seconds, c->n);
    double squares = RIDGE_PENALTY, products = 0.0;
    for (size_t i = 0; i < c->n; i++) {
        squares += (c->rows[i] - rows) * (c->rows[i] - rows);
        products += (c->rows[i] - rows) * (c->seconds[i] - seconds);
    }
    return fmax(seconds + products / squares * (n_rows - rows), 0.0);
}
