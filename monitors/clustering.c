/*
 * clustering.c - design effects of chunks and of rows in time order.
 */
#include "clustering.h"

#include <math.h>

#include "tail.h"

#define MIN_CHUNKS 8      /* also the fewest runs that a variance is taken from */
#define N_STRETCHES 20    /* of rows in time order */
#define STEP_FREEDOM 15.4 /* what the best step leaves of 19, on average (simulated) */
#define MIN_STRETCHED 100 /* rows */
#define LEAST_P 1e-300    /* whose quantile is still a number */
#define CHANCE 0.05       /* spread that has at least this p-value is taken for chance */

struct clustering clustering_none(void)
{
    return (struct clustering){1.0, INFINITY};
}

/* The larger effect; of two equal ones the better known. */
static struct clustering larger(struct clustering a, struct clustering b)
{
    return b.rows_per_draw > a.rows_per_draw ? b : a;
}

/* A chi-squared statistic of stretches against their common mean. */
static struct clustering of_chi_squared(double sum, double freedom)
{
    if (!(sum > freedom) || !isfinite(sum) || tail_f(sum / freedom, freedom, INFINITY) > CHANCE)
        return clustering_none();
    return (struct clustering){sum / freedom, freedom};
}

/* ---- chunks ---- */

/* The rate's spread between runs of `length` chunks; what is left at the end belongs to none. */
static struct clustering of_runs(const double *rows, const double *events, size_t n, size_t length,
                                 double rate)
{
    double sum = 0.0;
    size_t n_runs = n / length;
    for (size_t i = 0; i < n_runs; i++) {
        double run_rows = 0.0, run_events = 0.0;
        for (size_t k = i * length; k < (i + 1) * length; k++) {
            run_rows += rows[k];
            run_events += events[k];
        }
        double excess = run_events - rate * run_rows;
        sum += run_rows > 0.0 ? excess * excess / (run_rows * rate * (1.0 - rate)) : 0.0;
    }
    return of_chi_squared(sum, (double)(n_runs - 1));
}

static size_t run_length(double rows_per_chunk, size_t n, double window_rows)
{
    double longest = (double)(n / MIN_CHUNKS);
    return (size_t)fmax(1.0, fmin(round(window_rows / rows_per_chunk), longest));
}

struct clustering clustering_of_chunks(const double *rows, const double *events, size_t n,
                                       double window_rows)
{
    double all_rows = 0.0, all_events = 0.0;
    for (size_t i = 0; i < n; i++) {
        all_rows += rows[i];
        all_events += events[i];
    }
    double rate = all_events / all_rows;
    if (n < MIN_CHUNKS || !(rate > 0.0) || !(rate < 1.0))
        return clustering_none();
    size_t length = run_length(all_rows / (double)n, n, window_rows);
    struct clustering chunks = of_runs(rows, events, n, 1, rate);
    return length == 1 ? chunks : larger(chunks, of_runs(rows, events, n, length, rate));
}

/* ---- rows ---- */

struct spread {
    double n, mean, sum_square; /* of deviations from the mean */
    double neighbours;          /* sum of products of neighbours' deviations */
};

static struct spread spread_of(const double *x, size_t n)
{
    struct spread s = {0};
    double before = 0.0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i])) {
            s.n += 1.0;
            s.mean += (x[i] - s.mean) / s.n;
        }
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i])) {
            double deviation = x[i] - s.mean;
            s.sum_square += deviation * deviation;
            s.neighbours += deviation * before;
            before = deviation;
        }
    return s;
}

/* The stretches' sums of deviations, each of variance 1 where rows are independent. */
static void add_up_stretches(const double *x, size_t n, const struct spread *s,
                             double stretches[N_STRETCHES])
{
    double length = floor(s->n / N_STRETCHES), scale = sqrt(length * s->sum_square / (s->n - 1.0));
    double deviation = 0.0, in_stretch = 0.0;
    size_t k = 0;
    for (size_t i = 0; i < n && k < N_STRETCHES; i++) {
        if (isnan(x[i]))
            continue;
        deviation += x[i] - s->mean;
        in_stretch += 1.0;
        if (in_stretch < length)
            continue;
        stretches[k++] = deviation / scale;
        deviation = in_stretch = 0.0;
    }
}

/* The most that two means, before and after one of the stretches, explain of their squares. */
static double explained_by_step(const double stretches[N_STRETCHES], double total)
{
    double most = 0.0, before = 0.0;
    for (size_t k = 1; k < N_STRETCHES; k++) {
        before += stretches[k - 1];
        double share = (double)k / N_STRETCHES, apart = before - share * total;
        most = fmax(most, apart * apart / (N_STRETCHES * share * (1.0 - share)));
    }
    return most;
}

/* Around the means before and after a step, wherever it is largest: a change inside the rows is not
 * to pass for dependence. */
static struct clustering of_stretches(const double *x, size_t n, const struct spread *s)
{
    double stretches[N_STRETCHES], sum = 0.0, total = 0.0;
    add_up_stretches(x, n, s, stretches);
    for (size_t k = 0; k < N_STRETCHES; k++) {
        sum += stretches[k] * stretches[k];
        total += stretches[k];
    }
    sum -= total * total / N_STRETCHES;
    return of_chi_squared(sum - explained_by_step(stretches, total), STEP_FREEDOM);
}

/* (1 + r) / (1 - r) for the neighbours' correlation r, whose variance is (1 - r^2) / n (Bartlett
 * 1946); the effect's own relative variance, 4 / (n (1 - r^2)), says the degrees of freedom. */
static struct clustering of_neighbours(const struct spread *s)
{
    double r = s->neighbours / s->sum_square, unlike = 1.0 - r * r;
    if (!(unlike > 0.0) || tail_normal(r * sqrt(s->n)) > CHANCE)
        return clustering_none();
    return (struct clustering){(1.0 + r) / (1.0 - r), fmax(1.0, 0.5 * s->n * unlike)};
}

struct clustering clustering_of_rows(const double *x, size_t n)
{
    struct spread s = spread_of(x, n);
    if (s.n < MIN_STRETCHED || !(s.sum_square > 0.0) || !isfinite(s.sum_square))
        return clustering_none();
    return larger(of_stretches(x, n, &s), of_neighbours(&s));
}

/* ---- tests ---- */

double clustering_tail(double z, struct clustering c)
{
    return tail_t(z, c.freedom);
}

static double widened(double p, struct clustering c)
{
    return p < 0.5 ? clustering_tail(-quantile_normal(fmax(p, LEAST_P)), c) : p;
}

double clustering_rate_tail(double events, double rows, double reference_events,
                            double reference_rows, struct clustering c)
{
    double exact = tail_hypergeometric(events, rows, reference_events, reference_rows);
    if (!(c.rows_per_draw > 1.0))
        return exact;
    double k = floor(events / c.rows_per_draw), n = fmax(k, round(rows / c.rows_per_draw));
    double other = ceil(reference_events / c.rows_per_draw);
    double n_other = fmax(other, round(reference_rows / c.rows_per_draw));
    return fmax(exact, widened(tail_hypergeometric(k, n, other, n_other), c));
}

double clustering_binomial_tail(double events, double rows, double rate, struct clustering c)
{
    double exact = tail_binomial(events, rows, rate);
    if (!(c.rows_per_draw > 1.0))
        return exact;
    double k = floor(events / c.rows_per_draw), n = fmax(k, round(rows / c.rows_per_draw));
    return fmax(exact, widened(tail_binomial(k, n, rate), c));
}
