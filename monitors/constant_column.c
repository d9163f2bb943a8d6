/*
 * constant_column.c - columns that varied in the reference and no longer do.
 */
#include <math.h>
#include <stdio.h>

#include "monitors/quality.h"

/* The present values of one series: finite ones, or those of the vocabulary and unseen. */
struct present {
    double rows, most; /* most: of the fullest cell */
};

static bool is_present_cell(const struct series *s, size_t cell)
{
    return cell != s->missing_cell && cell != s->infinite_cell;
}

static struct present present_in(const struct profile *p, const struct series *s)
{
    struct present found = {0.0, 0.0};
    for (size_t c = 0; c < s->n_cells; c++) {
        double count = is_present_cell(s, c) ? (double)p->counts[s->first_cell + c] : 0.0;
        found.rows += count;
        found.most = fmax(found.most, count);
    }
    return found;
}

/* One cell of a grid may hold many values; their variance says. The window may be a difference of
 * sums, whose rounding leaves something; a billionth of the reference's is nothing. */
static bool varies_in_cell(const struct profile *p, const struct profile *reference, size_t series)
{
    if (p->ruler->series[series].kind != SERIES_NUMERIC)
        return false;
    return moments_variance(&p->moments[series]) >
           1e-9 * moments_variance(&reference->moments[series]);
}

static bool is_constant(const struct profile *p, const struct profile *reference, size_t series)
{
    struct present found = present_in(p, &p->ruler->series[series]);
    return found.rows > 0.0 && found.most == found.rows && !varies_in_cell(p, reference, series);
}

/* Does the reference itself vary? A lone cell with variance does; its share says nothing then. */
static bool varied(const struct profile *reference, size_t series)
{
    struct present found = present_in(reference, &reference->ruler->series[series]);
    bool numeric = reference->ruler->series[series].kind == SERIES_NUMERIC;
    return found.most < found.rows ||
           (numeric && moments_variance(&reference->moments[series]) > 0.0);
}

/* What a chunk adds to the chi-squared statistic of equal chunks. */
static double chunk_chi_squared(const struct profile *reference, const struct profile *chunk,
                                const struct series *s)
{
    double all = present_in(reference, s).rows, rows = present_in(chunk, s).rows, sum = 0.0;
    for (size_t c = 0; c < s->n_cells; c++) {
        double share = (double)reference->counts[s->first_cell + c] / all;
        if (!is_present_cell(s, c) || share == 0.0 || rows == 0.0)
            continue;
        double excess = (double)chunk->counts[s->first_cell + c] / rows - share;
        sum += rows * excess * excess / share;
    }
    return sum;
}

static size_t filled_cells(const struct profile *p, const struct series *s)
{
    size_t n = 0;
    for (size_t c = 0; c < s->n_cells; c++)
        n += is_present_cell(s, c) && p->counts[s->first_cell + c] > 0;
    return n;
}

/* As many rows count as one, where neighbours are alike: how much more the chunks differ than those
 * of independent rows would (the mean design effect of Rao & Scott 1981). A column that comes in
 * runs shorter than a chunk, and longer than a window, has no constant chunk to show for it. 1
 * where the excess may be noise: three standard deviations of chi-squared. */
static double rows_per_draw(const struct profile *reference, struct profile *const *chunks,
                            size_t n_chunks, size_t series)
{
    const struct series *s = &reference->ruler->series[series];
    size_t n_cells = filled_cells(reference, s);
    if (n_chunks < 2 || n_cells < 2)
        return 1.0;
    double sum = 0.0, freedom = (double)(n_chunks - 1) * (double)(n_cells - 1);
    for (size_t i = 0; i < n_chunks; i++)
        sum += chunk_chi_squared(reference, chunks[i], s);
    return sum > freedom + 3.0 * sqrt(2.0 * freedom) ? sum / freedom : 1.0;
}

/* Chance that as many rows as these all fall into the reference's fullest cell; not below what the
 * reference's own chunks show. */
static double chance_of_constant(const struct profile *reference, struct profile *const *chunks,
                                 size_t n_chunks, size_t series, double rows)
{
    struct present before = present_in(reference, &reference->ruler->series[series]);
    double draws = rows / rows_per_draw(reference, chunks, n_chunks, series);
    double p = pow(before.most / before.rows, draws);
    size_t k = 0;
    for (size_t i = 0; i < n_chunks; i++)
        k += is_constant(chunks[i], reference, series);
    return k == 0 ? p : fmax(p, (double)(k + 1) / (double)(n_chunks + 1));
}

static bool is_looked_at(const struct series *s)
{
    return !s->prediction && s->kind != SERIES_PRESENCE;
}

static void start(const struct mon_quality_options *o, const struct profile *reference,
                  const struct profile *window, size_t series, struct mon_signal *s)
{
    const struct series *at = &reference->ruler->series[series];
    struct present before = present_in(reference, at), now = present_in(window, at);
    mon_signal_init(s, o->monitor, MON_KIND_QUALITY, "constant");
    snprintf(s->feature, sizeof s->feature, "%s", at->name);
    snprintf(s->rule, sizeof s->rule, "share of the most frequent value among those present");
    s->n = now.rows;
    s->n_reference = before.rows;
    s->value = now.rows > 0.0 ? now.most / now.rows : NAN;
    s->reference_value = before.rows > 0.0 ? before.most / before.rows : NAN;
    s->threshold = 1.0;
}

size_t mon_constant_check(const struct mon_quality_options *o, const struct profile *reference,
                          struct profile *const *chunks, size_t n_chunks,
                          const struct profile *window, struct mon_signal *signals)
{
    const struct ruler *r = reference->ruler;
    size_t n = 0, n_features = 0;
    for (size_t i = 0; i < r->n_series; i++)
        n_features += is_looked_at(&r->series[i]);
    for (size_t i = 0; i < r->n_series; i++) {
        if (!is_looked_at(&r->series[i]))
            continue;
        struct mon_signal *s = &signals[n++];
        start(o, reference, window, i, s);
        snprintf(s->threshold_origin, sizeof s->threshold_origin,
                 "one value only, and significant at %g over %zu features", o->significance,
                 n_features);
        s->verdict = MON_INSUFFICIENT;
        if (!(s->n >= fmax(1.0, o->min_rows)) || !(s->n_reference > 0.0))
            continue;
        if (!varied(reference, i)) {
            s->verdict = MON_UNAVAILABLE;
            continue;
        }
        bool constant = is_constant(window, reference, i);
        s->p_value = constant ? chance_of_constant(reference, chunks, n_chunks, i, s->n) : 1.0;
        bool significant = s->p_value <= o->significance / (double)n_features;
        s->verdict = constant && significant ? MON_DRIFT : MON_OK;
    }
    return n;
}
