/*
 * volume.c - rows per time against the reference's chunks.
 */
#include <math.h>
#include <stdio.h>

#include "monitors/quality.h"
#include "tail.h"

#define MIN_CHUNKS 8

/* Mean and variance of the chunks' logarithms of rows per second. */
struct rates {
    size_t n;
    double mean, variance; /* n - 1 */
    double poisson;        /* mean variance that Poisson counts of these sizes would have */
    double rows;
};

static double log_rate(const struct mon_volume *v)
{
    return log(fmax(v->rows, 0.5) / v->duration_s);
}

static struct rates rates_of(const struct mon_volume *chunks, size_t n_chunks)
{
    struct rates r = {0};
    double sum_sq = 0.0;
    for (size_t i = 0; i < n_chunks; i++) {
        if (!(chunks[i].duration_s > 0.0) || !(chunks[i].rows >= 0.0))
            continue;
        double x = log_rate(&chunks[i]), apart = x - r.mean;
        r.n++;
        r.mean += apart / (double)r.n; /* Welford 1962 */
        sum_sq += apart * (x - r.mean);
        r.poisson += 1.0 / fmax(chunks[i].rows, 0.5);
        r.rows += chunks[i].rows;
    }
    if (r.n > 1)
        r.variance = sum_sq / (double)(r.n - 1);
    if (r.n > 0)
        r.poisson /= (double)r.n;
    return r;
}

/* Standard deviation of one more chunk's logarithm around the mean of these. */
static double deviation_of(const struct rates *r, const struct mon_volume *window)
{
    double one = fmax(r->variance, r->poisson);
    double now = fmax(r->variance, 1.0 / fmax(window->rows, 0.5));
    return sqrt(now + one / (double)r->n);
}

void mon_volume_check(const struct mon_quality_options *o, const struct mon_volume *chunks,
                      size_t n_chunks, const struct mon_volume *window, struct mon_signal *s)
{
    struct rates r = rates_of(chunks, n_chunks);
    mon_signal_init(s, o->monitor, MON_KIND_QUALITY, "rows_per_hour");
    snprintf(s->rule, sizeof s->rule,
             "logarithm of rows per time as one more of %zu chunks, Student's t, two-sided", r.n);
    snprintf(s->threshold_origin, sizeof s->threshold_origin,
             "changed by a factor of %g, and significant at %g", o->max_volume_factor,
             o->significance);
    s->n = window->rows;
    s->n_reference = r.rows;
    s->verdict = MON_INSUFFICIENT;
    if (r.n < MIN_CHUNKS || !(window->duration_s > 0.0) || !(window->rows >= 0.0))
        return;
    s->value = window->rows / window->duration_s * 3600.0;
    s->reference_value = exp(r.mean) * 3600.0;
    s->effect = log_rate(window) - r.mean;
    s->threshold =
        s->reference_value * (s->effect > 0.0 ? o->max_volume_factor : 1.0 / o->max_volume_factor);
    s->p_value =
        fmin(2.0 * tail_t(fabs(s->effect) / deviation_of(&r, window), (double)(r.n - 1)), 1.0);
    bool large = fabs(s->effect) > log(o->max_volume_factor);
    s->verdict = large && s->p_value <= o->significance ? MON_DRIFT : MON_OK;
}
