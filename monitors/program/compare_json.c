/*
 * compare_json.c - the same as JSON, one object a line; see compare_report.h.
 */
#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "compare_report.h"

static void print_line(cJSON *json)
{
    char *text = json ? json_print(json) : NULL;
    if (text)
        puts(text);
    free(text);
    cJSON_Delete(json);
}

static void add_window(cJSON *json, const struct window *w)
{
    cJSON *window = cJSON_AddObjectToObject(json, "window");
    double first = (double)w->first_row, n = (double)w->profile->n_rows;
    cJSON_AddNumberToObject(window, "index", (double)w->index);
    cJSON_AddNumberToObject(window, "first_row", first);
    cJSON_AddNumberToObject(window, "last_row", first + n - 1);
    if (window_has_time(w)) {
        cJSON_AddNumberToObject(window, "from_unix_ms", (double)w->span.from_unix_ms);
        cJSON_AddNumberToObject(window, "to_unix_ms", (double)w->span.to_unix_ms);
    }
}

void report_window_json(const struct window *w, const struct mon_signal *signals, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cJSON *json = mon_signal_to_json(&signals[i]);
        if (json)
            add_window(json, w);
        print_line(json);
    }
    fflush(stdout);
}

static void add_drifted(cJSON *summary, const struct compare_result *r)
{
    cJSON *array = cJSON_AddArrayToObject(summary, "drifted");
    const struct ledger_entry **sorted = signal_ledger_sorted(r->ledger);
    for (size_t i = 0; sorted && i < r->ledger->n; i++) {
        const struct ledger_entry *entry = sorted[i];
        if (entry->n_drifted == 0)
            continue;
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "feature", entry->strongest.feature);
        cJSON_AddStringToObject(item, "statistic", entry->strongest.statistic);
        cJSON_AddNumberToObject(item, "windows", (double)entry->n_drifted);
        cJSON_AddNumberToObject(item, "first_window", (double)entry->first_drift);
        cJSON_AddNumberToObject(item, "strongest_window", (double)entry->strongest_window);
        cJSON_AddItemToArray(array, item);
    }
    free(sorted);
}

/* Null: nobody could tell. */
static cJSON *model_worse(const struct signal_ledger *l)
{
    bool judged = false, drifted = false;
    for (size_t i = 0; i < l->n; i++) {
        const struct ledger_entry *entry = &l->entries[i];
        enum mon_kind kind = entry->strongest.kind;
        if (kind != MON_KIND_PERFORMANCE && kind != MON_KIND_HARM && kind != MON_KIND_ESTIMATE)
            continue;
        judged |= entry->n_judged > 0;
        drifted |= entry->n_drifted > 0;
    }
    return judged ? cJSON_CreateBool(drifted) : cJSON_CreateNull();
}

void report_summary_json(const struct compare_result *r)
{
    const struct signal_ledger *l = r->ledger;
    cJSON *root = cJSON_CreateObject(), *s = cJSON_AddObjectToObject(root, "summary");
    double rate = window_judge_rate(r->judge);
    cJSON_AddStringToObject(s, "reference", r->reference_name);
    cJSON_AddStringToObject(s, "file", r->file_name);
    cJSON_AddNumberToObject(s, "rows", (double)r->n_rows);
    cJSON_AddNumberToObject(s, "rows_left", (double)r->n_rows_left);
    cJSON_AddNumberToObject(s, "mismatched_values", (double)r->n_mismatched);
    cJSON_AddNumberToObject(s, "windows", (double)l->n_windows);
    cJSON_AddNumberToObject(s, "windows_judged", (double)l->n_judged_windows);
    cJSON_AddNumberToObject(s, "windows_drifted", (double)l->n_drifted_windows);
    cJSON_AddNumberToObject(s, "features", (double)r->ref->schema->n_features);
    cJSON_AddNumberToObject(s, "looks", (double)l->n_looks);
    if (!isnan(rate))
        cJSON_AddNumberToObject(s, "false_alarm_rate", rate);
    cJSON_AddNumberToObject(s, "expected_false_alarms", l->false_alarms);
    cJSON_AddItemToObject(s, "model_worse", model_worse(l));
    add_drifted(s, r);
    print_line(root);
}
