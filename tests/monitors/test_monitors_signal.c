/*
 * test_monitors_signal.c - what signals say, in words and in JSON.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "monitors/signal.h"

static struct mon_signal psi_of_age(void)
{
    struct mon_signal s;
    mon_signal_init(&s, "inputs", MON_KIND_DRIFT, "psi");
    snprintf(s.feature, sizeof s.feature, "age");
    snprintf(s.threshold_origin, sizeof s.threshold_origin, "set by the policy");
    s.n = 1000;
    s.n_reference = 5000;
    s.value = 0.31;
    s.threshold = 0.25;
    s.verdict = MON_DRIFT;
    return s;
}

static void sentence_has_the_numbers_and_the_verdict(void **state)
{
    (void)state;
    char text[MON_SENTENCE_BYTES];
    struct mon_signal s = psi_of_age();
    assert_string_equal(
        mon_signal_sentence(&s, text),
        "psi of age is 0.31 over 1000 rows (reference of 5000 rows); threshold 0.25 "
        "(set by the policy): drift");
    s.verdict = MON_INSUFFICIENT;
    s.n = 35;
    assert_string_equal(mon_signal_sentence(&s, text), "psi of age: 35 rows are too few to say");
}

static void json_leaves_out_numbers_that_do_not_apply(void **state)
{
    (void)state;
    const char *verdict = NULL;
    double value = 0.0;
    struct mon_signal s = psi_of_age();
    cJSON *json = mon_signal_to_json(&s);
    assert_int_equal(json_get_string(json, "verdict", &verdict, NULL), ERR_OK);
    assert_string_equal(verdict, "drift");
    assert_int_equal(json_get_double(json, "value", 0, 1, &value, NULL), ERR_OK);
    assert_true(value == 0.31);
    assert_null(json_at(json, "p_value"));
    assert_null(json_at(json, "effect"));
    cJSON_Delete(json);
}

static void long_names_are_cut_and_the_sentence_stays_terminated(void **state)
{
    (void)state;
    char name[400], text[MON_SENTENCE_BYTES];
    struct mon_signal s;
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    mon_signal_init(&s, name, MON_KIND_QUALITY, name);
    assert_int_equal(strlen(s.monitor), MON_NAME_BYTES - 1);
    memset(s.feature, 'f', sizeof s.feature - 1);
    memset(s.threshold_origin, 'o', sizeof s.threshold_origin - 1);
    s.value = s.n = s.threshold = s.p_value = s.effect = 1e300;
    s.verdict = MON_OK;
    assert_true(strlen(mon_signal_sentence(&s, text)) < MON_SENTENCE_BYTES);
}

static void share_counts_only_what_could_be_judged(void **state)
{
    (void)state;
    struct mon_signal s[4] = {psi_of_age(), psi_of_age(), psi_of_age(), psi_of_age()};
    s[1].verdict = MON_OK;
    s[2].verdict = MON_INSUFFICIENT;
    s[3].verdict = MON_UNAVAILABLE;
    assert_true(mon_signals_drift_share(s, 4) == 0.5);
    assert_true(isnan(mon_signals_drift_share(s + 2, 2)));
    assert_true(isnan(mon_signals_drift_share(s, 0)));
    assert_int_equal(mon_signals_count(s, 4, MON_INSUFFICIENT), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentence_has_the_numbers_and_the_verdict),
        cmocka_unit_test(json_leaves_out_numbers_that_do_not_apply),
        cmocka_unit_test(long_names_are_cut_and_the_sentence_stays_terminated),
        cmocka_unit_test(share_counts_only_what_could_be_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
