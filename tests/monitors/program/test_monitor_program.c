/*
 * test_monitor_program.c - the pure parts of leeway-monitor: options understood, signals ranked,
 * groups named.
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

#include "compare_options.h"
#include "detect_state.h"
#include "group_bars.h"
#include "monitor_schema.h"
#include "signal_ledger.h"
#include "tiny_reference.h"

static void windows_are_rows_times_or_all(void **state)
{
    (void)state;
    struct compare_options o;
    struct err e = {0};
    compare_options_init(&o);
    o.window_text = "1000";
    assert_int_equal(compare_options_read(&o, &e), ERR_OK);
    assert_true(o.window == WINDOW_ROWS && o.window_rows == 1000);
    o.window_text = "7d";
    assert_int_equal(compare_options_read(&o, &e), ERR_OK);
    assert_true(o.window == WINDOW_TIME && o.window_ms == 7 * 86400000LL);
    static const char *const wrong[] = {"", "29", "-5", "1000 rows", "99999999999999999999", "0s"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        o.window_text = wrong[i];
        if (compare_options_read(&o, &e) != ERR_INVALID || !strstr(e.message, "--window"))
            fail_msg("\"%s\": \"%s\"", wrong[i], e.message);
    }
}

static void budgets_are_shares_or_per_time(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double rate, alarms;
        int64_t period_ms;
    } good[] = {{"0.01", 0.01, 0, 0}, {"1%", 0.01, 0, 0}, {"2 per 30d", NAN, 2, 30 * 86400000LL}};
    static const char *const wrong[] = {"",      "0",       "-1",      "0.6",      "60%",
                                        "1 per", "1 per x", "per 30d", "0 per 1d", "1 % of 2"};
    struct compare_options o;
    struct err e = {0};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        compare_options_init(&o);
        o.rate_text = good[i].text;
        assert_int_equal(compare_options_read(&o, &e), ERR_OK);
        bool same = isnan(good[i].rate) ? isnan(o.false_alarm_rate)
                                        : fabs(o.false_alarm_rate - good[i].rate) < 1e-15;
        if (!same || o.alarms != good[i].alarms || o.period_ms != good[i].period_ms)
            fail_msg("%s: %g, %g in %lld ms", good[i].text, o.false_alarm_rate, o.alarms,
                     (long long)o.period_ms);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        compare_options_init(&o);
        o.rate_text = wrong[i];
        if (compare_options_read(&o, &e) != ERR_INVALID)
            fail_msg("\"%s\" was taken: %g", wrong[i], o.false_alarm_rate);
    }
}

static struct mon_signal signal_of(enum mon_verdict verdict, double p, double value)
{
    struct mon_signal s;
    mon_signal_init(&s, "m", MON_KIND_DRIFT, "psi");
    s.verdict = verdict;
    s.p_value = p;
    s.value = value;
    s.threshold = 1;
    return s;
}

static void evidence_ranks_verdict_then_p_then_share_of_the_limit(void **state)
{
    (void)state;
    const struct mon_signal order[] = {
        signal_of(MON_DRIFT, 1e-9, 2),        signal_of(MON_DRIFT, 1e-3, 2),
        signal_of(MON_DRIFT, NAN, 3),         signal_of(MON_DRIFT, NAN, 2),
        signal_of(MON_OK, 1e-12, 9),          signal_of(MON_OK, NAN, NAN),
        signal_of(MON_INSUFFICIENT, NAN, NAN)};
    const size_t n = sizeof order / sizeof order[0];
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            int got = signal_compare(&order[i], &order[j]), want = (i > j) - (i < j);
            if ((got > 0) - (got < 0) != want)
                fail_msg("%zu against %zu: expected %d, got %d", i, j, want, got);
        }
}

static void a_ledger_keeps_the_strongest_and_counts_the_rest(void **state)
{
    (void)state;
    struct signal_ledger l = {0};
    struct err e = {0};
    const struct mon_signal windows[3][2] = {
        {signal_of(MON_OK, 0.5, 1), signal_of(MON_INSUFFICIENT, NAN, NAN)},
        {signal_of(MON_DRIFT, 1e-4, 5), signal_of(MON_OK, 0.2, 1)},
        {signal_of(MON_DRIFT, 1e-3, 4), signal_of(MON_OK, 0.1, 1)}};
    for (uint64_t w = 0; w < 3; w++)
        assert_int_equal(signal_ledger_add(&l, w + 1, windows[w], 2, 0.01, &e), ERR_OK);
    assert_int_equal(l.entries[0].n_drifted, 2);
    assert_int_equal(l.entries[0].first_drift, 2);
    assert_int_equal(l.entries[0].strongest_window, 2);
    assert_int_equal(l.entries[1].n_judged, 2);
    assert_int_equal(l.n_looks, 5);
    assert_int_equal(l.n_drifted_windows, 2);
    assert_true(fabs(l.false_alarms - 0.03) < 1e-12);
    assert_int_equal(signal_ledger_drifted(&l), 1);
    const struct ledger_entry **sorted = signal_ledger_sorted(&l);
    assert_ptr_equal(sorted[0], &l.entries[0]);
    free(sorted);
    signal_ledger_deinit(&l);
}

static void groups_are_called_by_what_they_hold(void **state)
{
    (void)state;
    struct mon_reference *r = tiny_reference(3000, NULL);
    char label[160];
    group_bars_label(r, 0, 0, label, sizeof label);
    assert_non_null(strstr(label, "below -1."));
    group_bars_label(r, 2, 1, label, sizeof label);
    assert_string_equal(label, "Bonn");
    size_t last = r->ruler->series[2].n_groups - 1;
    group_bars_label(r, 2, last, label, sizeof label);
    assert_string_equal(label, "missing");
    group_bars_label(r, 2, last - 1, label, sizeof label);
    assert_string_equal(label, "unseen");
    group_bars_label(r, 3, 0, label, sizeof label);
    assert_string_equal(label, "present");
    group_bars_label(r, 5, 1, label, sizeof label); /* the classes */
    assert_string_equal(label, "yes");
    mon_reference_free(r);
}

static void parameters_are_numbers_where_they_can_be(void **state)
{
    (void)state;
    static const char *const texts[] = {"delta=0.01", "direction=up"};
    static const char *const twice[] = {"a=1", "a=2"};
    cJSON *json = NULL;
    struct err e = {0};
    assert_int_equal(detect_params(texts, 2, &json, &e), ERR_OK);
    assert_true(cJSON_GetObjectItem(json, "delta")->valuedouble == 0.01);
    assert_string_equal(cJSON_GetObjectItem(json, "direction")->valuestring, "up");
    cJSON_Delete(json);
    assert_int_equal(detect_params(twice, 2, &json, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "twice"));
}

static void names_of_files_become_names_of_models(void **state)
{
    (void)state;
    char name[64];
    monitor_schema_name("/data/my loans.csv.gz", name, sizeof name);
    assert_string_equal(name, "my-loans");
    monitor_schema_name("/data/.csv", name, sizeof name);
    assert_string_equal(name, "table");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_rows_times_or_all),
        cmocka_unit_test(budgets_are_shares_or_per_time),
        cmocka_unit_test(evidence_ranks_verdict_then_p_then_share_of_the_limit),
        cmocka_unit_test(a_ledger_keeps_the_strongest_and_counts_the_rest),
        cmocka_unit_test(groups_are_called_by_what_they_hold),
        cmocka_unit_test(parameters_are_numbers_where_they_can_be),
        cmocka_unit_test(names_of_files_become_names_of_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
