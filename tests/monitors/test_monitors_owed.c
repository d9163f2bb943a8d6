/*
 * test_monitors_owed.c - what is owed, by hand; delays against a known law although most labels are
 * still missing; and biased labels.
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
#include "monitors/owed.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define NOW (1000 * DAY)

static void assert_close(const char *what, double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("%s: found %.12g, expected %.12g (within %g)", what, found, expected, tolerance);
}

static void owed_labels_are_counted_by_age(void **state)
{
    (void)state;
    const int64_t scored[] = {NOW,           NOW - HOUR,     NOW - 2 * DAY,
                              NOW - 8 * DAY, NOW - 90 * DAY, NOW - DAY};
    const int64_t owed = MON_LABEL_OWED;
    const int64_t labelled[] = {owed, owed, owed, owed, owed, NOW - DAY + HOUR};
    struct mon_scored rows = {6, scored, labelled, NULL};
    struct mon_owed found;
    assert_int_equal(mon_owed_measure(&rows, NOW, &found, NULL), ERR_OK);
    for (int i = 0; i < MON_OWED_AGES; i++)
        assert_close("age", found.owed_by_age[i], 1, 0.0);
    assert_close("labelled", found.n_labelled, 1, 0.0);
    assert_close("owed", found.n_owed, 5, 0.0);
    assert_close("oldest", found.oldest_owed_ms, (double)(90 * DAY), 0.0);
    assert_true(isnan(found.bias_ks));
}

static void delays_are_the_product_limit_by_hand(void **state)
{
    (void)state;
    /* waits 1, 2, 3+, 4, 5+ (+: still owed): 4/5, 3/5, then 1/2 of it at 4 */
    const int64_t scored[] = {NOW - 10, NOW - 10, NOW - 3, NOW - 10, NOW - 5};
    const int64_t labelled[] = {NOW - 9, NOW - 8, MON_LABEL_OWED, NOW - 6, MON_LABEL_OWED};
    struct mon_scored rows = {5, scored, labelled, NULL};
    struct mon_owed found;
    assert_int_equal(mon_owed_measure(&rows, NOW, &found, NULL), ERR_OK);
    assert_close("median", found.delay_median_ms, 4, 0.0);
    assert_true(isnan(found.delay_p90_ms)); /* nobody knows yet */
}

/* Exponential delays with the mean of 10 days, looked at after 12 days of scoring: only about half
 * of the labels are there, and those are the fast ones. */
static void delays_are_not_fooled_by_labels_still_owed(void **state)
{
    (void)state;
    enum { n = 20000 };
    static int64_t scored[n], labelled[n];
    struct rng r;
    struct mon_owed found;
    double fast = 0.0, n_fast = 0.0;
    rng_seed(&r, 1);
    for (size_t i = 0; i < n; i++) {
        scored[i] = NOW - (int64_t)(12.0 * (double)DAY * rng_uniform(&r));
        double delay = -10.0 * (double)DAY * log(1.0 - rng_uniform(&r));
        labelled[i] = scored[i] + (int64_t)delay;
        if (labelled[i] > NOW)
            continue;
        fast += delay;
        n_fast += 1.0;
    }
    struct mon_scored rows = {n, scored, labelled, NULL};
    assert_int_equal(mon_owed_measure(&rows, NOW, &found, NULL), ERR_OK);
    print_message("%.0f of %d labelled, their mean delay %.2f days; median of all %.2f days\n",
                  found.n_labelled, n, fast / n_fast / (double)DAY,
                  found.delay_median_ms / (double)DAY);
    assert_close("labelled", found.n_labelled, n_fast, 0.0);
    assert_close("median", found.delay_median_ms / (double)DAY, 10.0 * log(2.0), 0.4);
    assert_true(isnan(found.delay_p90_ms)); /* 23 days: longer than anything seen */
}

static void labels_from_the_future_or_before_their_score_do_no_damage(void **state)
{
    (void)state;
    const int64_t scored[] = {NOW - 5, NOW + DAY, INT64_MIN, INT64_MAX};
    const int64_t labelled[] = {NOW - 50, NOW + 2 * DAY, INT64_MAX, INT64_MIN + 1};
    struct mon_scored rows = {4, scored, labelled, NULL};
    struct mon_owed found;
    assert_int_equal(mon_owed_measure(&rows, NOW, &found, NULL), ERR_OK);
    assert_close("labelled", found.n_labelled, 2, 0.0);
    assert_close("owed", found.n_owed, 2, 0.0);
    assert_close("young", found.owed_by_age[0], 1, 0.0);
    assert_close("ancient", found.owed_by_age[MON_OWED_AGES - 1], 1, 0.0);
}

static void nothing_scored_is_nothing_owed(void **state)
{
    (void)state;
    struct mon_scored rows = {0, NULL, NULL, NULL};
    struct mon_owed_options o;
    struct mon_owed found;
    struct mon_signal s;
    mon_owed_options_init(&o);
    assert_int_equal(mon_owed_measure(&rows, NOW, &found, NULL), ERR_OK);
    assert_close("n", found.n, 0, 0.0);
    assert_true(isnan(found.delay_median_ms) && isnan(found.oldest_owed_ms));
    mon_owed_check(&o, &found, &s);
    assert_int_equal(s.verdict, MON_INSUFFICIENT);
}

/* n rows with scores; labelled with a chance that is even, or grows with the score. */
static struct mon_owed draw(size_t n, bool biased, uint64_t seed)
{
    struct rng r;
    struct mon_owed found;
    float *scores = calloc(n, sizeof *scores);
    int64_t *scored = calloc(n, sizeof *scored), *labelled = calloc(n, sizeof *labelled);
    rng_seed(&r, seed);
    for (size_t i = 0; i < n; i++) {
        scores[i] = (float)rng_uniform(&r);
        scored[i] = NOW - DAY;
        bool known = rng_uniform(&r) < (biased ? 0.3 + 0.4 * (double)scores[i] : 0.5);
        labelled[i] = known ? NOW - HOUR : MON_LABEL_OWED;
    }
    scores[0] = NAN;
    struct mon_scored rows = {n, scored, labelled, scores};
    assert_int_equal(mon_owed_measure(&rows, NOW, &found, NULL), ERR_OK);
    free(scores);
    free(scored);
    free(labelled);
    return found;
}

static void labels_that_prefer_high_scores_are_noticed(void **state)
{
    (void)state;
    char sentence[MON_SENTENCE_BYTES];
    struct mon_owed_options o;
    struct mon_signal s;
    struct mon_owed found = draw(4000, true, 2);
    mon_owed_options_init(&o);
    mon_owed_check(&o, &found, &s);
    print_message("%s\n", mon_signal_sentence(&s, sentence));
    assert_int_equal(s.verdict, MON_DRIFT);
    assert_close("means differ", s.effect, 0.4 / 12.0 / 0.25, 0.03);
    mon_signal_init(&s, "p", MON_KIND_PERFORMANCE, "accuracy");
    strcpy(s.rule, "labelled rows");
    mon_owed_caveat(&o, &found, &s);
    print_message("%s\n", s.rule);
    assert_non_null(strstr(s.rule, "labelled rows; "));
    assert_non_null(strstr(s.rule, "owed; labelled rows score unlike them (KS 0.2"));
}

static void even_labels_are_no_bias(void **state)
{
    (void)state;
    struct mon_owed_options o;
    struct mon_signal s;
    mon_owed_options_init(&o);
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct mon_owed found = draw(2000, false, seed);
        mon_owed_check(&o, &found, &s);
        assert_int_equal(s.verdict, MON_OK);
    }
    struct mon_owed few = draw(60, true, 3);
    mon_owed_check(&o, &few, &s);
    assert_int_equal(s.verdict, MON_INSUFFICIENT);
    memset(s.rule, 'x', sizeof s.rule - 1); /* no room left */
    mon_owed_caveat(&o, &few, &s);
    assert_int_equal(strlen(s.rule), sizeof s.rule - 1);
}

static double *numbers(const cJSON *from, const char *key, size_t *n)
{
    const cJSON *array = cJSON_GetObjectItem(from, key), *item;
    double *x = calloc((size_t)cJSON_GetArraySize(array) + 1, sizeof *x);
    *n = 0;
    cJSON_ArrayForEach(item, array) x[(*n)++] = item->valuedouble;
    return x;
}

static void distance_is_scipys(void **state)
{
    (void)state;
    cJSON *oracle = NULL;
    const cJSON *c;
    assert_int_equal(json_load(TEST_DATA_DIR "/performance.json", 4u << 20, &oracle, NULL), ERR_OK);
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(oracle, "ks"))
    {
        size_t n_a, n_b;
        float scores[200];
        int64_t scored[200] = {0}, labelled[200];
        double *a = numbers(c, "a", &n_a), *b = numbers(c, "b", &n_b);
        for (size_t i = 0; i < n_a + n_b; i++) {
            scores[i] = (float)(i < n_a ? a[i] : b[i - n_a]);
            labelled[i] = i < n_a ? 0 : MON_LABEL_OWED;
        }
        struct mon_scored rows = {n_a + n_b, scored, labelled, scores};
        struct mon_owed found;
        assert_int_equal(mon_owed_measure(&rows, NOW, &found, NULL), ERR_OK);
        assert_close("ks", found.bias_ks, cJSON_GetObjectItem(c, "ks")->valuedouble, 1e-12);
        free(a);
        free(b);
    }
    cJSON_Delete(oracle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(owed_labels_are_counted_by_age),
        cmocka_unit_test(delays_are_the_product_limit_by_hand),
        cmocka_unit_test(delays_are_not_fooled_by_labels_still_owed),
        cmocka_unit_test(labels_from_the_future_or_before_their_score_do_no_damage),
        cmocka_unit_test(nothing_scored_is_nothing_owed),
        cmocka_unit_test(labels_that_prefer_high_scores_are_noticed),
        cmocka_unit_test(even_labels_are_no_bias),
        cmocka_unit_test(distance_is_scipys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
