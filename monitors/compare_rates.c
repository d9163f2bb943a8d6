/*
 * compare_rates.c - two proportions, anytime-valid, from cumulative counts.
 */
#include <math.h>

#include "comparison.h"
#include "martingale.h"

struct sides {
    struct flips champion, candidate;
    double difference; /* of the estimates */
};

/* Evidence against "the true difference is on the other side of this one". At the estimated
 * difference the product is least; towards an end it rises. */
static double bound_towards(const struct sides *s, double end, double alpha)
{
    double inside = s->difference, outside = end;
    if (martingale_log_pair(&s->champion, &s->candidate, end) < -log(alpha))
        return end;
    for (int i = 0; i < 40; i++) {
        double middle = 0.5 * (inside + outside);
        if (martingale_log_pair(&s->champion, &s->candidate, middle) < -log(alpha))
            inside = middle;
        else
            outside = middle;
    }
    return outside;
}

/* Against a candidate no worse than the margin; below 1 where the estimates say so themselves. */
static double evidence_for_bad(const struct sides *s, double margin)
{
    double at = fmax(-1.0, fmin(1.0, fmin(margin, s->difference)));
    return exp(martingale_log_pair(&s->champion, &s->candidate, at));
}

void mon_compare_rates(const struct mon_compare_options *o, uint64_t champion_events,
                       uint64_t champion_n, uint64_t candidate_events, uint64_t candidate_n,
                       struct mon_comparison *out)
{
    comparison_start(out, o, "error rate", "two rates, beta-mixture e-process, anytime-valid");
    out->n_champion = (double)champion_n;
    out->n_candidate = (double)candidate_n;
    if (champion_n > 0)
        out->champion = (double)champion_events / (double)champion_n;
    if (candidate_n > 0)
        out->candidate = (double)candidate_events / (double)candidate_n;
    if (champion_n == 0 || candidate_n == 0)
        return;
    out->difference = out->candidate - out->champion;
    struct sides s = {{(double)champion_events, (double)champion_n},
                      {(double)candidate_events, (double)candidate_n},
                      out->difference};
    out->lower = bound_towards(&s, -1.0, o->alpha);
    out->upper = bound_towards(&s, 1.0, o->alpha);
    out->e_value = evidence_for_bad(&s, o->margin);
    comparison_judge_bounds(out, o);
}
