/*
 * evidence.h - what a statistical test gives back: the statistic, its p-value, what it rests on.
 *
 * Plain values, no ownership. A p-value here takes rows as independent; production rows seldom
 * are, which is why drift.h calibrates instead. These tests are for data whose rows are.
 */
#ifndef MONITORS_EVIDENCE_H
#define MONITORS_EVIDENCE_H

struct mon_evidence {
    double statistic;   /* NaN: too few values for it */
    double p_value;     /* two-sided; NaN where the statistic is, or has no p-value */
    double n1, n2;      /* values used of either side */
    double n_left_out;  /* NaN of both sides, and infinities where the test cannot use them */
    const char *method; /* static text: how the p-value was got; "insufficient" with NaN */
};

#endif
