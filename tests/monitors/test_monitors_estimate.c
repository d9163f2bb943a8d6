/*
 * test_monitors_estimate.c - metrics, calibration and estimates without labels against
 * scikit-learn's numbers (oracle/performance_oracle.py), brute force and drawn labels.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/rand.h"
#include "monitors/estimate.h"
#include "monitors/harm.h"

#define ORACLE TEST_DATA_DIR "/performance.json"

static void assert_close(const char *what, double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("%s: found %.12g, expected %.12g (within %g)", what, found, expected, tolerance);
}

static int setup(void **state)
{
    cJSON *oracle = NULL;
    struct err e = {0};
    if (json_load(ORACLE, 4u << 20, &oracle, &e) != ERR_OK) {
        print_error("%s\n", e.message);
        return 1;
    }
    *state = oracle;
    return 0;
}

static int teardown(void **state)
{
    cJSON_Delete(*state);
    return 0;
}

/* The numbers of an array, owned. */
static double *numbers(const cJSON *from, const char *key, size_t *n)
{
    const cJSON *array = cJSON_GetObjectItem(from, key), *item;
    double *x = calloc((size_t)cJSON_GetArraySize(array) + 1, sizeof *x);
    assert_non_null(array);
    *n = 0;
    cJSON_ArrayForEach(item, array) x[(*n)++] = item->valuedouble;
    return x;
}

static float *floats(const cJSON *from, const char *key, size_t *n)
{
    double *x = numbers(from, key, n);
    float *f = calloc(*n + 1, sizeof *f);
    for (size_t i = 0; i < *n; i++)
        f[i] = (float)x[i];
    free(x);
    return f;
}

static double value_of(const cJSON *from, const char *group, const char *key)
{
    const cJSON *item = cJSON_GetObjectItem(cJSON_GetObjectItem(from, group), key);
    return item != NULL ? item->valuedouble : NAN;
}

static void check_metrics(const struct mon_labelled *rows, const cJSON *expected)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(expected, "values"))
    {
        enum mon_metric m;
        assert_true(mon_metric_from_name(item->string, &m));
        assert_close(item->string, mon_metric_compute(m, rows), item->valuedouble, 1e-9);
        struct mon_measured measured = mon_metric_measure(m, rows, 0);
        assert_close(item->string, measured.value, item->valuedouble, 1e-9);
        double jackknife = value_of(expected, "jackknife", item->string);
        if (!isnan(jackknife)) /* they agree to O(1/n) */
            assert_close(item->string, measured.standard_error, jackknife,
                         jackknife * 6.0 / (double)rows->n);
    }
}

static void metrics_and_their_errors_are_scikit_learns(void **state)
{
    const cJSON *c;
    size_t n, n_labels;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(*state, "binary"))
    {
        float *scores = floats(c, "scores", &n);
        double *labels = numbers(c, "labels", &n_labels);
        check_metrics(&(struct mon_labelled){LABEL_BINARY, n, 1, scores, labels}, c);
        free(scores);
        free(labels);
    }
}

static void multiclass_metrics_are_scikit_learns_macro_means(void **state)
{
    const cJSON *c;
    size_t n_scores, n;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(*state, "multiclass"))
    {
        float *scores = floats(c, "scores", &n_scores);
        double *labels = numbers(c, "labels", &n);
        struct mon_labelled rows = {LABEL_MULTICLASS, n, n_scores / n, scores, labels};
        check_metrics(&rows, c);
        free(scores);
        free(labels);
    }
}

static void calibration_is_scikit_learns_isotonic_regression(void **state)
{
    const cJSON *c;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(*state, "isotonic"))
    {
        size_t n, n_at;
        struct mon_calibrator *fitted = NULL;
        float *scores = floats(c, "scores", &n);
        double *labels = numbers(c, "labels", &n), *weights = numbers(c, "weights", &n);
        double *at = numbers(c, "at", &n_at), *chance = numbers(c, "chance", &n_at);
        struct mon_labelled rows = {LABEL_BINARY, n, 1, scores, labels};
        assert_int_equal(mon_calibrator_fit(&rows, weights, &fitted, NULL), ERR_OK);
        for (size_t i = 0; i < n_at; i++)
            assert_close("chance", mon_calibration_chance(&fitted->curves[0], at[i]), chance[i],
                         1e-9);
        mon_calibrator_free(fitted);
        free(scores);
        free(labels);
        free(weights);
        free(at);
        free(chance);
    }
}

/* A curve on which a score is its own chance. */
static struct mon_calibrator *identity(void)
{
    static struct mon_calibration_block blocks[] = {{0, 0, 0, 1e12}, {1, 1, 1, 1e12}};
    static struct mon_calibration_curve curve = {2, blocks};
    static struct mon_calibrator c = {LABEL_BINARY, 1, &curve};
    return &c;
}

static void expected_auc_is_that_of_all_labellings(void **state)
{
    const cJSON *c;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(*state, "expected"))
    {
        size_t n;
        struct mon_estimates found;
        float *scores = floats(c, "scores", &n);
        assert_int_equal(mon_estimate_scores(identity(), scores, n, &found, NULL), ERR_OK);
        assert_close("auc", found.of[MON_AUC].value, cJSON_GetObjectItem(c, "auc")->valuedouble,
                     1e-9);
        free(scores);
    }
}

static void sampling_errors_are_the_spread_of_drawn_labels(void **state)
{
    const cJSON *c, *item;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(*state, "spread"))
    {
        size_t n;
        struct mon_estimates found;
        float *scores = floats(c, "scores", &n);
        mon_estimate_scores(identity(), scores, n, &found, NULL);
        cJSON_ArrayForEach(item, cJSON_GetObjectItem(c, "sd"))
        {
            enum mon_metric m;
            assert_true(mon_metric_from_name(item->string, &m));
            double sd = item->valuedouble, mean = value_of(c, "mean", item->string);
            print_message("%-12s %.4f +- %.4f, drawn %.4f +- %.4f\n", item->string,
                          found.of[m].value, found.of[m].sampling_error, mean, sd);
            assert_close(item->string, found.of[m].value, mean, 0.1 * sd);
            assert_close(item->string, found.of[m].sampling_error, sd, 0.06 * sd);
        }
        free(scores);
    }
}

enum { n_reference = 20000, n_window = 4000 };

/* Scores that are the square of the chance: badly calibrated. */
static void draw(struct rng *r, double lift, size_t n, float *scores, double *labels)
{
    for (size_t i = 0; i < n; i++) {
        double chance = fmin(1.0, rng_uniform(r) + lift);
        scores[i] = (float)(chance * chance);
        labels[i] = rng_uniform(r) < chance;
    }
}

static struct mon_calibrator *fit_drawn(struct rng *r)
{
    struct mon_calibrator *c = NULL;
    float *scores = calloc(n_reference, sizeof *scores);
    double *labels = calloc(n_reference, sizeof *labels);
    draw(r, 0.0, n_reference, scores, labels);
    struct mon_labelled rows = {LABEL_BINARY, n_reference, 1, scores, labels};
    assert_int_equal(mon_calibrator_fit(&rows, NULL, &c, NULL), ERR_OK);
    free(scores);
    free(labels);
    return c;
}

/* Fresh references and windows whose inputs have shifted: the realised metric lies within two
 * errors of its estimate in about 95 % of them, for every metric. */
static void realised_metrics_lie_within_the_stated_errors(void **state)
{
    (void)state;
    enum { repeats = 60 };
    struct rng r;
    static float scores[n_window];
    static double labels[n_window];
    int within[MON_N_METRICS] = {0};
    rng_seed(&r, 3);
    for (int k = 0; k < repeats; k++) {
        struct mon_calibrator *c = fit_drawn(&r);
        struct mon_estimates found;
        draw(&r, 0.2, n_window, scores, labels);
        struct mon_labelled rows = {LABEL_BINARY, n_window, 1, scores, labels};
        assert_int_equal(mon_estimate_scores(c, scores, n_window, &found, NULL), ERR_OK);
        for (int m = 0; m < MON_N_METRICS; m++) {
            const struct mon_estimate *e = &found.of[m];
            double realised = mon_metric_compute((enum mon_metric)m, &rows);
            within[m] += fabs(realised - e->value) <= 2.0 * mon_estimate_error(e);
        }
        mon_calibrator_free(c);
    }
    for (int m = 0; m < MON_N_METRICS; m++)
        if (mon_metric_fits((enum mon_metric)m, LABEL_BINARY)) {
            print_message("%-12s within two errors in %d of %d\n",
                          mon_metric_name((enum mon_metric)m), within[m], repeats);
            assert_in_range(within[m], 51, 60); /* 57 expected; P(fewer than 51) = 0.005 */
        }
}

static void multiclass_accuracy_is_estimated(void **state)
{
    (void)state;
    enum { n = 6000, k = 3 };
    struct rng r;
    static float scores[n * k];
    static double labels[n];
    struct mon_calibrator *c = NULL;
    struct mon_estimates found;
    rng_seed(&r, 9);
    for (size_t i = 0; i < n; i++) {
        double u[k], sum = 0.0, at = rng_uniform(&r);
        for (size_t j = 0; j < k; j++)
            sum += u[j] = -log(1.0 - rng_uniform(&r));
        for (size_t j = 0; j < k; j++)
            scores[i * k + j] = (float)(u[j] / sum);
        labels[i] = at < u[0] / sum ? 0 : at < (u[0] + u[1]) / sum ? 1 : 2;
    }
    struct mon_labelled reference = {LABEL_MULTICLASS, n / 2, k, scores, labels};
    struct mon_labelled window = {LABEL_MULTICLASS, n / 2, k, scores + n / 2 * k, labels + n / 2};
    assert_int_equal(mon_calibrator_fit(&reference, NULL, &c, NULL), ERR_OK);
    assert_int_equal(mon_estimate_scores(c, window.scores, n / 2, &found, NULL), ERR_OK);
    const enum mon_metric estimated[] = {MON_ACCURACY, MON_PRECISION, MON_RECALL, MON_F1,
                                         MON_SPECIFICITY};
    for (size_t i = 0; i < sizeof estimated / sizeof estimated[0]; i++) {
        enum mon_metric m = estimated[i];
        assert_close(mon_metric_name(m), found.of[m].value, mon_metric_compute(m, &window),
                     3.0 * mon_estimate_error(&found.of[m]));
    }
    assert_true(isnan(found.of[MON_AUC].value) && isnan(found.true_positive));
    mon_calibrator_free(c);
}

static void empty_and_hopeless_windows_have_no_estimate(void **state)
{
    (void)state;
    const float scores[] = {NAN, INFINITY, -INFINITY};
    const float one[] = {0.7f};
    struct mon_estimates found;
    for (size_t n = 0; n <= 3; n += 3) {
        assert_int_equal(mon_estimate_scores(identity(), scores, n, &found, NULL), ERR_OK);
        assert_true(found.n == 0.0 && isnan(found.true_positive));
        for (int m = 0; m < MON_N_METRICS; m++)
            assert_true(isnan(found.of[m].value));
    }
    mon_estimate_scores(identity(), one, 1, &found, NULL);
    assert_close("accuracy", found.of[MON_ACCURACY].value, 0.7, 1e-6);
    assert_true(isnan(found.of[MON_AUC].value));
    assert_true(isnan(found.of[MON_RMSE].value));
}

static void calibration_without_usable_rows_is_refused(void **state)
{
    (void)state;
    const float scores[] = {NAN, INFINITY, 0.5f};
    const double labels[] = {1, 1, NAN}, weights[] = {1, 1, 1};
    struct mon_calibrator *c = NULL;
    struct err e = {0};
    struct mon_labelled rows = {LABEL_BINARY, 3, 1, scores, labels};
    assert_int_equal(mon_calibrator_fit(&rows, weights, &c, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "none of 3 rows"));
    rows.n = 0;
    assert_int_equal(mon_calibrator_fit(&rows, NULL, &c, &e), ERR_INVALID);
    rows.kind = LABEL_REGRESSION;
    rows.n = 3;
    assert_int_equal(mon_calibrator_fit(&rows, NULL, &c, &e), ERR_INVALID);
    assert_null(c);
}

static void scores_beyond_the_curve_get_its_ends(void **state)
{
    (void)state;
    const float scores[] = {0.2f, 0.2f, 0.6f, 0.6f};
    const double labels[] = {0, 1, 1, 1};
    struct mon_calibrator *c = NULL;
    struct mon_labelled rows = {LABEL_BINARY, 4, 1, scores, labels};
    assert_int_equal(mon_calibrator_fit(&rows, NULL, &c, NULL), ERR_OK);
    const struct mon_calibration_curve *curve = &c->curves[0];
    assert_int_equal(curve->n_blocks, 2);
    assert_close("below", mon_calibration_chance(curve, -INFINITY), 0.5, 0.0);
    assert_close("above", mon_calibration_chance(curve, INFINITY), 1.0, 0.0);
    assert_close("between", mon_calibration_chance(curve, 0.4), 0.75, 1e-6);
    assert_true(isnan(mon_calibration_chance(curve, NAN)));
    assert_int_equal(mon_calibration_block_of(curve, 0.3), 0);
    assert_int_equal(mon_calibration_block_of(curve, 0.5), 1);
    mon_calibrator_free(c);
}

static enum err_code reread(const struct mon_calibrator *c, struct mon_calibrator **out,
                            struct err *e)
{
    void *bytes = NULL, *keep = NULL;
    size_t size = 0;
    struct st_file *f = NULL;
    struct st_writer *w = st_writer_new();
    assert_int_equal(mon_calibrator_to_st(c, "x/", w, &keep, NULL), ERR_OK);
    assert_int_equal(st_writer_memory(w, &bytes, &size, NULL), ERR_OK);
    assert_int_equal(st_open_memory(bytes, size, &f, NULL), ERR_OK);
    enum err_code rc = mon_calibrator_from_st(f, "x/", out, e);
    st_close(f);
    st_writer_free(w);
    free(keep);
    free(bytes);
    return rc;
}

static void saved_calibrator_is_the_same(void **state)
{
    (void)state;
    struct rng r;
    struct mon_calibrator *again = NULL;
    rng_seed(&r, 5);
    struct mon_calibrator *c = fit_drawn(&r);
    assert_int_equal(reread(c, &again, NULL), ERR_OK);
    assert_int_equal(again->kind, LABEL_BINARY);
    assert_int_equal(again->curves[0].n_blocks, c->curves[0].n_blocks);
    assert_memory_equal(again->curves[0].blocks, c->curves[0].blocks,
                        c->curves[0].n_blocks * sizeof *c->curves[0].blocks);
    mon_calibrator_free(c);
    mon_calibrator_free(again);
}

static void saved_calibrator_with_a_falling_curve_is_refused(void **state)
{
    (void)state;
    struct mon_calibration_block blocks[] = {{0, 0.4, 0.6, 10}, {0.5, 1, 0.3, 10}};
    struct mon_calibration_curve curve = {2, blocks};
    struct mon_calibrator c = {LABEL_BINARY, 1, &curve}, *again = NULL;
    struct err e = {0};
    assert_int_equal(reread(&c, &again, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "block 1"));
    blocks[1] = (struct mon_calibration_block){0.4, 1, 0.9, 10}; /* overlaps the first */
    assert_int_equal(reread(&c, &again, &e), ERR_INVALID);
    blocks[1] = (struct mon_calibration_block){0.5, 1, 0.9, NAN};
    assert_int_equal(reread(&c, &again, &e), ERR_INVALID);
    assert_null(again);
}

/* A profile over a ruler of one feature and one prediction. */
static struct profile *count(const float *reference, size_t n_ref, const float *scores, size_t n,
                             struct ruler **ruler)
{
    static const char text[] =
        "{\"model\": \"m\", \"features\": [{\"name\": \"x\", \"type\": \"numeric\"}],"
        " \"label\": {\"name\": \"y\", \"type\": \"binary\", \"classes\": [\"a\", \"b\"]}}";
    struct schema *schema = NULL;
    struct vocabulary *vocabulary = NULL;
    struct profile *p = NULL;
    struct ruler_options o;
    cJSON *json = cJSON_Parse(text);
    double *codes = calloc(n_ref > n ? n_ref : n, sizeof *codes);
    const char *const *const no_categories[1] = {NULL};
    const size_t none[1] = {0};
    assert_int_equal(schema_from_json(json, &schema, NULL), ERR_OK);
    assert_int_equal(vocabulary_new(schema, no_categories, none, &vocabulary, NULL), ERR_OK);
    ruler_options_init(&o);
    assert_int_equal(ruler_fit(schema, vocabulary, codes, reference, n_ref, &o, ruler, NULL),
                     ERR_OK);
    assert_int_equal(profile_new(*ruler, &p, NULL), ERR_OK);
    profile_count(p, codes, scores, n);
    vocabulary_free(vocabulary);
    schema_free(schema);
    cJSON_Delete(json);
    free(codes);
    return p;
}

static void counts_lose_little_against_scores(void **state)
{
    (void)state;
    struct rng r;
    struct ruler *ruler = NULL;
    static float reference[n_reference], scores[n_window];
    static double labels[n_reference];
    struct mon_estimates from_scores, from_counts;
    rng_seed(&r, 12);
    struct mon_calibrator *c = fit_drawn(&r);
    draw(&r, 0.0, n_reference, reference, labels);
    draw(&r, 0.1, n_window, scores, labels);
    struct profile *p = count(reference, n_reference, scores, n_window, &ruler);
    mon_estimate_scores(c, scores, n_window, &from_scores, NULL);
    assert_int_equal(mon_estimate_counts(c, p, &from_counts, NULL), ERR_OK);
    assert_close("rows", from_counts.n, from_scores.n, 0.0);
    for (int m = 0; m < MON_N_METRICS; m++)
        if (mon_metric_fits((enum mon_metric)m, LABEL_BINARY)) {
            const char *name = mon_metric_name((enum mon_metric)m);
            const struct mon_estimate *a = &from_scores.of[m], *b = &from_counts.of[m];
            print_message("%-12s %.5f from scores, %.5f from counts\n", name, a->value, b->value);
            assert_close(name, b->value, a->value, 0.1 * a->sampling_error);
            assert_close(name, b->sampling_error, a->sampling_error, 0.05 * a->sampling_error);
        }
    mon_calibrator_free(c);
    profile_free(p);
    ruler_free(ruler);
}

static void multiclass_counts_are_refused(void **state)
{
    (void)state;
    const float scores[] = {0.1f, 0.9f};
    struct ruler *ruler = NULL;
    struct mon_calibrator c = {LABEL_MULTICLASS, 3, NULL};
    struct mon_estimates found;
    struct err e = {0};
    struct profile *p = count(scores, 2, scores, 2, &ruler);
    assert_int_equal(mon_estimate_counts(&c, p, &found, &e), ERR_UNSUPPORTED);
    assert_non_null(strstr(e.message, "all 3 classes"));
    profile_free(p);
    ruler_free(ruler);
}

static struct mon_estimates estimates_of_accuracy(double n, double value, double error)
{
    struct mon_estimates e = {.n = n};
    e.of[MON_ACCURACY] = (struct mon_estimate){value, error, 0.0};
    return e;
}

static void expect(const struct mon_signal *s, enum mon_verdict verdict)
{
    char sentence[MON_SENTENCE_BYTES];
    print_message("%s\n", mon_signal_sentence(s, sentence));
    if (s->verdict != verdict)
        fail_msg("expected %s: %s", mon_verdict_name(verdict), sentence);
}

static void estimated_fall_is_drift_only_beyond_its_errors(void **state)
{
    (void)state;
    struct mon_estimate_options o;
    struct mon_signal s;
    mon_estimate_options_init(&o);
    struct mon_estimates window = estimates_of_accuracy(5000, 0.85, 0.005);
    mon_estimate_check(&o, &window, 0.9, 0.002, 10000, &s);
    expect(&s, MON_DRIFT);
    assert_close("effect", s.effect, 0.05, 1e-12);
    assert_close("threshold", s.threshold, 0.88, 1e-12);
    assert_string_equal(s.statistic, "estimated_accuracy");
    window = estimates_of_accuracy(5000, 0.875, 0.005); /* one error beyond the limit */
    mon_estimate_check(&o, &window, 0.9, 0.0, 10000, &s);
    expect(&s, MON_OK);
    window = estimates_of_accuracy(100, 0.5, 0.001);
    mon_estimate_check(&o, &window, 0.9, 0.0, 10000, &s);
    expect(&s, MON_INSUFFICIENT);
    window = estimates_of_accuracy(5000, NAN, NAN);
    mon_estimate_check(&o, &window, 0.9, 0.0, 10000, &s);
    expect(&s, MON_UNAVAILABLE);
    window = estimates_of_accuracy(5000, 0.8, 0.005);
    mon_harm_estimated(&o, &window, 0.9, 0.002, 10000, &s);
    expect(&s, MON_DRIFT);
    assert_int_equal(s.kind, MON_KIND_HARM);
    assert_non_null(strstr(s.rule, "estimated"));
}

/* Windows with shifted inputs: one has the concept of the reference, in the other a fifth of the
 * labels no longer follow the scores. */
static void gap_is_told_from_shifted_inputs(void **state)
{
    (void)state;
    struct rng r;
    static float scores[n_window];
    static double labels[n_window];
    struct mon_estimate_options o;
    struct mon_estimates found;
    struct mon_signal s;
    rng_seed(&r, 21);
    struct mon_calibrator *c = fit_drawn(&r);
    mon_estimate_options_init(&o);
    o.metric = MON_AUC;
    for (int moved = 0; moved <= 1; moved++) {
        draw(&r, 0.2, n_window, scores, labels);
        for (size_t i = 0; moved && i < n_window; i += 5)
            labels[i] = rng_uniform(&r) < 0.5;
        struct mon_labelled rows = {LABEL_BINARY, n_window, 1, scores, labels};
        mon_estimate_scores(c, scores, n_window, &found, NULL);
        mon_estimate_gap(&o, &found, &rows, &s);
        expect(&s, moved ? MON_DRIFT : MON_OK);
        assert_close("gap", s.effect, found.of[MON_AUC].value - s.value, 1e-12);
        rows.n = 100;
        mon_estimate_gap(&o, &found, &rows, &s);
        expect(&s, MON_INSUFFICIENT);
    }
    assert_string_equal(s.statistic, "auc_gap");
    o.metric = MON_RMSE;
    struct mon_labelled rows = {LABEL_BINARY, n_window, 1, scores, labels};
    mon_estimate_gap(&o, &found, &rows, &s);
    expect(&s, MON_UNAVAILABLE);
    mon_calibrator_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_and_their_errors_are_scikit_learns),
        cmocka_unit_test(multiclass_metrics_are_scikit_learns_macro_means),
        cmocka_unit_test(calibration_is_scikit_learns_isotonic_regression),
        cmocka_unit_test(expected_auc_is_that_of_all_labellings),
        cmocka_unit_test(sampling_errors_are_the_spread_of_drawn_labels),
        cmocka_unit_test(realised_metrics_lie_within_the_stated_errors),
        cmocka_unit_test(multiclass_accuracy_is_estimated),
        cmocka_unit_test(empty_and_hopeless_windows_have_no_estimate),
        cmocka_unit_test(calibration_without_usable_rows_is_refused),
        cmocka_unit_test(scores_beyond_the_curve_get_its_ends),
        cmocka_unit_test(saved_calibrator_is_the_same),
        cmocka_unit_test(saved_calibrator_with_a_falling_curve_is_refused),
        cmocka_unit_test(counts_lose_little_against_scores),
        cmocka_unit_test(multiclass_counts_are_refused),
        cmocka_unit_test(estimated_fall_is_drift_only_beyond_its_errors),
        cmocka_unit_test(gap_is_told_from_shifted_inputs),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
