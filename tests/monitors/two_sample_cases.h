/*
 * two_sample_cases.h - what the conformance tests of two samples share: the sides of a case, their
 * cells by category or by a peer's bins, the comparison with the value that the case states.
 */
#ifndef TESTS_MONITORS_TWO_SAMPLE_CASES_H
#define TESTS_MONITORS_TWO_SAMPLE_CASES_H

#include "base/json.h"
#include "monitors/histogram.h"
#include "monitors/two_sample.h"

#define CASES_DIR LEEWAY_SHARED_DIR "/data/cases/"
#define CASE_MAX_CELLS 64

/* What a peer states and we do not give, and what we give instead. */
struct case_fault {
    const char *name;
    double right;
    const char *reason;
};

/* One side: numbers, or the texts of categories. */
struct case_side {
    size_t n;
    double *x;
    char (*text)[16];
};

struct case_sides {
    struct case_side ref, cur;
    size_t n_cells;
    double in_ref[CASE_MAX_CELLS], in_cur[CASE_MAX_CELLS];
    struct mon_pooled *pooled;
};

/* NULL where the name is in none of n faults; else the reason is printed. */
const struct case_fault *case_fault_of(const struct case_fault *faults, size_t n, const char *name);

/* Fails the test unless found is expected, infinities exactly. */
void case_expect(const char *name, double found, double expected, double relative, double absolute);

/* A file of the shared cases; owned. Skips the test where it is absent. */
cJSON *case_load(const char *file);

void case_init(struct case_sides *b);
void case_deinit(struct case_sides *b);
void case_put(struct case_side *s, const char *text, double x);
void case_from_json(struct case_side *s, const cJSON *array);

/* Pools the two sides' numbers anew. */
void case_pool(struct case_sides *b);
/* Cells by category, in the order of first sight. */
void case_count_categories(struct case_sides *b);
/* Cells by bins; what is outside is one more cell, as NannyML has it. */
void case_count_bins(struct case_sides *b, const struct mon_histogram *h);
/* Evidently's and Frouros' bins: over both sides together. */
void case_count_over_both(struct case_sides *b, enum mon_bin_rule rule, size_t n_bins);

#endif
