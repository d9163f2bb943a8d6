/*
 * test_watch_drift.c - what drift monitors say of closed windows: seasons, several lengths, a
 * budget of false alarms per time; and performance that is estimated.
 */
#include <math.h>

#include "watch_bench.h"

#include "base/json.h"
#include "store/window_store.h"

#define HOUR_MS INT64_C(3600000)

#define POLICY(monitors)                                                                           \
    "leeway: 1\n"                                                                                  \
    "model: loan\n"                                                                                \
    "window: {rows: 500}\n"                                                                        \
    "monitors: [" monitors "]\n"                                                                   \
    "triggers: [{name: moved, kind: drift_features, monitor: inputs, features: [age]}]\n"          \
    "guards: {cooldown: none, max_runs_per_day: none, min_labelled_rows: 50}\n"                    \
    "train: {window: {rows: 1000}, holdout_share: 20%}\n"                                          \
    "rollout: {steps: []}\n"

struct world {
    void *fixture;
    struct bench *b;
    struct sim s;
};

static void open_world(struct world *w, const char *policy)
{
    fixture_open(&w->fixture);
    w->b = bench_open(w->fixture, LABEL_BINARY, true, policy);
    sim_init(&w->s, w->b, "r1", "i1");
}

static void close_world(struct world *w)
{
    sim_clean_up(&w->s);
    bench_close(w->b);
    fixture_close(&w->fixture);
}

/* A full window of an hour, its ages moved by so many standard deviations. */
static void serve_window(struct world *w, double shift)
{
    struct sim_requests r = {
        .sha256 = w->b->champion, .role = "champion", .n = 250, .shift = shift};
    for (int i = 0; i < 2; i++) {
        sim_serve(&w->s, &r);
        w->b->now_ms += HOUR_MS / 2;
        sim_report(&w->s, "http://a");
    }
}

static const cJSON *signal_of(const cJSON *window, const char *feature, const char *verdict)
{
    const cJSON *signal;
    cJSON_ArrayForEach(signal, json_at(window, "signals"))
    {
        const char *f = "", *v = "";
        json_opt_string(signal, "feature", &f, NULL);
        json_opt_string(signal, "verdict", &v, NULL);
        if (strcmp(f, feature) == 0 && (!verdict || strcmp(v, verdict) == 0))
            return signal;
    }
    return NULL;
}

static double number_at(const cJSON *j, const char *path)
{
    double value = NAN;
    json_opt_double(j, path, -1e300, 1e300, &value, NULL);
    return value;
}

static bool newest_drifts(struct world *w, const char *feature)
{
    cJSON *window = bench_window(w->b);
    bool drifts = signal_of(window, feature, "drift") != NULL;
    cJSON_Delete(window);
    return drifts;
}

/* How many of a window's signals say their rank. */
static size_t n_ranked(const cJSON *window)
{
    const cJSON *signal;
    size_t n = 0;
    cJSON_ArrayForEach(signal, json_at(window, "signals")) n +=
        json_at(signal, "history_rank") != NULL;
    return n;
}

/* Windows until age drifts; 0: never within n. */
static int delay(struct world *w, double shift, int n)
{
    for (int i = 1; i <= n; i++) {
        serve_window(w, shift);
        if (newest_drifts(w, "age"))
            return i;
    }
    return 0;
}

static void a_shift_too_small_for_a_window_is_seen_in_eight_together(void **state)
{
    static const char one[] = POLICY("{name: inputs, kind: drift, statistic: ks, min_effect: 0, "
                                     "false_alarm_rate: 0.1%}");
    static const char four[] = POLICY("{name: inputs, kind: drift, statistic: ks, min_effect: 0, "
                                      "false_alarm_rate: 0.1%, lengths: 4}");
    struct world w;
    (void)state;
    open_world(&w, one);
    assert_int_equal(delay(&w, 0.15, 8), 0);
    close_world(&w);
    open_world(&w, four);
    int first = delay(&w, 0.15, 8);
    assert_in_range(first, 2, 8);
    serve_window(&w, 0.15); /* what the longer block said holds until the next one */
    assert_true(newest_drifts(&w, "age"));
    assert_false(newest_drifts(&w, "zip"));
    cJSON *window = bench_window(w.b);
    const char *rule = "";
    json_opt_string(signal_of(window, "age", "drift"), "rule", &rule, NULL);
    assert_non_null(strstr(rule, "windows together"));
    assert_in_range((int)number_at(signal_of(window, "age", "drift"), "windows_together"), 2, 8);
    cJSON_Delete(window);
    close_world(&w);
}

static void what_is_said_of_windows_outlives_the_daemon(void **state)
{
    static const char four[] = POLICY("{name: inputs, kind: drift, statistic: ks, min_effect: 0, "
                                      "false_alarm_rate: 0.1%, lengths: 4}, "
                                      "{name: guess, kind: estimated_performance}");
    struct world straight, restarted;
    (void)state;
    open_world(&straight, four);
    open_world(&restarted, four);
    for (int i = 0; i < 9; i++) {
        serve_window(&straight, 0.15);
        serve_window(&restarted, 0.15);
        bench_restart(restarted.b);
        cJSON *a = bench_window(straight.b), *b = bench_window(restarted.b);
        char *ta = json_print(json_at(a, "signals")), *tb = json_print(json_at(b, "signals"));
        assert_string_equal(ta, tb);
        assert_true((n_ranked(b) > 0) == (i > 0));
        free(ta);
        free(tb);
        cJSON_Delete(a);
        cJSON_Delete(b);
    }
    assert_true(newest_drifts(&restarted, "age"));
    close_world(&straight);
    close_world(&restarted);
}

static void a_signal_says_its_rank_among_the_versions_own_past(void **state)
{
    static const char text[] = POLICY("{name: inputs, kind: drift, statistic: ks}, "
                                      "{name: guess, kind: estimated_performance}");
    static const double shifts[] = {0, 0, 0, 1};
    struct world w;
    (void)state;
    open_world(&w, text);
    for (size_t i = 0; i < 4; i++) {
        serve_window(&w, shifts[i]);
        cJSON *window = bench_window(w.b);
        const cJSON *age = signal_of(window, "age", NULL), *model = signal_of(window, "", NULL);
        assert_int_equal((int)number_at(age, "history_n"), i);
        assert_int_equal((int)number_at(model, "history_n"), i);
        if (i == 0)
            assert_int_equal(n_ranked(window), 0);
        if (i == 3)
            assert_true(number_at(age, "history_rank") == 1);
        cJSON_Delete(window);
    }
    bench_crown(w.b, w.b->candidate);
    serve_window(&w, 0);
    cJSON *window = bench_window(w.b);
    assert_int_equal((int)number_at(signal_of(window, "age", NULL), "history_n"), 0);
    cJSON_Delete(window);
    close_world(&w);
}

static void a_budget_per_time_is_shared_out_to_the_windows(void **state)
{
    static const char often[] = POLICY("{name: inputs, kind: drift, false_alarm_every: 1d}");
    static const char seldom[] = POLICY("{name: inputs, kind: drift, false_alarm_every: 300d}");
    double thresholds[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world w;
        open_world(&w, i == 0 ? often : seldom);
        serve_window(&w, 0);
        cJSON *window = bench_window(w.b);
        thresholds[i] = number_at(signal_of(window, "age", NULL), "threshold");
        cJSON_Delete(window);
        close_world(&w);
    }
    assert_true(thresholds[0] > 0);
    assert_true(thresholds[1] > 1.1 * thresholds[0]);
}

static void a_season_is_taken_from_the_references_times(void **state)
{
    static const char text[] =
        POLICY("{name: inputs, kind: drift, season: day_of_week, false_alarm_rate: 0.1%}");
    struct world w;
    const char *origin = "";
    (void)state;
    open_world(&w, text);
    serve_window(&w, 0);
    assert_false(newest_drifts(&w, "age"));
    cJSON *window = bench_window(w.b);
    json_opt_string(signal_of(window, "age", NULL), "threshold_origin", &origin, NULL);
    assert_non_null(strstr(origin, "day_of_week"));
    cJSON_Delete(window);
    serve_window(&w, 1);
    assert_true(newest_drifts(&w, "age"));
    close_world(&w);
}

static void performance_is_estimated_before_any_label(void **state)
{
    static const char text[] =
        POLICY("{name: inputs, kind: drift}, {name: guess, kind: estimated_performance, metric: "
               "accuracy}");
    struct world w;
    (void)state;
    open_world(&w, text);
    serve_window(&w, 0);
    cJSON *window = bench_window(w.b);
    const cJSON *signal = signal_of(window, "", NULL);
    assert_non_null(signal);
    double value = number_at(signal, "value"), reference = number_at(signal, "reference_value");
    if (!(fabs(value - reference) < 0.04))
        fail_msg("estimated %g, the reference has %g", value, reference);
    assert_non_null(signal_of(window, "", "ok"));
    cJSON_Delete(window);
    close_world(&w);
}

/* The model is watched all the same. */
static void expect_no_estimate(struct version_options version)
{
    static const char text[] =
        POLICY("{name: inputs, kind: drift}, {name: guess, kind: estimated_performance}");
    struct world w;
    char sha256[SHA256_HEX_BYTES];
    fixture_open(&w.fixture);
    w.b = bench_open(w.fixture, LABEL_BINARY, true, text);
    version_save(&version, w.b->artifacts, sha256);
    bench_crown(w.b, sha256);
    sim_init(&w.s, w.b, "r1", "i1");
    serve_window(&w, 0);
    cJSON *window = bench_window(w.b);
    assert_non_null(signal_of(window, "", "unavailable"));
    assert_non_null(signal_of(window, "age", "ok"));
    cJSON_Delete(window);
    close_world(&w);
}

static void a_version_without_validation_rows_has_no_estimate(void **state)
{
    (void)state;
    expect_no_estimate((struct version_options){.kind = LABEL_BINARY, .no_validation = true});
}

static void a_version_whose_scores_are_no_numbers_has_no_estimate(void **state)
{
    (void)state;
    expect_no_estimate((struct version_options){.kind = LABEL_BINARY, .nan_scores = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shift_too_small_for_a_window_is_seen_in_eight_together),
        cmocka_unit_test(what_is_said_of_windows_outlives_the_daemon),
        cmocka_unit_test(a_signal_says_its_rank_among_the_versions_own_past),
        cmocka_unit_test(a_budget_per_time_is_shared_out_to_the_windows),
        cmocka_unit_test(a_season_is_taken_from_the_references_times),
        cmocka_unit_test(performance_is_estimated_before_any_label),
        cmocka_unit_test(a_version_without_validation_rows_has_no_estimate),
        cmocka_unit_test(a_version_whose_scores_are_no_numbers_has_no_estimate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
