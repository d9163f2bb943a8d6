/*
 * test_monitors_rate_scan.c - the scan for a rise of an error rate: against a plain one that looks
 * at every split with an exact test of its own, its false alarms, what it finds, what it keeps.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/rand.h"
#include "monitors/detectors.h"

static struct mon_detector *make(const char *params)
{
    struct mon_detector *d = NULL;
    struct err e = {0};
    cJSON *json = NULL;
    assert_int_equal(json_parse("params", params, strlen(params), &json, NULL), ERR_OK);
    if (mon_detector_new("rate_scan", json, &d, &e) != ERR_OK)
        fail_msg("%s", e.message);
    cJSON_Delete(json);
    return d;
}

/* P(X >= k) of m drawn from n + m with k + old errors among them, term by term. */
static double fisher(double n, double old, double m, double k)
{
    double sum = 0.0, errors = old + k, all = n + m;
    for (double i = k; i <= fmin(m, errors); i += 1.0)
        sum += exp(lgamma(m + 1) - lgamma(i + 1) - lgamma(m - i + 1) + lgamma(n + 1) -
                   lgamma(errors - i + 1) - lgamma(n - errors + i + 1) - lgamma(all + 1) +
                   lgamma(errors + 1) + lgamma(all - errors + 1));
    return sum;
}

enum { N_PLAIN = 4000, PER_ROW = 8 };

/* Sizes of the buckets, newest first, and every value since the last change. */
struct plain {
    double x[N_PLAIN], sizes[256];
    size_t n, n_sizes;
};

static void join_sizes(struct plain *p)
{
    for (double size = 1.0;; size *= 2.0) {
        size_t last = 0, count = 0;
        for (size_t i = 0; i < p->n_sizes; i++)
            if (p->sizes[i] == size) {
                last = i;
                count++;
            }
        if (count <= PER_ROW)
            return;
        p->sizes[last - 1] = 2.0 * size;
        memmove(&p->sizes[last], &p->sizes[last + 1], (--p->n_sizes - last) * sizeof p->sizes[0]);
    }
}

static double newest(const struct plain *p, double n)
{
    double sum = 0.0;
    for (size_t i = 0; i < (size_t)n; i++)
        sum += p->x[p->n - 1 - i];
    return sum;
}

static bool plain_exceeds(const struct plain *p, double m, double before, double rows_between)
{
    double reach = fmin(1.0, m / 400.0), k = newest(p, m), old = newest(p, before) - k;
    double share = 0.0075 * 400.0 / rows_between * reach * reach;
    return k * (before - m) > old * m && fisher(before - m, old, m, k) <= share;
}

/* Every split m, and every end of a row of equal sizes at least as far again. */
static double plain_change(const struct plain *p, double rows_between)
{
    double m = 0.0;
    for (size_t i = 0; i < p->n_sizes; i++) {
        double before = 0.0;
        m += p->sizes[i];
        for (size_t j = 0; j < p->n_sizes; j++) {
            before += p->sizes[j];
            bool row_ends = j + 1 == p->n_sizes || p->sizes[j + 1] != p->sizes[j];
            if (row_ends && before >= 2.0 * m && plain_exceeds(p, m, before, rows_between))
                return m;
        }
    }
    return 0.0;
}

static bool plain_update(struct plain *p, double x, double rows_between)
{
    p->x[p->n++] = x;
    memmove(&p->sizes[1], &p->sizes[0], p->n_sizes++ * sizeof p->sizes[0]);
    p->sizes[0] = 1.0;
    join_sizes(p);
    double m = x > 0.0 ? plain_change(p, rows_between) : 0.0;
    if (m == 0.0)
        return false;
    memmove(p->x, p->x + p->n - (size_t)m, (size_t)m * sizeof p->x[0]);
    p->n = (size_t)m;
    double kept = 0.0;
    for (p->n_sizes = 0; kept < m; p->n_sizes++)
        kept += p->sizes[p->n_sizes];
    return true;
}

static void finds_what_a_scan_of_every_split_finds(void **state)
{
    (void)state;
    static const double rates[] = {0.02, 0.2, 0.5};
    struct mon_detector *d = make("{\"rows_between\": 1000}");
    struct plain *p = calloc(1, sizeof *p);
    assert_non_null(p);
    for (int k = 0; k < 3; k++) {
        struct rng r;
        rng_seed(&r, 8 + (uint64_t)k);
        mon_detector_reset(d);
        p->n = p->n_sizes = 0;
        for (int i = 0; i < 1500; i++) {
            double x = rng_uniform(&r) < rates[k] + (i < 900 ? 0.0 : 0.3);
            bool expected = plain_update(p, x, 1000.0);
            if ((mon_detector_update(d, x) == MON_CHANGE) != expected ||
                mon_detector_width(d) != (double)p->n)
                fail_msg("rate %g, row %d: expected change %d, width %zu, got width %g", rates[k],
                         i, expected, p->n, mon_detector_width(d));
        }
        assert_true(mon_detector_changes(d) > 0);
    }
    mon_detector_free(d);
    free(p);
}

static double alarms(const char *params, double rate, double n, uint64_t seed)
{
    struct rng r;
    struct mon_detector *d = make(params);
    rng_seed(&r, seed);
    for (double i = 0.0; i < n; i += 1.0)
        mon_detector_update(d, rng_uniform(&r) < rate);
    double found = (double)mon_detector_changes(d);
    mon_detector_free(d);
    return found;
}

static void false_alarms_stay_within_the_stated_rows(void **state)
{
    (void)state;
    static const double rates[] = {0.01, 0.1, 0.4};
    const double n = 200000.0, budget = n / 5000.0;
    for (size_t k = 0; k < 3; k++) {
        double found = alarms("{\"rows_between\": 5000}", rates[k], n, 21);
        print_message("rate %g: %g alarms, at most %g promised\n", rates[k], found, budget);
        if (found > budget)
            fail_msg("rate %g: %g alarms in %g rows, promised %g", rates[k], found, n, budget);
    }
}

/* Feeds n errors of a rate; the index of the first change, or -1. */
static int feed(struct mon_detector *d, struct rng *r, double rate, int n)
{
    for (int i = 0; i < n; i++)
        if (mon_detector_update(d, rng_uniform(r) < rate) == MON_CHANGE)
            return i;
    return -1;
}

static void learning_model_raises_no_alarm(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct rng r;
        struct mon_detector *d = make("{}");
        rng_seed(&r, seed);
        for (int i = 0; i < 5000; i++)
            if (mon_detector_update(d, rng_uniform(&r) < 0.05 + 0.45 / (1.0 + i / 100.0)) ==
                MON_CHANGE)
                fail_msg("seed %d: change at %d while the model learns", (int)seed, i);
        mon_detector_free(d);
    }
}

static void rises_are_found_soon(void **state)
{
    (void)state;
    static const struct {
        double from, to;
        int within;
    } rises[] = {{0.05, 1.0, 12}, {0.05, 0.5, 60}, {0.2, 0.4, 250}, {0.2, 0.3, 900}};
    for (size_t k = 0; k < sizeof rises / sizeof rises[0]; k++) {
        struct rng r;
        struct mon_detector *d = make("{}");
        rng_seed(&r, 2);
        assert_int_equal(feed(d, &r, rises[k].from, 10000), -1);
        int at = feed(d, &r, rises[k].to, 2000);
        if (at < 0 || at > rises[k].within)
            fail_msg("%g to %g: found after %d, expected within %d", rises[k].from, rises[k].to, at,
                     rises[k].within);
        if (fabs(mon_detector_before(d) - rises[k].from) > 0.05)
            fail_msg("before %g, expected about %g", mon_detector_before(d), rises[k].from);
        assert_true(mon_detector_width(d) <= 2.0 * at + 16.0);
        mon_detector_free(d);
    }
}

static void errors_of_the_first_days_hide_nothing(void **state)
{
    (void)state;
    struct rng r;
    struct mon_detector *d = make("{}");
    rng_seed(&r, 3);
    assert_int_equal(feed(d, &r, 0.6, 3000), -1);
    assert_int_equal(feed(d, &r, 0.05, 3000), -1);
    int at = feed(d, &r, 0.25, 1000); /* still below the mean of all before */
    if (at < 0 || at > 200)
        fail_msg("found after %d, expected within 200", at);
    mon_detector_free(d);
}

static void falls_are_found_where_asked_for(void **state)
{
    (void)state;
    static const char *const params[] = {"{}", "{\"direction\": \"down\"}",
                                         "{\"direction\": \"both\"}"};
    for (int k = 0; k < 3; k++) {
        struct rng r;
        struct mon_detector *d = make(params[k]);
        rng_seed(&r, 4);
        assert_int_equal(feed(d, &r, 0.6, 2000), -1);
        int at = feed(d, &r, 0.2, 500);
        if ((at >= 0) != (k > 0))
            fail_msg("%s: change at %d", params[k], at);
        mon_detector_free(d);
    }
}

static void losses_on_a_scale_count_as_parts_of_an_error(void **state)
{
    (void)state;
    struct rng r;
    struct mon_detector *d = make("{\"low\": 10, \"high\": 20}");
    int at = -1;
    rng_seed(&r, 6);
    for (int i = 0; i < 6000 && at < 0; i++)
        if (mon_detector_update(d, (i < 5000 ? 11.0 : 15.0) + rng_uniform(&r)) == MON_CHANGE)
            at = i;
    if (at < 5000 || at > 5100)
        fail_msg("change at %d, expected in 5000..5100", at);
    assert_true(fabs(mon_detector_before(d) - 11.5) < 0.1);
    assert_true(mon_detector_estimate(d) > 14.0);
    mon_detector_free(d);
}

static void values_beyond_the_range_can_be_told(void **state)
{
    (void)state;
    struct mon_detector *d = make("{\"high\": 5}"), *any = NULL;
    assert_int_equal(mon_detector_new("adwin", NULL, &any, NULL), ERR_OK);
    assert_true(mon_detector_in_range(d, 0.0));
    assert_true(mon_detector_in_range(d, 5.0));
    assert_false(mon_detector_in_range(d, 5.1));
    assert_false(mon_detector_in_range(d, -0.1));
    assert_true(mon_detector_in_range(any, 1e9));
    mon_detector_free(d);
    mon_detector_free(any);
}

static void rise_smaller_than_the_least_is_no_change(void **state)
{
    (void)state;
    struct rng r;
    struct mon_detector *d = make("{\"min_rise\": 0.3}");
    rng_seed(&r, 7);
    assert_int_equal(feed(d, &r, 0.1, 3000), -1);
    assert_int_equal(feed(d, &r, 0.25, 3000), -1);
    assert_true(feed(d, &r, 0.9, 200) >= 0);
    mon_detector_free(d);
}

static void horizon_beyond_the_budget_is_refused(void **state)
{
    (void)state;
    struct mon_detector *d = NULL;
    struct err e = {0};
    cJSON *params = cJSON_CreateObject();
    cJSON_AddNumberToObject(params, "rows_between", 300);
    assert_int_equal(mon_detector_new("rate_scan", params, &d, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "horizon"));
    cJSON_Delete(params);
}

static void saved_bucket_with_more_errors_than_values_is_refused(void **state)
{
    (void)state;
    static const char text[] =
        "{\"detector\": \"rate_scan\", \"n\": 3, \"changes\": 0, \"params\": {}, \"state\": "
        "{\"total\": 1, \"variance\": 0, \"rows\": [[1, 0], [3, 0]]}}";
    struct mon_detector *d = NULL;
    struct err e = {0};
    cJSON *json = NULL;
    assert_int_equal(json_parse("state", text, strlen(text), &json, NULL), ERR_OK);
    assert_int_equal(mon_detector_from_json(json, &d, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "rows[1][0]"));
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_a_scan_of_every_split_finds),
        cmocka_unit_test(false_alarms_stay_within_the_stated_rows),
        cmocka_unit_test(learning_model_raises_no_alarm),
        cmocka_unit_test(rises_are_found_soon),
        cmocka_unit_test(errors_of_the_first_days_hide_nothing),
        cmocka_unit_test(falls_are_found_where_asked_for),
        cmocka_unit_test(losses_on_a_scale_count_as_parts_of_an_error),
        cmocka_unit_test(values_beyond_the_range_can_be_told),
        cmocka_unit_test(rise_smaller_than_the_least_is_no_change),
        cmocka_unit_test(horizon_beyond_the_budget_is_refused),
        cmocka_unit_test(saved_bucket_with_more_errors_than_values_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
