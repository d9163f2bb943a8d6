/*
 * signal_ledger.c - see signal_ledger.h.
 */
#include "signal_ledger.h"

#include <math.h>
#include <stdlib.h>

void signal_ledger_deinit(struct signal_ledger *l)
{
    free(l->entries);
    *l = (struct signal_ledger){0};
}

static int verdict_rank(enum mon_verdict v)
{
    switch (v) {
    case MON_DRIFT:
        return 0;
    case MON_OK:
        return 1;
    case MON_INSUFFICIENT:
        return 2;
    case MON_UNAVAILABLE:
        return 3;
    }
    return 4;
}

/* NaN is the weakest. */
static int compare_numbers(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

int signal_compare(const struct mon_signal *a, const struct mon_signal *b)
{
    int order = verdict_rank(a->verdict) - verdict_rank(b->verdict);
    if (order == 0)
        order = compare_numbers(a->p_value, b->p_value);
    if (order == 0)
        order = compare_numbers(-a->value / a->threshold, -b->value / b->threshold);
    return order;
}

static void add(struct ledger_entry *entry, uint64_t window, const struct mon_signal *s)
{
    entry->n_windows++;
    entry->n_judged += s->verdict == MON_OK || s->verdict == MON_DRIFT;
    if (s->verdict == MON_DRIFT && entry->n_drifted++ == 0)
        entry->first_drift = window;
    if (entry->n_windows == 1 || signal_compare(s, &entry->strongest) < 0) {
        entry->strongest = *s;
        entry->strongest_window = window;
    }
}

enum err_code signal_ledger_add(struct signal_ledger *l, uint64_t window,
                                const struct mon_signal *signals, size_t n, double rate,
                                struct err *e)
{
    if (!l->entries) {
        l->entries = calloc(n + 1, sizeof *l->entries);
        if (!l->entries)
            return err_set(e, ERR_NOMEM, "out of memory for %zu signals", n);
        l->n = n;
    }
    size_t n_drifted = mon_signals_count(signals, n, MON_DRIFT);
    size_t n_judged = n_drifted + mon_signals_count(signals, n, MON_OK);
    for (size_t i = 0; i < n; i++)
        add(&l->entries[i], window, &signals[i]);
    l->n_windows++;
    l->n_drifted_windows += n_drifted > 0;
    l->n_judged_windows += n_judged > 0;
    l->n_looks += n_judged;
    l->false_alarms += n_judged > 0 ? rate : 0;
    return ERR_OK;
}

size_t signal_ledger_drifted(const struct signal_ledger *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        n += l->entries[i].n_drifted > 0;
    return n;
}

static int compare_entries(const void *a, const void *b)
{
    const struct ledger_entry *x = *(const struct ledger_entry *const *)a;
    const struct ledger_entry *y = *(const struct ledger_entry *const *)b;
    int order = signal_compare(&x->strongest, &y->strongest);
    return order ? order : (x > y) - (x < y); /* qsort is not stable: the place decides */
}

const struct ledger_entry **signal_ledger_sorted(const struct signal_ledger *l)
{
    const struct ledger_entry **list = calloc(l->n + 1, sizeof *list);
    for (size_t i = 0; list && i < l->n; i++)
        list[i] = &l->entries[i];
    if (list)
        qsort(list, l->n, sizeof *list, compare_entries);
    return list;
}
