/*
 * test_policy_file.c - what the reader accepts, what it says of everything else, and that what it
 * writes reads back as the same policy.
 */
#include "policies_testing.h"

#include <dirent.h>
#include <math.h>

#include "base/file.h"
#include "base/json.h"

#define HEAD "leeway: 1\nmodel: loan\n"
#define WINDOW "window: {rows: 1000}\n"
#define TRAIN "train: {window: {rows: 5000}}\n"
#define ROLLOUT "rollout: {steps: [{weight: 10%}]}\n"
#define BASE HEAD WINDOW TRAIN ROLLOUT /* six lines of text follow from line 6 on */

static struct diagnostics diagnostics;

static enum err_code parse(const char *text, const struct policy_facts *facts, struct policy **out)
{
    struct err e;

    *out = NULL;
    return policy_parse("p.yaml", text, strlen(text), facts, out, &diagnostics, &e);
}

/* All lines as they are printed, each ended by a newline. Owned. */
static char *printed(const struct diagnostics *d)
{
    char *text = calloc(d->n + 1, DIAGNOSTIC_LINE_BYTES + 1);

    for (size_t i = 0; i < d->n; i++) {
        diagnostic_format(d, i, text + strlen(text), DIAGNOSTIC_LINE_BYTES);
        strcat(text, "\n");
    }
    return text;
}

static void ten_mistakes_give_ten_messages(void **state)
{
    static const char path[] = TEST_DATA_DIR "/ten-mistakes.yaml";
    struct policy *p = NULL;
    char *text, *want, *got;
    size_t len;

    (void)state;
    assert_int_equal(file_read(path, 1 << 16, &text, &len, NULL), ERR_OK);
    assert_int_equal(file_read(TEST_DATA_DIR "/ten-mistakes.txt", 1 << 16, &want, &len, NULL),
                     ERR_OK);
    assert_int_equal(
        policy_parse("ten-mistakes.yaml", text, strlen(text), NULL, &p, &diagnostics, NULL),
        ERR_INVALID);
    got = printed(&diagnostics);
    assert_int_equal(diagnostics.n, 10);
    assert_string_equal(got, want);
    free(got);
    free(want);
    free(text);
}

static void each_mistake_is_named_with_its_place(void **state)
{
    static const struct {
        const char *text, *want; /* the whole line, without "p.yaml:" */
    } cases[] = {
        {"", "1:1: expected a document, got nothing"},
        {"nothing\n", "1:1: got \"nothing\", expected a mapping (key: value)"},
        {"[1, 2]\n", "1:1: got a list, expected a mapping (key: value)"},
        {"leeway: 2\nmodel: loan\n" WINDOW TRAIN ROLLOUT, "1:9: leeway: got \"2\", expected 1"},
        {HEAD TRAIN ROLLOUT, "1:1: window: a policy needs the key \"window\""},
        {HEAD "window: {rows: \"1000\"}\n" TRAIN ROLLOUT,
         "3:16: window.rows: got \"1000\", expected a whole number 10..1000000000000"},
        {HEAD "window: {}\n" TRAIN ROLLOUT,
         "3:9: window: neither is given, expected exactly one of \"rows\" and \"duration\""},
        {BASE "modle: x\n",
         "6:1: modle: unknown key \"modle\" in a policy, expected one of \"leeway\", \"model\", "
         "\"description\", \"mode\", \"window\", \"monitors\", \"triggers\", \"guards\", "
         "\"train\", "
         "\"gate\", \"rollout\", \"notify\"; did you mean \"model\"?"},
        {BASE "mode: active\n", "6:7: mode: got \"active\", expected one of \"act\", \"observe\""},
        {BASE "monitors: drift\n",
         "6:11: monitors: got \"drift\", expected a list of at most 32 items"},
        {BASE "monitors: [{name: a b, kind: drift}]\n",
         "6:19: monitors[0].name: got \"a b\", expected a name of 1..63 letters, digits, '_', '.' "
         "or "
         "'-'"},
        {BASE "monitors: [{name: a, kind: detector}]\n",
         "6:12: monitors[0].detector: a monitor needs the key \"detector\", expected one of "
         "\"rate_scan\", \"adwin\", \"page_hinkley\", \"cusum\", \"ddm\", \"eddm\", \"rddm\", "
         "\"hddm_a\", \"hddm_w\", \"fhddm\", \"ecdd\", \"stepd\", \"kswin\", \"bocd\""},
        {BASE "monitors: [{name: a, kind: detector, detector: ddm, on: loss}]\n",
         "6:48: monitors[0].detector: ddm takes 0/1 errors, not losses, expected adwin, "
         "page_hinkley, cusum, kswin or bocd on a loss"},
        {BASE "monitors: [{name: a, kind: detector, detector: adwin, lambda: 50}]\n",
         "6:55: monitors[0].lambda: \"lambda\" does not apply to a monitor with detector adwin, "
         "expected it only where detector is \"page_hinkley\""},
        {BASE "monitors: [{name: a, kind: drift, delta: 0.1}]\n",
         "6:35: monitors[0].delta: \"delta\" does not apply to a monitor, expected it only where "
         "detector is \"adwin\""},
        {BASE "monitors: [{name: a, kind: drift, constant: false}]\n",
         "6:35: monitors[0].constant: \"constant\" does not apply to a monitor with kind drift, "
         "expected it only where kind is \"quality\""},
        {BASE "monitors: [{name: a, kind: quality, constant: off}]\n",
         "6:47: monitors[0].constant: got \"off\", expected true or false"},
        {BASE "monitors: [{name: a, kind: harm, \"on\": error, tolerance: 5}]\n",
         "6:58: monitors[0].tolerance: so many 0/1 errors there never are, expected a share below "
         "1, such as 2%"},
        {BASE "monitors: [{name: a, kind: harm, \"on\": loss, tolerance: 2%}]\n",
         "6:57: monitors[0].tolerance: a loss has no percents, expected a number in the loss's "
         "unit"},
        {BASE "monitors: [{name: a, kind: drift, features: []}]\n",
         "6:45: monitors[0].features: nothing is watched, expected \"all\" or at least one "
         "feature"},
        {BASE "monitors: [{name: a, kind: drift, features: [x, x]}]\n",
         "6:49: monitors[0].features[1]: got \"x\", expected \"all\" or a list of different names, "
         "such as [age, salary]"},
        {BASE "monitors: [{name: a, kind: drift, threshold: calibratd}]\n",
         "6:46: monitors[0].threshold: got \"calibratd\", expected a number 1e-06..100 or "
         "\"calibrated\"; did you mean \"calibrated\"?"},
        {BASE "monitors: [{name: a, kind: drift, min_rows: 2000}]\n",
         "6:45: monitors[0].min_rows: 2000 rows are never reached: the window has 1000, expected "
         "at "
         "most window.rows"},
        {BASE "monitors: [{name: a, kind: performance, rows: 500, min_rows: 501}]\n",
         "6:62: monitors[0].min_rows: 501 rows are never reached: the metric is over 500 rows, "
         "expected at most rows"},
        {BASE "monitors: [{name: a, kind: detector, detector: adwin}]\n"
              "triggers: [{name: t, kind: drift_share, monitor: a, share: 10%}]\n",
         "7:50: triggers[0].monitor: monitor \"a\" is of kind detector, expected a monitor of kind "
         "one "
         "of \"drift\", \"prediction_drift\", \"quality\""},
        {BASE "monitors: [{name: a, kind: drift, features: [x]}]\n"
              "triggers: [{name: t, kind: drift_features, monitor: a, features: [y]}]\n",
         "7:67: triggers[0].features[0]: monitor \"a\" does not watch \"y\", expected a feature of "
         "that monitor"},
        {BASE "triggers: [{name: t, kind: labelled_rows, rows: 50}]\n",
         "6:49: triggers[0].rows: asks at 50 rows, and guards.min_labelled_rows forbids below 100, "
         "expected at least min_labelled_rows"},
        {BASE "triggers: [{name: t, kind: age, max: 1d}]\nguards: {cooldown: 2d}\n",
         "6:38: triggers[0].max: asks after 1d, and guards.cooldown forbids for 2d, expected at "
         "least "
         "the cooldown"},
        {BASE "triggers: [{name: t, kind: schedule, cron: 0 0 30 2 *}]\n",
         "6:44: triggers[0].cron: these fields never match a date, expected a date that exists"},
        {BASE "triggers: [{name: t, kind: schedule, cron: '@daily', time_zone: Mars/Phobos}]\n",
         "6:65: triggers[0].time_zone: got \"Mars/Phobos\", expected an IANA time zone that this "
         "host "
         "knows, such as Europe/Berlin"},
        {BASE "guards: {blackout: [{weekdays: [sunday]}, {weekdays: ['monday:saturday']}]}\n",
         "6:20: guards.blackout: together these intervals leave no time for a run, expected "
         "intervals "
         "with gaps"},
        {BASE "guards: {blackout: [{times: [{start_time: '22:00', end_time: '06:00'}]}]}\n",
         "6:62: guards.blackout[0].times[0].end_time: the range ends before it starts, expected an "
         "end "
         "after the start; a night is two ranges: 22:00-24:00 and 00:00-06:00"},
        {BASE "gate: {metric: auc}\n",
         "6:16: gate.metric: got \"auc\", expected one of \"auto\", \"accuracy\", \"log_loss\", "
         "\"rmse\", \"mae\""},
        {BASE "gate: {enabled: yes}\n", "6:17: gate.enabled: got \"yes\", expected true or false"},
        {BASE "gate: {min_rows: 1001}\n", "6:18: gate.min_rows: 1001 rows are never reached: the "
                                          "holdout has 1000, expected at most the "
                                          "holdout's rows"},
        {HEAD WINDOW ROLLOUT "train: {window: {rows: 100}, holdout_rows: 100}\n",
         "5:44: train.holdout_rows: the window's 100 rows would all be held out, expected fewer "
         "rows "
         "than the window has"},
        {HEAD WINDOW ROLLOUT "train: {window: {rows: 5000}, memory: 4GB}\n",
         "5:39: train.memory: got \"4GB\", expected a size of at least 64M, such as 512M or 4G"},
        {HEAD WINDOW ROLLOUT
         "train: {window: {rows: 5000}, parameters: {algorithm: linear, hidden: [3]}}\n",
         "5:63: train.parameters.hidden: \"hidden\" does not apply to training parameters with "
         "algorithm linear, expected it only where algorithm is one of \"auto\", \"mlp\""},
        {HEAD WINDOW TRAIN "rollout: {steps: [{weight: 10%, min_time: 2h}]}\n",
         "5:19: rollout.steps[0].max_time: shorter than min_time, expected at least min_time"},
        {BASE "notify: [{webhook: ftp://x, events: [promoted]}]\n",
         "6:20: notify[0].webhook: got \"ftp://x\", expected an address such as https://host/path"},
        {BASE "notify: [{webhook: 'http://x/', events: []}]\n",
         "6:41: notify[0].events: nothing would be sent, expected \"all\" or at least one event"},
        {BASE "notify: [{webhook: 'http://x/', events: [promotd]}]\n",
         "6:42: notify[0].events[0]: got \"promotd\", expected \"all\" or a list; each one of "
         "\"triggered\", \"held_back\", \"awaiting_approval\", \"rejected\", \"promoted\", "
         "\"rolled_back\", \"failed\", \"cancelled\"; did you mean \"promoted\"?"},
    };
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char want[DIAGNOSTIC_LINE_BYTES + 16];
        struct policy *p;
        char *got;

        if (parse(cases[i].text, NULL, &p) == ERR_OK)
            policy_free(p); /* no diagnostics: reported below */
        got = printed(&diagnostics);
        snprintf(want, sizeof(want), "p.yaml:%s\n", cases[i].want);
        if (strcmp(got, want) != 0) {
            print_error("for:\n%s\ngot:  %swant: %s", cases[i].text, got, want);
            wrong++;
        }
        free(got);
    }
    assert_int_equal(wrong, 0);
}

static void broken_yaml_has_a_place_too(void **state)
{
    struct policy *p;

    (void)state;
    assert_int_equal(parse("leeway: 1\nmodel: [loan\n", NULL, &p), ERR_PARSE);
    assert_int_equal(diagnostics.n, 1);
    assert_true(diagnostics.items[0].line >= 2);
    assert_int_equal(parse("leeway: 1\nleeway: 1\n", NULL, &p), ERR_PARSE);
    assert_int_equal(diagnostics.items[0].line, 2);
}

static void facts_of_the_model_are_checked(void **state)
{
    static const char *const features[] = {"age", "salary"};
    static const char text[] = BASE "monitors:\n"
                                    "  - {name: a, kind: performance, metric: accuracy}\n"
                                    "  - {name: b, kind: drift, features: [age, salry]}\n"
                                    "  - {name: c, kind: detector, detector: adwin}\n"
                                    "gate: {metric: log_loss}\n";
    struct policy_facts facts = {POLICY_LABEL_REGRESSION, 2, features};
    struct policy *p;
    char *got;

    (void)state;
    assert_int_equal(parse(text, NULL, &p), ERR_OK);
    policy_free(p);
    assert_int_equal(parse(text, &facts, &p), ERR_INVALID);
    got = printed(&diagnostics);
    assert_string_equal(
        got,
        "p.yaml:7:42: monitors[0].metric: accuracy is not defined for a regression label, expected "
        "rmse, mae or auto\n"
        "p.yaml:8:44: monitors[1].features[1]: the model has no feature \"salry\", expected a "
        "feature "
        "of its schema; did you mean \"salary\"?\n"
        "p.yaml:9:5: monitors[2].on: a regression has no 0/1 errors, expected \"loss\"\n"
        "p.yaml:10:16: gate.metric: log_loss is not defined for a regression label, expected rmse, "
        "mae or auto\n");
    free(got);
}

static void performance_is_estimated_for_binary_labels_only(void **state)
{
    static const char text[] = BASE "monitors: [{name: guess, kind: estimated_performance}]\n";
    struct policy_facts facts = {POLICY_LABEL_MULTICLASS, 0, NULL};
    struct policy *p;
    char *got;

    (void)state;
    assert_int_equal(parse(text, &facts, &p), ERR_INVALID);
    got = printed(&diagnostics);
    assert_non_null(strstr(got, "monitors[0].kind: performance is estimated for binary labels, "
                                "this is a multiclass"));
    free(got);
    facts.label = POLICY_LABEL_BINARY;
    assert_int_equal(parse(text, &facts, &p), ERR_OK);
    policy_free(p);
}

static void a_budget_of_false_alarms_is_a_time(void **state)
{
    static const char text[] =
        BASE "monitors: [{name: in, kind: drift, false_alarm_every: 30d, lengths: 4, season: "
             "day_of_week, statistic: wasserstein}]\n";
    struct policy *p;

    (void)state;
    assert_int_equal(parse(text, NULL, &p), ERR_OK);
    assert_int_equal(p->monitors[0].false_alarm_every_ms, INT64_C(30) * 86400000);
    assert_int_equal(p->monitors[0].lengths, 4);
    assert_int_equal(p->monitors[0].season, POLICY_SEASON_DAY_OF_WEEK);
    policy_free(p);
}

static void a_tolerance_is_a_share_of_errors_or_a_number_for_losses(void **state)
{
    static const char text[] = BASE "monitors:\n"
                                    "  - {name: a, kind: harm, on: error, tolerance: 2%}\n"
                                    "  - {name: b, kind: harm, \"on\": error, tolerance: 0.02}\n"
                                    "  - {name: c, kind: harm, \"on\": loss, tolerance: 5}\n"
                                    "  - {name: d, kind: harm, \"on\": loss, tolerance: auto}\n";
    struct policy *p;

    (void)state;
    assert_int_equal(parse(text, NULL, &p), ERR_OK);
    assert_float_equal(p->monitors[0].tolerance, 0.02, 1e-15);
    assert_float_equal(p->monitors[1].tolerance, 0.02, 1e-15);
    assert_float_equal(p->monitors[2].tolerance, 5, 1e-15);
    assert_true(isnan(p->monitors[3].tolerance));
    policy_free(p);
}

static void of_two_budgets_one_is_refused(void **state)
{
    static const struct {
        const char *monitor, *said;
    } cases[] = {{"{name: in, kind: drift, false_alarm_every: 30d, false_alarm_rate: 1%}",
                  "monitors[0].false_alarm_every: false_alarm_rate is given too"},
                 {"{name: in, kind: drift, false_alarm_every: 30d, threshold: 0.2}",
                  "monitors[0].threshold: a fixed threshold keeps no false_alarm_every"},
                 {"{name: guess, kind: estimated_performance, metric: rmse}",
                  "monitors[0].metric: errors of a regression are not estimated"}};
    struct policy *p;
    char text[512], *got;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(text, sizeof(text), "%smonitors: [%s]\n", BASE, cases[i].monitor);
        assert_int_equal(parse(text, NULL, &p), ERR_INVALID);
        got = printed(&diagnostics);
        if (strstr(got, cases[i].said) == NULL)
            fail_msg("%s: expected %s, got %s", cases[i].monitor, cases[i].said, got);
        free(got);
    }
}

static void a_budget_survives_being_written_with_every_default(void **state)
{
    struct policy *p = policy_with("monitors: [{name: in, kind: drift, false_alarm_every: 30d}]\n");
    cJSON *json = policy_to_json(p);
    char *text = cJSON_PrintUnformatted(json);

    (void)state;
    policy_free(p);
    assert_int_equal(parse(text, NULL, &p), ERR_OK);
    policy_free(p);
    cJSON_free(text);
    cJSON_Delete(json);
}

static void defaults_are_filled_in(void **state)
{
    struct policy *p =
        policy_with("monitors: [{name: a, kind: drift}, {name: b, kind: quality}]\n");

    (void)state;
    assert_true(p->monitors[0].features.all);
    assert_true(isnan(p->monitors[0].threshold));
    assert_int_equal(p->monitors[0].statistic, POLICY_STATISTIC_PSI);
    assert_float_equal(p->monitors[1].missing, 0.01, 1e-15);
    assert_true(p->monitors[1].constant);
    assert_int_equal(p->guards.cooldown_ms, 3600000);
    assert_int_equal(p->train.memory_bytes, INT64_C(4) << 30);
    assert_true(p->gate.enabled);
    assert_true(isnan(p->rollout.abort.prediction_js));
    assert_int_equal(p->rollout.steps[0].max_time_ms, 3600000);
    policy_free(p);
}

/* Found by the fuzzer: what is written has every default in it, and must not be refused for one. */
static void a_default_never_contradicts_what_was_given(void **state)
{
    struct policy *p = policy_with("guards: {cooldown: 14d}\n"), *q;
    cJSON *json = policy_to_json(p);
    char *text = json_print(json);

    (void)state;
    assert_int_equal(parse(text, NULL, &q), ERR_OK);
    policy_free(q);
    free(text);
    cJSON_Delete(json);
    policy_free(p);
}

static void values_may_be_written_in_several_ways(void **state)
{
    static const char a[] = BASE "guards: {cooldown: 90m, max_runs_per_day: none}\n"
                                 "monitors: [{name: a, kind: drift, false_alarm_rate: 0.1%}]\n";
    static const char b[] =
        "{\"leeway\": 1, \"model\": \"loan\", \"window\": {\"rows\": 1000},\n"
        " \"monitors\": [{\"kind\": \"drift\", \"name\": \"a\", \"false_alarm_rate\": 0.001}],\n"
        " \"guards\": {\"cooldown\": \"1.5h\", \"max_runs_per_day\": \"none\"},\n"
        " \"rollout\": {\"steps\": [{\"weight\": \"10%\"}]}, \"train\": {\"window\": {\"rows\": "
        "5000}}}";
    char hash_a[65], hash_b[65];
    struct policy *pa, *pb;

    (void)state;
    assert_int_equal(parse(a, NULL, &pa), ERR_OK);
    assert_int_equal(parse(b, NULL, &pb), ERR_OK);
    policy_hash(pa, hash_a, NULL);
    policy_hash(pb, hash_b, NULL);
    assert_string_equal(hash_a, hash_b);
    pb->guards.cooldown_ms++;
    policy_hash(pb, hash_b, NULL);
    assert_string_not_equal(hash_a, hash_b);
    policy_free(pa);
    policy_free(pb);
}

/* Reads a stock policy, writes it, reads that: the same hash. */
static void check_stock(const char *name)
{
    char path[512], hash[65], again[65], *text;
    struct policy *p = NULL, *q = NULL;
    struct err e;
    cJSON *json;

    snprintf(path, sizeof(path), "%s/stock/%s", POLICIES_DIR, name);
    if (policy_load(path, NULL, &p, &diagnostics, &e) != ERR_OK)
        fail_msg("%s", e.message);
    policy_hash(p, hash, NULL);
    json = policy_to_json(p);
    text = json_print(json);
    if (parse(text, NULL, &q) != ERR_OK)
        fail_msg("%s, written: %s", name, diagnostics.items[0].message);
    policy_hash(q, again, NULL);
    if (strcmp(hash, again) != 0)
        fail_msg("%s: hash %s, after writing and reading %s", name, hash, again);
    free(text);
    cJSON_Delete(json);
    policy_free(p);
    policy_free(q);
}

static void stock_policies_pass_and_read_back_the_same(void **state)
{
    DIR *folder = opendir(POLICIES_DIR "/stock");
    struct dirent *entry;
    int n = 0;

    (void)state;
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        if (strstr(entry->d_name, ".yaml") == NULL)
            continue;
        check_stock(entry->d_name);
        n++;
    }
    closedir(folder);
    assert_true(n >= 7);
}

static void parameters_are_those_of_the_job_api(void **state)
{
    struct policy *p = policy_with("");
    cJSON *json;
    char *text;

    (void)state;
    p->train.parameters.hidden[0] = 64;
    p->train.parameters.n_hidden = 1;
    json = policy_parameters_to_json(&p->train.parameters);
    text = json_print(json);
    assert_string_equal(text, "{\"algorithm\":\"auto\",\"hidden\":[64],\"epochs\":30,\"batch\":256,"
                              "\"l2\":0.0001,\"validation\":0.15,\"patience\":5,"
                              "\"class_weights\":\"none\",\"warm_start\":false,\"calibrate\":true,"
                              "\"seed\":1,\"flip_labels\":0}");
    free(text);
    cJSON_Delete(json);
    policy_free(p);
}

static void worsening_has_the_units_of_the_metric(void **state)
{
    (void)state;
    assert_float_equal(policy_metric_worsening(POLICY_METRIC_ACCURACY, 0.9, 0.85), 0.05, 1e-12);
    assert_float_equal(policy_metric_worsening(POLICY_METRIC_AUC, 0.8, 0.9), -0.1, 1e-12);
    assert_float_equal(policy_metric_worsening(POLICY_METRIC_RMSE, 200, 250), 0.25, 1e-12);
    assert_true(isnan(policy_metric_worsening(POLICY_METRIC_MAE, 0, 1)));
    assert_true(isnan(policy_metric_worsening(POLICY_METRIC_ACCURACY, NAN, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_mistakes_give_ten_messages),
        cmocka_unit_test(each_mistake_is_named_with_its_place),
        cmocka_unit_test(broken_yaml_has_a_place_too),
        cmocka_unit_test(facts_of_the_model_are_checked),
        cmocka_unit_test(performance_is_estimated_for_binary_labels_only),
        cmocka_unit_test(a_budget_of_false_alarms_is_a_time),
        cmocka_unit_test(a_tolerance_is_a_share_of_errors_or_a_number_for_losses),
        cmocka_unit_test(of_two_budgets_one_is_refused),
        cmocka_unit_test(a_budget_survives_being_written_with_every_default),
        cmocka_unit_test(defaults_are_filled_in),
        cmocka_unit_test(a_default_never_contradicts_what_was_given),
        cmocka_unit_test(values_may_be_written_in_several_ways),
        cmocka_unit_test(stock_policies_pass_and_read_back_the_same),
        cmocka_unit_test(parameters_are_those_of_the_job_api),
        cmocka_unit_test(worsening_has_the_units_of_the_metric),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
