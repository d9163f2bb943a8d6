/*
 * decide_testing.h - inputs built row by row, and one-line expectations of decisions.
 */
#ifndef TESTS_POLICIES_DECIDE_TESTING_H
#define TESTS_POLICIES_DECIDE_TESTING_H

#include <math.h>

#include "base/json.h"
#include "policies/decide.h"
#include "policies_testing.h"

#define MAX_SIGNALS 256

struct feed {
    struct policy_signal signals[MAX_SIGNALS];
    struct policy_input in;
};

static inline void feed_init(struct feed *f)
{
    memset(f, 0, sizeof(*f));
    f->in.signals = f->signals;
    f->in.now_unix_ms = at("2026-06-01T12:00:00Z");
    f->in.policy_since_unix_ms = at("2026-05-31T00:00:00Z");
    f->in.label = POLICY_LABEL_BINARY;
    f->in.labelled_rows = 100000;
}

static inline void feed_signal(struct feed *f, struct policy_signal s)
{
    assert_true(f->in.n_signals < MAX_SIGNALS);
    f->signals[f->in.n_signals++] = s;
}

/* A psi of monitor 0 against 0.25. NaN: insufficient. */
static inline void feed_psi(struct feed *f, int64_t window, const char *feature, double psi)
{
    enum policy_verdict v = isnan(psi)   ? POLICY_INSUFFICIENT
                            : psi > 0.25 ? POLICY_DRIFT
                                         : POLICY_OK;

    feed_signal(f, (struct policy_signal){0, window, feature, "psi", v, psi, NAN, 0.25,
                                          isnan(psi) ? 12 : 1000});
}

/* Decides and checks outcome, guard and a part of the reason; returns the evidence's compact text
 * where wanted (owned), else NULL. */
static inline void expect_decision(const struct policy *p, const struct feed *f,
                                   enum policy_outcome outcome, enum policy_guard guard,
                                   const char *reason)
{
    struct policy_decision d;
    struct err e;

    if (policy_decide(p, &f->in, &d, &e) != ERR_OK)
        fail_msg("%s", e.message);
    if (d.outcome != outcome || d.guard != guard)
        fail_msg("got %s by %s (%s), want %s by %s", policy_outcome_name(d.outcome),
                 policy_guard_name(d.guard), d.reason, policy_outcome_name(outcome),
                 policy_guard_name(guard));
    if (strstr(d.reason, reason) == NULL)
        fail_msg("reason \"%s\", want it to say \"%s\"", d.reason, reason);
    policy_decision_deinit(&d);
}

#endif
