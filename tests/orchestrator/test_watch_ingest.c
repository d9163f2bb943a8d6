/* test_watch_ingest.c - reports into windows: everything counts exactly once, whatever restarts. */
#include "watch_bench.h"

#include "base/json.h"
#include "store/window_store.h"

static struct sim_requests champion_rows(const struct bench *b, size_t n)
{
    return (struct sim_requests){.sha256 = b->champion, .role = "champion", .n = n};
}

static void serve(struct sim *s, size_t n)
{
    struct sim_requests r = champion_rows(s->b, n);
    sim_serve(s, &r);
}

static void a_report_that_comes_twice_counts_once(void **state)
{
    struct bench *b = *state;
    struct sim s;
    sim_init(&s, b, "r1", "i1");
    serve(&s, 120);
    sim_report(&s, "http://a");
    sim_report(&s, "http://a");
    assert_int_equal(bench_open_rows(b), 120);
    serve(&s, 30);
    sim_report(&s, "http://a");
    assert_int_equal(bench_open_rows(b), 150);
    sim_clean_up(&s);
}

static void a_restarted_replica_counts_from_zero(void **state)
{
    struct bench *b = *state;
    struct sim first, again;
    sim_init(&first, b, "r1", "i1");
    serve(&first, 100);
    sim_report(&first, "http://a");
    sim_init(&again, b, "r1", "i2");
    serve(&again, 70);
    sim_report(&again, "http://a");
    assert_int_equal(bench_open_rows(b), 170);
    sim_clean_up(&first);
    sim_clean_up(&again);
}

static void replicas_of_one_name_are_counted_each_by_its_own(void **state)
{
    struct bench *b = *state;
    struct sim one, two;
    sim_init(&one, b, "host", "i1");
    sim_init(&two, b, "host", "i2");
    serve(&one, 50);
    serve(&two, 60);
    for (int i = 0; i < 3; i++) {
        sim_report(&one, "http://a");
        sim_report(&two, "http://b");
    }
    assert_int_equal(bench_open_rows(b), 110);
    sim_clean_up(&one);
    sim_clean_up(&two);
}

static void a_replica_that_moves_to_another_address_is_the_same(void **state)
{
    struct bench *b = *state;
    struct sim s, newcomer;
    sim_init(&s, b, "r1", "i1");
    serve(&s, 50);
    sim_report(&s, "http://a");
    serve(&s, 10);
    sim_report(&s, "http://b");
    assert_int_equal(bench_open_rows(b), 60);
    sim_init(&newcomer, b, "r2", "i2"); /* at the address that became free */
    serve(&newcomer, 5);
    sim_report(&newcomer, "http://a");
    bench_restart(b);
    sim_report(&s, "http://b");
    sim_report(&newcomer, "http://a");
    assert_int_equal(bench_open_rows(b), 65);
    sim_clean_up(&s);
    sim_clean_up(&newcomer);
}

static void after_a_restart_of_the_daemon_the_open_window_goes_on(void **state)
{
    struct bench *b = *state;
    struct sim s;
    sim_init(&s, b, "r1", "i1");
    serve(&s, 200);
    sim_report(&s, "http://a");
    bench_restart(b);
    sim_report(&s, "http://a");
    assert_int_equal(bench_open_rows(b), 200);
    serve(&s, 40);
    sim_report(&s, "http://a");
    assert_int_equal(bench_open_rows(b), 240);
    sim_clean_up(&s);
}

/* A version that was loaded anew begins at zero within one process; a daemon that restarts then
 * must know that zero, and not the counters from before. */
static void counters_that_began_anew_are_remembered_over_a_restart(void **state)
{
    struct bench *b = *state;
    struct sim s, anew;
    sim_init(&s, b, "r1", "i1");
    serve(&s, 100);
    sim_report(&s, "http://a");
    sim_init(&anew, b, "r1", "i1");
    serve(&anew, 10);
    sim_report(&anew, "http://a");
    assert_int_equal(bench_open_rows(b), 110);
    bench_restart(b);
    serve(&anew, 140);
    sim_report(&anew, "http://a");
    assert_int_equal(bench_open_rows(b), 250);
    sim_clean_up(&s);
    sim_clean_up(&anew);
}

static int n_signals(const cJSON *window, const char *monitor, const char *verdict)
{
    const cJSON *signal = NULL;
    int n = 0;
    cJSON_ArrayForEach(signal, json_at(window, "signals"))
    {
        const char *m = "", *v = "";
        json_opt_string(signal, "monitor", &m, NULL);
        json_opt_string(signal, "verdict", &v, NULL);
        n += strcmp(m, monitor) == 0 && (!verdict || strcmp(v, verdict) == 0);
    }
    return n;
}

static void a_window_closes_at_its_rows_and_is_judged(void **state)
{
    struct bench *b = *state;
    struct sim s;
    int64_t rows = 0;
    sim_init(&s, b, "r1", "i1");
    serve(&s, 499);
    assert_int_equal(sim_report(&s, "http://a").windows_closed, 0);
    serve(&s, 1);
    assert_int_equal(sim_report(&s, "http://a").windows_closed, 1);
    cJSON *window = bench_window(b);
    json_opt_int(window, "rows", 0, 1000000, &rows, NULL);
    assert_int_equal(rows, 500);
    assert_int_equal(n_signals(window, "inputs", NULL), 2);      /* age, zip */
    assert_int_equal(n_signals(window, "predictions", NULL), 2); /* prediction, class */
    assert_int_equal(n_signals(window, "inputs", "drift"), 0);
    assert_true(n_signals(window, "quality", "ok") >= 2);
    assert_int_equal(bench_open_rows(b), 0);
    cJSON_Delete(window);
    sim_clean_up(&s);
}

static void a_shifted_window_drifts(void **state)
{
    struct bench *b = *state;
    struct sim s;
    struct sim_requests r = champion_rows(b, 500);
    sim_init(&s, b, "r1", "i1");
    r.shift = 1;
    sim_serve(&s, &r);
    sim_report(&s, "http://a");
    cJSON *window = bench_window(b);
    assert_int_equal(n_signals(window, "inputs", "drift"), 1); /* age, and not zip */
    cJSON_Delete(window);
    sim_clean_up(&s);
}

/* The verdicts of a statistic on age, then zip: "ok drift". */
static void verdicts_of(struct bench *b, const char *statistic, char out[64])
{
    cJSON *window = bench_window(b);
    const cJSON *signal = NULL;
    size_t used = 0;
    out[0] = '\0';
    cJSON_ArrayForEach(signal, json_at(window, "signals"))
    {
        const char *s = "", *v = "";
        json_opt_string(signal, "statistic", &s, NULL);
        json_opt_string(signal, "verdict", &v, NULL);
        if (strcmp(s, statistic) == 0 && used < 64)
            used += (size_t)snprintf(out + used, 64 - used, "%s%s", used ? " " : "", v);
    }
    cJSON_Delete(window);
}

static void a_column_that_stops_varying_is_drift(void **state)
{
    struct bench *b = *state;
    struct sim s;
    struct sim_requests r = champion_rows(b, 500);
    char verdicts[64];
    sim_init(&s, b, "r1", "i1");
    sim_serve(&s, &r);
    sim_report(&s, "http://a");
    verdicts_of(b, "constant", verdicts);
    assert_string_equal(verdicts, "ok ok");
    r.same_zip = true;
    sim_serve(&s, &r);
    sim_report(&s, "http://a");
    verdicts_of(b, "constant", verdicts);
    assert_string_equal(verdicts, "ok drift");
    sim_clean_up(&s);
}

static int open_without_constant(void **state)
{
    void *f = NULL;
    fixture_open(&f);
    *state = bench_open(f, LABEL_BINARY, true,
                        "leeway: 1\nmodel: loan\nwindow: {rows: 500}\nmonitors:\n"
                        "  - {name: quality, kind: quality, constant: false}\n"
                        "train: {window: {rows: 1000}}\nrollout: {steps: []}\n");
    return 0;
}

static void a_policy_may_leave_constant_columns_alone(void **state)
{
    struct bench *b = *state;
    struct sim s;
    struct sim_requests r = champion_rows(b, 500);
    char verdicts[64];
    sim_init(&s, b, "r1", "i1");
    r.same_zip = true;
    sim_serve(&s, &r);
    sim_report(&s, "http://a");
    verdicts_of(b, "constant", verdicts);
    assert_string_equal(verdicts, "");
    verdicts_of(b, "missing_rate", verdicts);
    assert_string_equal(verdicts, "ok ok");
    sim_clean_up(&s);
}

static const char *decide(struct bench *b, char trigger[128], char reason[1024])
{
    struct policy_decision d = {0};
    bool has_policy = false;
    assert_ok(watch_decide(b->w, b->f->s, BENCH_MODEL, NULL, b->now_ms, &has_policy, &d, e));
    assert_true(has_policy);
    snprintf(trigger, 128, "%s", d.trigger_name);
    snprintf(reason, 1024, "%s", d.reason);
    enum policy_outcome outcome = d.outcome;
    policy_decision_deinit(&d);
    return policy_outcome_name(outcome);
}

static void drift_in_two_windows_fires_also_where_the_daemon_restarted_between(void **state)
{
    struct bench *b = *state;
    struct sim s;
    struct sim_requests r = champion_rows(b, 500);
    char trigger[128], reason[1024];
    sim_init(&s, b, "r1", "i1");
    r.shift = 1.5;
    sim_serve(&s, &r);
    sim_report(&s, "http://a");
    assert_string_equal(decide(b, trigger, reason), "nothing");
    bench_restart(b);
    sim_serve(&s, &r);
    sim_report(&s, "http://a");
    decide(b, trigger, reason);
    assert_string_equal(trigger, "inputs-drift");
    assert_non_null(strstr(reason, "for 2 windows"));
    bench_restart(b); /* the evidence is read back from the closed windows */
    decide(b, trigger, reason);
    assert_string_equal(trigger, "inputs-drift");
    sim_clean_up(&s);
}

/* Window ids are the store's, over all models; the evidence must speak of the same ones. */
static void evidence_names_the_window_that_the_store_has(void **state)
{
    struct bench *b = *state;
    struct closed_window other = {.model = "another", .n_rows = 1, .champion = b->champion};
    struct policy_decision d = {0};
    struct sim s;
    bool has_policy = false;
    int64_t id = 0, told = 0;
    for (int i = 0; i < 5; i++)
        assert_ok(window_store_close(b->f->s, &other, NULL, e));
    sim_init(&s, b, "r1", "i1");
    serve(&s, 500);
    sim_report(&s, "http://a");
    cJSON *window = bench_window(b);
    json_opt_int(window, "id", 0, 1000, &id, NULL);
    assert_ok(watch_decide(b->w, b->f->s, BENCH_MODEL, NULL, b->now_ms, &has_policy, &d, e));
    json_opt_int(d.evidence, "triggers[1].windows[0].window", 0, 1000, &told, NULL);
    assert_int_equal(told, id);
    policy_decision_deinit(&d);
    cJSON_Delete(window);
    sim_clean_up(&s);
}

static void a_new_champion_begins_a_new_window(void **state)
{
    struct bench *b = *state;
    struct sim s;
    sim_init(&s, b, "r1", "i1");
    serve(&s, 100);
    sim_report(&s, "http://a");
    assert_ok(store_begin(b->f->s, e));
    assert_ok(watch_fresh_start(b->w, b->f->s, BENCH_MODEL, e));
    assert_ok(store_commit(b->f->s, e));
    serve(&s, 30);
    sim_report(&s, "http://a");
    assert_int_equal(bench_open_rows(b), 30);
    sim_clean_up(&s);
}

/* What a failed transaction has changed in memory must not be there afterwards. */
static void a_report_that_could_not_be_stored_counts_when_it_comes_again(void **state)
{
    struct bench *b = *state;
    struct sim s;
    sim_init(&s, b, "r1", "i1");
    serve(&s, 100);
    sim_report(&s, "http://a");
    assert_ok(store_exec(b->f->s,
                         "CREATE TRIGGER full BEFORE INSERT ON accumulator BEGIN"
                         " SELECT raise(ABORT, 'full'); END",
                         e));
    serve(&s, 23);
    struct report_outcome out = {0};
    struct err err = {0};
    assert_int_not_equal(sim_try_report(&s, "http://a", &out, &err), ERR_OK);
    assert_ok(store_exec(b->f->s, "DROP TRIGGER full", e));
    assert_int_equal(bench_open_rows(b), 100);
    sim_report(&s, "http://a");
    assert_int_equal(bench_open_rows(b), 123);
    sim_clean_up(&s);
}

static void a_report_that_is_none_is_refused_with_words(void **state)
{
    struct bench *b = *state;
    struct report_outcome out = {0};
    struct err err = {0};
    enum err_code rc = watch_ingest_report(b->w, b->f->s, BENCH_MODEL, "http://a", "nonsense", 8,
                                           b->now_ms, &out, &err);
    assert_int_not_equal(rc, ERR_OK);
    assert_true(strlen(err.message) > 10);
}

static int open_duration(void **state)
{
    void *f = NULL;
    fixture_open(&f);
    *state = bench_open(f, LABEL_BINARY, true,
                        "leeway: 1\nmodel: loan\nwindow: {duration: 5s}\nmonitors:\n"
                        "  - {name: inputs, kind: drift, min_rows: 10}\n"
                        "train: {window: {rows: 1000}}\nrollout: {steps: []}\n");
    return 0;
}

static void a_window_of_a_duration_closes_when_its_time_is_over(void **state)
{
    struct bench *b = *state;
    struct sim s;
    sim_init(&s, b, "r1", "i1");
    for (int i = 0; i < 5; i++) { /* a report a second */
        serve(&s, 20);
        assert_int_equal(sim_report(&s, "http://a").windows_closed, 0);
    }
    serve(&s, 20);
    assert_int_equal(sim_report(&s, "http://a").windows_closed, 1);
    assert_int_equal(bench_n_windows(b), 1);
    sim_clean_up(&s);
}

static int open_without_policy(void **state)
{
    void *f = NULL;
    fixture_open(&f);
    *state = bench_open(f, LABEL_BINARY, true, NULL);
    return 0;
}

static void a_model_without_policy_is_counted_and_never_judged(void **state)
{
    struct bench *b = *state;
    struct policy_decision d = {0};
    struct sim s;
    bool has_policy = true;
    size_t n_points = 9;
    sim_init(&s, b, "r1", "i1");
    serve(&s, 2000);
    assert_int_equal(sim_report(&s, "http://a").windows_closed, 0);
    assert_int_equal(bench_open_rows(b), 2000);
    assert_ok(watch_decide(b->w, b->f->s, BENCH_MODEL, NULL, b->now_ms, &has_policy, &d, e));
    assert_false(has_policy);
    assert_ok(watch_fold_labels(b->w, b->f->s, BENCH_MODEL, &n_points, e));
    assert_int_equal(n_points, 0);
    sim_clean_up(&s);
}

static int open_without_monitors(void **state)
{
    void *f = NULL;
    fixture_open(&f);
    *state =
        bench_open(f, LABEL_BINARY, true,
                   "leeway: 1\nmodel: loan\nwindow: {rows: 100}\ntrain: {window: {rows: 1000}}\n"
                   "rollout: {steps: []}\n");
    return 0;
}

static void a_policy_without_monitors_closes_windows_without_signals(void **state)
{
    struct bench *b = *state;
    struct sim s;
    char trigger[128], reason[1024];
    sim_init(&s, b, "r1", "i1");
    serve(&s, 100);
    assert_int_equal(sim_report(&s, "http://a").windows_closed, 1);
    cJSON *window = bench_window(b);
    assert_int_equal(cJSON_GetArraySize(json_at(window, "signals")), 0);
    assert_string_equal(decide(b, trigger, reason), "nothing");
    cJSON_Delete(window);
    sim_clean_up(&s);
}

static void a_feature_shows_its_newest_window(void **state)
{
    struct bench *b = *state;
    struct sim s;
    cJSON *j = NULL, *window = NULL;
    int64_t id = 0, told = -1;
    sim_init(&s, b, "r1", "i1");
    serve(&s, 500);
    sim_report(&s, "http://a");
    window = bench_window(b);
    json_opt_int(window, "id", 0, 1000, &id, NULL);
    assert_ok(watch_feature_json(b->w, b->f->s, BENCH_MODEL, "age", 0, &j, e));
    json_opt_int(j, "window", 0, 1000, &told, NULL);
    assert_int_equal(told, id);
    double sum = 0;
    const cJSON *bin = NULL;
    cJSON_ArrayForEach(bin, json_at(j, "bins"))
    {
        double share = 0;
        json_opt_double(bin, "current", 0, 1, &share, NULL);
        sum += share;
    }
    assert_true(sum > 0.999 && sum < 1.001);
    cJSON_Delete(j);
    assert_int_equal(watch_feature_json(b->w, b->f->s, BENCH_MODEL, "nothing", 0, &j, NULL),
                     ERR_NOT_FOUND);
    cJSON_Delete(window);
    sim_clean_up(&s);
}

#define with(test, setup) cmocka_unit_test_setup_teardown(test, setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(a_report_that_comes_twice_counts_once),
        bench_test(a_restarted_replica_counts_from_zero),
        bench_test(replicas_of_one_name_are_counted_each_by_its_own),
        bench_test(a_replica_that_moves_to_another_address_is_the_same),
        bench_test(after_a_restart_of_the_daemon_the_open_window_goes_on),
        bench_test(counters_that_began_anew_are_remembered_over_a_restart),
        bench_test(a_window_closes_at_its_rows_and_is_judged),
        bench_test(a_shifted_window_drifts),
        bench_test(a_column_that_stops_varying_is_drift),
        with(a_policy_may_leave_constant_columns_alone, open_without_constant),
        bench_test(drift_in_two_windows_fires_also_where_the_daemon_restarted_between),
        bench_test(evidence_names_the_window_that_the_store_has),
        bench_test(a_new_champion_begins_a_new_window),
        bench_test(a_report_that_could_not_be_stored_counts_when_it_comes_again),
        bench_test(a_report_that_is_none_is_refused_with_words),
        bench_test(a_feature_shows_its_newest_window),
        with(a_window_of_a_duration_closes_when_its_time_is_over, open_duration),
        with(a_model_without_policy_is_counted_and_never_judged, open_without_policy),
        with(a_policy_without_monitors_closes_windows_without_signals, open_without_monitors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
