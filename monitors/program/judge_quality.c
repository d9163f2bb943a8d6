/*
 * judge_quality.c - see judge_quality.h.
 */
#include "judge_quality.h"

#include <stdio.h>
#include <stdlib.h>

#include "monitors/quality.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct judge_quality {
    const struct judge_setting *setting;
    struct mon_quality_options options;
    struct mon_mismatches mismatches; /* of the reference */
    size_t n_volumes;                 /* 0: volume is not looked at */
    struct mon_volume *volumes;       /* of stretches of the reference as long as a window */
};

static double seconds(struct mon_span span)
{
    return (double)(span.to_unix_ms - span.from_unix_ms) / 1000;
}

/* Adds up chunks until they last as long as a window; a shorter rest at the end is left out. */
static size_t add_up_volumes(const struct mon_reference *r, double window_s,
                             struct mon_volume *volumes)
{
    struct mon_span span = r->spans[0];
    double rows = 0.0;
    size_t n = 0;
    for (size_t i = 0; i < r->n_chunks; i++) {
        if (rows == 0.0)
            span.from_unix_ms = r->spans[i].from_unix_ms;
        span.to_unix_ms = r->spans[i].to_unix_ms;
        rows += (double)r->chunks[i]->n_rows;
        if (seconds(span) < window_s)
            continue;
        volumes[n++] = (struct mon_volume){.rows = rows, .duration_s = seconds(span)};
        rows = 0.0;
    }
    return n;
}

/* Windows of rows always have as many: only those of time can have too few. Hours of the night have
 * fewer than those of the day, so that windows of less than a day are not judged. */
static enum err_code measure_volumes(struct judge_quality *q, struct err *e)
{
    const struct mon_reference *r = q->setting->ref;
    const struct compare_options *o = q->setting->options;
    if (o->window != WINDOW_TIME || o->window_ms < DAY_MS || !r->spans || r->n_chunks == 0)
        return ERR_OK;
    q->volumes = calloc(r->n_chunks, sizeof *q->volumes);
    if (!q->volumes)
        return err_set(e, ERR_NOMEM, "out of memory");
    q->n_volumes = add_up_volumes(r, (double)o->window_ms / 1000, q->volumes);
    return ERR_OK;
}

enum err_code judge_quality_new(const struct judge_setting *s, struct judge_quality **out,
                                struct err *e)
{
    const struct mon_reference *r = s->ref;
    struct judge_quality *q = calloc(1, sizeof *q);
    if (!q)
        return err_set(e, ERR_NOMEM, "out of memory");
    q->setting = s;
    mon_quality_options_init(&q->options);
    snprintf(q->options.monitor, sizeof q->options.monitor, "%s",
             compare_monitor_name(COMPARE_QUALITY));
    q->options.min_rows = s->min_rows;
    q->options.significance = s->rate / 5; /* rates, mistyped, constant, repeated, volume */
    q->mismatches.n_rows = r->profile->n_rows;
    q->mismatches.counts = calloc(r->schema->n_features, sizeof *q->mismatches.counts);
    enum err_code code =
        q->mismatches.counts ? measure_volumes(q, e) : err_set(e, ERR_NOMEM, "out of memory");
    for (size_t f = 0; !code && r->mismatched && f < r->schema->n_features; f++)
        q->mismatches.counts[f] = r->mismatched[f];
    if (code)
        judge_quality_free(q);
    else
        *out = q;
    return code;
}

void judge_quality_free(struct judge_quality *q)
{
    if (!q)
        return;
    free(q->mismatches.counts);
    free(q->volumes);
    free(q);
}

size_t judge_quality_max(const struct mon_reference *ref)
{
    return (MON_N_RATES + 2) * ref->ruler->n_features + 2;
}

static void check_repeats(const struct judge_quality *q, const struct window *w,
                          struct mon_signal *s)
{
    const struct mon_reference *r = q->setting->ref;
    const double n_rows = (double)w->profile->n_rows;
    const struct mon_repeats before = {(double)r->profile->n_rows, (double)r->n_repeated};
    const struct mon_repeats now =
        w->repeats ? mon_duplicates_estimate(w->repeats) : (struct mon_repeats){n_rows, 0};
    mon_duplicate_check(&q->options, w->repeats ? &before : NULL, &now, s);
}

size_t judge_quality_check(struct judge_quality *q, const struct window *w,
                           struct mon_signal *signals)
{
    const struct mon_reference *r = q->setting->ref;
    const struct mon_mismatches now = {.n_rows = w->profile->n_rows, .counts = w->mismatched};
    size_t n = mon_quality_check_chunks(&q->options, r->profile, r->chunks, r->n_chunks, w->profile,
                                        signals);
    n += mon_mismatch_check(&q->options, r->ruler, &q->mismatches, &now, signals + n);
    n += mon_constant_check(&q->options, r->profile, r->chunks, r->n_chunks, w->profile,
                            signals + n);
    check_repeats(q, w, &signals[n++]);
    if (q->n_volumes) {
        const struct mon_volume volume = {.rows = (double)w->profile->n_rows,
                                          .duration_s = seconds(w->span)};
        mon_volume_check(&q->options, q->volumes, q->n_volumes, &volume, &signals[n++]);
    }
    return n;
}
