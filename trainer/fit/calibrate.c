/*
 * calibrate.c - Platt scaling and temperature scaling.
 */
#include "trainer/calibrate.h"

#include <math.h>
#include <stdlib.h>

#define NEWTON_STEPS 100
#define MIN_STEP 1e-10
#define RIDGE 1e-12 /* keeps the Hessian invertible where all scores are alike */
#define T_MIN 0.05
#define T_MAX 20.0

/* ---- Platt ---- */

struct platt {
    const float *z;
    const double *labels;
    size_t n;
    double target[2]; /* of label 0 and 1 */
};

struct newton { /* gradient and Hessian of the loss in (a, b) */
    double g_a, g_b, h_aa, h_ab, h_bb;
};

static double platt_loss(const struct platt *p, double a, double b)
{
    double sum = 0;
    for (size_t i = 0; i < p->n; i++) {
        double f = a * (double)p->z[i] + b, t = p->target[p->labels[i] > 0.5];
        sum += fmax(f, 0) - f * t + log1p(exp(-fabs(f)));
    }
    return sum;
}

static struct newton platt_derivatives(const struct platt *p, double a, double b)
{
    struct newton d = {.h_aa = RIDGE, .h_bb = RIDGE};
    for (size_t i = 0; i < p->n; i++) {
        double z = (double)p->z[i], q = 1 / (1 + exp(-(a * z + b)));
        double slope = q - p->target[p->labels[i] > 0.5], curve = q * (1 - q);
        d.g_a += z * slope;
        d.g_b += slope;
        d.h_aa += z * z * curve;
        d.h_ab += z * curve;
        d.h_bb += curve;
    }
    return d;
}

/* One damped Newton step; false where no step makes the loss less. */
static bool platt_step(const struct platt *p, const struct newton *d, double *a, double *b,
                       double *loss)
{
    double det = d->h_aa * d->h_bb - d->h_ab * d->h_ab;
    double step_a = -(d->h_bb * d->g_a - d->h_ab * d->g_b) / det;
    double step_b = -(-d->h_ab * d->g_a + d->h_aa * d->g_b) / det;
    double decrease = d->g_a * step_a + d->g_b * step_b; /* negative */
    for (double step = 1; step > MIN_STEP; step /= 2) {
        double next = platt_loss(p, *a + step * step_a, *b + step * step_b);
        if (next < *loss + 1e-4 * step * decrease) {
            *a += step * step_a;
            *b += step * step_b;
            *loss = next;
            return true;
        }
    }
    return false;
}

bool calibrate_platt(const float *z, const double *labels, size_t n_rows, double *a, double *b)
{
    double positives = 0;
    for (size_t i = 0; i < n_rows; i++) {
        positives += labels[i] > 0.5;
    }
    double negatives = (double)n_rows - positives;
    if (n_rows < CALIBRATE_MIN_ROWS || positives == 0 || negatives == 0) {
        return false;
    }
    struct platt p = {z, labels, n_rows, {1 / (negatives + 2), (positives + 1) / (positives + 2)}};
    /* From the classes' shares, where the curvature is largest: from a sure model's own scores
     * Newton would see none and stay. */
    double slope = 0, offset = log((positives + 1) / (negatives + 1));
    double loss = platt_loss(&p, slope, offset);
    for (int i = 0; i < NEWTON_STEPS; i++) {
        struct newton d = platt_derivatives(&p, slope, offset);
        double flat = 1e-8 * (double)n_rows;
        if ((fabs(d.g_a) < flat && fabs(d.g_b) < flat) ||
            !platt_step(&p, &d, &slope, &offset, &loss)) {
            break;
        }
    }
    if (!isfinite(slope) || !isfinite(offset) || slope <= 0) {
        return false;
    }
    *a = slope;
    *b = offset;
    return true;
}

/* ---- temperature ---- */

static double softmax_loss(const float *z, const double *labels, size_t n_rows, size_t n_classes,
                           double t)
{
    double sum = 0;
    for (size_t i = 0; i < n_rows; i++) {
        const float *row = z + i * n_classes;
        double top = (double)row[0], total = 0;
        for (size_t j = 1; j < n_classes; j++) {
            top = fmax(top, (double)row[j]);
        }
        for (size_t j = 0; j < n_classes; j++) {
            total += exp(((double)row[j] - top) / t);
        }
        sum += log(total) - ((double)row[(size_t)labels[i]] - top) / t;
    }
    return sum;
}

bool calibrate_temperature(const float *z, const double *labels, size_t n_rows, size_t n_classes,
                           double *t)
{
    if (n_rows < CALIBRATE_MIN_ROWS) {
        return false;
    }
    const double golden = (sqrt(5) - 1) / 2;
    double low = log(T_MIN), high = log(T_MAX);
    double x1 = high - golden * (high - low), x2 = low + golden * (high - low);
    double f1 = softmax_loss(z, labels, n_rows, n_classes, exp(x1));
    double f2 = softmax_loss(z, labels, n_rows, n_classes, exp(x2));
    while (high - low > 1e-4) {
        if (f1 < f2) {
            high = x2, x2 = x1, f2 = f1;
            x1 = high - golden * (high - low);
            f1 = softmax_loss(z, labels, n_rows, n_classes, exp(x1));
        } else {
            low = x1, x1 = x2, f1 = f2;
            x2 = low + golden * (high - low);
            f2 = softmax_loss(z, labels, n_rows, n_classes, exp(x2));
        }
    }
    *t = exp((low + high) / 2);
    return true;
}

/* ---- slope ---- */

bool calibrate_slope(const float *z, const double *labels, size_t n_rows, double *a)
{
    double t;
    float *pairs = malloc((n_rows ? n_rows : 1) * 2 * sizeof(*pairs));
    if (!pairs) {
        return false;
    }
    for (size_t i = 0; i < n_rows; i++) {
        pairs[2 * i] = 0; /* a logit z is the softmax of (0, z) */
        pairs[2 * i + 1] = z[i];
    }
    bool done = calibrate_temperature(pairs, labels, n_rows, 2, &t);
    free(pairs);
    if (done) {
        *a = 1 / t;
    }
    return done;
}
