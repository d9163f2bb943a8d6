/*
 * test_monitors_harm.c - false alarms at the limit itself, delays, the end of harm, what is saved,
 * and the ranking of features.
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
#include "monitors/harm.h"

static void assert_close(const char *what, double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("%s: found %.12g, expected %.12g (within %g)", what, found, expected, tolerance);
}

static struct mon_harm *harm_at(double limit, double rows_between_alarms)
{
    struct mon_harm_options o;
    struct mon_harm *h = NULL;
    struct mon_harm_limit l = {.n = 10000,
                               .loss_bound = 1.0,
                               .risk = limit - 0.02,
                               .risk_upper = limit - 0.01,
                               .tolerance = 0.01,
                               .limit = limit};
    mon_harm_options_init(&o);
    o.rows_between_alarms = rows_between_alarms;
    assert_int_equal(mon_harm_new(&o, &l, &h, NULL), ERR_OK);
    return h;
}

static double error_of(struct rng *r, double risk)
{
    return rng_uniform(r) < risk;
}

/* Rows until an event; `most` where there is none. */
static double rows_until(struct mon_harm *h, struct rng *r, double risk, double most)
{
    for (double n = 1; n <= most; n++)
        if (mon_harm_update(h, error_of(r, risk)) != MON_HARM_NONE)
            return n;
    return most;
}

/* The worst stream that is no harm: its risk is the limit, always. */
static void false_alarms_are_as_far_apart_as_stated(void **state)
{
    (void)state;
    enum { runs = 200 };
    const double stated = 1000;
    struct rng r;
    double sum = 0.0, most = 60 * stated; /* cutting a run off only shortens the mean */
    rng_seed(&r, 4);
    for (int i = 0; i < runs; i++) {
        struct mon_harm *h = harm_at(0.2, stated);
        sum += rows_until(h, &r, 0.2, most);
        mon_harm_free(h);
    }
    print_message("mean of %d runs at the limit: %.0f rows between alarms, stated %.0f\n", runs,
                  sum / runs, stated);
    assert_true(sum / runs >= stated);
}

/* The same for losses that are no 0/1, and for the mean of them in bursts: only the conditional
 * mean is asked to be at the limit. */
static void false_alarms_of_real_losses_are_as_far_apart_as_stated(void **state)
{
    (void)state;
    enum { runs = 200 };
    const double stated = 1000;
    struct rng r;
    double sum = 0.0;
    rng_seed(&r, 5);
    for (int i = 0; i < runs; i++) {
        struct mon_harm *h = harm_at(0.25, stated);
        double n = 0, width = 0.05;
        enum mon_harm_event event = MON_HARM_NONE;
        for (; n < 60 * stated && event == MON_HARM_NONE; n++) {
            if (rng_uniform(&r) < 0.02)
                width = 0.05 + 0.2 * rng_uniform(&r); /* volatile for a while, not larger */
            event = mon_harm_update(h, 0.25 + width * (2.0 * rng_uniform(&r) - 1.0));
        }
        sum += n;
        mon_harm_free(h);
    }
    print_message("mean of %d runs: %.0f rows between alarms, stated %.0f\n", runs, sum / runs,
                  stated);
    assert_true(sum / runs >= stated);
}

static struct mon_harm *harm_from_reference(struct rng *r, double risk, size_t n)
{
    struct mon_harm_options o;
    struct mon_harm_limit limit;
    struct mon_harm *h = NULL;
    double *losses = calloc(n, sizeof *losses);
    for (size_t i = 0; i < n; i++)
        losses[i] = error_of(r, risk);
    mon_harm_options_init(&o);
    assert_int_equal(mon_harm_limit_fit(&o, losses, n, &limit, NULL), ERR_OK);
    assert_int_equal(mon_harm_new(&o, &limit, &h, NULL), ERR_OK);
    free(losses);
    return h;
}

static void unchanged_risk_is_silent_for_a_million_rows(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 6);
    struct mon_harm *h = harm_from_reference(&r, 0.2, 20000);
    assert_close("rows", rows_until(h, &r, 0.2, 1e6), 1e6, 0.0);
    assert_false(mon_harm_now(h));
    mon_harm_free(h);
}

static void harm_after_many_good_rows_is_found_as_fast_as_at_once(void **state)
{
    (void)state;
    struct rng r;
    double delay[2], good[2] = {0, 100000};
    for (int i = 0; i < 2; i++) {
        rng_seed(&r, 7);
        struct mon_harm *h = harm_from_reference(&r, 0.2, 20000);
        for (double n = 0; n < good[i]; n++)
            assert_int_equal(mon_harm_update(h, error_of(&r, 0.2)), MON_HARM_NONE);
        delay[i] = rows_until(h, &r, 0.3, 20000);
        print_message("after %.0f good rows: found after %.0f, thought to begin at row %.0f\n",
                      good[i], delay[i], mon_harm_since_row(h));
        assert_true(mon_harm_now(h));
        assert_close("began", mon_harm_since_row(h), good[i], 200);
        assert_true(mon_harm_e_value(h) >= 100000.0);
        mon_harm_free(h);
    }
    assert_true(delay[0] < 1500 && delay[1] < 1500);
}

static void harm_ends_and_does_not_flap(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 8);
    struct mon_harm *h = harm_from_reference(&r, 0.2, 20000);
    rows_until(h, &r, 0.3, 20000);
    for (int i = 0; i < 20000; i++) /* it lasts */
        assert_int_equal(mon_harm_update(h, error_of(&r, 0.3)), MON_HARM_NONE);
    double delay = rows_until(h, &r, 0.2, 20000);
    print_message("the end found after %.0f rows\n", delay);
    assert_false(mon_harm_now(h));
    assert_true(isnan(mon_harm_since_row(h)) && isnan(mon_harm_end_e_value(h)));
    assert_true(delay < 3000);
    assert_close("silence", rows_until(h, &r, 0.2, 100000), 100000, 0.0);
    mon_harm_free(h);
}

static void rise_within_the_tolerance_is_no_harm(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 9);
    struct mon_harm *h = harm_from_reference(&r, 0.2, 20000); /* limit: 0.22 and some */
    assert_close("rows", rows_until(h, &r, 0.215, 300000), 300000, 0.0);
    mon_harm_free(h);
}

static void limit_follows_from_the_reference(void **state)
{
    (void)state;
    struct mon_harm_options o;
    struct mon_harm_limit limit;
    double losses[1000];
    mon_harm_options_init(&o);
    for (int i = 0; i < 1000; i++)
        losses[i] = i % 5 == 0;
    assert_int_equal(mon_harm_limit_fit(&o, losses, 1000, &limit, NULL), ERR_OK);
    double variance = 0.16 * 1000 / 999, ln = log(40);
    double upper = 0.2 + sqrt(2 * variance * ln / 1000) + 7 * ln / (3 * 999.0);
    assert_close("risk", limit.risk, 0.2, 1e-12);
    assert_close("upper", limit.risk_upper, upper, 1e-12);
    assert_close("between", limit.between_sd, 0.0, 0.0); /* more even than chance */
    assert_close("tolerance", limit.tolerance, 0.02, 1e-12);
    assert_close("limit", limit.limit, upper + 0.02, 1e-12);
    for (int i = 0; i < 1000; i++) /* a risk that swings by itself: 0.1 or 0.3 */
        losses[i] = i / 50 % 2 ? i % 10 < 3 : i % 10 < 1;
    assert_int_equal(mon_harm_limit_fit(&o, losses, 1000, &limit, NULL), ERR_OK);
    assert_true(limit.between_sd > 0.05 && limit.tolerance > 0.15);
    o.tolerance = 0.05;
    assert_int_equal(mon_harm_limit_fit(&o, losses, 1000, &limit, NULL), ERR_OK);
    assert_close("tolerance", limit.tolerance, 0.05, 0.0);
}

static void absurd_losses_of_the_reference_are_cut(void **state)
{
    (void)state;
    struct mon_harm_options o;
    struct mon_harm_limit limit;
    double losses[1000];
    mon_harm_options_init(&o);
    for (int i = 0; i < 1000; i++)
        losses[i] = 2.0 + (i % 10);
    losses[17] = 1e30;
    losses[18] = INFINITY;
    losses[19] = NAN;
    assert_int_equal(mon_harm_limit_fit(&o, losses, 1000, &limit, NULL), ERR_OK);
    assert_close("bound", limit.loss_bound, 11.0, 0.0);
    assert_close("risk", limit.risk, 6.5, 0.01);
    assert_close("rows", limit.n, 999, 0.0);
}

static void hopeless_references_are_refused(void **state)
{
    (void)state;
    struct mon_harm_options o;
    struct mon_harm_limit limit = {.n = -1};
    struct err e = {0};
    double losses[100] = {0};
    mon_harm_options_init(&o);
    assert_int_equal(mon_harm_limit_fit(&o, losses, 39, &limit, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "39 losses"));
    losses[3] = -0.5;
    assert_int_equal(mon_harm_limit_fit(&o, losses, 100, &limit, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "loss 3"));
    for (int i = 0; i < 100; i++)
        losses[i] = 1.0; /* nothing can be worse */
    assert_int_equal(mon_harm_limit_fit(&o, losses, 100, &limit, &e), ERR_INVALID);
    for (int i = 0; i < 100; i++)
        losses[i] = NAN;
    assert_int_equal(mon_harm_limit_fit(&o, losses, 100, &limit, &e), ERR_INVALID);
    o.rows_between_alarms = NAN;
    assert_int_equal(mon_harm_limit_fit(&o, losses, 100, &limit, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "rows_between_alarms"));
    assert_close("untouched", limit.n, -1, 0.0);
}

static void a_perfect_reference_has_a_limit_too(void **state)
{
    (void)state;
    struct mon_harm_options o;
    struct mon_harm_limit limit;
    struct mon_harm *h = NULL;
    struct rng r;
    double losses[1000] = {0};
    rng_seed(&r, 10);
    mon_harm_options_init(&o);
    assert_int_equal(mon_harm_limit_fit(&o, losses, 1000, &limit, NULL), ERR_OK);
    assert_int_equal(mon_harm_new(&o, &limit, &h, NULL), ERR_OK);
    assert_true(limit.limit > 0.0 && limit.limit < 0.02);
    assert_true(rows_until(h, &r, 0.1, 1000) < 300);
    mon_harm_free(h);
}

static void signal_tells_the_state_and_counts_afresh(void **state)
{
    (void)state;
    char sentence[MON_SENTENCE_BYTES];
    struct rng r;
    struct mon_signal s;
    rng_seed(&r, 11);
    struct mon_harm *h = harm_from_reference(&r, 0.2, 20000);
    mon_harm_signal(h, &s);
    assert_int_equal(s.verdict, MON_INSUFFICIENT);
    rows_until(h, &r, 0.2, 2000);
    mon_harm_signal(h, &s);
    print_message("%s\n", mon_signal_sentence(&s, sentence));
    assert_int_equal(s.verdict, MON_OK);
    assert_int_equal(s.kind, MON_KIND_HARM);
    assert_close("n", s.n, 2000, 0.0);
    assert_close("risk", s.value, 0.2, 0.03);
    rows_until(h, &r, 0.35, 3000);
    mon_harm_signal(h, &s);
    print_message("%s (%s)\n", mon_signal_sentence(&s, sentence), s.rule);
    assert_int_equal(s.verdict, MON_DRIFT);
    assert_close("effect", s.effect, s.value - s.reference_value, 1e-12);
    assert_true(s.e_value >= 100000.0 && s.value > s.threshold);
    assert_non_null(strstr(s.rule, "harm since row"));
    mon_harm_signal(h, &s);
    assert_int_equal(s.verdict, MON_INSUFFICIENT); /* harm is there, but these are no rows */
    mon_harm_free(h);
}

/* Each bet k risks a half of the most, over 2^k; a loss x multiplies its 1 by 1 + size (x - limit).
 */
static void one_loss_is_worth_what_the_bets_say(void **state)
{
    (void)state;
    const double limit = 0.2, losses[] = {1.0, 0.6, 0.2, 0.0};
    for (size_t i = 0; i < 4; i++) {
        struct mon_harm *h = harm_at(limit, 1e5);
        double sum = 0.0;
        for (int k = 0; k < 8; k++)
            sum += 1.0 + 0.5 / limit * pow(0.5, k) * (losses[i] - limit);
        mon_harm_update(h, losses[i]);
        assert_close("e-value", mon_harm_e_value(h), sum / 8.0, 1e-12);
        mon_harm_free(h);
    }
}

/* Errors at a rate, in bursts of 50 rows on average. */
static void fill_bursts(struct rng *r, double rate, double *losses, size_t n)
{
    bool wrong = rng_uniform(r) < rate;
    for (size_t i = 0; i < n; i++) {
        losses[i] = wrong;
        if (rng_uniform(r) < (wrong ? 1.0 - rate : rate) / 50.0)
            wrong = !wrong;
    }
}

static void errors_in_bursts_as_ever_are_no_harm(void **state)
{
    (void)state;
    enum { N_REFERENCE = 20000, N_ROWS = 500000 };
    struct mon_harm_options o;
    struct mon_harm_limit limit;
    struct mon_harm *h = NULL;
    struct mon_signal s;
    struct rng r;
    double *losses = calloc(N_ROWS, sizeof *losses);
    rng_seed(&r, 31);
    mon_harm_options_init(&o);
    fill_bursts(&r, 0.1, losses, N_REFERENCE);
    assert_int_equal(mon_harm_limit_fit(&o, losses, N_REFERENCE, &limit, NULL), ERR_OK);
    print_message("blocks of %g rows, limit %g\n", limit.block_rows, limit.limit);
    assert_true(limit.block_rows > 50.0);
    assert_int_equal(mon_harm_new(&o, &limit, &h, NULL), ERR_OK);
    fill_bursts(&r, 0.1, losses, N_ROWS);
    assert_int_equal(mon_harm_feed(h, losses, N_ROWS), 0);
    fill_bursts(&r, 0.7, losses, 50000);
    assert_int_equal(mon_harm_feed(h, losses, 50000), 1);
    assert_true(mon_harm_since_row(h) >= N_ROWS - 2.0 * limit.block_rows);
    mon_harm_signal(h, &s);
    assert_int_equal(s.verdict, MON_DRIFT);
    assert_non_null(strstr(s.rule, "they cluster"));
    mon_harm_free(h);
    free(losses);
}

static void losses_that_are_no_numbers_do_no_damage(void **state)
{
    (void)state;
    struct mon_signal s;
    struct mon_harm *h = harm_at(0.2, 1e5);
    assert_int_equal(mon_harm_update(h, NAN), MON_HARM_NONE);
    assert_int_equal(mon_harm_n(h), 0);
    mon_harm_update(h, INFINITY);
    mon_harm_update(h, -INFINITY);
    mon_harm_update(h, -5.0);
    mon_harm_signal(h, &s);
    assert_close("risk", s.value, 1.0 / 3.0, 1e-12); /* one at the bound, two at 0 */
    for (int i = 0; i < 300000; i++)
        mon_harm_update(h, 1.0);
    assert_true(isfinite(mon_harm_e_value(h)) && mon_harm_now(h));
    mon_harm_free(h);
}

static struct mon_harm *reread(const struct mon_harm *h)
{
    struct mon_harm *again = NULL;
    struct err e = {0};
    cJSON *json = mon_harm_to_json(h), *parsed = NULL;
    char *text = json_print(json);
    assert_int_equal(json_parse("state", text, strlen(text), &parsed, NULL), ERR_OK);
    if (mon_harm_from_json(parsed, &again, &e) != ERR_OK)
        fail_msg("%s: %s", e.message, text);
    cJSON_Delete(json);
    cJSON_Delete(parsed);
    free(text);
    return again;
}

static struct mon_harm *harm_in_blocks(double block_rows)
{
    struct mon_harm_options o;
    struct mon_harm_limit limit = {.n = 1000, .loss_bound = 1.0, .limit = 0.2};
    struct mon_harm *h = NULL;
    mon_harm_options_init(&o);
    limit.block_rows = block_rows;
    assert_int_equal(mon_harm_new(&o, &limit, &h, NULL), ERR_OK);
    return h;
}

static void restore_and_go_on(double block_rows)
{
    struct rng r;
    rng_seed(&r, 12);
    struct mon_harm *h =
        block_rows > 1 ? harm_in_blocks(block_rows) : harm_from_reference(&r, 0.2, 20000);
    for (int i = 0; i < 4000; i++) {
        double loss = error_of(&r, i < 1000 || i > 2500 ? 0.2 : 0.4);
        struct mon_harm *again = i % 100 == 0 ? reread(h) : NULL;
        enum mon_harm_event event = mon_harm_update(h, loss);
        if (again == NULL)
            continue;
        assert_int_equal(mon_harm_update(again, loss), event);
        assert_true(mon_harm_e_value(again) == mon_harm_e_value(h));
        assert_int_equal(mon_harm_now(again), mon_harm_now(h));
        assert_int_equal(mon_harm_n(again), mon_harm_n(h));
        mon_harm_free(again);
    }
    mon_harm_free(h);
}

static void restored_test_goes_on_exactly(void **state)
{
    (void)state;
    restore_and_go_on(1.0);
    restore_and_go_on(7.0); /* in the middle of blocks */
}

static void spoilt_states_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *said;
    } spoilt[] = {
        {"\"limit\":0.2", "\"limit\":2", "beyond what losses"},
        {"\"n\":0,", "\"n\":-1,", "n:"},
        {"\"reference_alpha\":0.05", "\"reference_alpha\":7", "reference_alpha"},
        {"\"e\":[1,", "\"e\":[-1,", "rise.e[0]"},
        {"\"e\":[1,", "\"e\":[", "rise.e: expected 8"},
    };
    for (size_t i = 0; i < sizeof spoilt / sizeof spoilt[0]; i++) {
        struct mon_harm *h = harm_at(0.2, 1e5), *again = NULL;
        struct err e = {0};
        char text[4096];
        cJSON *json = mon_harm_to_json(h), *parsed = NULL;
        char *whole = json_print(json), *at = strstr(whole, spoilt[i].from);
        assert_non_null(at);
        int before = (int)(at - whole);
        snprintf(text, sizeof text, "%.*s%s%s", before, whole, spoilt[i].to,
                 at + strlen(spoilt[i].from));
        assert_int_equal(json_parse("state", text, strlen(text), &parsed, &e), ERR_OK);
        assert_int_not_equal(mon_harm_from_json(parsed, &again, &e), ERR_OK);
        if (strstr(e.message, spoilt[i].said) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", e.message, spoilt[i].said);
        assert_null(again);
        cJSON_Delete(json);
        cJSON_Delete(parsed);
        free(whole);
        mon_harm_free(h);
    }
}

static void association_is_the_correlation_ratio(void **state)
{
    (void)state;
    enum { n = 5000 };
    static double codes[n * 3];
    static float scores[n];
    struct rng r;
    rng_seed(&r, 13);
    for (size_t i = 0; i < n; i++) {
        double category = (double)rng_below(&r, 4);
        codes[i * 3] = category;
        codes[i * 3 + 1] = rng_normal(&r);
        codes[i * 3 + 2] = i % 7 == 0 ? NAN : rng_normal(&r);
        /* variance 5/4 of the category, 1 of noise */
        scores[i] = (float)(category + rng_normal(&r) + (i % 7 == 0 ? 3.0 : 0.0));
    }
    double expected = sqrt(1.25 / (1.25 + 1.0 + 9.0 * (1.0 / 7.0) * (6.0 / 7.0)));
    double of_category = mon_harm_association(codes, 3, true, scores, 1, n);
    double of_noise = mon_harm_association(codes + 1, 3, false, scores, 1, n);
    double of_missing = mon_harm_association(codes + 2, 3, false, scores, 1, n);
    assert_close("category", of_category, expected, 0.03);
    assert_close("noise", of_noise, 0.0, 0.05);
    assert_close("missing", of_missing, sqrt(9.0 * 6.0 / 49.0 / (1.25 + 1.0 + 9.0 * 6.0 / 49.0)),
                 0.05);
    assert_close("one row", mon_harm_association(codes, 3, true, scores, 1, 1), 0.0, 0.0);
    for (size_t i = 0; i < n; i++)
        scores[i] = 0.3f;
    assert_close("constant", mon_harm_association(codes, 3, true, scores, 1, n), 0.0, 0.0);
}

static void features_are_ranked_by_importance_times_drift(void **state)
{
    (void)state;
    char sentence[MON_SENTENCE_BYTES];
    const double importance[] = {0.1, 0.8, 0.5, NAN};
    const double effects[] = {0.9, 0.2, -0.01, 0.7};
    const char *const names[] = {"loud", "weighty", "still", "unknown"};
    struct mon_signal drift[4], ranked[4];
    for (int i = 0; i < 4; i++) {
        mon_signal_init(&drift[i], "drift", MON_KIND_DRIFT, "psi");
        snprintf(drift[i].feature, sizeof drift[i].feature, "%s", names[i]);
        drift[i].effect = effects[i];
        drift[i].n = 1000;
        drift[i].verdict = effects[i] > 0.1 ? MON_DRIFT : MON_OK;
    }
    mon_harm_rank("harm", drift, importance, 4, ranked);
    print_message("%s\n", mon_signal_sentence(&ranked[0], sentence));
    assert_string_equal(ranked[0].feature, "weighty");
    assert_string_equal(ranked[1].feature, "loud");
    assert_string_equal(ranked[2].feature, "still");
    assert_close("share", ranked[0].effect, 0.16 / 0.25, 1e-12);
    assert_close("share", ranked[1].effect, 0.09 / 0.25, 1e-12);
    assert_close("nothing", ranked[3].value, 0.0, 0.0);
    assert_int_equal(ranked[0].verdict, MON_DRIFT);
    drift[1].verdict = MON_INSUFFICIENT;
    mon_harm_rank("harm", drift, importance, 4, ranked);
    assert_string_equal(ranked[0].feature, "loud");
    assert_close("alone", ranked[0].effect, 1.0, 1e-12);
    mon_harm_rank("harm", drift, importance, 0, ranked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(false_alarms_are_as_far_apart_as_stated),
        cmocka_unit_test(false_alarms_of_real_losses_are_as_far_apart_as_stated),
        cmocka_unit_test(unchanged_risk_is_silent_for_a_million_rows),
        cmocka_unit_test(harm_after_many_good_rows_is_found_as_fast_as_at_once),
        cmocka_unit_test(harm_ends_and_does_not_flap),
        cmocka_unit_test(rise_within_the_tolerance_is_no_harm),
        cmocka_unit_test(limit_follows_from_the_reference),
        cmocka_unit_test(absurd_losses_of_the_reference_are_cut),
        cmocka_unit_test(hopeless_references_are_refused),
        cmocka_unit_test(a_perfect_reference_has_a_limit_too),
        cmocka_unit_test(signal_tells_the_state_and_counts_afresh),
        cmocka_unit_test(one_loss_is_worth_what_the_bets_say),
        cmocka_unit_test(errors_in_bursts_as_ever_are_no_harm),
        cmocka_unit_test(losses_that_are_no_numbers_do_no_damage),
        cmocka_unit_test(restored_test_goes_on_exactly),
        cmocka_unit_test(spoilt_states_are_refused_by_name),
        cmocka_unit_test(association_is_the_correlation_ratio),
        cmocka_unit_test(features_are_ranked_by_importance_times_drift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
