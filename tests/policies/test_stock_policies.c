/*
 * test_stock_policies.c - what the stock policies promise beyond being right: other YAML readers
 * understand them the same, their budgets of false alarms are what their comments say, and their
 * windows are long enough to be judged.
 */
#include "policies_testing.h"

#include <dirent.h>
#include <strings.h>

#include "base/file.h"

#define DAY_MS INT64_C(86400000)

/* Calls check for every stock policy; fails where there are none. */
static void for_each_stock(void (*check)(const char *name, const char *text, struct policy *p))
{
    static struct diagnostics diagnostics;
    DIR *folder = opendir(POLICIES_DIR "/stock");
    struct dirent *entry;
    size_t n = 0;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        char path[512], *text;
        struct policy *p = NULL;
        struct err e;
        size_t len;

        if (strstr(entry->d_name, ".yaml") == NULL)
            continue;
        snprintf(path, sizeof(path), "%s/stock/%s", POLICIES_DIR, entry->d_name);
        if (file_read(path, 1 << 16, &text, &len, &e) != ERR_OK ||
            policy_parse(path, text, len, NULL, &p, &diagnostics, &e) != ERR_OK)
            fail_msg("%s", e.message);
        check(entry->d_name, text, p);
        policy_free(p);
        free(text);
        n++;
    }
    closedir(folder);
    if (n < 7)
        fail_msg("%zu stock policies, at least 7 expected", n);
}

/* ---- YAML 1.1 ---- */

static bool is_boolean_of_yaml_1_1(const char *word, size_t len)
{
    static const char *const words[] = {"y", "n", "yes", "no", "on", "off"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strlen(words[i]) == len && strncasecmp(word, words[i], len) == 0)
            return true;
    }
    return false;
}

/* Keys and values of a line up to its comment. Quoted ones keep their quotes: no boolean. */
static void check_line(const char *name, size_t number, const char *line)
{
    static const char ends[] = ",:{}[]#\n";

    while (*line != '\n' && *line != '\0' && *line != '#') {
        size_t len;

        line += strspn(line, " -");
        len = strcspn(line, ends);
        while (len > 0 && line[len - 1] == ' ')
            len--;
        if (is_boolean_of_yaml_1_1(line, len))
            fail_msg("%s:%zu: YAML 1.1 takes %.*s for a boolean: quote it", name, number, (int)len,
                     line);
        line += strcspn(line, ends);
        line += *line != '\0' && strchr(",:{}[]", *line) != NULL;
    }
}

static void check_words(const char *name, const char *text, struct policy *p)
{
    size_t number = 1;

    (void)p;
    for (const char *line = text; *line != '\0'; number++) {
        check_line(name, number, line);
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
}

static void other_yaml_readers_see_no_boolean_where_a_word_is_meant(void **state)
{
    (void)state;
    for_each_stock(check_words);
}

/* ---- false alarms ---- */

static bool is_drift(const struct policy_monitor *m)
{
    return m->kind == POLICY_MONITOR_DRIFT || m->kind == POLICY_MONITOR_PREDICTION_DRIFT;
}

/* A demo counts its time in rows: months mean nothing there. */
static void check_budgets(const char *name, const char *text, struct policy *p)
{
    double alarms_a_month = 0;

    (void)text;
    if (strncmp(name, "demo-", 5) == 0)
        return;
    for (size_t i = 0; i < p->n_monitors; i++) {
        const struct policy_monitor *m = &p->monitors[i];

        if (!is_drift(m))
            continue;
        if (m->false_alarm_every_ms == 0)
            fail_msg("%s: monitor %s states no false_alarm_every", name, m->name);
        alarms_a_month += 30.0 * (double)DAY_MS / (double)m->false_alarm_every_ms;
    }
    if (alarms_a_month > 1 + 1e-9)
        fail_msg("%s: %g false alarms a month are allowed, at most 1 expected", name,
                 alarms_a_month);
}

static void drift_monitors_together_have_one_false_alarm_a_month_at_most(void **state)
{
    (void)state;
    for_each_stock(check_budgets);
}

/* ---- windows and chunks ---- */

/* The trainer cuts what it fits on into up to 200 chunks of 50 rows at least; how they differ is
 * what a window is judged by, so it must not be shorter than one. */
static void check_windows(const char *name, const char *text, struct policy *p)
{
    const struct policy_train *t = &p->train;
    double window = (double)(p->window.rows > 0 ? p->window.rows : p->window.duration_ms);
    double train = (double)(p->window.rows > 0 ? t->window.rows : t->window.duration_ms);
    double held = t->holdout_rows > 0 ? (double)t->holdout_rows : t->holdout_share * train;
    double chunk = (train - held) / 200;

    (void)text;
    if (train == 0)
        fail_msg("%s: window and train.window are not in the same unit", name);
    if (p->window.rows > 0 && chunk < 50)
        chunk = 50;
    if (window < chunk)
        fail_msg("%s: a window of %g is shorter than a reference chunk of %g", name, window, chunk);
}

static void windows_are_no_shorter_than_the_chunks_that_they_are_judged_by(void **state)
{
    (void)state;
    for_each_stock(check_windows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_yaml_readers_see_no_boolean_where_a_word_is_meant),
        cmocka_unit_test(drift_monitors_together_have_one_false_alarm_a_month_at_most),
        cmocka_unit_test(windows_are_no_shorter_than_the_chunks_that_they_are_judged_by),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
