/*
 * test_monitors_performance.c - metrics against values worked out by hand, and the verdicts on
 * them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include <stdlib.h>

#include "base/rand.h"
#include "monitors/performance.h"

static void assert_close(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("found %.12g, expected %.12g (within %g)", found, expected, tolerance);
}

static void binary_metrics_are_the_values_by_hand(void **state)
{
    (void)state;
    const float scores[] = {0.9f, 0.4f, 0.5f, 0.2f};
    const double labels[] = {1, 1, 0, 0};
    struct mon_labelled rows = {LABEL_BINARY, 4, 1, scores, labels};
    assert_close(mon_metric_compute(MON_ACCURACY, &rows), 0.5, 1e-15);
    /* pairs (positive, negative): 0.9 > 0.5, 0.9 > 0.2, 0.4 < 0.5, 0.4 > 0.2 */
    assert_close(mon_metric_compute(MON_AUC, &rows), 0.75, 1e-15);
    double log_loss = -(log(0.9) + log(0.4) + log(0.5) + log(0.8)) / 4.0;
    assert_close(mon_metric_compute(MON_LOG_LOSS, &rows), log_loss, 1e-7);
}

static void ties_count_half_in_auc(void **state)
{
    (void)state;
    const float scores[] = {0.5f, 0.5f, 0.5f, 0.7f};
    const double labels[] = {1, 0, 0, 1};
    struct mon_labelled rows = {LABEL_BINARY, 4, 1, scores, labels};
    assert_close(mon_metric_compute(MON_AUC, &rows), (0.5 + 0.5 + 1 + 1) / 4.0, 1e-15);
}

static void multiclass_metrics_are_the_values_by_hand(void **state)
{
    (void)state;
    const float scores[] = {0.7f, 0.2f, 0.1f, 0.1f, 0.3f, 0.6f};
    const double labels[] = {0, 1};
    struct mon_labelled rows = {LABEL_MULTICLASS, 2, 3, scores, labels};
    assert_close(mon_metric_compute(MON_ACCURACY, &rows), 0.5, 1e-15);
    assert_close(mon_metric_compute(MON_LOG_LOSS, &rows), -(log(0.7) + log(0.3)) / 2.0, 1e-7);
}

static void class_that_the_version_does_not_know_is_an_error(void **state)
{
    (void)state;
    const float scores[] = {0.7f, 0.2f, 0.1f};
    const double labels[] = {3};
    struct mon_labelled rows = {LABEL_MULTICLASS, 1, 3, scores, labels};
    assert_close(mon_metric_compute(MON_ACCURACY, &rows), 0.0, 0.0);
    assert_close(mon_metric_compute(MON_LOG_LOSS, &rows), -log(1e-15), 1e-9);
}

static void regression_metrics_are_the_values_by_hand(void **state)
{
    (void)state;
    const float scores[] = {1.0f, 2.0f, 5.0f};
    const double labels[] = {1, 4, 1};
    struct mon_labelled rows = {LABEL_REGRESSION, 3, 1, scores, labels};
    assert_close(mon_metric_compute(MON_MAE, &rows), 2.0, 1e-12);
    assert_close(mon_metric_compute(MON_RMSE, &rows), sqrt(20.0 / 3.0), 1e-12);
}

static void rows_without_label_or_score_are_left_out(void **state)
{
    (void)state;
    const float scores[] = {0.9f, NAN, 0.1f};
    const double labels[] = {1, 1, NAN};
    double losses[3];
    struct mon_labelled rows = {LABEL_BINARY, 3, 1, scores, labels};
    assert_close(mon_metric_compute(MON_ACCURACY, &rows), 1.0, 0.0);
    assert_int_equal(mon_metric_losses(MON_ACCURACY, &rows, losses, NULL), ERR_OK);
    assert_true(losses[0] == 0.0 && isnan(losses[1]) && isnan(losses[2]));
    assert_int_equal(mon_metric_losses(MON_AUC, &rows, losses, NULL), ERR_UNSUPPORTED);
}

static void no_rows_and_one_class_have_no_value(void **state)
{
    (void)state;
    const float scores[] = {0.9f, 0.2f};
    const double labels[] = {1, 1};
    struct mon_labelled rows = {LABEL_BINARY, 0, 1, scores, labels};
    for (int m = MON_ACCURACY; m < MON_N_METRICS; m++)
        assert_true(isnan(mon_metric_compute((enum mon_metric)m, &rows)));
    rows.n = 2;
    assert_true(isnan(mon_metric_compute(MON_AUC, &rows)));
}

static void metric_without_rows_that_count_is_no_number(void **state)
{
    (void)state;
    const float low[] = {0.1f, 0.2f, 0.3f};
    const double labels[] = {1, 0, 1}, positive[] = {1, 1, 1};
    struct mon_labelled rows = {LABEL_BINARY, 3, 1, low, labels};
    assert_true(isnan(mon_metric_compute(MON_PRECISION, &rows))); /* nothing predicted */
    assert_close(mon_metric_compute(MON_RECALL, &rows), 0.0, 0.0);
    assert_close(mon_metric_compute(MON_F1, &rows), 0.0, 0.0);
    rows.labels = positive;
    assert_true(isnan(mon_metric_compute(MON_SPECIFICITY, &rows)));
    assert_true(isnan(mon_metric_measure(MON_SPECIFICITY, &rows, 0).standard_error));
}

static void one_row_has_a_value_and_no_error(void **state)
{
    (void)state;
    const float score[] = {0.9f};
    const double label[] = {1};
    struct mon_labelled rows = {LABEL_BINARY, 1, 1, score, label};
    struct mon_measured m = mon_metric_measure(MON_ACCURACY, &rows, 0);
    assert_close(m.value, 1.0, 0.0);
    assert_true(isnan(m.standard_error));
    rows.n = 0;
    m = mon_metric_measure(MON_F1, &rows, 0);
    assert_true(m.n == 0.0 && isnan(m.value) && isnan(m.standard_error));
}

/* Every row ten times over is a tenth of the evidence: the lag finds out, for every metric. */
static void lag_knows_that_repeated_rows_say_nothing_new(void **state)
{
    (void)state;
    enum { n = 3000, copies = 10 };
    static float scores[n];
    static double labels[n];
    struct rng r;
    rng_seed(&r, 8);
    for (size_t i = 0; i < n; i++) {
        scores[i] = i % copies ? scores[i - 1] : (float)rng_uniform(&r);
        labels[i] = i % copies ? labels[i - 1] : rng_uniform(&r) < (double)scores[i];
    }
    struct mon_labelled rows = {LABEL_BINARY, n, 1, scores, labels};
    for (int m = 0; m < MON_N_METRICS; m++) {
        if (!mon_metric_fits((enum mon_metric)m, LABEL_BINARY))
            continue;
        double naive = mon_metric_measure((enum mon_metric)m, &rows, 0).standard_error;
        double wide = mon_metric_measure((enum mon_metric)m, &rows, 40).standard_error;
        print_message("%-12s %.4f for independent rows, %.4f with lag 40\n",
                      mon_metric_name((enum mon_metric)m), naive, wide);
        assert_close(wide / naive, sqrt(copies), 0.7); /* Bartlett's weights take some off */
    }
}

static void names_and_fits_are_as_listed(void **state)
{
    (void)state;
    enum mon_metric m = MON_MAE;
    assert_true(mon_metric_from_name("log_loss", &m));
    assert_int_equal(m, MON_LOG_LOSS);
    assert_false(mon_metric_from_name("gini", &m));
    assert_true(mon_metric_fits(MON_AUC, LABEL_BINARY));
    assert_false(mon_metric_fits(MON_AUC, LABEL_MULTICLASS));
    assert_false(mon_metric_fits(MON_ACCURACY, LABEL_REGRESSION));
    assert_true(mon_metric_larger_is_better(MON_AUC));
    assert_false(mon_metric_larger_is_better(MON_RMSE));
}

/* n rows of which `wrong` are wrong, spread evenly */
static struct mon_signal accuracy_signal(size_t n, size_t wrong, double reference,
                                         double n_reference,
                                         const struct mon_performance_options *o)
{
    float *scores = calloc(n + 1, sizeof *scores);
    double *labels = calloc(n + 1, sizeof *labels);
    struct mon_signal s;
    for (size_t i = 0; i < n; i++) {
        labels[i] = (double)(i % 2);
        bool flip = (i + 1) * wrong / n > i * wrong / n;
        scores[i] = (i % 2 == 1) != flip ? 0.9f : 0.1f;
    }
    struct mon_labelled rows = {LABEL_BINARY, n, 1, scores, labels};
    mon_performance_check(o, &rows, reference, n_reference, &s);
    free(scores);
    free(labels);
    return s;
}

static void expect(struct mon_signal s, enum mon_verdict verdict)
{
    char sentence[MON_SENTENCE_BYTES];
    if (s.verdict != verdict)
        fail_msg("expected %s: %s", mon_verdict_name(verdict), mon_signal_sentence(&s, sentence));
}

static void accuracy_that_fell_beyond_the_limit_is_drift(void **state)
{
    (void)state;
    struct mon_performance_options o;
    mon_performance_options_init(&o);
    struct mon_signal s = accuracy_signal(1000, 200, 0.9, 5000, &o);
    expect(s, MON_DRIFT);
    assert_close(s.value, 0.8, 1e-12);
    assert_close(s.effect, 0.1, 1e-12);
    assert_close(s.threshold, 0.88, 1e-12);
    expect(accuracy_signal(1000, 100, 0.9, 5000, &o), MON_OK);
    expect(accuracy_signal(1000, 110, 0.9, 5000, &o), MON_OK);
    expect(accuracy_signal(1000, 20, 0.9, 5000, &o), MON_OK);
}

static void fall_that_may_be_chance_is_ok(void **state)
{
    (void)state;
    struct mon_performance_options o;
    mon_performance_options_init(&o);
    struct mon_signal s = accuracy_signal(200, 26, 0.9, 5000, &o); /* 0.87, sd 0.021 */
    expect(s, MON_OK);
    assert_true(s.effect > o.max_drop && s.p_value > 0.05);
}

static void exact_reference_gives_the_binomial_p_value(void **state)
{
    (void)state;
    struct mon_performance_options o;
    mon_performance_options_init(&o);
    o.min_rows = 1;
    /* 8 or more wrong of 10 at 1/2: 56 / 1024 */
    assert_close(accuracy_signal(10, 8, 0.5, NAN, &o).p_value, 56.0 / 1024.0, 1e-12);
}

static void few_labels_are_insufficient(void **state)
{
    (void)state;
    struct mon_performance_options o;
    mon_performance_options_init(&o);
    expect(accuracy_signal(199, 199, 0.9, 5000, &o), MON_INSUFFICIENT);
    expect(accuracy_signal(0, 0, 0.9, 5000, &o), MON_INSUFFICIENT);
    o.min_rows = 0;
    expect(accuracy_signal(1, 1, 0.9, 5000, &o), MON_INSUFFICIENT);
}

static void metric_that_does_not_fit_is_unavailable(void **state)
{
    (void)state;
    struct mon_performance_options o;
    mon_performance_options_init(&o);
    o.metric = MON_RMSE;
    expect(accuracy_signal(1000, 0, 0.9, 5000, &o), MON_UNAVAILABLE);
    o.metric = MON_ACCURACY;
    expect(accuracy_signal(1000, 0, NAN, 5000, &o), MON_UNAVAILABLE);
}

/* Errors that come in runs of 50: the same fall, far less evidence. */
static void lag_widens_the_bound(void **state)
{
    (void)state;
    struct rng r;
    const size_t n = 1000;
    float scores[1000];
    double labels[1000];
    struct mon_performance_options o;
    struct mon_signal s;
    rng_seed(&r, 1);
    for (size_t i = 0; i < n; i++) {
        labels[i] = 1.0;
        if (i % 50 == 0)
            scores[i] = rng_uniform(&r) < 0.14 ? 0.1f : 0.9f;
        else
            scores[i] = scores[i - 1];
    }
    struct mon_labelled rows = {LABEL_BINARY, n, 1, scores, labels};
    mon_performance_options_init(&o);
    mon_performance_check(&o, &rows, 0.95, NAN, &s);
    double automatic = s.p_value;
    assert_non_null(strstr(s.rule, "count as one"));
    o.lag = 0;
    mon_performance_check(&o, &rows, 0.95, NAN, &s);
    double independent = s.p_value;
    o.lag = 49;
    mon_performance_check(&o, &rows, 0.95, NAN, &s);
    print_message(
        "accuracy %.3f: p %.2g for independent errors, %.2g with lag 49, %.2g by itself\n", s.value,
        independent, s.p_value, automatic);
    assert_true(automatic > 0.001 && automatic < 0.5);
    assert_true(s.value < 0.95);
    assert_true(independent < 0.01 && s.p_value > 5.0 * independent);
}

/* Errors at a rate, in bursts of so many rows on average; AUC's scores carry noise. */
static void fill_bursts(struct rng *r, size_t n, double rate, double burst_rows, float *scores,
                        double *labels)
{
    bool wrong = rng_uniform(r) < rate;
    for (size_t i = 0; i < n; i++) {
        labels[i] = (double)(rng_uniform(r) < 0.5);
        double answer = wrong ? 1.0 - labels[i] : labels[i];
        scores[i] = (float)(0.25 + 0.5 * answer + 0.2 * rng_uniform(r));
        if (rng_uniform(r) < (wrong ? 1.0 - rate : rate) / burst_rows)
            wrong = !wrong;
    }
}

static size_t alarms_of_bursts(enum mon_metric metric, double rate, double burst_rows, size_t lag)
{
    enum { N_ROWS = 2000, N_WINDOWS = 200 };
    static float scores[N_ROWS];
    static double labels[N_ROWS];
    struct mon_labelled rows = {LABEL_BINARY, N_ROWS, 1, scores, labels};
    struct mon_performance_options o;
    struct mon_signal s;
    struct rng r;
    size_t alarms = 0;
    rng_seed(&r, 41);
    mon_performance_options_init(&o);
    o.metric = metric;
    o.confidence = 0.999;
    o.lag = lag;
    for (size_t i = 0; i < N_WINDOWS; i++) {
        fill_bursts(&r, N_ROWS, rate, burst_rows, scores, labels);
        mon_performance_check(&o, &rows, 0.9, 20000, &s);
        alarms += s.verdict == MON_DRIFT;
    }
    print_message("%s, %g wrong in bursts of %g: %zu alarms of %d at 0.999%s\n",
                  mon_metric_name(metric), rate, burst_rows, alarms, N_WINDOWS,
                  lag == 0 ? " as independent rows" : "");
    return alarms;
}

static void errors_in_bursts_as_ever_are_no_drift(void **state)
{
    (void)state;
    assert_true(alarms_of_bursts(MON_ACCURACY, 0.1, 50.0, 0) > 20);
    assert_true(alarms_of_bursts(MON_ACCURACY, 0.1, 50.0, MON_LAG_AUTO) <= 3);
    assert_true(alarms_of_bursts(MON_PRECISION, 0.1, 50.0, MON_LAG_AUTO) <= 3);
    assert_true(alarms_of_bursts(MON_ACCURACY, 0.1, 1.0, MON_LAG_AUTO) <= 2);
}

/* 3 points more errors in 2,000 independent rows: what finding them by itself costs. */
static void independent_rows_lose_little_power(void **state)
{
    (void)state;
    size_t told = alarms_of_bursts(MON_ACCURACY, 0.13, 1.0, 0);
    size_t automatic = alarms_of_bursts(MON_ACCURACY, 0.13, 1.0, MON_LAG_AUTO);
    assert_true(told > 100);
    assert_true(automatic >= told - told / 10);
}

/* The last tenth of 2,000 rows: a change is not taken for errors that come in bursts. */
static void fall_at_the_end_of_a_window_is_found(void **state)
{
    (void)state;
    enum { N_ROWS = 2000, N_BAD = 200 };
    static float scores[N_ROWS];
    static double labels[N_ROWS];
    struct mon_labelled rows = {LABEL_BINARY, N_ROWS, 1, scores, labels};
    struct mon_performance_options o;
    struct mon_signal s;
    struct rng r;
    rng_seed(&r, 43);
    mon_performance_options_init(&o);
    o.confidence = 0.999;
    for (int i = 0; i < 20; i++) {
        fill_bursts(&r, N_ROWS - N_BAD, 0.1, 1.0, scores, labels);
        fill_bursts(&r, N_BAD, 0.8, 1.0, scores + N_ROWS - N_BAD, labels + N_ROWS - N_BAD);
        mon_performance_check(&o, &rows, 0.9, 20000, &s);
        expect(s, MON_DRIFT);
    }
}

static void relative_limit_is_a_share_of_the_reference(void **state)
{
    (void)state;
    float scores[400];
    double labels[400];
    struct mon_performance_options o;
    struct mon_signal s;
    for (size_t i = 0; i < 400; i++) {
        labels[i] = 100.0;
        scores[i] = i % 2 ? 112.0f : 88.0f; /* rmse 12 */
    }
    struct mon_labelled rows = {LABEL_REGRESSION, 400, 1, scores, labels};
    mon_performance_options_init(&o);
    o.metric = MON_RMSE;
    o.relative = true;
    o.max_drop = 0.1;
    mon_performance_check(&o, &rows, 10.0, 5000, &s);
    assert_close(s.threshold, 11.0, 1e-12);
    expect(s, MON_DRIFT);
    o.max_drop = 0.25;
    mon_performance_check(&o, &rows, 10.0, 5000, &s);
    expect(s, MON_OK);
}

/* 400 windows of unchanged accuracy: the alarm needs chance and a fall beyond 0. */
static void unchanged_accuracy_keeps_its_confidence(void **state)
{
    (void)state;
    struct rng r;
    struct mon_performance_options o;
    int alarms = 0;
    const double n_reference = 1000;
    mon_performance_options_init(&o);
    o.max_drop = 0.0;
    rng_seed(&r, 77);
    for (int k = 0; k < 400; k++) {
        size_t wrong = 0, wrong_before = 0;
        for (int i = 0; i < 500; i++)
            wrong += rng_uniform(&r) < 0.2;
        for (int i = 0; i < n_reference; i++)
            wrong_before += rng_uniform(&r) < 0.2;
        double reference = 1.0 - (double)wrong_before / n_reference;
        alarms += accuracy_signal(500, wrong, reference, n_reference, &o).verdict == MON_DRIFT;
    }
    print_message("%d alarms in 400 windows at confidence 0.95\n", alarms);
    assert_true(alarms <= 28); /* 20 expected at most; P(more than 28) < 0.03 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binary_metrics_are_the_values_by_hand),
        cmocka_unit_test(ties_count_half_in_auc),
        cmocka_unit_test(multiclass_metrics_are_the_values_by_hand),
        cmocka_unit_test(class_that_the_version_does_not_know_is_an_error),
        cmocka_unit_test(regression_metrics_are_the_values_by_hand),
        cmocka_unit_test(rows_without_label_or_score_are_left_out),
        cmocka_unit_test(no_rows_and_one_class_have_no_value),
        cmocka_unit_test(metric_without_rows_that_count_is_no_number),
        cmocka_unit_test(one_row_has_a_value_and_no_error),
        cmocka_unit_test(lag_knows_that_repeated_rows_say_nothing_new),
        cmocka_unit_test(names_and_fits_are_as_listed),
        cmocka_unit_test(accuracy_that_fell_beyond_the_limit_is_drift),
        cmocka_unit_test(fall_that_may_be_chance_is_ok),
        cmocka_unit_test(exact_reference_gives_the_binomial_p_value),
        cmocka_unit_test(few_labels_are_insufficient),
        cmocka_unit_test(metric_that_does_not_fit_is_unavailable),
        cmocka_unit_test(lag_widens_the_bound),
        cmocka_unit_test(errors_in_bursts_as_ever_are_no_drift),
        cmocka_unit_test(independent_rows_lose_little_power),
        cmocka_unit_test(fall_at_the_end_of_a_window_is_found),
        cmocka_unit_test(relative_limit_is_a_share_of_the_reference),
        cmocka_unit_test(unchanged_accuracy_keeps_its_confidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
