/*
 * test_monitors_screen.c - a screen says what mon_drift_check says, statistic by statistic, of
 * windows of every kind and size; and tells all that is worth it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "monitors/screen.h"

#define N_FEATURES 14
#define CHUNK_ROWS 100
#define MAX_SIGNALS 32

/* Each way in which series are awkward, once; the last two are never stationary. */
static const char schema_json[] =
    "{\"model\":\"m\",\"features\":["
    "{\"name\":\"normal\",\"type\":\"numeric\"},{\"name\":\"constant\",\"type\":\"numeric\"},"
    "{\"name\":\"missing\",\"type\":\"numeric\"},{\"name\":\"integers\",\"type\":\"numeric\"},"
    "{\"name\":\"heavy\",\"type\":\"numeric\"},{\"name\":\"skewed\",\"type\":\"numeric\"},"
    "{\"name\":\"zeros\",\"type\":\"numeric\"},{\"name\":\"holes\",\"type\":\"numeric\"},"
    "{\"name\":\"city\",\"type\":\"categorical\"},{\"name\":\"rare\",\"type\":\"categorical\"},"
    "{\"name\":\"ssn\",\"type\":\"numeric\",\"pii\":true},"
    "{\"name\":\"slow\",\"type\":\"numeric\"},{\"name\":\"walk\",\"type\":\"numeric\"},"
    "{\"name\":\"clock\",\"type\":\"numeric\"}],"
    "\"label\":{\"name\":\"y\",\"type\":\"binary\",\"classes\":[\"no\",\"yes\"]}}";

/* How a window differs from the reference. */
struct fault {
    double shift, missing, filled; /* filled: holes are no longer */
    bool infinite, moved;          /* of the constant */
};

struct fixture {
    struct rng rng;
    double slow, walk, clock;
    struct schema *schema;
    struct vocabulary *vocabulary;
    struct ruler *ruler;
    struct profile *reference;
    size_t n_chunks;
    struct profile **chunks;
};

static void draw_row(struct fixture *f, const struct fault *fault, double *row)
{
    struct rng *r = &f->rng;
    double u = rng_uniform(r), shift = fault->shift;
    f->slow = 0.9 * f->slow + sqrt(1 - 0.81) * rng_normal(r);
    f->walk += 0.1 * rng_normal(r);
    row[0] = rng_normal(r) + shift;
    row[1] = fault->moved ? 8 : 7;
    row[2] = NAN;
    row[3] = floor(12 * u + shift);
    row[4] = tan(M_PI * (u - 0.5)) + shift;
    row[5] = exp(2 * rng_normal(r) + shift);
    row[6] = u < 0.5 ? 0 : rng_normal(r) + shift;
    row[7] = rng_uniform(r) < 0.6 - fault->filled ? NAN : rng_normal(r) + shift;
    row[8] = floor((3.05 + shift) * u); /* 3: unseen */
    row[9] = u < 0.002 ? 4 : u < 0.01 ? 3 : floor(3 * u);
    row[10] = u < 0.1 ? NAN : 0;
    row[11] = f->slow + shift;
    row[12] = f->walk;
    row[13] = f->clock++;
    for (size_t i = 0; i < N_FEATURES; i++)
        if (rng_uniform(r) < fault->missing)
            row[i] = fault->infinite && i < 8 ? INFINITY : NAN;
}

static struct profile *count(struct fixture *f, const struct fault *fault, size_t n)
{
    struct profile *p = NULL;
    double codes[N_FEATURES];
    assert_int_equal(profile_new(f->ruler, &p, NULL), ERR_OK);
    for (size_t i = 0; i < n; i++) {
        float score = (float)fmin(rng_uniform(&f->rng) * (1 + fault->shift), 1);
        draw_row(f, fault, codes);
        profile_count(p, codes, &score, 1);
    }
    return p;
}

static void lay_ruler(struct fixture *f, size_t n)
{
    static const char *const three[] = {"a", "b", "c"}, *const five[] = {"a", "b", "c", "d", "e"};
    const char *const *categories[N_FEATURES] = {[8] = three, [9] = five};
    const size_t n_categories[N_FEATURES] = {[8] = 3, [9] = 5};
    struct ruler_options o;
    struct err e = {0};
    cJSON *json = cJSON_Parse(schema_json);
    double *codes = malloc(n * N_FEATURES * sizeof *codes);
    float *scores = malloc(n * sizeof *scores);
    for (size_t i = 0; i < n; i++) {
        draw_row(f, &(struct fault){0}, codes + i * N_FEATURES);
        scores[i] = (float)rng_uniform(&f->rng);
    }
    ruler_options_init(&o);
    if (schema_from_json(json, &f->schema, &e) ||
        vocabulary_new(f->schema, categories, n_categories, &f->vocabulary, &e) ||
        ruler_fit(f->schema, f->vocabulary, codes, scores, n, &o, &f->ruler, &e))
        fail_msg("%s", e.message);
    cJSON_Delete(json);
    free(codes);
    free(scores);
}

static struct fixture fixture_new(size_t n_chunks, uint64_t seed)
{
    struct fixture f = {.n_chunks = n_chunks};
    rng_seed(&f.rng, seed);
    lay_ruler(&f, n_chunks * CHUNK_ROWS + 1);
    f.chunks = calloc(n_chunks + 1, sizeof *f.chunks);
    assert_int_equal(profile_new(f.ruler, &f.reference, NULL), ERR_OK);
    for (size_t i = 0; i < n_chunks; i++) {
        f.chunks[i] = count(&f, &(struct fault){0}, CHUNK_ROWS);
        profile_merge(f.reference, f.chunks[i]);
    }
    return f;
}

static void fixture_free(struct fixture *f)
{
    for (size_t i = 0; i < f->n_chunks; i++)
        profile_free(f->chunks[i]);
    free(f->chunks);
    profile_free(f->reference);
    ruler_free(f->ruler);
    vocabulary_free(f->vocabulary);
    schema_free(f->schema);
}

/* ---- the oracle: mon_drift_check, a statistic at a time ---- */

struct one_by_one {
    const struct mon_screen_options *options;
    struct mon_null *nulls[MON_N_STATISTICS];
};

static struct mon_screen *screen_of(const struct fixture *f, const struct mon_screen_options *o,
                                    double window_rows, struct one_by_one *oracle)
{
    struct mon_screen *s = NULL;
    struct err e = {0};
    *oracle = (struct one_by_one){.options = o};
    for (size_t k = 0; k < o->n_statistics; k++)
        if (mon_null_new(f->reference, f->chunks, f->n_chunks, o->statistics[k].statistic,
                         window_rows, &oracle->nulls[k], &e))
            fail_msg("%s", e.message);
    if (mon_screen_new(o, f->reference, f->chunks, f->n_chunks, window_rows, &s, &e))
        fail_msg("%s", e.message);
    return s;
}

static void oracle_free(struct one_by_one *oracle)
{
    for (size_t k = 0; k < MON_N_STATISTICS; k++)
        mon_null_free(oracle->nulls[k]);
}

static size_t check(const struct one_by_one *oracle, size_t k, const struct fixture *f,
                    const struct profile *window, struct mon_signal *signals)
{
    const struct mon_screen_options *from = oracle->options;
    struct mon_drift_options o;
    mon_drift_options_init(&o);
    snprintf(o.monitor, sizeof o.monitor, "%s", from->monitor);
    o.statistic = from->statistics[k].statistic;
    o.min_effect = from->statistics[k].min_effect;
    o.predictions = from->predictions;
    o.only = from->only;
    o.n_only = from->n_only;
    o.correction = from->correction;
    o.min_rows = from->min_rows;
    o.false_alarm_rate = from->false_alarm_rate / (double)from->n_statistics;
    return mon_drift_check(&o, oracle->nulls[k], f->reference, window, signals);
}

static bool close_to(double got, double want, double tolerance)
{
    if (isnan(got) || isnan(want))
        return isnan(got) && isnan(want);
    return got == want || fabs(got - want) <= tolerance * fmax(1, fabs(want));
}

/* What is off by little near 0 is a root. */
static bool same_value(double got, const struct mon_signal *want)
{
    bool root = strcmp(want->statistic, "js") == 0 || strcmp(want->statistic, "hellinger") == 0;
    return root ? close_to(got * got, want->value * want->value, 1e-12)
                : close_to(got, want->value, 1e-12);
}

static void assert_pair(const struct mon_screen_pair *got, const struct mon_signal *want)
{
    if (got->verdict != want->verdict)
        fail_msg("%s of %s, %.0f rows: %s, one by one %s (p %g)", want->statistic, want->feature,
                 want->n, mon_verdict_name(got->verdict), mon_verdict_name(want->verdict),
                 want->p_value);
    if (!same_value(got->value, want) || !close_to(got->threshold, want->threshold, 1e-5))
        fail_msg("%s of %s, %.0f rows: %.17g at %.12g, one by one %.17g at %.12g", want->statistic,
                 want->feature, want->n, got->value, got->threshold, want->value, want->threshold);
}

/* What there was to see: a test that never sees drift shows nothing. */
struct seen {
    size_t n_drifted, n_insufficient, n_unavailable, n_held_back, n_told;
};

static void assert_statistic(const struct one_by_one *oracle, size_t k, const struct fixture *f,
                             const struct profile *window, const struct mon_screen_report *r,
                             size_t *next, struct seen *seen)
{
    struct mon_signal want[MAX_SIGNALS];
    double rate = oracle->options->false_alarm_rate / (double)oracle->options->n_statistics;
    assert_int_equal(check(oracle, k, f, window, want), r->n_series);
    for (size_t i = 0; i < r->n_series; i++) {
        size_t place = k * r->n_series + i;
        assert_pair(&r->pairs[place], &want[i]);
        seen->n_drifted += want[i].verdict == MON_DRIFT;
        seen->n_insufficient += want[i].verdict == MON_INSUFFICIENT;
        seen->n_unavailable += want[i].verdict == MON_UNAVAILABLE;
        bool beyond = want[i].p_value <= rate;
        seen->n_held_back += beyond && want[i].verdict == MON_OK;
        if (want[i].verdict != MON_DRIFT && !beyond && !oracle->options->tell_all)
            continue;
        if (*next == r->n_signals || r->places[*next] != place)
            fail_msg("%s of %s, p %g: not told", want[i].statistic, want[i].feature,
                     want[i].p_value);
        if (memcmp(&r->signals[(*next)++], &want[i], sizeof want[i]) != 0)
            fail_msg("%s of %s: told p %.17g, one by one %.17g", want[i].statistic, want[i].feature,
                     r->signals[*next - 1].p_value, want[i].p_value);
    }
}

static void assert_same(struct mon_screen *s, const struct one_by_one *oracle,
                        const struct fixture *f, const struct profile *window, struct seen *seen)
{
    struct mon_screen_report r;
    struct seen before = *seen;
    size_t next = 0;
    assert_int_equal(mon_screen_run(s, window, &r, NULL), ERR_OK);
    assert_int_equal(r.n_statistics, oracle->options->n_statistics);
    for (size_t k = 0; k < r.n_statistics; k++)
        assert_statistic(oracle, k, f, window, &r, &next, seen);
    assert_int_equal(r.n_signals, next);
    assert_int_equal(r.n_drifted, seen->n_drifted - before.n_drifted);
    assert_int_equal(r.n_insufficient, seen->n_insufficient - before.n_insufficient);
    assert_int_equal(r.n_unavailable, seen->n_unavailable - before.n_unavailable);
    assert_int_equal(r.n_judged + r.n_insufficient + r.n_unavailable, r.n_statistics * r.n_series);
    seen->n_told += r.n_signals;
}

/* ---- windows ---- */

static struct fault draw_fault(struct rng *r)
{
    static const double shifts[] = {0, 0, 0, 0.02, 0.05, 0.1, 0.2, 0.5, 3, 1e6};
    static const double missing[] = {0, 0, 0, 0, 0.01, 0.1, 0.6, 1};
    return (struct fault){.shift = shifts[rng_below(r, 10)],
                          .missing = missing[rng_below(r, 8)],
                          .filled = rng_uniform(r) < 0.2 ? 0.6 : 0,
                          .infinite = rng_uniform(r) < 0.3,
                          .moved = rng_uniform(r) < 0.1};
}

static size_t draw_size(struct rng *r)
{
    static const size_t sizes[] = {0, 1, 2, 7, 199, 200, 201, 1000};
    size_t i = rng_below(r, 16);
    return i < 8 ? sizes[i] : (size_t)exp(8 * rng_uniform(r));
}

static void assert_random_windows(const struct mon_screen_options *o, size_t n_chunks,
                                  double window_rows, size_t n_windows, uint64_t seed,
                                  struct seen *seen)
{
    struct fixture f = fixture_new(n_chunks, seed);
    struct one_by_one oracle;
    struct mon_screen *s = screen_of(&f, o, window_rows, &oracle);
    for (size_t i = 0; i < n_windows; i++) {
        struct fault fault = draw_fault(&f.rng);
        struct profile *window = count(&f, &fault, draw_size(&f.rng));
        assert_same(s, &oracle, &f, window, seen);
        profile_free(window);
    }
    mon_screen_free(s);
    oracle_free(&oracle);
    fixture_free(&f);
}

static struct mon_screen_options all_statistics(void)
{
    static const enum mon_statistic all[] = {
#define X(symbol, text) symbol,
        MON_STATISTIC_LIST(X)
#undef X
    };
    struct mon_screen_options o;
    mon_screen_options_init(&o);
    o.n_statistics = MON_N_STATISTICS;
    for (size_t k = 0; k < MON_N_STATISTICS; k++)
        o.statistics[k] = (struct mon_screened){all[k], NAN};
    return o;
}

static void random_windows_get_the_verdicts_of_drift_check(void **state)
{
    (void)state;
    static const double rates[] = {0.001, 0.05, 0.5};
    struct seen seen = {0};
    struct mon_screen_options o = all_statistics();
    for (uint64_t seed = 1; seed <= 12; seed++) {
        o.correction = seed % 2 ? MON_BY_BENJAMINI_HOCHBERG : MON_BY_HOLM;
        o.false_alarm_rate = rates[seed % 3];
        o.min_rows = seed % 4 ? 1 : 200;
        o.statistics[0].min_effect = seed % 5 ? NAN : 0;
        assert_random_windows(&o, 10 + seed, seed % 2 ? 1000 : 150, 60, seed, &seen);
    }
    printf("%zu drifted, %zu held back, %zu unavailable, %zu insufficient, %zu told\n",
           seen.n_drifted, seen.n_held_back, seen.n_unavailable, seen.n_insufficient, seen.n_told);
    assert_true(seen.n_drifted > 1000 && seen.n_held_back > 100 && seen.n_unavailable > 100 &&
                seen.n_insufficient > 100);
}

static void without_chunks_too(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct mon_screen_options o = all_statistics();
    o.min_rows = 1;
    assert_random_windows(&o, 5, 1000, 60, 21, &seen);
    assert_true(seen.n_drifted > 100);
}

static void one_statistic_has_the_whole_rate(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct mon_screen_options o;
    mon_screen_options_init(&o);
    o.n_statistics = 1;
    for (size_t k = 0; k < MON_N_STATISTICS; k++) {
        o.statistics[0] = all_statistics().statistics[k];
        assert_random_windows(&o, 20, 500, 20, 31 + k, &seen);
    }
    assert_true(seen.n_drifted > 50);
}

static void predictions_and_some_series_only(void **state)
{
    (void)state;
    static const char *const some[] = {"slow", "city", "constant"};
    struct seen seen = {0};
    struct mon_screen_options o;
    mon_screen_options_init(&o);
    o.predictions = true;
    assert_random_windows(&o, 20, 500, 20, 41, &seen);
    o.predictions = false;
    o.only = some;
    o.n_only = 3;
    assert_random_windows(&o, 20, 500, 20, 42, &seen);
    assert_true(seen.n_drifted > 10);
}

static void tell_all_writes_what_drift_check_writes(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct mon_screen_options o;
    mon_screen_options_init(&o);
    o.tell_all = true;
    assert_random_windows(&o, 20, 500, 30, 51, &seen);
    assert_int_equal(seen.n_told, 30 * 4 * N_FEATURES);
}

/* Of unchanged windows hardly a pair is told. */
static void quiet_windows_say_little(void **state)
{
    (void)state;
    struct mon_screen_options o;
    struct mon_screen_report r;
    struct one_by_one oracle;
    static const char *const steady[] = {"normal", "integers", "heavy", "skewed",
                                         "zeros",  "holes",    "city",  "rare"};
    size_t n_told = 0;
    mon_screen_options_init(&o);
    o.only = steady;
    o.n_only = 8;
    struct fixture f = fixture_new(40, 61);
    struct mon_screen *s = screen_of(&f, &o, 1000, &oracle);
    for (size_t i = 0; i < 100; i++) {
        struct profile *window = count(&f, &(struct fault){0}, 1000);
        assert_int_equal(mon_screen_run(s, window, &r, NULL), ERR_OK);
        n_told += r.n_signals;
        profile_free(window);
    }
    /* 3,200 looks at p <= 0.00025: 0.8 expected where the null were exact */
    if (n_told > 6)
        fail_msg("%zu told of 100 unchanged windows", n_told);
    mon_screen_free(s);
    oracle_free(&oracle);
    fixture_free(&f);
}

static void a_reference_without_rows_judges_nothing(void **state)
{
    (void)state;
    struct fixture f = fixture_new(10, 71);
    struct mon_screen_options o;
    struct one_by_one oracle;
    struct seen seen = {0};
    struct profile *window = count(&f, &(struct fault){0}, 300);
    mon_screen_options_init(&o);
    profile_clear(f.reference);
    struct mon_screen *s = screen_of(&f, &o, 1000, &oracle);
    assert_same(s, &oracle, &f, window, &seen);
    assert_int_equal(seen.n_insufficient, 4 * N_FEATURES);
    profile_free(window);
    mon_screen_free(s);
    oracle_free(&oracle);
    fixture_free(&f);
}

static void assert_refused(const struct fixture *f, const struct mon_screen_options *o,
                           double window_rows, const char *why)
{
    struct mon_screen *s = NULL;
    struct err e = {0};
    assert_int_equal(mon_screen_new(o, f->reference, f->chunks, f->n_chunks, window_rows, &s, &e),
                     ERR_INVALID);
    if (strstr(e.message, why) == NULL)
        fail_msg("expected \"%s\", got \"%s\"", why, e.message);
    assert_null(s);
}

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    struct fixture f = fixture_new(10, 81);
    struct mon_screen_options o, fine;
    mon_screen_options_init(&fine);
    assert_refused(&f, &fine, 0.5, "window_rows");
    assert_refused(&f, &fine, NAN, "window_rows");
    o = fine;
    o.n_statistics = 0;
    assert_refused(&f, &o, 100, "1 to 6 statistics");
    o.n_statistics = 7;
    assert_refused(&f, &o, 100, "1 to 6 statistics");
    o = fine;
    o.statistics[3].statistic = MON_PSI;
    assert_refused(&f, &o, 100, "psi twice");
    o = fine;
    o.false_alarm_rate = 0;
    assert_refused(&f, &o, 100, "false_alarm_rate");
    o.false_alarm_rate = 0.6;
    assert_refused(&f, &o, 100, "false_alarm_rate");
    o.false_alarm_rate = NAN;
    assert_refused(&f, &o, 100, "false_alarm_rate");
    fixture_free(&f);
    mon_screen_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_windows_get_the_verdicts_of_drift_check),
        cmocka_unit_test(without_chunks_too),
        cmocka_unit_test(one_statistic_has_the_whole_rate),
        cmocka_unit_test(predictions_and_some_series_only),
        cmocka_unit_test(tell_all_writes_what_drift_check_writes),
        cmocka_unit_test(quiet_windows_say_little),
        cmocka_unit_test(a_reference_without_rows_judges_nothing),
        cmocka_unit_test(options_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
