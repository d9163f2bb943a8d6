/*
 * harm.c - the sequential test itself: bets on every labelled loss, restarted whenever they have
 * lost their worth. harm_limit.c says what is tolerated, harm_file.c saves the state.
 */
#include "monitors/harm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harm_state.h"

#define LARGEST_BET 0.5 /* of what a bet may risk at all; each next bet is half as large */
#define LEAST_BAR 2.0
#define E_MOST 1e300 /* beyond any threshold, and still a number */

const char *mon_harm_event_name(enum mon_harm_event event)
{
    switch (event) {
#define X(symbol, text)                                                                            \
    case symbol:                                                                                   \
        return text;
        MON_HARM_EVENT_LIST(X)
#undef X
    }
    return "?";
}

static void restart(struct bets *b, double row)
{
    for (int k = 0; k < N_BETS; k++) {
        b->e[k] = 1.0;
        b->since[k] = row;
    }
}

/* A factor 1 + size (x - limit) must stay positive for x = 0 and x = 1. */
static void lay_bets(struct bets *b, double most)
{
    double size = LARGEST_BET * most;
    for (int k = 0; k < N_BETS; k++, size *= 0.5)
        b->size[k] = size;
}

enum err_code mon_harm_new(const struct mon_harm_options *o, const struct mon_harm_limit *limit,
                           struct mon_harm **out, struct err *e)
{
    enum err_code rc = harm_check_options(o, e);
    if (rc == ERR_OK)
        rc = harm_check_limit(limit, e);
    if (rc != ERR_OK)
        return rc;
    struct mon_harm *h = calloc(1, sizeof *h);
    if (h == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a harm test");
    double scaled = limit->limit / limit->loss_bound;
    h->options = *o;
    h->limit = *limit;
    h->since = NAN;
    lay_bets(&h->rise, 1.0 / scaled);
    lay_bets(&h->fall, -1.0 / (1.0 - scaled));
    restart(&h->rise, 0.0);
    restart(&h->fall, 0.0);
    *out = h;
    return ERR_OK;
}

void mon_harm_free(struct mon_harm *h)
{
    free(h);
}

/* The e-detectors' step. from_limit: scaled loss - scaled limit. Without branches or calls: whether
 * a bet restarts is a coin flip, row after row. */
static void bet(struct bets *b, double from_limit, double row)
{
    for (int k = 0; k < N_BETS; k++) {
        bool worth = b->e[k] > 1.0;
        double e = (worth ? b->e[k] : 1.0) * (1.0 + b->size[k] * from_limit);
        b->since[k] = worth ? b->since[k] : row;
        b->e[k] = e < E_MOST ? e : E_MOST;
    }
}

/* Evidence of all bets: their mean, an e-detector too. */
static double evidence(const struct bets *b)
{
    double sum = 0.0;
    for (int k = 0; k < N_BETS; k++)
        sum += b->e[k];
    return sum / N_BETS;
}

static double since_of_best(const struct bets *b)
{
    int best = 0;
    for (int k = 1; k < N_BETS; k++)
        if (b->e[k] > b->e[best])
            best = k;
    return b->since[best];
}

/* What the evidence must reach. A block of rows is one bet, and the promise is about rows. */
static double bar(const struct mon_harm *h, double rows_between)
{
    return fmax(LEAST_BAR, rows_between / harm_block_rows(&h->limit));
}

static enum mon_harm_event judge(struct mon_harm *h)
{
    if (!h->harmed && evidence(&h->rise) >= bar(h, h->options.rows_between_alarms)) {
        h->harmed = true;
        h->since = since_of_best(&h->rise);
        restart(&h->fall, (double)h->n);
        return MON_HARM_BEGAN;
    }
    if (h->harmed && evidence(&h->fall) >= bar(h, h->options.rows_between_ends)) {
        h->harmed = false;
        h->since = NAN;
        restart(&h->rise, (double)h->n);
        return MON_HARM_ENDED;
    }
    return MON_HARM_NONE;
}

static enum mon_harm_event bet_on_block(struct mon_harm *h)
{
    double from_limit = (h->block_sum / h->block_n - h->limit.limit) / h->limit.loss_bound;
    double first_row = (double)h->n - h->block_n;
    bet(&h->rise, from_limit, first_row);
    if (h->harmed)
        bet(&h->fall, from_limit, first_row);
    h->block_n = h->block_sum = 0.0;
    return judge(h);
}

enum mon_harm_event mon_harm_update(struct mon_harm *h, double loss)
{
    if (isnan(loss))
        return MON_HARM_NONE;
    double cut = fmin(fmax(loss, 0.0), h->limit.loss_bound);
    h->n++;
    h->window_n += 1.0;
    h->window_sum += cut;
    h->block_n += 1.0;
    h->block_sum += cut;
    return h->block_n < harm_block_rows(&h->limit) ? MON_HARM_NONE : bet_on_block(h);
}

size_t mon_harm_feed(struct mon_harm *h, const double *losses, size_t n)
{
    size_t events = 0;
    for (size_t i = 0; i < n; i++)
        events += mon_harm_update(h, losses[i]) != MON_HARM_NONE;
    return events;
}

bool mon_harm_now(const struct mon_harm *h)
{
    return h->harmed;
}

uint64_t mon_harm_n(const struct mon_harm *h)
{
    return h->n;
}

double mon_harm_e_value(const struct mon_harm *h)
{
    return evidence(&h->rise);
}

double mon_harm_end_e_value(const struct mon_harm *h)
{
    return h->harmed ? evidence(&h->fall) : NAN;
}

double mon_harm_since_row(const struct mon_harm *h)
{
    return h->since;
}

static void say_rule(const struct mon_harm *h, struct mon_signal *s)
{
    double block = harm_block_rows(&h->limit);
    int n = snprintf(s->rule, sizeof s->rule, "labelled losses; e-detector, alarm at e = %.4g",
                     bar(h, h->options.rows_between_alarms));
    if (block > 1.0 && n > 0)
        n += snprintf(s->rule + n, sizeof s->rule - (size_t)n, "; they cluster: means of %.0f rows",
                      block);
    if (h->harmed && n > 0 && (size_t)n < sizeof s->rule)
        snprintf(s->rule + n, sizeof s->rule - (size_t)n, "; harm since row %.0f of %llu", h->since,
                 (unsigned long long)h->n);
    snprintf(s->threshold_origin, sizeof s->threshold_origin,
             "reference risk at most %.4g, tolerance %.3g", h->limit.risk_upper,
             h->limit.tolerance);
}

void mon_harm_signal(struct mon_harm *h, struct mon_signal *out)
{
    mon_signal_init(out, h->options.monitor, MON_KIND_HARM, "risk");
    say_rule(h, out);
    out->n = h->window_n;
    out->n_reference = h->limit.n;
    out->reference_value = h->limit.risk;
    out->threshold = h->limit.limit;
    out->e_value = evidence(&h->rise);
    if (h->window_n > 0.0) {
        out->value = h->window_sum / h->window_n;
        out->effect = out->value - h->limit.risk;
    }
    if (h->window_n > 0.0 && h->harmed)
        out->verdict = MON_DRIFT;
    else if (!(h->window_n > 0.0) || h->window_n < h->options.min_rows)
        out->verdict = MON_INSUFFICIENT;
    else
        out->verdict = MON_OK;
    h->window_n = h->window_sum = 0.0;
}
